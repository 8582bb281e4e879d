"""The worker processes of one machine, for a chief here or on another one."""

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from mrca.errors import MrcaError
from mrca.experiments.search.contact import CHIEF_GONE, Address
from mrca.experiments.search.search_folder import SEARCH
from mrca.experiments.search.trials import SearchReporter

WORKERS = "workers"
# A worker that dies so often without ending a trial in between is not started again.
_DEATHS = 3
# One that has lived so long had not died at its start; in seconds.
_LASTING = 600.0
# For a worker that was asked to go, in seconds.
_PATIENCE = 10
# Seconds between two looks at the workers of another machine's chief.
_LOOK = 0.2


class WorkerJob(NamedTuple):
    """What a worker process is told when it is started.

    Attributes:
        folder: the search's.
        data_dir: a folder of corpora to look in first.
        vectors_dir: a folder of word vectors to look in first.
    """

    folder: Path
    data_dir: Path | None = None
    vectors_dir: Path | None = None

    def to_json(self) -> str:
        """As an argument of the command line, with absolute paths."""
        return json.dumps([None if path is None else str(path.resolve()) for path in self])

    @classmethod
    def from_json(cls, text: str) -> "WorkerJob":
        """The job that `to_json` described."""
        folder, data_dir, vectors_dir = json.loads(text)
        return cls(Path(folder), data_dir and Path(data_dir), vectors_dir and Path(vectors_dir))


class Process(Protocol):
    """What is needed of a started worker; `subprocess.Popen` is one."""

    def poll(self) -> int | None:
        """Its exit code, once it has ended."""

    def kill(self) -> None:
        """End it at once."""

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code."""


@dataclass
class Worker:
    """A place for a worker.

    Attributes:
        name: what the oracle knows it by.
        process: the one that is there now, if any.
        started: when that one was, by `time.monotonic`.
        deaths: how often one has died here since the last trial that ended, or one that lasted.
        has_left: whether the last one left because there was nothing more to do.
    """

    name: str
    process: Process | None = None
    started: float = 0.0
    deaths: int = 0
    has_left: bool = False


@dataclass(frozen=True)
class Ended:
    """A worker that has ended, with its exit code: negative for the signal that killed it."""

    name: str
    code: int

    @property
    def how(self) -> str:
        """In words."""
        return f"signal {-self.code}" if self.code < 0 else f"exit code {self.code}"


class Workers:
    """Starts workers, notices when they end, and starts them again.

    Args:
        names: of each worker.
        start: starts the one of that name.
    """

    def __init__(self, names: Sequence[str], start: Callable[[str], Process]) -> None:
        self._workers = {name: Worker(name) for name in names}
        self._start = start

    @property
    def names(self) -> list[str]:
        """Of all workers, there or not."""
        return list(self._workers)

    def start_missing(self, recall: bool = False) -> None:
        """Start all that are not there and have not died too often.

        Args:
            recall: also those that have left because there was nothing more to do.
        """
        for worker in self._workers.values():
            gone = worker.process is None and worker.deaths < _DEATHS
            if gone and (recall or not worker.has_left):
                worker.process = self._start(worker.name)
                worker.started = time.monotonic()

    def take_ended(self, may_leave: bool) -> list[Ended]:
        """Those that have ended since the last call; their places are free.

        Args:
            may_leave: whether there may be nothing left to do; ending counts as dying otherwise.
        """
        ended = []
        for worker in self._workers.values():
            code = None if worker.process is None else worker.process.poll()
            if code is not None:
                worker.process = None
                worker.has_left = code == 0 and may_leave
                if time.monotonic() - worker.started > _LASTING:
                    worker.deaths = 0
                worker.deaths += not worker.has_left
                ended.append(Ended(worker.name, code))
        return ended

    def forgive(self, name: str) -> None:
        """Forget how often a worker has died: it has ended a trial."""
        if name in self._workers:
            self._workers[name].deaths = 0

    def kill(self, name: str) -> None:
        """End one that hangs."""
        process = self._workers[name].process
        if process is not None:
            process.kill()

    def __contains__(self, name: object) -> bool:
        return name in self._workers

    @property
    def alive(self) -> bool:
        """Whether there is one."""
        return any(worker.process is not None for worker in self._workers.values())

    @property
    def are_lost(self) -> bool:
        """Whether none is there and all have died too often."""
        return all(
            worker.process is None and worker.deaths >= _DEATHS for worker in self._workers.values()
        )

    def stop(self) -> None:
        """End all that are there; a trial is resumed from its last whole epoch anyway."""
        processes = [each.process for each in self._workers.values() if each.process is not None]
        for process in processes:
            process.kill()
        for process in processes:
            process.wait(_PATIENCE)


def process_starter(
    job: WorkerJob, chief: Address, names: Sequence[str], gpus: Sequence[str]
) -> Callable[[str], Process]:
    """A function that starts a worker by its name, with a log file and a GPU of its own.

    Args:
        job: what the worker is to know.
        chief: where the chief listens.
        names: of all workers; they take the GPUs in turn.
        gpus: as CUDA_VISIBLE_DEVICES names them; none leaves the environment as it is.
    """

    def start(name: str) -> Process:
        environment = {
            **os.environ,
            "KERASTUNER_TUNER_ID": name,
            "KERASTUNER_ORACLE_IP": chief.host,
            "KERASTUNER_ORACLE_PORT": str(chief.port),
        }
        environment.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # its notices would fill the log
        if gpus:
            environment["CUDA_VISIBLE_DEVICES"] = gpus[list(names).index(name) % len(gpus)]
        if 0 < len(gpus) < len(names):  # or the first one there would take all of its memory
            environment.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
            environment.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
        log = log_file(job.folder, name)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            return subprocess.Popen(
                # -P: what lies in the current folder is not imported, as the chief does not either.
                [sys.executable, "-P", "-m", "mrca.experiments.search.worker", job.to_json()],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the chief, which ends them
            )

    return start


def log_file(folder: Path, name: str) -> Path:
    """What a worker prints into."""
    return folder / WORKERS / f"{name}.log"


def last_lines(folder: Path, names: Sequence[str], count: int = 8) -> str:
    """The end of the log that was written last."""
    logs = [path for path in (log_file(folder, name) for name in names) if path.is_file()]
    if not logs:
        return "(there is none)"
    text = max(logs, key=lambda path: path.stat().st_mtime).read_text("utf-8", "replace")
    return "\n".join(f"  {line}" for line in text.splitlines()[-count:])


def join(
    folder: Path,
    chief: Address,
    *,
    workers: int = 1,
    gpus: Sequence[str] = (),
    data_dir: Path | None = None,
    vectors_dir: Path | None = None,
    reporter: SearchReporter,
) -> None:
    """Work for a search that another machine has started, until it ends.

    Args:
        folder: the search's, which both machines must see.
        chief: where that search listens.
        workers: processes that train at the same time.
        gpus: as CUDA_VISIBLE_DEVICES names them; workers take them in turn.
        data_dir: a folder of corpora to look in first.
        vectors_dir: a folder of word vectors to look in first.
        reporter: told about workers that die.

    Raises:
        MrcaError: if there is no such search, it is gone, or all workers are.
    """
    folder = folder.resolve()
    if not (folder / SEARCH).is_file():
        raise MrcaError(
            f"There is no search in {folder}. Give --output and --name as they were given to the "
            "search to join; its folder must be one that both machines see."
        )
    job = WorkerJob(folder, data_dir, vectors_dir)
    called = uuid.uuid4().hex[:8]  # so that the names of two machines differ
    names = [f"joined-{called}-{number}" for number in range(1, workers + 1)]
    crew = Workers(names, process_starter(job, chief, names, gpus))
    crew.start_missing()
    try:
        while crew.alive:
            for ended in crew.take_ended(may_leave=True):
                if ended.code == CHIEF_GONE:
                    raise MrcaError(
                        f"No search answers at {chief}, or not any more. Start it with --chief "
                        "HOST:PORT, or see whether that machine lets others in at this port."
                    )
                if ended.code:
                    reporter.message(f"{ended.name} died ({ended.how}) and is started again.")
            crew.start_missing()
            time.sleep(_LOOK)
    finally:
        crew.stop()
    if crew.are_lost:
        raise MrcaError(
            "All workers have died, and started anew have died again. Last lines of the log of "
            f"one:\n{last_lines(folder, names)}"
        )
