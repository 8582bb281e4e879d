"""Rows in, answers out: what `mrca predict` and `mrca client` share."""

import os
import stat
import sys
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Protocol, TextIO

import typer
from rich.console import Console
from rich.progress import (
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from mrca.bulk.answers import Answer, Answers, Form, answered
from mrca.bulk.results import JsonLines
from mrca.cli.options import say_next
from mrca.errors import MrcaError, counted
from mrca.text import MarkNotes

if TYPE_CHECKING:
    from mrca.datasets import Row
    from mrca.datasets.readers.jsonl import Offsets
    from mrca.text import Document


class OnError(StrEnum):
    """What becomes of the rows after one that cannot be used."""

    STOP = "stop"
    SKIP = "skip"


RowsFile = Annotated[
    str,
    typer.Argument(
        help="JSON Lines, or a file in another form that is read (docs/data-format.md); - is "
        "standard input, JSON Lines."
    ),
]
AtError = Annotated[
    OnError, typer.Option(help="At a line that cannot be used: stop there, or skip it.")
]


Threshold = Annotated[
    float | None,
    typer.Option(help="Give what scores at least this, in place of the run's own decision."),
]
Top = Annotated[int | None, typer.Option(min=1, help="At most so many facts of a row, the best.")]
ResultForm = Annotated[
    Form,
    typer.Option(
        "--format",
        help="jsonl: a line for each row. docred: one JSON list of facts with title, h_idx, "
        "t_idx, r and evidence, as DocRED's evaluation takes it.",
    ),
]


class Output(Protocol):
    """Writes the answers to rows, one after another."""

    def write(self, row: "Row", fields: dict[str, Any]) -> None:
        """Write what is answered to a row, or its error."""


def write_predictions(
    file: str,
    on_error: OnError,
    answers: Answers,
    *,
    output: AbstractContextManager[Output] | None = None,
    place: Path | None = None,
    then: str | None = None,
) -> None:
    """Answer rows of a file, in their order.

    Where the answers go into a file, what was written and what comes next is said at the end.

    Args:
        file: its path, or `-` for standard input.
        on_error: what to do at a line that cannot be used.
        answers: what is said of rows; those with fewer marks or other types than it reads are
            noted.
        output: what writes the answers, for as long as rows are answered; by default JSON Lines
            on standard output.
        place: where it writes them, if not on standard output.
        then: the command that comes next.

    Raises:
        MrcaError: if the file cannot be read; at a line that cannot be used, or at the end if such
            lines were skipped.
    """
    output = output or nullcontext(JsonLines(sys.stdout.buffer))
    is_file = place is not None or _is_file(sys.stdout)
    failed = 0
    notes = _Notes(answers.marks_needed, answers.types)
    with ExitStack() as stack:
        source = "standard input" if file == "-" else file
        rows = _rows_of(file, source, answers.offsets, stack)
        writer = stack.enter_context(output)
        progress = stack.enter_context(_RowProgress(is_file))
        while chunk := list(islice(rows, answers.chunk)):
            bad = [row for row in chunk if row.error is not None]
            if bad and on_error is OnError.STOP:
                _write(chunk[: chunk.index(bad[0])], source, answers, notes, writer)
                notes.say()
                assert bad[0].error is not None
                way_out = "" if bad[0].ends_file else " To pass over such lines: --on-error skip."
                raise MrcaError(f"{bad[0].error}\nStopped there.{way_out}")
            for row in bad:
                typer.echo(f"Skipped: {row.error}", err=True)
            failed += len(bad)
            _write(chunk, source, answers, notes, writer)
            progress.advance(len(chunk))
    notes.say()
    if is_file:
        notes.say_written(source, "standard output" if place is None else str(place))
    if failed:
        were = "was" if failed == 1 else "were"
        raise MrcaError(
            f"{counted(failed, 'line')} of {source} could not be used and {were} skipped."
        )
    if then and is_file:
        say_next(then)


class _Speed(ProgressColumn):
    """Rows per second; nothing before the first rows, when it is unknown."""

    def render(self, task: Task) -> Text:
        """The cell of a bar."""
        return Text("" if task.speed is None else f"{task.speed:,.0f} rows/s")


class _RowProgress:
    """Rows so far and rows per second, on a terminal, where the answers go into a file.

    What they are piped into may write to the same terminal.

    Args:
        is_file: whether they do.
    """

    def __init__(self, is_file: bool) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.completed:,.0f} rows"),
            _Speed(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not (console.is_terminal and is_file),
        )

    def __enter__(self) -> "_RowProgress":
        self._progress.start()
        self._task = self._progress.add_task("", total=None, completed=0)
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def advance(self, rows: int) -> None:
        self._progress.advance(self._task, rows)


def _is_file(stream: TextIO) -> bool:
    try:
        return stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    except OSError:  # a stream of Python's own
        return False


def _rows_of(file: str, source: str, offsets: "Offsets", stack: ExitStack) -> "Iterator[Row]":
    """The rows of a file, or a folder read as one, in any form, or of a stream of JSON Lines."""
    from mrca.datasets import iter_jsonl, iter_rows
    from mrca.datasets.readers.read_file import is_row_folder

    if file != "-" and (Path(file).is_file() or is_row_folder(Path(file))):
        return iter_rows(Path(file), offsets=offsets)
    return iter_jsonl(_open(file, stack), source, offsets=offsets)


def _open(file: str, stack: ExitStack) -> BinaryIO:
    if file == "-":
        return sys.stdin.buffer
    try:
        return stack.enter_context(Path(file).open("rb"))
    except OSError as error:
        raise MrcaError(
            f"Cannot read {file}: {error.strerror}. Expected a JSON Lines file, or - for standard "
            "input."
        ) from None


class _Notes:
    """Rows that a user should know of, to be said at the end.

    Args:
        needed: how many entities of a row should be marked.
        types: the entity types that the model reads; with none it reads no types.
    """

    def __init__(self, needed: int, types: Collection[str]) -> None:
        self._marks = MarkNotes(needed, types)
        self._rows = 0
        self._found: Counter[str] = Counter()
        self._noted = 0

    def add(self, line: int, document: "Document", answer: Answer, noted: bool) -> None:
        self._rows += 1
        self._found.update({name: len(found) for name, found in answer.fields.items()})
        self._noted += noted
        self._marks.add(line, document)

    def say(self) -> None:
        for note in self._marks.sentences():
            typer.echo(f"Note: {note}", err=True)

    def say_written(self, source: str, place: str) -> None:
        """How much was written, of what, where to."""
        found = ", ".join(
            counted(number, name.removesuffix("s")) for name, number in self._found.items()
        )
        of_them = f"; {counted(self._noted, 'row')} noted above" if self._noted else ""
        typer.echo(
            f"Written to {place}: {counted(self._rows, 'row')} of {source}"
            f"{f' with {found}' if found else ''}{of_them}.",
            err=True,
        )


def _write(
    rows: "list[Row]",
    source: str,
    answers: Answers,
    notes: _Notes,
    output: Output,
) -> None:
    for row, answer in answered(rows, answers):
        output.write(row, answer.fields)
        if row.document is None:
            continue
        notes.add(row.line, row.document, answer, noted=bool(row.problems or answer.problem))
        for each in row.problems:
            typer.echo(f"Note: {each}", err=True)
        if answer.problem:
            typer.echo(f"Note: {source}, line {row.line}: {answer.problem}.", err=True)
    sys.stdout.buffer.flush()
