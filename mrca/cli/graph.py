"""`mrca graph`: facts that were predicted, as a graph to look at or in another form."""

import shlex
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from mrca.cli.fact_outputs import BaseIri, IgnoreIds, import_command
from mrca.cli.options import say_next
from mrca.errors import MrcaError, counted
from mrca.files import whole_file
from mrca.graph import (
    BASE,
    FactForm,
    FactsRead,
    FoundFact,
    MergedFacts,
    Names,
    fact_writer,
    read_facts,
)

if TYPE_CHECKING:
    from mrca.graph.drawing import Drawing

app = typer.Typer(
    help="Look at the facts that were predicted as a graph, or bring them into another form.",
    no_args_is_help=True,
)

_PICTURES = (".png", ".svg", ".pdf")
_MOST = {"page": 500, "picture": 60}
_Files = Annotated[
    list[Path],
    typer.Argument(
        metavar="FACTS.jsonl...",
        help="What `mrca predict` printed, of a run of entity pairs; - is standard input.",
    ),
]


@app.command()
def show(
    files: _Files,
    output: Annotated[
        Path, typer.Option("--out", help="What to draw: .html, .png, .svg or .pdf.")
    ] = Path("graph.html"),
    most: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Draw at most so many facts, those among the best-connected entities; by default "
            f"{_MOST['page']} on a page and {_MOST['picture']} in a picture.",
        ),
    ] = None,
    min_score: Annotated[
        float | None, typer.Option(help="Leave out facts whose best score is lower.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="By default the name of the file.")] = None,
    base_iri: BaseIri = BASE,
    ignore_ids: IgnoreIds = False,
) -> None:
    """Draw the facts: entities coloured by their type, an arrow from subject to object.

    An HTML file is one page that needs no network: move, zoom, search, click an entity for its
    facts. Of many facts the best-connected part is drawn, and what is left out is said.
    """
    kind = output.suffix.lower()
    if kind != ".html" and kind not in _PICTURES:
        expected = ", ".join((".html", *_PICTURES))
        raise MrcaError(f"Cannot draw into {output}. Expected a name in {expected}.")
    merged = MergedFacts(Names(base_iri, ids=not ignore_ids), "mrca graph show")
    read = FactsRead()
    merged.add(_facts(files, read))
    graph = merged.graph(min_score)
    if not graph:
        raise MrcaError(f"There is nothing to draw: {_read(files, read)}{_no_score(min_score)}.")
    from mrca.graph.drawing import drawing_of

    drawing = drawing_of(graph, most or _MOST["page" if kind == ".html" else "picture"])
    _draw(drawing, output, title or f"Facts of {', '.join(path.name for path in files)}")
    typer.echo(
        f"Drawn: {output}, {counted(graph.number_of_edges(), 'fact')} between {len(graph):,} "
        f"entities, merged from {_read(files, read)}.",
        err=True,
    )
    if drawing.left_out:
        typer.echo(f"Note: {drawing.left_out} More: --most N.", err=True)
    names = shlex.join(map(str, files))
    say_next(f"mrca graph convert {names} --format graphml --output graph.graphml")


@app.command()
def convert(
    files: _Files,
    form: Annotated[
        FactForm,
        typer.Option("--format", help="As of `mrca predict`; neo4j is two files in a folder."),
    ],
    output: Annotated[
        Path | None, typer.Option(help="The file or folder to write; by default standard output.")
    ] = None,
    base_iri: BaseIri = BASE,
    ignore_ids: IgnoreIds = False,
) -> None:
    """Bring facts into another form, those of several files together."""
    read = FactsRead()
    place = output or sys.stdout.buffer
    with fact_writer(form, place, Names(base_iri, ids=not ignore_ids)) as writer:
        writer.add(_facts(files, read))
    where = "standard output" if output is None else str(output)
    typer.echo(f"Written to {where}: {_read(files, read)}.", err=True)
    if output is not None and form is FactForm.NEO4J:
        say_next(import_command(output))
    else:
        say_next(f"mrca graph show {shlex.join(map(str, files))} --out graph.html")


def _facts(files: list[Path], read: FactsRead) -> Iterator[FoundFact]:
    for path in files:
        with ExitStack() as stack:
            source = "standard input" if str(path) == "-" else str(path)
            yield from read_facts(_opened(path, stack), source, read)


def _opened(path: Path, stack: ExitStack) -> BinaryIO:
    if str(path) == "-":
        return sys.stdin.buffer
    try:
        return stack.enter_context(path.open("rb"))
    except OSError as error:
        raise MrcaError(
            f"Cannot read {path}: {error.strerror}. Expected a file that `mrca predict` printed, "
            "or - for standard input."
        ) from None


def _read(files: list[Path], read: FactsRead) -> str:
    """What was read, in words."""
    source = "standard input" if str(files[0]) == "-" else str(files[0])
    source = source if len(files) == 1 else f"{len(files)} files"
    failed = f" ({counted(read.failed, 'row')} could not be used)" if read.failed else ""
    return f"{counted(read.facts, 'fact')} in {counted(read.rows, 'row')} of {source}{failed}"


def _no_score(min_score: float | None) -> str:
    return "" if min_score is None else f", none with a score of at least {min_score:g}"


def _draw(drawing: "Drawing", output: Path, title: str) -> None:
    from mrca.graph.html_page import page_of
    from mrca.graph.picture import picture_of, save_picture

    whole = True
    try:
        with whole_file(output) as temporary:
            if output.suffix.lower() == ".html":
                temporary.write_text(page_of(drawing, title), "utf-8")
            else:
                figure = picture_of(drawing, title)
                whole = save_picture(figure, temporary, output.suffix.lower()[1:])
    except OSError as error:
        raise MrcaError(f"Cannot write {output}: {error.strerror or error}.") from error
    if not whole:
        typer.echo(
            "Note: the picture's font lacks some characters of names. A page, --out graph.html, "
            "has them.",
            err=True,
        )
