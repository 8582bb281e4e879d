"""Trials with real trainings: the few things that a pretended one cannot show."""

import json

import numpy as np
import pytest

from mrca.errors import MrcaError
from mrca.search import Trial, read_trials, write_trial
from mrca.search.search_reporter import SilentSearchReporter

pytest.importorskip("keras_tuner")


def make_runner(space, folder, data_dir, is_paused=lambda: False):
    from mrca.search.trial_runner import TrialRunner

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


def weights(folder):
    import mrca

    return mrca.load(folder).model.network.get_weights()


def test_a_longer_trial_goes_on_exactly_with_a_shorter_one(
    make_space, sample_slice, tiny_run, tmp_path
):
    runner = make_runner(make_space(algorithm="hyperband"), tmp_path, sample_slice)
    short = runner.run("0000", {"training.epochs": 1})
    long = runner.run("0001", {"training.epochs": 2}, continues="0000")
    assert (len(short.history[0]), len(long.history[0])) == (1, 2)
    assert long.history[0][0] == short.history[0][0]
    run = tmp_path / "trials" / "0001" / "trial-0001"
    for found, expected in zip(weights(run), weights(tiny_run.folder), strict=True):
        np.testing.assert_array_equal(found, expected)
    metrics = json.loads((run / "metrics.json").read_text())
    assert long.score == metrics["splits"]["valid"]["micro"]["f1"]
    assert metrics["splits"]["valid"] == tiny_run.metrics["splits"]["valid"]
    assert "test" not in metrics["splits"]
    trainable = tiny_run.model.network.trainable_variables
    assert long.parameters == sum(int(np.prod(each.shape)) for each in trainable)


def test_a_paused_trial_goes_on_and_a_hopeless_one_is_stopped(
    make_space, sample_slice, tiny_run, tmp_path
):
    from mrca.search.trial_watch import Paused

    for number in range(5):
        other = Trial(
            id=f"other{number}",
            settings={},
            seeds=[1],
            status="done",
            score=1.0,
            scores=[1.0],
            history=[[1.0, 1.0]],
        )
        write_trial(other, tmp_path)
    settings = {"training.epochs": 9}
    with pytest.raises(Paused):
        make_runner(make_space(), tmp_path, sample_slice, lambda: True).run("0000", settings)
    assert (tmp_path / "trials" / "0000" / "trial-0000.unfinished").is_dir()
    assert len(read_trials(tmp_path)) == 5
    trial = make_runner(make_space(), tmp_path, sample_slice).run("0000", settings)
    assert trial.status == "stopped"
    assert trial == read_trials(tmp_path)[0]
    history = (tiny_run.folder / "history.csv").read_text().splitlines()
    place = history[0].split(",").index("val_micro_f1")
    assert trial.history == [[float(row.split(",")[place]) for row in history[1:]]]
    assert trial.score == tiny_run.metrics["splits"]["valid"]["micro"]["f1"]
    assert (tmp_path / "trials" / "0000" / "trial-0000" / "model.keras").is_file()


def test_an_objective_that_the_split_leaves_undefined_fails_the_trial(
    fake_training, make_space, tmp_path, monkeypatch
):
    from mrca.search import trial_runner

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
