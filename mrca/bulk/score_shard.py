"""One shard: read, scored and written in batches, by whichever process has it."""

import shutil
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from mrca.bulk.answers import Answer, Answers, Form, answered
from mrca.bulk.inputs import Input, describe_input
from mrca.bulk.model import Asked, Model, answers_of
from mrca.bulk.results import result_in
from mrca.bulk.shards import Shard
from mrca.datasets import Row
from mrca.errors import MrcaError
from mrca.files import durable_file
from mrca.text import MarkNotes

_DIGITS = 5
_NOTES = 5  # different ones that are kept of a shard


class StopError(MrcaError):
    """What is wrong with more than a shard, so that no other one need be tried."""


class Record(BaseModel):
    """What there is to know of a shard that is done; written after its results.

    Attributes:
        size: of its results, in bytes.
        rows: how many it has.
        bad: how many of them could not be used, and have an error in their place.
        noted: how many of the others one should know of: cut, with too few marks, and the like.
        found: facts, or relations of whole texts.
        seconds: how long it took.
        first_bad: the first error.
        first_note: the first note.
        notes: what was warned of.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    size: int = 0
    rows: int = 0
    bad: int = 0
    noted: int = 0
    found: int = 0
    seconds: float = 0.0
    first_bad: str = ""
    first_note: str = ""
    notes: list[str] = []


class Results(NamedTuple):
    """Where results lie. Names follow from numbers alone: nothing that is read in the folder can
    have anything written elsewhere.

    Attributes:
        folder: seen from any folder.
        form: of the results.
        shards: how many there are.
    """

    folder: Path
    form: Form
    shards: int

    def name(self, number: int) -> str:
        """A shard's name; in the order of names, results are in the order of rows."""
        digits = max(_DIGITS, len(str(self.shards)))
        return f"shard-{number + 1:0{digits}d}"

    def file(self, number: int) -> Path:
        """A shard's results."""
        ending = "json" if self.form is Form.DOCRED else "jsonl"
        return self.folder / f"{self.name(number)}.{ending}"

    def write_record(self, number: int, record: Record) -> None:
        """Say that a shard is done.

        Raises:
            OSError: if it cannot be written.
        """
        with durable_file(self._record(number)) as file:
            file.write(record.model_dump_json().encode() + b"\n")

    def record(self, number: int) -> Record | None:
        """What is known of a shard; `None` if it is not done, or its results are not there."""
        with suppress(OSError, ValidationError):
            record = Record.model_validate_json(self._record(number).read_bytes())
            if self.file(number).stat().st_size == record.size:
                return record
        return None

    def remove_leftovers(self) -> None:
        """Remove what killed processes, of whichever machine, have begun to write."""
        for path in self.folder.glob(".shard-*.partial"):
            shutil.rmtree(path, ignore_errors=True)  # a link is neither followed nor deleted

    def _record(self, number: int) -> Path:
        return self.folder / f"{self.name(number)}.done"


class Task(NamedTuple):
    """A shard, with all that a process on any machine needs to score it.

    Attributes:
        number: the shard's.
        shard: what is read.
        file: its file as it was when it was cut.
        place: where that is, seen from any folder.
        model: what is asked.
        asked: how.
        results: where answers go.
    """

    number: int
    shard: Shard
    file: Input
    place: Path
    model: Model
    asked: Asked
    results: Results


def score_shard(task: Task, report: Callable[[int], None] | None = None) -> Record:
    """Score a shard.

    Args:
        task: which, with what.
        report: is told of rows that have been scored, if it is in this process.

    Raises:
        StopError: if the model cannot be loaded.
        MrcaError: if the file cannot be read, or has changed.
        OSError: if results cannot be written.
    """
    start = time.perf_counter()
    record = Record()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("default", UserWarning)  # the package's; others are for programmers
        answers = _loaded(task)
        with durable_file(task.results.file(task.number)) as file:
            output = result_in(task.results.form, file, task.file.path)
            for rows in _chunks(task, answers):
                for row, answer in answered(rows, answers):
                    output.write(row, answer.fields)
                    if row.document is None:
                        record.bad += 1
                        record.first_bad = record.first_bad or str(row.error)
                        continue
                    record.found += sum(map(len, answer.fields.values()))
                    if note := next(_notes(row, answer, answers, task.file.path), ""):
                        record.noted += 1
                        record.first_note = record.first_note or note
                record.rows += len(rows)
                if report is not None:
                    report(len(rows))
            output.close()
            if task.file.change(describe_input(task.file.path, task.place)):
                raise StopError(
                    f"{task.file.path} has changed while it was read. Run the command again: it "
                    "says what has."
                )
            record.size = file.tell()
    record.notes = list(dict.fromkeys(str(each.message) for each in caught))[:_NOTES]
    record.seconds = time.perf_counter() - start
    task.results.write_record(task.number, record)
    return record


def _loaded(task: Task) -> Answers:
    """The model; what is wrong with it is wrong for every shard."""
    try:
        return answers_of(task.model, task.asked)
    except Exception as error:
        said = str(error) if isinstance(error, MrcaError) else f"{type(error).__name__}: {error}"
        raise StopError(said) from error


def _chunks(task: Task, answers: Answers) -> Iterator[list[Row]]:
    rows = task.shard.rows(task.place, task.file.path, answers.offsets)
    while chunk := list(islice(rows, answers.chunk)):
        yield chunk


def _notes(row: Row, answer: Answer, answers: Answers, source: str) -> Iterator[str]:
    """What one should know of a row that could be used."""
    assert row.document is not None
    yield from map(str, row.problems)
    if answer.problem:
        yield f"{source}, line {row.line}: {answer.problem}"
    marks = MarkNotes(answers.marks_needed, answers.types)
    marks.add(row.line, row.document)
    yield from (f"{source}: {note}" for note in marks.sentences())
