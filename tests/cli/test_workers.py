"""Many runs on workers that are killed, as is the process that leads them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.processes, pytest.mark.slow]

MRCA = [sys.executable, "-c", "from mrca.cli.main import main; main()"]
_PATIENCE = 600.0  # seconds for something that is to happen: the machine may be busy


def until(happens: Callable[[], Any]) -> Any:
    """What happens, once it does."""
    end = time.monotonic() + _PATIENCE
    while not (found := happens()):
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.05)
    return found


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def command(tmp_path, tiny_settings) -> list[str]:
    """A comparison of four runs, of which two wait for the others."""
    settings = [*tiny_settings, "training.epochs=3"]
    methods = '[[methods]]\nname = "One"\n[[methods]]\nname = "Two"\nrepresentation = "One"\n'
    text = f'title = "Mine"\nseeds = 2\nset = {json.dumps(settings)}\n{methods}'
    (tmp_path / "mine.toml").write_text(text, "utf-8")
    return [*MRCA, "compare", "mine.toml", "--json", "--output"]


@pytest.fixture
def start(tmp_path, sample_slice) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a command, which has ended when the test has."""
    started: list[subprocess.Popen[str]] = []
    # Another number of threads adds in another order.
    environment = {**os.environ, "MRCA_DATA_DIR": str(sample_slice), "TF_NUM_INTRAOP_THREADS": "1"}

    def run(command: list[str]) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            command,
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def scores(printed: str) -> dict[str, Any]:
    """A comparison without what a run costs and where it lies."""
    values = json.loads(printed)
    del values["made_from"]
    for method in values["methods"].values():
        method.pop("seconds")
    return values


def test_runs_whose_workers_and_leader_are_killed_have_the_scores_of_one_process(
    command, start, tmp_path, descendants
):
    folder = tmp_path / "there"
    at_once = [*command, "there", "--workers", "2"]

    def worker_of_a_run() -> int | None:
        """Of one that has done an epoch."""
        if not list(folder.glob("*.unfinished/history.csv")):
            return None
        for pid in descendants(leader.pid):
            try:
                if Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"ray::_run"):
                    return pid
            except OSError:
                continue
        return None

    # A worker is killed, then the leader.
    leader = start(at_once)
    os.kill(until(worker_of_a_run), signal.SIGKILL)
    os.kill(until(worker_of_a_run), signal.SIGKILL)
    until(worker_of_a_run)
    family = descendants(leader.pid)
    leader.kill()
    until(lambda: not any(map(is_running, family)))

    # The same command goes on; Ctrl-C ends it.
    leader = start(at_once)
    until(worker_of_a_run)
    family = descendants(leader.pid)
    os.killpg(leader.pid, signal.SIGINT)
    _, said = leader.communicate(timeout=_PATIENCE)
    assert leader.returncode == 130, said
    assert "stopped. Resume it with: mrca compare mine.toml" in said
    assert "Traceback" not in said
    until(lambda: not any(map(is_running, family)))

    # And again, with another dead worker; it says so, and on stdout is the result alone.
    leader = start(at_once)
    os.kill(until(worker_of_a_run), signal.SIGKILL)
    printed, said = leader.communicate(timeout=_PATIENCE)
    assert leader.returncode == 0, said
    assert "1 worker died of" in said
    assert " runs finished" in said
    assert not list(folder.glob("*.unfinished"))
    assert not [line for line in said.splitlines() if "raylet" in line]

    # One process finds the same.
    here = start([*command, "here"])
    expected, said = here.communicate(timeout=_PATIENCE)
    assert here.returncode == 0, said
    assert scores(printed) == scores(expected)
    assert len(list((tmp_path / "here").glob("*-seed?"))) == 4
