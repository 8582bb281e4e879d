"""Rows in, JSON out: what `mrca predict` and `mrca client` share."""

import json
import os
import stat
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, NamedTuple, TextIO

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


class Answer(NamedTuple):
    """What is written of a row, beside its number and id in a line of its own, and what to note
    about it."""

    fields: dict[str, Any]
    problem: str = ""


class JsonLines:
    """A line for each row: its number, its id and what is answered, or its error."""

    def write(self, row: "Row", fields: dict[str, Any]) -> None:
        """Write a row's line."""
        line: dict[str, Any] = {"line": row.line}
        if row.document is not None and row.document.id:
            line["id"] = row.document.id
        _put(json.dumps({**line, **fields}, ensure_ascii=False) + "\n")

    def close(self) -> None:
        """Nothing follows the last line."""


class DocRedResult:
    """One JSON list of the facts of all rows, as DocRED's evaluation takes them."""

    def __init__(self) -> None:
        self._before = "[\n"

    def write(self, row: "Row", fields: dict[str, Any]) -> None:
        """Write a row's facts."""
        for fact in fields.get("facts", ()):
            _put(self._before + json.dumps(fact, ensure_ascii=False))
            self._before = ",\n"

    def close(self) -> None:
        """End the list."""
        _put("\n]\n" if self._before == ",\n" else "[]\n")


def _put(text: str) -> None:
    sys.stdout.buffer.write(text.encode())  # JSON is UTF-8 whatever the locale says


def write_predictions(
    file: str,
    on_error: OnError,
    chunk_size: int,
    answer: "Callable[[list[Document]], Iterator[Answer]]",
    *,
    needed: int,
    types: Collection[str] = (),
    offsets: "Offsets" = "exact",
    output: JsonLines | DocRedResult | None = None,
    then: str | None = None,
) -> None:
    """Answer rows of a file on stdout, in their order.

    Where the answers go into a file, what was written and what comes next is said at the end.

    Args:
        file: its path, or `-` for standard input.
        on_error: what to do at a line that cannot be used.
        chunk_size: how many rows are read before they are answered.
        answer: gives every row its answer, one after another.
        needed: how many entities of a row should be marked; rows with fewer are noted.
        types: the entity types that the model reads; rows with others are noted.
        offsets: what becomes of character offsets inside a word.
        output: how answers are written; as JSON Lines if not given. It is closed once all rows are
            answered, and not where the command stops at one.
        then: the command that comes next.

    Raises:
        MrcaError: if the file cannot be read; at a line that cannot be used, or at the end if such
            lines were skipped.
    """
    output = output or JsonLines()
    failed = 0
    notes = _Notes(needed, types)
    with ExitStack() as stack:
        source = "standard input" if file == "-" else file
        rows = _rows_of(file, source, offsets, stack)
        progress = stack.enter_context(_RowProgress())
        while chunk := list(islice(rows, chunk_size)):
            bad = [row for row in chunk if row.error is not None]
            if bad and on_error is OnError.STOP:
                _write(chunk[: chunk.index(bad[0])], source, answer, notes, output)
                notes.say()
                assert bad[0].error is not None
                raise MrcaError(
                    f"{bad[0].error}\nStopped there. To pass over such lines: --on-error skip."
                )
            for row in bad:
                typer.echo(f"Skipped: {row.error}", err=True)
            failed += len(bad)
            _write(chunk, source, answer, notes, output)
            progress.advance(len(chunk))
    output.close()
    notes.say()
    if _is_file(sys.stdout):
        notes.say_written(source)
    if failed:
        were = "was" if failed == 1 else "were"
        raise MrcaError(
            f"{counted(failed, 'line')} of {source} could not be used and {were} skipped."
        )
    if then and _is_file(sys.stdout):
        say_next(then)


class _Speed(ProgressColumn):
    """Rows per second; nothing before the first rows, when it is unknown."""

    def render(self, task: Task) -> Text:
        """The cell of a bar."""
        return Text("" if task.speed is None else f"{task.speed:,.0f} rows/s")


class _RowProgress:
    """Rows so far and rows per second, on a terminal, where the answers go into a file.

    What they are piped into may write to the same terminal.
    """

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.completed:,.0f} rows"),
            _Speed(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not (console.is_terminal and _is_file(sys.stdout)),
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
    """The rows of a file (or brat's folder) in any form, or of a stream of JSON Lines."""
    from mrca.datasets import iter_jsonl, iter_rows
    from mrca.datasets.readers.brat import is_brat

    if file != "-" and (Path(file).is_file() or is_brat(Path(file))):
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

    def say_written(self, source: str) -> None:
        """How much was written, of what."""
        found = ", ".join(
            counted(number, name.removesuffix("s")) for name, number in self._found.items()
        )
        of_them = f"; {counted(self._noted, 'row')} noted above" if self._noted else ""
        typer.echo(
            f"Written to standard output: {counted(self._rows, 'row')} of {source}"
            f"{f' with {found}' if found else ''}{of_them}.",
            err=True,
        )


def _write(
    rows: "list[Row]",
    source: str,
    answer: "Callable[[list[Document]], Iterator[Answer]]",
    notes: _Notes,
    output: JsonLines | DocRedResult,
) -> None:
    answers = answer([row.document for row in rows if row.document is not None])
    for row in rows:
        if row.document is None:
            output.write(row, {"error": str(row.error)})
        else:
            answered = next(answers)
            output.write(row, answered.fields)
            noted = bool(row.problems or answered.problem)
            notes.add(row.line, row.document, answered, noted)
            for each in row.problems:
                typer.echo(f"Note: {each}", err=True)
            if answered.problem:
                typer.echo(f"Note: {source}, line {row.line}: {answered.problem}.", err=True)
    sys.stdout.buffer.flush()
