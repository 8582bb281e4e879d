"""Trials with real trainings: the few things that a pretended one cannot show."""

import csv
import json
import platform

import numpy as np
import pytest

from mrca.errors import MrcaError
from mrca.experiments.search import Trial, read_trials, write_trial
from mrca.experiments.search.trials import SilentSearchReporter

pytest.importorskip("keras_tuner")


def make_runner(space, folder, data_dir, deadline=None):
    from mrca.experiments.search.trial_runner import TrialRunner

    (folder / "trials").mkdir(parents=True, exist_ok=True)
    about = {"name": "", "fingerprint": space.fingerprint()}  # as `fake_training` has it
    (folder / "search.json").write_text(json.dumps({"space": about}))
    here, silent = platform.node(), SilentSearchReporter()
    return TrialRunner(space, folder, data_dir, None, deadline, here, silent)


def run(runner, trial_id, settings, continues=""):
    from mrca.experiments.search.oracle import Suggestion

    return runner.run(Suggestion(trial_id, settings, continues))


def ended_well(number):
    """A trial that was better than any other after each of three epochs."""
    return Trial(
        id=f"100{number}",
        settings={},
        seeds=[1],
        status="done",
        score=1.0,
        scores=[1.0],
        history=[[1.0, 1.0, 1.0]],
    )


def history(folder):
    """What a run's epochs came to, as written, without the time that they took."""
    rows = list(csv.DictReader((folder / "history.csv").read_text("utf-8").splitlines()))
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


def test_a_real_trial_is_trained_further_paused_resumed_and_stopped(
    make_space, sample_slice, tiny_run, tmp_path
):
    """The first two epochs are those of a run that was never interrupted, to the digit."""
    longer = {"training.epochs": 9}
    halving = make_space(algorithm="hyperband", objective="macro.f1")
    short = run(make_runner(halving, tmp_path, sample_slice), "0000", {"training.epochs": 1})
    assert (short.status, len(short.history[0])) == ("done", 1)
    trainable = tiny_run.classifier.network.trainable_variables
    assert short.parameters == sum(int(np.prod(each.shape)) for each in trainable)
    late = make_runner(halving, tmp_path, sample_slice, deadline=0.0)
    assert run(late, "0001", longer, "0000") is None
    folder = tmp_path / "trials" / "0001" / "trial-0001"
    assert history(folder.with_name("trial-0001.unfinished")) == history(tiny_run.folder)

    for number in range(5):
        write_trial(ended_well(number), tmp_path)
    trial = run(make_runner(make_space(), tmp_path, sample_slice), "0001", longer, "0000")
    assert trial.status == "stopped"
    assert trial in read_trials(tmp_path)
    assert history(folder)[:2] == history(tiny_run.folder)
    assert [len(epochs) for epochs in trial.history] == [3]
    metrics = json.loads((folder / "metrics.json").read_text("utf-8"))
    assert list(metrics["splits"]) == ["valid"]
    assert metrics["splits"]["valid"] == tiny_run.metrics["splits"]["valid"]  # the best epoch's
    assert trial.score == metrics["splits"]["valid"]["micro"]["f1"]
    assert (folder / "model.keras").is_file()


def test_an_objective_that_the_split_leaves_undefined_fails_the_trial(
    fake_training, make_space, tmp_path, monkeypatch
):
    from mrca.experiments.search import trial_runner

    monkeypatch.setattr(trial_runner, "objective_value", lambda *_: None)
    trial = run(make_runner(make_space(), tmp_path, None), "0000", {})
    assert trial.status == "failed"
    assert "micro.f1 is undefined on the validation split" in trial.error


def test_what_follows_the_number_of_epochs_is_trained_anew(fake_training, make_space, tmp_path):
    runner = make_runner(make_space(algorithm="hyperband"), tmp_path, None)
    for short, long, sampler, first in (
        ("0000", "0001", "progressively_balanced", 1),
        ("0002", "0003", "class_balanced", 2),
    ):
        settings = {"training.sampler": sampler}
        run(runner, short, {**settings, "training.epochs": 1})
        fake_training.epochs = []
        run(runner, long, {**settings, "training.epochs": 2}, short)
        assert fake_training.epochs[0][2] == first


def test_settings_that_do_not_go_together_are_a_trial_that_failed(
    fake_training, make_space, tmp_path
):
    runner = make_runner(make_space(), tmp_path, None)
    trial = run(runner, "0000", {"classifier.name": "tau_normalised"})
    assert trial.status == "failed"
    assert trial.error
    assert fake_training.epochs == []
    assert not isinstance(trial.error, MrcaError)


def test_a_trial_that_processes_die_of_is_given_up(fake_training, make_space, tmp_path):
    """In this process too, which is started again and again."""
    for _ in range(3):
        fake_training.score = lambda *_: (_ for _ in ()).throw(SystemExit)
        with pytest.raises(SystemExit):
            run(make_runner(make_space(), tmp_path, None), "0000", {})
    trial = run(make_runner(make_space(), tmp_path, None), "0000", {})
    assert trial.status == "failed"
    assert "3 processes died of it in the same epoch" in trial.error


def trial(*history, status="done"):
    return Trial(
        id="0000", settings={}, seeds=[1], status=status, score=0.5, history=[list(history)]
    )


def test_the_median_rule():
    from mrca.experiments.search.trial_runner import is_hopeless

    ended = [trial(0.1 * place, 0.2 * place, 0.9) for place in range(5)]
    assert is_hopeless(0.39, 2, ended)  # the median of the bests by epoch 2 is 0.4
    assert not is_hopeless(0.4, 2, ended)
    assert is_hopeless(0.89, 3, ended)
    assert not is_hopeless(0.0, 1, ended)
    assert not is_hopeless(0.0, 2, ended[:4])


def test_trials_without_epochs_do_not_count():
    from mrca.experiments.search.trial_runner import is_hopeless

    ended = [trial(0.9, 0.9) for _ in range(4)]
    failed = Trial(id="0000", settings={}, seeds=[1], status="failed")
    assert not is_hopeless(0.0, 2, [*ended, failed, trial()])


def test_a_stopped_trial_counts_with_what_it_had_reached():
    from mrca.experiments.search.trial_runner import is_hopeless

    ended = [trial(0.9, 0.9, 0.9)] * 2 + [trial(0.1, 0.2, status="stopped")] * 3
    assert not is_hopeless(0.2, 3, ended)
    assert is_hopeless(0.19, 3, ended)
