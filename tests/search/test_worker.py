"""Workers as processes of their own."""

import os
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from mrca.errors import MrcaError
from mrca.search import SearchSpace
from mrca.search.search_reporter import SilentSearchReporter

pytest.importorskip("keras_tuner")
# KerasTuner names threads in the way of old.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:keras_tuner")


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


def test_what_all_trials_need_and_lack_is_the_last_line_of_a_workers_log(
    make_space, tmp_path, monkeypatch, capsys
):
    from mrca.search import worker
    from mrca.search.unavailable import UNAVAILABLE, UnavailableError
    from mrca.search.worker_job import WorkerJob

    class Tuner:
        def search(self):
            raise UnavailableError("The corpus was not found. Looked in:\n  here\n  there\n")

    for name in ("beat", "describe_search", "check_unchanged", "make_oracle"):
        monkeypatch.setattr(worker, name, lambda *_: None)
    monkeypatch.setattr(worker, "load_space", lambda _: make_space())
    monkeypatch.setattr(worker, "SearchTuner", lambda *_: Tuner())
    for name in ("KERASTUNER_TUNER_ID", "KERASTUNER_ORACLE_IP", "KERASTUNER_ORACLE_PORT"):
        monkeypatch.setenv(name, "1")
    with pytest.raises(SystemExit) as ended:
        worker.main([WorkerJob(str(tmp_path), None, None).to_json()])
    assert ended.value.code == UNAVAILABLE
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "The corpus was not found. Looked in: here there"


def test_a_worker_imports_nothing_from_the_current_folder(tmp_path, monkeypatch):
    from mrca.search import workers
    from mrca.search.address import Address
    from mrca.search.worker_job import WorkerJob

    (tmp_path / "mrca").mkdir()
    (tmp_path / "mrca" / "__init__.py").write_text("raise SystemExit(77)\n")
    monkeypatch.chdir(tmp_path)
    commands = []
    with monkeypatch.context() as patched:
        patched.setattr(workers.subprocess, "Popen", lambda command, **_: commands.append(command))
        job = WorkerJob(str(tmp_path / "found"), None, None)
        workers.process_starter(job, Address("127.0.0.1", 1), ["worker1"], [])("worker1")
    place = commands[0].index("-m")
    assert commands[0][place + 1] == "mrca.search.worker"
    assert subprocess.run([*commands[0][:place], "-c", "import mrca"], check=False).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("joined", [False, True])
def test_a_search_of_two_workers_that_are_killed(
    joined, sample_slice, make_space, tmp_path, monkeypatch
):
    from mrca.search import join, search
    from mrca.search.address import Address
    from mrca.search.workers import process_starter

    processes: dict[str, Any] = {}
    folder = tmp_path / "found"
    reporter = Killer(folder, processes)

    def recording(job, chief, names, gpus):
        start = process_starter(job, chief, names, gpus)

        def started(name):
            processes[name] = start(name)
            if joined and not others:  # the chief is there
                others.append(threading.Thread(target=help_it, args=(chief,)))
                others[0].start()
            return processes[name]

        return started

    others: list[threading.Thread] = []

    def help_it(chief):
        join.join(folder, chief, data_dir=sample_slice, reporter=reporter)

    monkeypatch.setattr(search, "process_starter", recording)
    monkeypatch.setattr(join, "process_starter", recording)
    space: SearchSpace = make_space(max_trials=5)
    trials = search.search(
        space,
        folder,
        workers=1 if joined else 2,
        chief=Address("127.0.0.1", 0) if joined else None,
        data_dir=sample_slice,
        reporter=reporter,
    )
    for other in others:
        other.join(60)
        assert not other.is_alive()
    assert [trial.status for trial in trials] == ["done"] * 5
    assert all(len(trial.history[0]) == 2 for trial in trials)
    assert "worker" in reporter.killed
    assert any("died (signal 9" in message for message in reporter.messages)
    assert {process.poll() for process in processes.values()} == {0}
    if joined:
        logs = "".join(path.read_text() for path in (folder / "workers").glob("joined*.log"))
        assert "trial" in logs


@pytest.mark.slow
def test_a_worker_whose_chief_is_not_there(sample_slice, make_space, tmp_path):
    from mrca.search.address import Address
    from mrca.search.join import join
    from mrca.search.search_folder import describe_search, start_folder

    space = make_space()
    silent = SilentSearchReporter()
    described = describe_search(space, sample_slice, None, silent)
    start_folder(tmp_path / "found", space, described)
    with pytest.raises(MrcaError, match=r"No search answers at 127\.0\.0\.1:1"):
        join(tmp_path / "found", Address("127.0.0.1", 1), data_dir=sample_slice, reporter=silent)
