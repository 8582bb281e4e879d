"""`mrca data`: corpora, fetched, counted, checked and converted."""

import json
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mrca.cli.options import (
    AsJson,
    DataDir,
    Limits,
    Offsets,
    OffsetsInWords,
    OnBadRow,
    OnError,
    ignore_option,
    say_next,
)
from mrca.cli.progress import StageProgress
from mrca.datasets import (
    CORPORA,
    Corpus,
    CorpusStatistics,
    Problem,
    corpus_statistics,
    fetch_corpus,
    find_corpus,
    group_limits,
    label_cooccurrence,
    load_corpus,
    marks_in_words,
)
from mrca.errors import counted
from mrca.reporting.corpus_tables import splits_table, tail_table

app = typer.Typer(
    help="Corpora: list, fetch, stats, validate, convert.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)


@app.command("list")
def list_corpora(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """The corpora that have a name, and where they are on this machine."""
    found = {name: find_corpus(name, data_dir) for name in CORPORA}
    if as_json:
        rows = [
            {
                "name": source.name,
                "description": source.description,
                "origin": source.origin,
                "folder": str(found[name]) if found[name] else None,
            }
            for name, source in CORPORA.items()
        ]
        typer.echo(json.dumps(rows, indent=2))
        return
    missing = {
        "download": "not here; fetched when it is needed",
        "built": "not here; built when it is needed",
        "local": "not here; no download, bring it yourself",
    }
    table = Table("name", "what it is", "folder")
    for name, source in CORPORA.items():
        place = escape(str(found[name])) if found[name] else f"[dim]{missing[source.origin]}[/dim]"
        table.add_row(name, source.description, place)
    Console().print(table)


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(help="A name that `mrca data list` shows.")],
    from_file: Annotated[
        list[Path] | None,
        typer.Option(
            help="A file that you downloaded elsewhere; recognised and verified by its digest, or "
            "read where the corpus is built from it. May be given several times."
        ),
    ] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option("--data-dir", help="Where to put it; the user's cache if not given."),
    ] = None,
) -> None:
    """Download a corpus, verified, or build it; or take it from files that you bring."""
    with StageProgress() as progress:
        folder = fetch_corpus(
            name, data_dir, brought=from_file or (), progress=progress.of(f"fetching {name}")
        )
    typer.echo(folder)
    say_next(f"mrca data stats {shlex.quote(name if data_dir is None else str(folder))}")


@app.command()
def stats(
    corpus: Annotated[str, typer.Argument(help="A corpus's name or folder.")],
    as_json: AsJson = False,
    plot: Annotated[
        Path | None,
        typer.Option(
            help="Draw the long tail and the relations per document (.png), and next to it, as "
            "NAME-cooccurrence, which relations are stated together."
        ),
    ] = None,
    limits: Limits = None,
    offsets: Offsets = OffsetsInWords.EXACT,
    on_error: OnError = OnBadRow.ERROR,
    data_dir: DataDir = None,
) -> None:
    """Count documents, entities and their pairs, facts, relations and the long tail."""
    groups = None if limits is None else group_limits(limits)
    with StageProgress() as progress:
        loaded = load_corpus(
            corpus,
            data_dir,
            offsets=offsets.value,
            on_error=on_error.value,
            progress=progress.of(f"fetching {corpus}"),
        )
    statistics = corpus_statistics(loaded, groups or group_limits(loaded.limits))
    if plot is not None:
        _draw(loaded, statistics, plot)
    _print(loaded.notes)
    if as_json:
        typer.echo(json.dumps(statistics.to_dict(), ensure_ascii=False, indent=2))
        return
    console = Console()
    console.print(splits_table(statistics))
    console.print(tail_table(statistics))
    if marks := _marks_of(statistics):
        console.print(marks, markup=False, soft_wrap=True)
    if equal := statistics.repeats.in_words():
        console.print(equal, markup=False, soft_wrap=True)
    if loaded.unmatched:
        console.print(
            "Mentions that do not stand in their text and are not marked: "
            f"{len(loaded.unmatched):,}. See them with: mrca data validate "
            f"{shlex.quote(str(loaded.folder))}",
            markup=False,
            soft_wrap=True,
        )
    named = shlex.quote(corpus)
    skip = " --on-error skip" if on_error is OnBadRow.SKIP else ""
    steps = [f"mrca train --dataset {named}{skip}"]
    if set(statistics.splits["train"].relations_per_document) == {1}:
        ignored = ignore_option(statistics.train_counts)
        scored = f", scored with mrca evaluate RUN{ignored}" if ignored else ""
        steps.append(
            f"{steps[0]} --recipe mrca --loss categorical_crossentropy"
            f"  # exactly one relation in each document: a softmax{scored}"
        )
    if plot is None:
        steps.append(f"mrca data stats {named}{skip} --plot counts.png")
    say_next(*steps)


@app.command()
def validate(
    source: Annotated[str, typer.Argument(help="A file, or a corpus's name or folder.")],
    as_json: AsJson = False,
    offsets: Offsets = OffsetsInWords.EXACT,
    on_error: OnError = OnBadRow.ERROR,
    data_dir: DataDir = None,
) -> None:
    """Say everything that is wrong: line, field, expected, received. Exit code 1 on an error."""
    from mrca.datasets.validate import validate as check

    with StageProgress() as progress:
        told = progress.of(f"fetching {source}")
        report = check(source, data_dir, offsets.value, told, on_error.value)
    if as_json:
        content = {
            "valid": not report.errors,
            "rows": report.rows,
            "unlabelled": report.unlabelled,
            "skipped": report.skipped,
            "marked": report.marked,
            "oracle": report.oracle,
            "problems": [problem.to_dict() for problem in report.problems],
        }
        typer.echo(json.dumps(content, ensure_ascii=False, indent=2))
    else:
        for problem in report.problems:
            typer.echo(f"{problem.kind}: {problem}")
        rows = counted(sum(report.rows.values()), "row")
        errors = counted(len(report.errors), "error")
        notices = counted(len(report.problems) - len(report.errors), "notice")
        widened = sum(problem.kind == "widened" for problem in report.problems)
        of_them = f", of them {counted(widened, 'widened span')}" if widened else ""
        skipped = f", {counted(report.skipped, 'row')} skipped" if report.skipped else ""
        typer.echo(f"{rows}, {errors}, {notices}{of_them}{skipped}")
        if marks := marks_in_words(report.oracle, report.marked):
            typer.echo(marks)
        if report.unlabelled:
            typer.echo(
                f"{counted(report.unlabelled, 'row')} without labels: fit to predict on, not to "
                "train or evaluate."
            )
    if report.errors:
        raise typer.Exit(1)
    if report.unlabelled:
        say_next(f"mrca predict RUN {shlex.quote(source)}")
    else:
        skip = " --on-error skip" if report.skipped else ""
        say_next(f"mrca data stats {shlex.quote(_corpus_of(source))}{skip}")


@app.command()
def convert(
    source: Annotated[str, typer.Argument(help="A file, or a corpus's name or folder.")],
    target: Annotated[Path, typer.Argument(help="The file or folder to write; must not exist.")],
    offsets: Offsets = OffsetsInWords.EXACT,
    on_error: OnError = OnBadRow.ERROR,
    data_dir: DataDir = None,
) -> None:
    """Write any readable form as JSON Lines (a file to a file, a corpus to a folder).

    A folder of brat's or DDI's files becomes one file where the target is called .jsonl.
    """
    from mrca.datasets.readers.read_file import is_row_folder
    from mrca.datasets.write import convert_corpus, convert_file

    as_file = target.suffix == ".jsonl" and is_row_folder(Path(source))
    if Path(source).is_file() or as_file:
        _print(convert_file(Path(source), target, offsets.value, on_error.value).notes)
    else:
        with StageProgress() as progress:
            loaded = load_corpus(
                source,
                data_dir,
                offsets=offsets.value,
                on_error=on_error.value,
                progress=progress.of(f"fetching {source}"),
            )
        _print(loaded.notes)
        convert_corpus(loaded, target)
    typer.echo(target)
    say_next(f"mrca data validate {shlex.quote(str(target))}")


def _draw(corpus: Corpus, statistics: CorpusStatistics, path: Path) -> None:
    from mrca.reporting.corpus_plots import plot_cooccurrence, plot_statistics

    console = Console(stderr=True)
    plot_statistics(statistics, path)
    console.print(f"Drew {path}", markup=False, soft_wrap=True)
    together = label_cooccurrence(corpus.splits["train"], corpus.relations)
    if not together.any_pair:
        console.print("No document states two of its most frequent relations: no second picture.")
        return
    beside = path.with_stem(f"{path.stem}-cooccurrence")
    plot_cooccurrence(together, corpus.name, beside)
    console.print(f"Drew {beside}", markup=False, soft_wrap=True)


def _print(notes: Iterable[Problem]) -> None:
    for note in notes:
        Console(stderr=True).print(f"Note: {note}", markup=False, soft_wrap=True)


def _marks_of(statistics: CorpusStatistics) -> str:
    """Where the marks of the training split come from."""
    train = statistics.splits["train"]
    marked = train.documents if train.entities else train.oracle
    return marks_in_words(train.oracle, marked)


def _corpus_of(source: str) -> str:
    """The folder of a split's file, or the corpus itself."""
    return str(Path(source).parent) if Path(source).is_file() else source
