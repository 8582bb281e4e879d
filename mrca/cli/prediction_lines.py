"""JSON Lines in, JSON Lines out: what `mrca predict` and `mrca client` share."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, NamedTuple

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

from mrca.errors import MrcaError, counted

if TYPE_CHECKING:
    from mrca.datasets import Row
    from mrca.datasets.readers.jsonl import Offsets
    from mrca.text import Document


class OnError(StrEnum):
    """What becomes of the rows after one that cannot be used."""

    STOP = "stop"
    SKIP = "skip"


RowsFile = Annotated[
    str, typer.Argument(help="JSON Lines (docs/data-format.md); - is standard input.")
]
AtError = Annotated[
    OnError, typer.Option(help="At a line that cannot be used: stop there, or skip it.")
]


class Answer(NamedTuple):
    """What the output line of a row says beside its number and id, and what to note about it."""

    fields: dict[str, Any]
    problem: str = ""


def write_predictions(
    file: str,
    on_error: OnError,
    chunk_size: int,
    answer: "Callable[[list[Document]], Iterator[Answer]]",
    *,
    needed: int,
    offsets: "Offsets" = "exact",
) -> None:
    """Answer rows of a file, one line each on stdout, in their order.

    Args:
        file: its path, or `-` for standard input.
        on_error: what to do at a line that cannot be used.
        chunk_size: how many rows are read before they are answered.
        answer: gives every row its answer, one after another.
        needed: how many entities of a row should be marked; rows with fewer are noted.
        offsets: what becomes of character offsets inside a word.

    Raises:
        MrcaError: if the file cannot be read; at a line that cannot be used, or at the end if such
            lines were skipped.
    """
    from mrca.datasets import iter_jsonl

    failed = 0
    unmarked = _Unmarked(needed)
    with ExitStack() as stack:
        source = "standard input" if file == "-" else file
        rows = iter_jsonl(_open(file, stack), source, offsets=offsets)
        progress = stack.enter_context(_RowProgress())
        while chunk := list(islice(rows, chunk_size)):
            bad = [row for row in chunk if row.error is not None]
            if bad and on_error is OnError.STOP:
                _write(chunk[: chunk.index(bad[0])], source, answer, unmarked)
                unmarked.say()
                assert bad[0].error is not None
                raise MrcaError(
                    f"{bad[0].error}\nStopped there. To pass over such lines: --on-error skip."
                )
            for row in bad:
                typer.echo(f"Skipped: {row.error}", err=True)
            failed += len(bad)
            _write(chunk, source, answer, unmarked)
            progress.advance(len(chunk))
    unmarked.say()
    if failed:
        were = "was" if failed == 1 else "were"
        raise MrcaError(
            f"{counted(failed, 'line')} of {source} could not be used and {were} skipped."
        )


class _Speed(ProgressColumn):
    """Rows per second; nothing before the first rows, when it is unknown."""

    def render(self, task: Task) -> Text:
        """The cell of a bar."""
        return Text("" if task.speed is None else f"{task.speed:,.0f} rows/s")


class _RowProgress:
    """Rows so far and rows per second, on a terminal that does not show the answers."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.completed:,.0f} rows"),
            _Speed(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal or sys.stdout.isatty(),
        )

    def __enter__(self) -> "_RowProgress":
        self._progress.start()
        self._task = self._progress.add_task("", total=None, completed=0)
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def advance(self, rows: int) -> None:
        self._progress.advance(self._task, rows)


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


class _Unmarked:
    """Counts the rows in which too few entities are marked."""

    def __init__(self, needed: int) -> None:
        self._needed = needed
        self.count = 0
        self.first_lines: list[int] = []

    def add(self, line: int, document: "Document") -> None:
        marked = sum(bool(entity.mentions) for entity in document.entities)
        if marked >= self._needed:
            return
        self.count += 1
        if len(self.first_lines) < 5:
            self.first_lines.append(line)

    def say(self) -> None:
        if not self.count:
            return
        more = ", …" if self.count > len(self.first_lines) else ""
        lines = "lines " if self.count > 1 else "line "
        lines += ", ".join(map(str, self.first_lines)) + more
        rows = counted(self.count, "row")
        typer.echo(
            f"Note: fewer than two entities are marked in {rows} ({lines}), which so have no "
            'facts. Give "entities" that stand in the text.'
            if self._needed == 2
            else f"Note: no entity is marked in {rows} ({lines}). Give entities that stand in the "
            "text; without them the relations are a guess, if those of the training were marked.",
            err=True,
        )


def _write(
    rows: "list[Row]",
    source: str,
    answer: "Callable[[list[Document]], Iterator[Answer]]",
    unmarked: _Unmarked,
) -> None:
    answers = answer([row.document for row in rows if row.document is not None])
    for row in rows:
        line: dict[str, Any] = {"line": row.line}
        if row.document is None:
            line["error"] = str(row.error)
        else:
            if row.document.id:
                line["id"] = row.document.id
            fields, problem = next(answers)
            line.update(fields)
            unmarked.add(row.line, row.document)
            for each in row.problems:
                typer.echo(f"Note: {each}", err=True)
            if problem:
                typer.echo(f"Note: {source}, line {row.line}: {problem}.", err=True)
        # JSON is UTF-8 whatever the locale says.
        sys.stdout.buffer.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
    sys.stdout.buffer.flush()
