"""The worker processes of one machine."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mrca.search.address import Address
from mrca.search.worker_job import WorkerJob

WORKERS = "workers"
# A worker that dies so often without ending a trial in between is not started again.
_DEATHS = 3
# One that has lived so long had not died at its start; in seconds.
_LASTING = 600.0
# For a worker that was asked to go, in seconds.
_PATIENCE = 10


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
        log = log_file(Path(job.folder), name)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            return subprocess.Popen(
                # -P: what lies in the current folder is not imported, as the chief does not either.
                [sys.executable, "-P", "-m", "mrca.search.worker", job.to_json()],
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
