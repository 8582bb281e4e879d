"""A search as a whole: what it leaves, what stops it, and how it resumes."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from mrca.config import load_config
from mrca.errors import MrcaError
from mrca.experiments.search import read_trials
from mrca.experiments.search.parameter import Parameter

pytest.importorskip("keras_tuner")
# KerasTuner names threads in the way of old.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:keras_tuner")

ALGORITHMS = ["random", "bayesian", "grid", "hyperband"]


def search(*args: Any, **kwargs: Any) -> Any:
    from mrca.experiments.search.search import search

    return search(*args, **kwargs)


def outcome(folder: Path) -> list[tuple[Any, ...]]:
    return [
        (trial.id, trial.settings, trial.status, trial.scores, trial.history)
        for trial in read_trials(folder)
    ]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_it_leaves_trials_and_the_best_configuration(
    algorithm, fake_training, make_space, tmp_path
):
    space = make_space(algorithm=algorithm)
    trials = search(space, tmp_path / "found", keep=2)
    assert trials == read_trials(tmp_path / "found")
    assert len(trials) == (2 if algorithm == "hyperband" else 6)  # of two epochs it has no more
    assert {trial.status for trial in trials} == {"done"}
    if algorithm != "hyperband":
        assert len({trial.settings["model.units"] for trial in trials}) == 6
    best = max(trials, key=lambda trial: trial.score)
    assert best.score == max(best.history[0])
    assert best.parameters == 10 * best.settings["model.units"]
    run = tmp_path / "found" / "trials" / best.id / f"trial-{best.id}"
    assert load_config(tmp_path / "found" / "best.toml") == load_config(run / "config.toml")
    assert fake_training.splits == {"valid"}


def test_only_the_best_keep_their_models(fake_training, make_space, tmp_path):
    trials = search(make_space(), tmp_path / "found", keep=2)
    ranked = sorted(trials, key=lambda trial: -trial.score)
    for place, trial in enumerate(ranked):
        run = tmp_path / "found" / "trials" / trial.id / f"trial-{trial.id}"
        left = {path.name for path in run.iterdir()}
        assert {"config.toml", "metrics.json", "history.csv"} <= left
        assert ("model.keras" in left) == ("vectors" in left) == (place < 2)
        assert "state.npz" not in left


def test_a_trial_of_several_seeds_counts_with_its_mean(fake_training, make_space, tmp_path):
    fake_training.score = lambda config, epoch: config.training.seed / 10
    [trial] = search(make_space(seeds=3, max_trials=1), tmp_path / "found")
    assert trial.seeds == [1, 2, 3]
    assert trial.scores == [0.1, 0.2, 0.3]
    assert trial.score == pytest.approx(0.2)
    assert len(trial.history) == 3
    runs = {path.name for path in (tmp_path / "found" / "trials" / trial.id).glob("trial-*")}
    assert runs == {"trial-0000", "trial-0000-seed2", "trial-0000-seed3"}


def test_another_objective_is_what_counts(fake_training, make_space, tmp_path):
    [trial] = search(make_space(objective="macro.f1", max_trials=1), tmp_path / "found")
    assert trial.score == 0.5


def test_the_grid_is_tried_whole_and_once(fake_training, make_space, tmp_path):
    parameters = (
        Parameter(field="model.units", choices=[2, 4, 8]),
        Parameter(field="loss.name", choices=["rc_dice", "focal"]),
        Parameter(field="loss.options.gamma", choices=[1.0, 2.0], when={"loss.name": ["focal"]}),
    )
    space = make_space(algorithm="grid", max_trials=50, parameters=parameters)
    trials = search(space, tmp_path / "found")
    assert len(trials) == len({str(trial.settings) for trial in trials}) == 9


def test_hyperband_trains_the_best_further(fake_training, make_space, tiny_config, tmp_path):
    base = tiny_config.changed({"training.epochs": 9})
    space = make_space(algorithm="hyperband", max_trials=100).changed(base=base)
    trials = search(space, tmp_path / "found", keep=1)
    epochs = [trial.settings["training.epochs"] for trial in trials]
    assert sorted(set(epochs)) == [1, 3, 9]
    assert epochs == [len(trial.history[0]) for trial in trials]
    # A trial that resumes has the epochs of the one before and trains the others only.
    trained = [len([e for e in fake_training.epochs if e[0] == trial.id]) for trial in trials]
    assert sum(trained) < sum(epochs)
    assert {3, 9} >= {e for e, n in zip(epochs, trained, strict=True) if n < e} != set()
    assert not list((tmp_path / "found").rglob("state.npz"))
    assert len(list((tmp_path / "found").rglob("model.keras"))) == 1


# === Trials that go wrong ===


def test_trials_that_fail_are_recorded_and_the_search_goes_on(fake_training, make_space, tmp_path):
    calls = []

    def score(config, epoch):
        calls.append(epoch)
        if len(calls) < 6:
            raise [MrcaError("The loss is nan."), RuntimeError("out of memory")][len(calls) % 2]
        return 0.5

    fake_training.score = score
    trials = search(make_space(max_trials=7), tmp_path / "found")
    assert [trial.status for trial in trials] == ["failed"] * 5 + ["done"] * 2
    assert trials[1].error == "The loss is nan."
    assert trials[0].error == "RuntimeError: out of memory"
    folder = tmp_path / "found" / "trials" / trials[0].id
    assert "Traceback" in (folder / "traceback.txt").read_text()
    assert not list(folder.rglob("state.npz"))


def test_a_search_without_any_score_says_why(fake_training, make_space, tmp_path):
    def score(config, epoch):
        raise MrcaError("The loss is nan.")

    fake_training.score = score
    with pytest.raises(MrcaError, match=r"None of the 6 trials .* has a score.*The loss is nan"):
        search(make_space(), tmp_path / "found")


@pytest.mark.parametrize("full", [True, False])
def test_what_is_no_trials_fault_stops_the_search_and_the_trial_waits(
    full, fake_training, make_space, tmp_path, monkeypatch
):
    from mrca.experiments.search import trial_runner

    def score(config, epoch):
        if len(fake_training.epochs) == 3:  # the second trial's last epoch
            if full:
                raise MrcaError("Cannot save the run.") from OSError(28, "No space left on device")
            raise RuntimeError("the network ate the file")
        return 0.5

    def gone(*_):
        raise MrcaError("Cannot read the vectors.")

    fake_training.score = score
    space = make_space(max_trials=3)
    with monkeypatch.context() as patched:
        if not full:
            patched.setattr(trial_runner, "describe_search", gone)
        reason = "No space left" if full else "Cannot read the vectors"
        with pytest.raises(MrcaError, match=rf"waits: {reason}.* resume with --resume"):
            search(space, tmp_path / "found")
    assert [trial.status for trial in read_trials(tmp_path / "found")] == ["done"]
    fake_training.score = lambda config, epoch: 0.5
    trials = search(space, tmp_path / "found", resume=True)
    assert [trial.status for trial in trials] == ["done"] * 3
    assert len(fake_training.epochs) == len(set(fake_training.epochs)) == 6


def test_halving_never_trains_further_what_failed(fake_training, make_space, tiny_config, tmp_path):
    units = []

    def score(config, epoch):
        units.append(config.model.units)
        if config.model.units == units[0]:
            raise MrcaError("The loss is nan.")
        return 0.1 + config.model.units / 100

    fake_training.score = score
    base = tiny_config.changed({"training.epochs": 9})
    space = make_space(algorithm="hyperband", max_trials=99).changed(base=base)
    trials = search(space, tmp_path / "found")
    failed = [trial for trial in trials if trial.status == "failed"]
    assert len(failed) == 1
    longer = [each for each in trials if each.settings["training.epochs"] > 3]
    assert longer
    assert units[0] not in {trial.settings["model.units"] for trial in longer}


def test_a_space_with_nothing_new_left_says_so(fake_training, make_space, tmp_path, notes):
    parameters = (Parameter(field="model.units", choices=[1, 2, 3]),)
    space = make_space(parameters=parameters, algorithm="grid", max_trials=50)
    assert len(search(space, tmp_path / "found", reporter=notes)) == 3
    assert notes.messages[-1] == "nothing new is left to try after 3 trials."


def test_trials_that_are_too_large_are_not_trained_nor_counted(fake_training, make_space, tmp_path):
    trials = search(make_space(max_parameters=250), tmp_path / "found")
    large = [trial for trial in trials if trial.status == "too_large"]
    assert large
    assert all(trial.parameters > 250 and trial.score is None for trial in large)
    assert len(trials) - len(large) == 6
    assert not {trial.id for trial in large} & {folder for folder, _, _ in fake_training.epochs}


def test_a_search_that_meets_only_large_trials_says_so(
    fake_training, make_space, tmp_path, monkeypatch, notes
):
    from mrca import training
    from mrca.experiments.search import search as search_module

    sizes = iter([1])
    monkeypatch.setattr(search_module, "_TOO_LARGE", 3)
    monkeypatch.setattr(training, "trainable_weights", lambda *_: next(sizes, 99))
    space = make_space(max_parameters=50, max_trials=2)
    assert len(search(space, tmp_path / "found", reporter=notes)) == 7
    assert "7 trials, of which 6 were too large for max_parameters = 50" in notes.messages[-1]


@pytest.mark.parametrize("algorithm", ["random", "bayesian"])
def test_a_space_that_is_too_large_as_a_whole_ends(
    algorithm, fake_training, make_space, tmp_path, monkeypatch
):
    from mrca.experiments.search import search as search_module

    monkeypatch.setattr(search_module, "_TOO_LARGE", 2)
    with pytest.raises(MrcaError, match="All were too large"):
        search(make_space(algorithm=algorithm, max_parameters=1, max_trials=2), tmp_path / "found")


def test_hopeless_trials_are_stopped(fake_training, make_space, tiny_config, tmp_path):
    base = tiny_config.changed({"training.epochs": 6})
    space = make_space(max_trials=12, seeds=2).changed(base=base)
    trials = search(space, tmp_path / "found")
    stopped = [trial for trial in trials if trial.status == "stopped"]
    assert stopped
    assert not {trial.id for trial in stopped} & {trial.id for trial in trials[:5]}
    for trial in stopped:
        assert [len(history) for history in trial.history] == [2]
        assert trial.score == max(trial.history[0])
        assert trial.seeds == [1]
    again = search(space.changed(stop_hopeless=False), tmp_path / "whole")
    assert {trial.status for trial in again} == {"done"}
    # By its micro F1 a trial that is good at something else would be stopped.
    other = search(space.changed(objective="macro.f1"), tmp_path / "other")
    assert {trial.status for trial in other} == {"done"}


# === Interrupted ===


@pytest.mark.parametrize("algorithm", ["random", "grid", "hyperband"])
def test_a_killed_search_ends_like_one_that_was_not(
    algorithm, fake_training, make_space, tiny_config, tmp_path, monkeypatch
):
    """Killed at some writes of the oracle, at some epochs, and after a trial was recorded."""
    from mrca.experiments.search import oracle, trial_runner

    base = tiny_config.changed({"training.epochs": 3})
    space = make_space(algorithm=algorithm, max_trials=4).changed(base=base)
    search(space, tmp_path / "whole")
    expected = outcome(tmp_path / "whole")
    epochs = sorted(fake_training.epochs)
    write_json, write_trial = oracle.write_json, trial_runner.write_trial
    moments = [("oracle", after) for after in range(7)]
    moments += [("epoch", 0), ("epoch", 4), ("trial", 1)]
    for number, (moment, left) in enumerate(moments):
        fake_training.epochs = []

        def reached(kind, moment=moment):
            nonlocal left
            if kind == moment:
                left -= 1
                if left < 0:
                    raise KeyboardInterrupt

        def killing(config, epoch):
            reached("epoch")
            return config.model.units / 100 + epoch / 1000

        def json_then_kill(path, value):
            reached("oracle")
            write_json(path, value)

        def trial_then_kill(trial, folder):
            write_trial(trial, folder)
            reached("trial")

        folder = tmp_path / f"killed{number}"
        with monkeypatch.context() as patched:
            patched.setattr(oracle, "write_json", json_then_kill)
            patched.setattr(trial_runner, "write_trial", trial_then_kill)
            patched.setattr(fake_training, "score", killing)
            with pytest.raises(KeyboardInterrupt):
                search(space, folder)
        search(space, folder, resume=True)
        assert outcome(folder) == expected
        assert sorted(fake_training.epochs) == epochs


def test_a_finished_search_is_read_again_or_gone_on_with(
    fake_training, make_space, tmp_path, notes
):
    first = search(make_space(max_trials=3), tmp_path / "found")
    fake_training.epochs = []
    again = search(make_space(max_trials=3), tmp_path / "found", resume=True, reporter=notes)
    assert again == first
    assert "all 3 trials that this search may have had ended before" in notes.messages[-1]
    assert fake_training.epochs == []
    more = search(make_space(max_trials=5), tmp_path / "found", resume=True)
    assert more[:3] == first
    assert len(more) == 5


def test_a_search_killed_before_it_tidied_up_is_tidied_by_the_next(
    fake_training, make_space, tmp_path
):
    search(make_space(max_trials=3), tmp_path / "found")
    (tmp_path / "found" / "best.toml").unlink()
    search(make_space(max_trials=3), tmp_path / "found", resume=True, keep=1)
    assert (tmp_path / "found" / "best.toml").is_file()
    assert len(list((tmp_path / "found").rglob("model.keras"))) == 1


class Killed(BaseException):
    """The process is gone, and tidies nothing up."""


def test_a_trial_that_kills_its_process_is_given_up(fake_training, make_space, tmp_path):
    poison = []

    def deadly(config, epoch):
        poison.append(config.model.units)
        if config.model.units == poison[0] and epoch == 2:
            raise Killed
        return 0.5

    fake_training.score = deadly
    space = make_space(max_trials=2)
    with pytest.raises(Killed):
        search(space, tmp_path / "found")
    for _ in range(2):
        with pytest.raises(Killed):
            search(space, tmp_path / "found", resume=True)
    trials = search(space, tmp_path / "found", resume=True)
    assert [trial.status for trial in trials] == ["failed", "done"]
    assert "3 processes died of it in the same epoch" in trials[0].error
    assert not list((tmp_path / "found").rglob("starts"))


def test_one_that_is_stopped_by_hand_is_not(fake_training, make_space, tmp_path):
    def stopped(config, epoch):
        raise KeyboardInterrupt

    space = make_space(max_trials=1)
    fake_training.score = stopped
    for number in range(5):
        with pytest.raises(KeyboardInterrupt):
            search(space, tmp_path / "found", resume=number > 0)
    fake_training.score = lambda config, epoch: 0.5
    assert search(space, tmp_path / "found", resume=True)[0].status == "done"


def test_a_trial_whose_folder_was_deleted_is_tried_again(fake_training, make_space, tmp_path):
    from shutil import rmtree

    first = search(make_space(max_trials=3), tmp_path / "found")
    rmtree(tmp_path / "found" / "trials" / "0001")
    again = search(make_space(max_trials=3), tmp_path / "found", resume=True)
    assert [trial.settings for trial in again] == [trial.settings for trial in first]


def test_when_the_time_is_up_a_trial_pauses_after_its_epoch(
    fake_training, make_space, tmp_path, notes
):
    def slow(config, epoch):
        time.sleep(0.15)
        return 0.5

    fake_training.score = slow
    space = make_space(max_trials=2, max_hours=0.4 / 3600)
    trials = search(space, tmp_path / "found", reporter=notes)
    assert "Resume with --resume" in notes.messages[-1]
    assert len(trials) < 2
    done = len(fake_training.epochs)
    assert 0 < done < 4
    more = space.changed(max_hours=1.0)
    assert len(search(more, tmp_path / "found", resume=True)) == 2
    assert len(fake_training.epochs) == 4


# === What it refuses ===


def test_a_search_that_is_there_is_not_begun_again(fake_training, make_space, tmp_path):
    space = make_space(max_trials=1)
    search(space, tmp_path / "found")
    with pytest.raises(MrcaError, match="--resume"):
        search(space, tmp_path / "found")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").touch()
    with pytest.raises(MrcaError, match="is no search"):
        search(space, tmp_path / "other", resume=True)
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["letter.txt"]


def test_two_searches_in_a_folder_are_refused(fake_training, make_space, tmp_path):
    pytest.importorskip("fcntl")
    space = make_space(max_trials=1)

    def again(config, epoch):
        with pytest.raises(MrcaError, match="Another process is searching"):
            search(space.changed(max_trials=7), tmp_path / "found", resume=True)
        return 0.5

    fake_training.score = again
    assert search(space, tmp_path / "found")[0].status == "done"
    assert "max_trials = 1\n" in (tmp_path / "found" / "space.toml").read_text("utf-8")


def test_what_never_started_leaves_nothing(make_space, tiny_config, tmp_path):
    base = tiny_config.changed({"data.dataset": "nosuch"})
    space = make_space().changed(base=base)
    with pytest.raises(MrcaError, match="No corpus is called"):
        search(space, tmp_path / "found")
    assert not (tmp_path / "found").exists()


def test_budgets_may_change(make_space):
    assert make_space(max_trials=99).fingerprint() == make_space(max_trials=1).fingerprint()


def test_the_space_in_the_folder_is_the_same(fake_training, make_space, tmp_path):
    from mrca.experiments.search import load_space

    space = make_space(max_trials=1)
    search(space, tmp_path / "found")
    assert load_space(tmp_path / "found" / "space.toml").fingerprint() == space.fingerprint()
    assert json.loads((tmp_path / "found" / "search.json").read_text())
