"""A search whose trials run elsewhere: in threads here, by the same way as on Ray."""

import importlib.util
import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace

import pytest

from mrca.config import load_config
from mrca.errors import MrcaError
from mrca.executor import Ended
from mrca.experiments.search import read_trials
from mrca.experiments.search.trials import SilentSearchReporter

pytest.importorskip("keras_tuner")
# KerasTuner names threads in the way of old.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:keras_tuner")


class Died(Exception):  # noqa: N818
    """A worker has."""


class Threads:
    """An executor of two places; a job that raises `Died` has lost all its workers."""

    is_here = False
    places = 2

    def __init__(self):
        self.pool = ThreadPoolExecutor(self.places)
        self.jobs = {}

    def submit(self, key, job, *arguments):
        self.jobs[self.pool.submit(job, *arguments)] = key

    def wait(self, seconds):
        done, _ = wait(self.jobs, timeout=0.05, return_when=FIRST_COMPLETED)
        return [self.ended(self.jobs.pop(each), each.exception(), each) for each in done]

    def ended(self, key, error, job):
        if isinstance(error, Died):
            return Ended(key, error=MrcaError("3 workers died of it."), deaths=3)
        return Ended(key, error=error) if error else Ended(key, job.result())


@pytest.fixture
def elsewhere(fake_training, monkeypatch):
    """Trials run in two threads."""
    from mrca.experiments.search import search

    @contextmanager
    def open_executor(workers, address):
        executor = Threads()
        with executor.pool:
            yield executor

    monkeypatch.setattr(search, "open_executor", open_executor)
    return fake_training


class Seen(SilentSearchReporter):
    """Keeps what it is told."""

    def __init__(self):
        self.events = []

    def message(self, text):
        self.events.append(("message", text))

    def trial_advances(self, trial_id, run, epoch, best):
        self.events.append((trial_id, epoch))

    def trial_ends(self, trial):
        self.events.append((trial.id, trial.status))


def search(*args, **kwargs):
    from mrca.experiments.search.search import search

    return search(*args, **kwargs)


@pytest.mark.parametrize("algorithm", ["random", "bayesian", "grid", "hyperband"])
def test_every_trial_runs_once(algorithm, elsewhere, make_space, tmp_path):
    seen = Seen()
    trials = search(make_space(algorithm=algorithm), tmp_path / "found", workers=2, reporter=seen)
    assert {trial.status for trial in trials} == {"done"}
    assert len(elsewhere.epochs) == len(set(elsewhere.epochs))
    assert sorted(each for each in seen.events if each[1] == "done") == [
        (trial.id, "done") for trial in trials
    ]
    best = max(trials, key=lambda trial: trial.score)
    assert load_config(tmp_path / "found" / "best.toml").model.units == best.settings["model.units"]


def test_epochs_are_told_while_a_trial_is_under_way(elsewhere, make_space, tmp_path):
    def slow(config, epoch):
        time.sleep(0.3)
        return 0.5

    elsewhere.score = slow
    seen = Seen()
    search(make_space(max_trials=2), tmp_path / "found", workers=2, reporter=seen)
    assert {("0000", 1), ("0001", 1)} <= set(seen.events)


def test_a_trial_that_its_workers_die_of_is_given_up(elsewhere, make_space, tmp_path, monkeypatch):
    from mrca.experiments.search.trial_runner import TrialRunner

    run = TrialRunner.run

    def deadly(self, suggestion):
        if suggestion.id == "0001":
            raise Died
        return run(self, suggestion)

    monkeypatch.setattr(TrialRunner, "run", deadly)
    trials = search(make_space(max_trials=3), tmp_path / "found", workers=2)
    assert [trial.status for trial in trials] == ["done", "failed", "done"]
    assert trials[1].error == "3 workers died of it."
    assert trials[1].settings
    again = search(make_space(max_trials=3), tmp_path / "found", workers=2, resume=True)
    assert again == trials


def test_what_all_trials_lack_ends_the_search_and_they_wait(elsewhere, make_space, tmp_path):
    def full(config, epoch):
        raise OSError(28, "No space left on device")

    elsewhere.score = full
    with pytest.raises(MrcaError, match=r"waits: No space left"):
        search(make_space(), tmp_path / "found", workers=2)
    elsewhere.score = lambda config, epoch: 0.5
    trials = search(make_space(), tmp_path / "found", workers=2, resume=True)
    assert [trial.status for trial in trials] == ["done"] * 6


def test_a_machine_that_does_not_see_the_search_says_so(
    fake_training, make_space, tmp_path, monkeypatch
):
    from mrca.experiments.search.oracle import Suggestion
    from mrca.experiments.search.trial_runner import TrialRunner, UnavailableError

    (tmp_path / "trials").mkdir()
    here = TrialRunner(make_space(), tmp_path, None, None, None, "here", SilentSearchReporter())
    with pytest.raises(UnavailableError, match=r"search\.json"):
        replace(here, machine="another").run(Suggestion("0000", {"model.units": 3}))
    assert not fake_training.epochs


def test_when_the_time_is_up_trials_stop_after_their_epoch(elsewhere, make_space, tmp_path):
    def slow(config, epoch):
        time.sleep(0.3)
        return 0.5

    elsewhere.score = slow
    space = make_space(max_trials=3, max_hours=0.1 / 3600)
    seen = Seen()
    assert search(space, tmp_path / "found", workers=2, reporter=seen) == []
    assert ("message", "the time is up. Resume with --resume.") in seen.events
    assert len(elsewhere.epochs) == 2
    more = space.changed(max_hours=1.0)
    assert len(search(more, tmp_path / "found", workers=2, resume=True)) == 3
    assert len(elsewhere.epochs) == len(set(elsewhere.epochs)) == 6


def test_a_trial_that_is_too_large_at_the_end_is_made_up_for(
    elsewhere, make_space, tmp_path, monkeypatch
):
    """One place has nothing more to do, until the last trial of the other is too large."""
    from mrca import training

    asked = []

    def weights(config, *_):
        asked.append(config.model.units)
        if len(asked) == 2:
            time.sleep(0.4)
            return 99
        return 1

    monkeypatch.setattr(training, "trainable_weights", weights)
    space = make_space(max_trials=2, max_parameters=50)
    trials = search(space, tmp_path / "found", workers=2)
    assert sorted(trial.status for trial in trials) == ["done", "done", "too_large"]


SPACE = """\
recipe = "sample"
algorithm = "random"
max_trials = 3
stop_hopeless = false
[set]
training.epochs = 3
[search."model.units"]
min = 2
max = 9
"""


@pytest.mark.slow
@pytest.mark.processes
def test_killed_at_drawn_moments_it_ends_like_one_that_was_not(tmp_path, sample_slice):
    """Two workers of Ray: the driver, and with it all workers, and single workers are killed."""
    if importlib.util.find_spec("ray") is None:  # not imported: Ray reads its settings then
        pytest.skip("Ray is not installed")
    from mrca.experiments.search import load_space

    space = tmp_path / "small.toml"
    space.write_text(SPACE, "utf-8")
    whole = search(load_space(space), tmp_path / "whole", data_dir=sample_slice)
    draw = random.Random(0)
    command = [sys.executable, "-c", "from mrca.cli.main import main; main()", "tune", str(space)]
    command += ["--workers", "2", "--resume", "--data-dir", str(sample_slice)]
    command += ["--output", str(tmp_path), "--name", "found"]
    for number in range(4):
        with (tmp_path / f"{number}.log").open("wb") as log:
            process = subprocess.Popen(command, stderr=log, stdout=log, start_new_session=True)
        if number < 3:
            before = _epochs(tmp_path / "found")
            while process.poll() is None and _epochs(tmp_path / "found") <= before:
                time.sleep(0.1)
            time.sleep(draw.uniform(0, 2))
            if number == 1:
                for worker in _workers(process.pid)[:1]:
                    os.kill(worker, signal.SIGKILL)
                time.sleep(draw.uniform(0, 10))
            process.kill()
        process.wait()
    assert process.returncode == 0, (tmp_path / "3.log").read_text("utf-8")
    found = read_trials(tmp_path / "found")
    assert [(each.id, each.settings, each.scores, each.history) for each in found] == [
        (each.id, each.settings, each.scores, each.history) for each in whole
    ]
    best = [load_config(tmp_path / name / "best.toml") for name in ("whole", "found")]
    assert best[0] == best[1]


def _epochs(folder):
    files = folder.glob("trials/*/trial-*/history.csv")
    return sum(len(path.read_text("utf-8").splitlines()) for path in files)


def _workers(driver):
    """Ray's workers that have a job, by their parents."""
    listed = subprocess.run(
        ["ps", "-eo", "pid,ppid,args"], check=True, capture_output=True, text=True
    )
    rows = [line.split(None, 2) for line in listed.stdout.splitlines()[1:]]
    children = {driver}
    for _ in range(6):
        children |= {int(pid) for pid, parent, *_ in rows if int(parent) in children}
    return [int(row[0]) for row in rows if int(row[0]) in children and "ray::_run" in row[2]]
