"""A chief and its workers, which are threads here; what they say to each other is real."""

import os
import threading
import time

import pytest

from mrca.errors import MrcaError
from mrca.experiments.search.trials import SilentSearchReporter

pytest.importorskip("keras_tuner")
# KerasTuner names threads in the way of old.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:keras_tuner")


class Killed(BaseException):
    """Ends a worker's thread wherever it is."""


class ThreadWorker(threading.Thread):
    """A worker as `mrca.experiments.search.worker` is, and as `subprocess.Popen` shows it."""

    def __init__(self, name, job, chief):
        super().__init__(daemon=True)
        from mrca.experiments.search import load_space
        from mrca.experiments.search.oracle import make_oracle
        from mrca.experiments.search.trial_runner import SearchTuner, TrialRunner

        self.worker = name
        self.address = str(chief)
        self.code = None
        self.killed = False
        folder = job.folder
        space = load_space(folder / "space.toml")
        runner = TrialRunner(
            space,
            folder,
            data_dir=None,
            vectors_dir=None,
            is_paused=lambda: False,
            reporter=SilentSearchReporter(),
        )
        variables = {
            "KERASTUNER_TUNER_ID": name,
            "KERASTUNER_ORACLE_IP": chief.host,
            "KERASTUNER_ORACLE_PORT": str(chief.port),
        }
        with pytest.MonkeyPatch.context() as patched:
            for variable, value in variables.items():
                patched.setitem(os.environ, variable, value)
            self.tuner = SearchTuner(make_oracle(space), runner)

    def run(self):
        from mrca.experiments.search.trial_watch import UNAVAILABLE, UnavailableError
        from mrca.experiments.search.workers import log_file

        try:
            self.tuner.search()
            self.code = 0
        except Killed:
            self.code = -9
        except UnavailableError as error:
            log_file(self.tuner._runner.folder, self.worker).write_text(f"before\n{error}\n")
            self.code = UNAVAILABLE
        except Exception:
            self.code = 1

    def check(self):
        if self.killed:
            raise Killed

    def poll(self):
        return self.code

    def kill(self):
        self.killed = True

    def wait(self, timeout=None):
        self.join(1)
        return self.code


@pytest.fixture
def started(monkeypatch):
    """Workers are threads; the list of all that were started."""
    from mrca.experiments.search import chief, search

    workers = []

    def starter(job, address, names, gpus):
        def start(name):
            workers.append(ThreadWorker(name, job, address))
            workers[-1].start()
            return workers[-1]

        return start

    monkeypatch.setattr(search, "process_starter", starter)
    monkeypatch.setattr(chief, "_LOOK", 0.02)
    return workers


def search(*args, **kwargs):
    from mrca.experiments.search.search import search

    return search(*args, **kwargs)


def local():
    from mrca.experiments.search.contact import Address

    return Address("127.0.0.1", 0)


def this_worker():
    worker = threading.current_thread()
    worker.check()
    return worker


def test_two_workers_one_of_which_is_killed(fake_training, started, make_space, tmp_path):
    shared = threading.Barrier(2, timeout=20)
    killed = []

    def score(config, epoch):
        worker = this_worker()
        if epoch == 1 and len(killed) == 0 and worker in started[:2]:
            shared.wait()  # both are in the middle of their first trial
        if epoch == 2 and worker is started[0]:
            killed.append(worker.tuner)
            worker.kill()
            worker.check()
        return config.model.units / 100

    fake_training.score = score
    trials = search(make_space(), tmp_path / "found", workers=2)
    assert [trial.status for trial in trials] == ["done"] * 6
    assert len(killed) == 1
    assert [worker.worker for worker in started].count(started[0].worker) == 2  # started again
    # No epoch was trained twice, but the one in which the worker died.
    assert len(fake_training.epochs) == len(set(fake_training.epochs)) == 12


def test_a_trial_that_kills_its_workers_is_given_up(fake_training, started, make_space, tmp_path):
    # The first trial's units, whichever they are, end the worker that trains them.
    poison = []

    def deadly(config, epoch):
        worker = this_worker()
        poison.append(config.model.units)
        if config.model.units == poison[0]:
            worker.kill()
            worker.check()
        return 0.5

    fake_training.score = deadly
    trials = search(make_space(max_trials=3), tmp_path / "found", workers=1, chief=local())
    assert [trial.status for trial in trials] == ["failed", "done", "done"]
    assert trials[0].error == "2 workers died of it, the last one of signal 9"
    assert trials[0].settings["model.units"] == poison[0]
    assert len(started) == 3


def test_a_chief_whose_workers_are_gone_ends(fake_training, started, make_space, tmp_path):
    def score(config, epoch):
        worker = this_worker()
        worker.kill()
        worker.check()

    fake_training.score = score
    log = tmp_path / "found" / "workers" / "worker1.log"
    log.parent.mkdir(parents=True)
    log.write_text("first\nno room left\n")
    space = make_space()
    start(tmp_path / "found", space)
    with pytest.raises(MrcaError, match=r"(?s)All workers .* have died.*no room left"):
        search(space, tmp_path / "found", resume=True, workers=2)
    assert len(started) == 6


def test_a_worker_that_lacks_what_all_trials_need_ends_the_search(
    fake_training, started, make_space, tmp_path
):
    def score(config, epoch):
        if len(fake_training.epochs) == 3:
            raise OSError(28, "No space left on device")
        return 0.5

    fake_training.score = score
    (tmp_path / "found" / "workers").mkdir(parents=True)
    start(tmp_path / "found", make_space())
    with pytest.raises(MrcaError, match=r"^A trial could not continue.*No space left"):
        search(make_space(), tmp_path / "found", resume=True, chief=local())
    assert len(started) == 1
    fake_training.score = lambda config, epoch: 0.5
    trials = search(make_space(), tmp_path / "found", resume=True, chief=local())
    assert [trial.status for trial in trials] == ["done"] * 6
    assert len(fake_training.epochs) == len(set(fake_training.epochs)) == 12


def start(folder, space):
    from mrca.experiments.search.search_folder import start_folder

    start_folder(folder, space, {"space": {"name": "", "fingerprint": space.fingerprint()}})


def test_an_oracle_that_fails_ends_the_search(
    fake_training, started, make_space, tmp_path, monkeypatch
):
    from mrca.experiments.search import oracle

    write = oracle.write_json

    def full(path, value):
        if len(fake_training.epochs) > 2:
            raise OSError(28, "No space left on device")
        write(path, value)

    monkeypatch.setattr(oracle, "write_json", full)
    with pytest.raises(OSError, match="No space left"):
        search(make_space(), tmp_path / "found", workers=2)


def test_workers_that_stop_are_followed_by_a_resumed_search(
    fake_training, started, make_space, tmp_path
):
    expected = search(make_space(), tmp_path / "whole")
    first = search(make_space(max_trials=2), tmp_path / "found", workers=2)
    assert len(first) == 2
    trials = search(make_space(), tmp_path / "found", workers=2, resume=True)
    assert [t.settings for t in trials] == [t.settings for t in expected]


def test_a_worker_of_another_machine_that_falls_silent(
    fake_training, started, make_space, tmp_path, monkeypatch, notes
):
    """It asks for a trial, is heard once, and never again."""
    import grpc
    from keras_tuner.src import protos

    from mrca.experiments.search import chief
    from mrca.experiments.search.contact import _METHOD

    monkeypatch.setattr(chief, "_LOST", 0.3)

    def score(config, epoch):
        if len(fake_training.epochs) == 0:
            worker = this_worker()
            request = protos.get_service().CreateTrialRequest(tuner_id="other")
            worker.tuner.oracle.stub.CreateTrial(request, timeout=10)
            with grpc.insecure_channel(worker.address) as channel:
                assert channel.unary_unary(_METHOD)(b"other", timeout=10) == b""
        return 0.5

    fake_training.score = score
    trials = search(make_space(max_trials=3), tmp_path / "found", chief=local(), reporter=notes)
    assert [trial.status for trial in trials] == ["done"] * 3
    assert "other has not been heard of for 0 s; trial 0001 goes to another" in notes.messages[0]


def test_a_worker_of_this_machine_that_hangs_is_ended(
    fake_training, started, make_space, tmp_path, monkeypatch, notes
):
    """It beats once and then hangs for ever; its trial goes to the next."""
    import grpc

    from mrca.experiments.search import chief
    from mrca.experiments.search.contact import _METHOD

    monkeypatch.setattr(chief, "_LOST", 0.3)

    def score(config, epoch):
        worker = this_worker()
        if worker is started[0]:
            with grpc.insecure_channel(worker.address) as channel:
                channel.unary_unary(_METHOD)(worker.worker.encode(), timeout=10)
            while True:  # until it is killed
                time.sleep(0.02)
                worker.check()
        return 0.5

    fake_training.score = score
    trials = search(make_space(max_trials=2), tmp_path / "found", chief=local(), reporter=notes)
    assert [trial.status for trial in trials] == ["done"] * 2
    assert "worker1 died (signal 9" in notes.messages[0]


def test_a_trial_that_is_too_large_at_the_end_is_made_up_for(
    fake_training, started, make_space, tmp_path, monkeypatch
):
    """One worker was told that there is nothing more; the other one still finds work."""
    from mrca import training
    from mrca.config import load_config
    from mrca.experiments.search.trial_runner import SearchTuner

    units = []

    def weights(config, *_):
        units.append(config.model.units)
        if len(units) == 2:
            time.sleep(0.6)  # the other worker has asked in vain by now
            return 99
        return 1

    class Ended(SilentSearchReporter):
        def __init__(self):
            self.ended = []

        def trial_ends(self, trial):
            self.ended.append(trial.id)

    monkeypatch.setattr(training, "trainable_weights", weights)
    monkeypatch.setattr(SearchTuner, "pre_create_trial", lambda self: time.sleep(0.2))
    fake_training.score = lambda config, epoch: 0.9 if len(units) == 3 else 0.1
    reporter = Ended()
    space = make_space(max_trials=2, max_parameters=50)
    trials = search(space, tmp_path / "found", workers=2, reporter=reporter)
    assert sorted(trial.status for trial in trials) == ["done", "done", "too_large"]
    assert sorted(reporter.ended) == [trial.id for trial in trials]
    assert load_config(tmp_path / "found" / "best.toml").model.units == units[-1]


def test_a_port_that_is_taken(fake_training, started, make_space, tmp_path):
    import socket

    from mrca.experiments.search.contact import Address

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = Address("127.0.0.1", taken.getsockname()[1])
        with pytest.raises(MrcaError, match="Cannot listen at"):
            search(make_space(), tmp_path / "found", chief=address)


def test_when_the_time_is_up_workers_are_told(fake_training, started, make_space, tmp_path):
    """The worker's own heart is not part of this: a beat is answered with leave."""
    from mrca.experiments.search.contact import Heartbeats

    over = []
    heartbeats = Heartbeats(lambda: bool(over))
    assert heartbeats._beat(b"worker1", None) == b""
    over.append(True)
    assert heartbeats._beat(b"worker1", None) == b"leave"
    assert heartbeats.names == ["worker1"]
    time.sleep(0.02)
    assert heartbeats.silent(0.01) == ["worker1"]
    assert heartbeats.names == []
