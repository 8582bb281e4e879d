"""Any number of files scored into a folder: begun, or gone on with."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from mrca.bulk.inputs import Input, describe_input, find_inputs
from mrca.bulk.manifest import MANIFEST, Manifest, read_manifest
from mrca.bulk.model import Asked, Model, find_model
from mrca.bulk.score_shard import Record, Results, StopError, Task, score_shard
from mrca.bulk.shards import Shard, cut_file
from mrca.errors import MrcaError
from mrca.executor import Ended, Executor, open_executor
from mrca.files import only_process

SHARD_BYTES = 16_000_000
_LOCK = ".lock"
# Seconds after which those who look on are told anew of the time left.
_TICK = 1.0
# Shards that a place has been given at a time, so that it need not wait for the next one.
_AHEAD = 2


class Reporter(Protocol):
    """Someone who looks on: the command line's progress, a test."""

    def cutting(self, file: int, files: int) -> None:
        """So many of the files have been looked at and cut."""

    def starts(self, shards: Sequence[int], done: Sequence[int]) -> None:
        """Shards by their sizes in bytes; those that are done by their numbers, from 0."""

    def rows(self, number: int) -> None:
        """So many rows more have been scored, of a shard that this process is at."""

    def shard_ends(self, number: int, record: Record | None) -> None:
        """A shard has ended; without a record it has failed."""

    def tick(self) -> None:
        """Time has gone by."""


class SilentReporter:
    """Nobody who looks on."""

    def cutting(self, file: int, files: int) -> None:
        """Nothing."""

    def starts(self, shards: Sequence[int], done: Sequence[int]) -> None:
        """Nothing."""

    def rows(self, number: int) -> None:
        """Nothing."""

    def shard_ends(self, number: int, record: Record | None) -> None:
        """Nothing."""

    def tick(self) -> None:
        """Nothing."""


@dataclass
class Summary:
    """What a folder of results holds.

    Attributes:
        files: how many were read.
        shards: how many these have.
        before: how many of them were done before.
        records: of those that are done, by their numbers from 0.
        failed: what is wrong with the others, by the names of their results.
        seconds: how long it took this time.
        results: their files, in the order of the rows.
    """

    files: int
    shards: int
    before: int
    records: dict[int, Record]
    failed: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    results: list[Path] = field(default_factory=list)


def score_files(
    model: str | Path,
    inputs: Sequence[str],
    output: str | Path,
    asked: Asked | None = None,
    *,
    shard_bytes: int = SHARD_BYTES,
    workers: int | None = None,
    address: str | None = None,
    reporter: Reporter | None = None,
) -> Summary:
    """Score the rows of files into a folder, each once, in shards that are each written whole.

    Called again after it was stopped, by whatever, it does what is missing.

    Args:
        model: a run, or an exported version; see `mrca.bulk.model.find_model`.
        inputs: files, folders and globs; see `mrca.bulk.inputs.find_inputs`.
        output: a new folder, or one that was begun with the same model, files and options.
        asked: how the model is asked.
        shard_bytes: how large a shard is; what is lost when a process dies.
        workers: how many processes score; by default this one alone.
        address: of a cluster of Ray; by default this machine.
        reporter: who looks on.

    Raises:
        MrcaError: if model or files cannot be read; if the folder holds something else or was begun
            with other ones; if another process is at it; if there is no room in it.
    """
    start = time.perf_counter()
    asked, reporter = asked or Asked(), reporter or SilentReporter()
    output = Path(output)
    found = find_model(Path(model), asked)
    names = find_inputs(inputs, output)
    _check_output(output)
    try:
        output.mkdir(parents=True, exist_ok=True)
        busy = (
            f"Another process is writing to {output}. Wait for it or stop it, or choose another "
            "--output."
        )
        with only_process(output / _LOCK, busy):
            manifest = _manifest(output, found, names, asked, shard_bytes, reporter)
            results = Results(output.absolute(), asked.form, len(manifest.shards))
            results.remove_leftovers()
            summary = _score(manifest, found, results, workers, address, reporter)
    except OSError as error:
        raise MrcaError(
            f"Cannot write to {output}: {error.strerror or error}. What is done stays: make room "
            "or put it right, and run the command again."
        ) from error
    summary.seconds = time.perf_counter() - start
    return summary


def _check_output(output: Path) -> None:
    """Check that a folder is new, or was begun by this command."""
    if output.exists() and not output.is_dir():
        raise MrcaError(f"{output} is no folder. Choose another --output.")
    if not output.is_dir() or (output / MANIFEST).is_file():
        return
    held = sorted(path.name for path in output.iterdir() if not path.name.startswith("."))
    if held:
        raise MrcaError(
            f"{output} is not empty and has no {MANIFEST}, so it was not begun by `mrca bulk`; it "
            f"holds: {', '.join(held[:5])}. Choose another --output."
        )


def _manifest(
    output: Path,
    model: Model,
    names: Sequence[str],
    asked: Asked,
    shard_bytes: int,
    reporter: Reporter,
) -> Manifest:
    """What the folder was begun with, or is begun with now."""
    if (output / MANIFEST).is_file():
        manifest = read_manifest(output)
        manifest.check(output, model, asked, shard_bytes, [describe_input(name) for name in names])
        return manifest.model_copy(update={"asked": asked})
    files: list[Input] = []
    shards: list[Shard] = []
    for number, name in enumerate(names):
        reporter.cutting(number, len(names))
        files.append(describe_input(name))
        shards += cut_file(number, Path(name), shard_bytes)
        if change := files[-1].change(describe_input(name)):
            raise MrcaError(f"{change}: it changes while it is read. Wait until it is whole.")
    manifest = Manifest(
        model=model.fingerprint,
        asked=asked,
        shard_bytes=shard_bytes,
        inputs=files,
        shards=shards,
    )
    manifest.write(output)
    return manifest


def _score(
    manifest: Manifest,
    model: Model,
    results: Results,
    workers: int | None,
    address: str | None,
    reporter: Reporter,
) -> Summary:
    """Score the shards that are missing."""
    numbers = range(len(manifest.shards))
    records = {each: record for each in numbers if (record := results.record(each)) is not None}
    summary = Summary(len(manifest.inputs), len(numbers), len(records), records)
    sizes = [
        manifest.inputs[shard.input].size if shard.end is None else shard.end - shard.start
        for shard in manifest.shards
    ]
    reporter.starts(sizes, list(records))
    missing = [number for number in numbers if number not in records]
    if missing:
        with open_executor(workers, address, jobs_of_a_worker=0) as executor:
            tasks = [_task(manifest, model, results, number) for number in missing]
            _run(executor, tasks, summary, reporter)
    summary.results = [results.file(number) for number in sorted(records)]
    return summary


def _task(manifest: Manifest, model: Model, results: Results, number: int) -> Task:
    shard = manifest.shards[number]
    file = manifest.inputs[shard.input]
    place = Path(file.path).absolute()
    return Task(number, shard, file, place, model, manifest.asked, results)


def _run(executor: Executor, tasks: list[Task], summary: Summary, reporter: Reporter) -> None:
    """Have tasks done, a few at a time: there may be more of them than memory has room for."""
    report = reporter.rows if executor.is_here else None
    waiting = iter(tasks)
    by_name = {task.results.name(task.number): task for task in tasks}
    under_way = 0
    while True:
        while under_way < _AHEAD * executor.places and (task := next(waiting, None)):
            executor.submit(task.results.name(task.number), score_shard, task, report)
            under_way += 1
        if not under_way:
            return
        for ended in executor.wait(_TICK):
            under_way -= 1
            number = by_name[ended.key].number
            if ended.error is None:
                summary.records[number] = ended.value
            else:
                summary.failed[ended.key] = _reason(ended)
            reporter.shard_ends(number, ended.value)
        reporter.tick()


def _reason(ended: Ended) -> str:
    """Why a shard failed, where the next one need not fail as well.

    Raises:
        MrcaError: if the error is not the shard's.
        OSError: if results cannot be written.
    """
    if isinstance(ended.error, StopError | OSError):
        raise ended.error
    if isinstance(ended.error, MrcaError):
        return str(ended.error)
    return f"{type(ended.error).__name__}: {ended.error}"
