"""Trials with real trainings: the few things that a pretended one cannot show."""

import csv
import json

import numpy as np
import pytest

from mrca.errors import MrcaError
from mrca.experiments.search import Trial, read_trials, write_trial
from mrca.experiments.search.trials import SilentSearchReporter

pytest.importorskip("keras_tuner")


def make_runner(space, folder, data_dir, is_paused=lambda: False):
    from mrca.experiments.search.trial_runner import TrialRunner

    (folder / "trials").mkdir(parents=True, exist_ok=True)
    about = {"name": "", "fingerprint": space.fingerprint()}  # as `fake_training` has it
    (folder / "search.json").write_text(json.dumps({"space": about}))
    return TrialRunner(
        space,
        folder,
        data_dir=data_dir,
        vectors_dir=None,
        is_paused=is_paused,
        reporter=SilentSearchReporter(),
    )


def ended_well(number):
    """A trial that was better than any other after each of three epochs."""
    return Trial(
        id=f"other{number}",
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
    from mrca.experiments.search.trial_watch import Paused

    longer = {"training.epochs": 9}
    halving = make_space(algorithm="hyperband", objective="macro.f1")
    short = make_runner(halving, tmp_path, sample_slice).run("0000", {"training.epochs": 1})
    assert (short.status, len(short.history[0])) == ("done", 1)
    trainable = tiny_run.classifier.network.trainable_variables
    assert short.parameters == sum(int(np.prod(each.shape)) for each in trainable)
    with pytest.raises(Paused):
        make_runner(halving, tmp_path, sample_slice, lambda: True).run("0001", longer, "0000")
    run = tmp_path / "trials" / "0001" / "trial-0001"
    assert history(run.with_name("trial-0001.unfinished")) == history(tiny_run.folder)

    for number in range(5):
        write_trial(ended_well(number), tmp_path)
    trial = make_runner(make_space(), tmp_path, sample_slice).run("0001", longer, "0000")
    assert trial.status == "stopped"
    assert trial in read_trials(tmp_path)
    assert history(run)[:2] == history(tiny_run.folder)
    assert [len(epochs) for epochs in trial.history] == [3]
    metrics = json.loads((run / "metrics.json").read_text("utf-8"))
    assert list(metrics["splits"]) == ["valid"]
    assert metrics["splits"]["valid"] == tiny_run.metrics["splits"]["valid"]  # the best epoch's
    assert trial.score == metrics["splits"]["valid"]["micro"]["f1"]
    assert (run / "model.keras").is_file()


def test_an_objective_that_the_split_leaves_undefined_fails_the_trial(
    fake_training, make_space, tmp_path, monkeypatch
):
    from mrca.experiments.search import trial_runner

    monkeypatch.setattr(trial_runner, "objective_value", lambda *_: None)
    trial = make_runner(make_space(), tmp_path, None).run("0000", {})
    assert trial.status == "failed"
    assert "micro.f1 is undefined on the validation split" in trial.error


def test_what_follows_the_number_of_epochs_is_trained_anew(fake_training, make_space, tmp_path):
    runner = make_runner(make_space(algorithm="hyperband"), tmp_path, None)
    for sampler, first in (("progressively_balanced", 1), ("class_balanced", 2)):
        settings = {"training.sampler": sampler}
        runner.run(f"{sampler}-short", {**settings, "training.epochs": 1})
        fake_training.epochs = []
        runner.run(f"{sampler}-long", {**settings, "training.epochs": 2}, f"{sampler}-short")
        assert fake_training.epochs[0][2] == first


def test_settings_that_do_not_go_together_are_a_trial_that_failed(
    fake_training, make_space, tmp_path
):
    runner = make_runner(make_space(), tmp_path, None)
    trial = runner.run("0000", {"classifier.name": "tau_normalised"})
    assert trial.status == "failed"
    assert trial.error
    assert fake_training.epochs == []
    assert not isinstance(trial.error, MrcaError)
