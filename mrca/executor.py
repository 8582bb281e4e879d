"""Where jobs run: one after another in this process, or several at the same time on Ray."""

import math
import os
import platform
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TextIO, cast

from mrca.errors import MrcaError, counted

# So many workers may die of one job.
_DEATHS = 3
# A worker process is replaced after so many jobs: what Keras and TensorFlow keep of each adds up.
_JOBS_OF_A_WORKER = 8
# Ray keeps what jobs return in shared memory; ours return little, and the least it takes is 75 MB.
_STORE = 100 * 2**20
# Ray's own settings, unless they are set: no statistics to its makers, a password of this user
# (which other machines of a cluster need too), and for Ray on this machine alone the loopback
# address, which goes by this name since it is the default elsewhere.
_PRIVATE = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "token"}
_LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
# Whoever first computes on a GPU would take all of its memory: the process that leads, or the first
# of several workers that share it.
_SHARED_GPU = {"TF_FORCE_GPU_ALLOW_GROWTH": "true", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
# Set to a worker's share of the processors, unless they are set.
_THREADS = ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS")
# What holds for this process holds for its workers on other machines.
_PASSED_ON = ("KERAS_BACKEND", "MRCA_")


class Ended(NamedTuple):
    """A job that has ended.

    Attributes:
        key: what it was submitted under.
        value: what it returned.
        error: what it raised, as it was in this process; an `MrcaError` if its workers died.
        deaths: how many workers have died of it.
    """

    key: str
    value: Any = None
    error: Exception | None = None
    deaths: int = 0


class Executor(Protocol):
    """Runs jobs; to be had from `open_executor`.

    Attributes:
        places: how many jobs run at the same time.
        is_here: whether they run in this process, so that they can report to it as they go.
    """

    places: int
    is_here: bool

    def submit(self, key: str, job: Callable[..., Any], *arguments: Any) -> None:
        """Run `job(*arguments)` when there is a place.

        Args:
            key: of this job alone among those that have not ended.
            job: a function of a module. Elsewhere it meets copies of its arguments, in the same
                current folder, and is called again, from its beginning, if its worker dies.
            *arguments: its arguments.
        """

    def wait(self, seconds: float) -> list[Ended]:
        """The jobs that have ended since the last call, in that order.

        Args:
            seconds: how long to wait for one. In this process it is one job, however long.

        Raises:
            MrcaError: if Ray itself is gone.
        """


class _ThisProcess:
    """Runs jobs one after another, each within `wait`."""

    places = 1
    is_here = True

    def __init__(self) -> None:
        self._jobs: deque[tuple[str, Callable[..., Any], tuple[Any, ...]]] = deque()

    def submit(self, key: str, job: Callable[..., Any], *arguments: Any) -> None:
        self._jobs.append((key, job, arguments))

    def wait(self, seconds: float) -> list[Ended]:
        if not self._jobs:
            return []
        key, job, arguments = self._jobs.popleft()
        try:
            return [Ended(key, job(*arguments))]
        except Exception as error:
            return [Ended(key, error=error)]


class _OnRay:
    """Runs jobs as tasks of Ray, with a share of its processors or GPUs each."""

    is_here = False

    def __init__(self, ray: Any, places: int | None, jobs_of_a_worker: int, *, local: bool) -> None:
        self._ray = ray
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        gpus = sum(int(node.get("GPU", 0)) for node in nodes)
        cpus = os.cpu_count() or 1 if local else sum(int(node.get("CPU", 0)) for node in nodes)
        self.places = places or gpus or cpus or 1
        largest = cpus if local else max((int(node.get("CPU", 0)) for node in nodes), default=1)
        share = max(1, min(cpus // self.places, largest))
        environment = {
            **{name: os.environ.get(name, str(share)) for name in _THREADS},
            **_SHARED_GPU,
            "TF_CPP_MIN_LOG_LEVEL": "3",
            **{name: os.environ[name] for name in os.environ if name.startswith(_PASSED_ON)},
        }
        self._task = ray.remote(
            num_cpus=1 if local else share,
            num_gpus=1 / math.ceil(self.places / gpus) if gpus else 0,  # never half of each of two
            max_retries=0,  # they are counted here
            max_calls=jobs_of_a_worker,
            runtime_env={"env_vars": environment},
        )(_run)
        self._jobs: dict[Any, tuple[str, Callable[..., Any], tuple[Any, ...]]] = {}
        self._deaths: Counter[str] = Counter()

    def submit(self, key: str, job: Callable[..., Any], *arguments: Any) -> None:
        self._jobs[self._task.remote(Path.cwd(), job, arguments)] = (key, job, arguments)

    def wait(self, seconds: float) -> list[Ended]:
        if not self._jobs:
            return []
        try:
            done, _ = self._ray.wait(list(self._jobs), timeout=seconds)
        except (self._ray.exceptions.RayError, ConnectionError) as error:
            raise MrcaError(
                f"Ray has ended: {' '.join(str(error).split())[:300]}. What is finished is kept: "
                "when Ray is there again, give the same command."
            ) from None
        return [ended for each in done for ended in self._ended(each)]

    def _ended(self, reference: Any) -> Iterator[Ended]:
        key, job, arguments = self._jobs.pop(reference)
        try:
            yield Ended(key, self._ray.get(reference), deaths=self._deaths.pop(key, 0))
        except self._ray.exceptions.RayTaskError as error:
            yield Ended(key, error=error.cause, deaths=self._deaths.pop(key, 0))
        except self._ray.exceptions.RayError as error:
            self._deaths[key] += 1
            if self._deaths[key] < _DEATHS:
                self.submit(key, job, *arguments)
                return
            said = " ".join(str(error).split())[:300]
            yield Ended(
                key,
                error=MrcaError(
                    f"{counted(_DEATHS, 'worker')} died of {key}, one after another; it may need "
                    f"more memory than there is. Ray says of the last one: {said}"
                ),
                deaths=self._deaths.pop(key),
            )

    def cancel(self) -> None:
        """End all that run."""
        with suppress(self._ray.exceptions.RayError, ConnectionError):  # Ray may be gone
            for reference in self._jobs:
                self._ray.cancel(reference, force=True)


def _run(folder: Path, job: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """A task of Ray."""
    try:
        os.chdir(folder)
    except OSError as error:
        raise MrcaError(
            f"{folder} is not there on {platform.node()} ({error.strerror}). Every machine of a "
            "cluster needs to see the folder that the command is given in, and those that it "
            "names, under the same paths."
        ) from None
    return job(*arguments)


class _WithoutRay:
    """A stream that leaves out what Ray's threads write: it says on stdout that a worker died."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        if threading.current_thread().name.startswith("ray_"):
            return len(text)
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def open_executor(
    workers: int | None = None,
    address: str | None = None,
    jobs_of_a_worker: int = _JOBS_OF_A_WORKER,
) -> Iterator[Executor]:
    """An executor; when the block ends, so do its workers, whatever they are at.

    Args:
        workers: how many jobs run at the same time; by default one in this process, or on a
            cluster one for each GPU, or each processor where there is none.
        address: of a cluster of Ray, such as `10.0.0.5:6379` or `auto`; by default this machine.
        jobs_of_a_worker: after so many of them a worker's process is replaced; 0 for never.

    Raises:
        MrcaError: if Ray is not installed or no cluster answers.

    Example:
        >>> with open_executor() as executor:
        ...     executor.submit("sum", sum, [1, 2])
        ...     executor.wait(1)
        [Ended(key='sum', value=3, error=None, deaths=0)]
    """
    if address is None and workers is None:
        yield _ThisProcess()
        return
    settings = {**_PRIVATE, **_SHARED_GPU, **(_LOOPBACK if address is None else {})}
    if "ray" in sys.modules:  # it has read its own, and its processes would read others
        settings = _SHARED_GPU
    for name, value in settings.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError:
        raise MrcaError(
            "Work on several workers needs Ray, which is not installed. Install it with: "
            "pip install 'mrca[ray]'. Without --workers and --ray everything runs in this process."
        ) from None
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    if address is None:
        options |= {
            "address": "local",
            "num_cpus": workers,
            "include_dashboard": False,
            "object_store_memory": _STORE,
        }
    else:
        options["address"] = address
    try:
        with chdir("/"):  # its workers look for modules in the current folder first
            ray.init(**options)
    except Exception as error:  # it raises bare ones too, such as on a machine that is too busy
        where = "on this machine" if address is None else f"at {address!r}"
        remedy = (
            "Try again when the machine is less busy, or leave --workers out to work in this "
            "process."
            if address is None
            else "Start it with `RAY_AUTH_MODE=token ray start --head`, give this machine its "
            "token (~/.ray/auth_token), or leave --ray out to work on this machine."
        )
        raise MrcaError(
            f"Ray does not answer {where}: {' '.join(str(error).split())[:300]}. {remedy}"
        ) from None
    try:
        executor = _OnRay(ray, workers, jobs_of_a_worker, local=address is None)
        try:
            with redirect_stdout(cast(TextIO, _WithoutRay(sys.stdout))):
                yield executor
        finally:
            executor.cancel()
    finally:
        ray.shutdown()
