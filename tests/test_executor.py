"""Jobs in this process, and on workers of Ray that die."""

import importlib.util
import math
import operator
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from mrca.errors import MrcaError
from mrca.executor import Ended, Executor, open_executor


def ended(executor: Executor, number: int) -> dict[str, Ended]:
    """So many jobs that have ended."""
    found: dict[str, Ended] = {}
    while len(found) < number:
        found |= {each.key: each for each in executor.wait(1)}
    return found


# === In this process ===


def test_each_wait_runs_the_next_job_here():
    done: list[int] = []
    with open_executor() as executor:
        assert (executor.places, executor.is_here) == (1, True)
        executor.submit("a", done.append, 1)
        executor.submit("b", math.sqrt, 4)
        assert done == []
        assert executor.wait(0) == [Ended("a")]
        assert executor.wait(0) == [Ended("b", 2.0)]
        assert executor.wait(0) == []
    assert done == [1]


def test_an_error_is_handed_over_and_the_next_job_runs():
    with open_executor() as executor:
        executor.submit("a", operator.truediv, 1, 0)
        executor.submit("b", math.sqrt, 4)
        (failed,) = executor.wait(0)
        assert failed.key == "a"
        assert isinstance(failed.error, ZeroDivisionError)
        assert executor.wait(0) == [Ended("b", 2.0)]


def test_without_ray_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MrcaError, match=r"pip install 'mrca\[ray\]'"), open_executor(2):
        pass


# === On Ray ===


@pytest.fixture(scope="module")
def on_ray() -> Iterator[Executor]:
    if importlib.util.find_spec("ray") is None:  # not imported: Ray reads its settings then
        pytest.skip("Ray is not installed")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS"):
            patch.delenv(name, raising=False)
        patch.setenv("KERAS_BACKEND", "jax")
        with open_executor(2) as executor:
            yield executor


@pytest.mark.processes
def test_values_and_errors_come_back(on_ray):
    assert (on_ray.places, on_ray.is_here) == (2, False)
    on_ray.submit("root", math.sqrt, 4)
    on_ray.submit("fault", operator.truediv, 1, 0)
    found = ended(on_ray, 2)
    assert found["root"] == Ended("root", 2.0)
    assert isinstance(found["fault"].error, ZeroDivisionError)
    assert on_ray.wait(0) == []


@pytest.mark.processes
def test_a_job_finds_what_it_would_find_here(on_ray, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "json.py").write_text("raise SystemExit(77)\n")  # is not imported in its place
    on_ray.submit("folder", eval, "__import__('os').getcwd() + __import__('json').__name__")
    names = ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS", "KERAS_BACKEND")
    for name in names:
        on_ray.submit(name, os.getenv, name)
    found = ended(on_ray, 4)
    assert found["folder"] == Ended("folder", f"{tmp_path}json")
    share = str(max(1, (os.cpu_count() or 1) // 2))
    assert [found[name].value for name in names] == [share, share, "jax"]


DIE = """
import os, signal
with open(file, "a") as lives:
    lives.write("x")
if os.path.getsize(file) <= times:
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.processes
def test_a_job_whose_worker_dies_is_given_to_another(on_ray, tmp_path):
    for name, times in (("twice", 2), ("always", 9)):
        on_ray.submit(name, exec, DIE, {"file": str(tmp_path / name), "times": times})
    found = ended(on_ray, 2)
    assert found["twice"] == Ended("twice", deaths=2)
    assert found["always"].deaths == 3
    assert isinstance(found["always"].error, MrcaError)
    assert "3 workers died of always" in str(found["always"].error)
    assert (tmp_path / "always").stat().st_size == 3
    on_ray.submit("root", math.sqrt, 4)  # nobody is missing
    assert ended(on_ray, 1)["root"].value == 2.0


def listening(pid: int) -> list[str]:
    """The addresses at which a process listens, as the kernel writes them."""
    sockets = set()
    with suppress(OSError):  # it has ended
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):  # that is closed
                sockets.add(str(descriptor.readlink()))
    lines = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/self/net/{table}").read_text().splitlines()[1:]
    ]
    return [
        line[1].split(":")[0]
        for line in lines
        if line[3] == "0A" and f"socket:[{line[9]}]" in sockets
    ]


@pytest.mark.processes
def test_ray_listens_on_this_machine_only(on_ray, descendants):
    addresses = [
        address for pid in (os.getpid(), *descendants(os.getpid())) for address in listening(pid)
    ]
    assert addresses
    loopback = {"0100007F", f"{'0' * 16}FFFF00000100007F", f"{'0' * 24}01000000"}
    assert set(addresses) <= loopback
