"""Workers as processes of their own."""

import os
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from mrca.errors import MrcaError
from mrca.experiments.search.trials import SilentSearchReporter

pytest.importorskip("keras_tuner")
pytestmark = [
    pytest.mark.processes,
    # KerasTuner names threads in the way of old.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:keras_tuner"),
]


class Killer(SilentSearchReporter):
    """Kills the worker of the first trial that has an epoch behind it, and of another machine's."""

    def __init__(self, folder: Path, processes: dict[str, Any]) -> None:
        self.folder = folder
        self.processes = processes
        self.killed: list[str] = []
        self.messages: list[str] = []

    def message(self, text: str) -> None:
        self.messages.append(text)

    def trial_advances(self, trial_id: str, run: int, epoch: int, best: float) -> None:
        for name, process in self.processes.items():
            log = (self.folder / "workers" / f"{name}.log").read_text()
            kind = name[:6]
            if f"trial {trial_id} starts" in log and kind not in self.killed:
                self.killed.append(kind)
                os.kill(process.pid, signal.SIGKILL)


def test_a_worker_imports_nothing_from_the_current_folder(tmp_path, monkeypatch):
    from mrca.experiments.search import workers
    from mrca.experiments.search.contact import Address
    from mrca.experiments.search.workers import WorkerJob

    (tmp_path / "mrca").mkdir()
    (tmp_path / "mrca" / "__init__.py").write_text("raise SystemExit(77)\n")
    monkeypatch.chdir(tmp_path)
    commands = []
    with monkeypatch.context() as patched:
        patched.setattr(workers.subprocess, "Popen", lambda command, **_: commands.append(command))
        job = WorkerJob(tmp_path / "found")
        workers.process_starter(job, Address("127.0.0.1", 1), ["worker1"], [])("worker1")
    place = commands[0].index("-m")
    assert commands[0][place + 1] == "mrca.experiments.search.worker"
    assert subprocess.run([*commands[0][:place], "-c", "import mrca"], check=False).returncode == 0


@pytest.mark.slow
def test_a_search_of_a_worker_here_and_one_that_joins_which_are_both_killed(
    sample_slice, make_space, tmp_path, monkeypatch
):
    from mrca.experiments.search import search, workers
    from mrca.experiments.search.contact import Address

    process_starter = workers.process_starter
    processes: dict[str, Any] = {}
    folder = tmp_path / "found"
    reporter = Killer(folder, processes)

    def recording(job, chief, names, gpus):
        start = process_starter(job, chief, names, gpus)

        def started(name):
            processes[name] = start(name)
            if not others:  # the chief is there
                others.append(threading.Thread(target=help_it, args=(chief,)))
                others[0].start()
            return processes[name]

        return started

    others: list[threading.Thread] = []

    def help_it(chief):
        workers.join(folder, chief, data_dir=sample_slice, reporter=reporter)

    monkeypatch.setattr(search, "process_starter", recording)
    monkeypatch.setattr(workers, "process_starter", recording)
    trials = search.search(
        make_space(max_trials=4),
        folder,
        chief=Address("127.0.0.1", 0),
        data_dir=sample_slice,
        reporter=reporter,
    )
    for other in others:
        other.join(60)
        assert not other.is_alive()
    assert [trial.status for trial in trials] == ["done"] * 4
    assert all(len(trial.history[0]) == 2 for trial in trials)
    assert "worker" in reporter.killed
    assert any("died (signal 9" in message for message in reporter.messages)
    assert {process.poll() for process in processes.values()} == {0}
    logs = "".join(path.read_text() for path in (folder / "workers").glob("joined*.log"))
    assert "trial" in logs


@pytest.mark.slow
def test_a_worker_whose_chief_is_not_there(sample_slice, make_space, tmp_path):
    from mrca.experiments.search.contact import Address
    from mrca.experiments.search.search_folder import describe_search, start_folder
    from mrca.experiments.search.workers import join

    space = make_space()
    silent = SilentSearchReporter()
    described = describe_search(space, sample_slice, None, silent)
    start_folder(tmp_path / "found", space, described)
    with pytest.raises(MrcaError, match=r"No search answers at 127\.0\.0\.1:1"):
        join(tmp_path / "found", Address("127.0.0.1", 1), data_dir=sample_slice, reporter=silent)
