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
from rich.text import Text

from mrca.cli.options import AsJson, DataDir, Limits, Offsets, OffsetsInWords, say_next
from mrca.cli.progress import StageProgress
from mrca.datasets import (
    CORPORA,
    Corpus,
    CorpusStatistics,
    corpus_statistics,
    fetch_corpus,
    find_corpus,
    group_limits,
    label_cooccurrence,
    load_corpus,
    marks_in_words,
)
from mrca.datasets.statistics import Spread
from mrca.errors import counted
from mrca.reporting.bar import bar
from mrca.reporting.palette import GROUP_COLOURS

app = typer.Typer(
    help="Corpora: list, fetch, stats, validate, convert.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

_BAR = 24  # characters of the longest bar


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
    data_dir: DataDir = None,
) -> None:
    """Count documents, entities and their pairs, facts, relations and the long tail."""
    groups = None if limits is None else group_limits(limits)
    with StageProgress() as progress:
        loaded = load_corpus(
            corpus, data_dir, offsets=offsets.value, progress=progress.of(f"fetching {corpus}")
        )
    statistics = corpus_statistics(loaded, groups or group_limits(loaded.limits))
    if plot is not None:
        _draw(loaded, statistics, plot)
    _print_notes(loaded)
    if as_json:
        typer.echo(json.dumps(statistics.to_dict(), ensure_ascii=False, indent=2))
        return
    console = Console()
    console.print(_splits_table(statistics))
    console.print(_tail_table(statistics))
    if marks := _marks_of(statistics):
        console.print(marks, markup=False, soft_wrap=True)
    if loaded.unmatched:
        console.print(
            "Mentions that do not stand in their text and are not marked: "
            f"{len(loaded.unmatched):,}. See them with: mrca data validate "
            f"{shlex.quote(str(loaded.folder))}",
            markup=False,
            soft_wrap=True,
        )
    say_next(f"mrca train --dataset {shlex.quote(corpus)}")


@app.command()
def validate(
    source: Annotated[str, typer.Argument(help="A file, or a corpus's name or folder.")],
    as_json: AsJson = False,
    offsets: Offsets = OffsetsInWords.EXACT,
    data_dir: DataDir = None,
) -> None:
    """Say everything that is wrong: line, field, expected, received. Exit code 1 on an error."""
    from mrca.datasets.validate import validate as check

    with StageProgress() as progress:
        report = check(source, data_dir, offsets.value, progress.of(f"fetching {source}"))
    if as_json:
        content = {
            "valid": not report.errors,
            "rows": report.rows,
            "unlabelled": report.unlabelled,
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
        typer.echo(f"{rows}, {errors}, {notices}{of_them}")
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
        say_next(f"mrca data stats {shlex.quote(_corpus_of(source))}")


@app.command()
def convert(
    source: Annotated[str, typer.Argument(help="A file, or a corpus's name or folder.")],
    target: Annotated[Path, typer.Argument(help="The file or folder to write; must not exist.")],
    offsets: Offsets = OffsetsInWords.EXACT,
    data_dir: DataDir = None,
) -> None:
    """Write any readable form as JSON Lines (a file to a file, a corpus to a folder)."""
    from mrca.datasets.write import convert_corpus, convert_file

    if Path(source).is_file():
        convert_file(Path(source), target, offsets.value)
    else:
        with StageProgress() as progress:
            loaded = load_corpus(
                source, data_dir, offsets=offsets.value, progress=progress.of(f"fetching {source}")
            )
        _print_notes(loaded)
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


def _print_notes(corpus: Corpus) -> None:
    for note in corpus.notes:
        Console(stderr=True).print(f"Note: {note}", markup=False, soft_wrap=True)


def _splits_table(statistics: CorpusStatistics) -> Table:
    table = Table("", title=f"{escape(statistics.name)} ({statistics.fingerprint[:12]})")
    for split in statistics.splits:
        table.add_column(split, justify="right")
    splits = list(statistics.splits.values())

    def add(name: str, cells: Iterable[str], *, last: bool = False) -> None:
        table.add_row(name, *cells, end_section=last)

    def spreads(title: str, found: list[Spread | None]) -> None:
        if any(found):
            add(title, (f"{s.mean:.2f} ± {s.deviation:.2f}" if s else "–" for s in found))
            add("  three or more", (_share(s.share_3 if s else None) for s in found))

    add("documents", (f"{split.documents:,}" for split in splits))
    add("words", (f"{split.tokens:,}" for split in splits))
    add("words per document", (f"{split.mean_length:.1f}" for split in splits))
    add("  median", (f"{split.median_length:g}" for split in splits))
    with_borders = any(split.sentences for split in splits)
    add("  longest", (str(split.max_length) for split in splits), last=not with_borders)
    if with_borders:
        cells = (f"{s.sentences:.1f}" if s.sentences else "–" for s in splits)
        add("sentences per document", cells, last=True)
    if any(split.pairs for split in splits):
        spreads("entities per document", [split.entities for split in splits])
        add("mentions of entities", (f"{split.mentions:,}" for split in splits))
        cells = (f"{s.mentions_per_entity:.2f}" if s.mentions_per_entity else "–" for s in splits)
        add("  per entity", cells)
        add("pairs to ask about", (f"{split.pairs:,}" for split in splits))
        add("  per document", (f"{split.pairs / split.documents:.1f}" for split in splits))
        add("  without a fact", (_share(split.empty_pairs) for split in splits))
        for number in sorted({n for split in splits for n in split.relations_per_pair}):
            cells = (f"{split.relations_per_pair.get(number, 0):,}" for split in splits)
            add(f"  with {counted(number, 'relation')}", cells)
        table.add_section()
    spreads("facts per document", [split.facts for split in splits])
    if with_borders:
        add("  within a sentence", (_share(split.within_sentence) for split in splits))
    spreads("relations per document", [split.relations for split in splits])
    add("documents that state nothing", (_share(split.empty_documents) for split in splits))
    table.add_section()
    for number in sorted({n for split in splits for n in split.relations_per_document}):
        if number:
            cells = (f"{split.relations_per_document.get(number, 0):,}" for split in splits)
            add(f"documents with {counted(number, 'relation')}", cells)
    table.add_section()
    add("relations never stated", (str(len(split.never_seen)) for split in splits))
    add("mentions not found", (str(split.unmatched) for split in splits))
    if statistics.types:
        types = ", ".join(statistics.types)
        table.caption = Text(f"{counted(len(statistics.types), 'entity type')}: {types}")
        table.caption_justify = "left"
    return table


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.2%}"


def _marks_of(statistics: CorpusStatistics) -> str:
    """Where the marks of the training split come from."""
    train = statistics.splits["train"]
    marked = train.documents if train.entities else train.oracle
    return marks_in_words(train.oracle, marked)


def _corpus_of(source: str) -> str:
    """The folder of a split's file, or the corpus itself."""
    return str(Path(source).parent) if Path(source).is_file() else source


def _tail_table(statistics: CorpusStatistics) -> Table:
    sizes = ", ".join(f"{len(names)} {group}" for group, names in statistics.groups.items())
    table = Table(title=f"{counted(len(statistics.train_counts), 'relation')}: {sizes}")
    table.add_column("relation", overflow="fold")
    described = any(name in statistics.descriptions for name in statistics.train_counts)
    if described:
        table.add_column("what it is", overflow="fold")
    table.add_column(f"training {statistics.counted}", justify="right")
    table.add_column("", no_wrap=True)
    largest = max(*statistics.train_counts.values(), 1)
    for group, names in statistics.groups.items():
        for name in names:
            count = statistics.train_counts[name]
            colour = GROUP_COLOURS[group]
            table.add_row(
                escape(name),
                *([escape(statistics.descriptions.get(name, ""))] if described else []),
                f"{count:,}",
                f"[{colour}]{bar(count / largest, _BAR)}[/{colour}]",
                end_section=name == names[-1],
            )
    return table
