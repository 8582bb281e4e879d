"""Planned runs are checked before any of them is trained."""

import json
import pickle
from contextlib import nullcontext

import pytest

from mrca.config import comparison_names, load_comparison
from mrca.errors import MrcaError
from mrca.executor import Ended
from mrca.experiments import SilentRunsReporter, plan_runs
from mrca.experiments.train_planned import check_finished, check_planned, train_planned
from mrca.runs.history import read_epochs
from mrca.runs.layout import fingerprint_of_run

SOFTMAX = ["loss.name=categorical_crossentropy"]


@pytest.mark.parametrize("name", comparison_names())
def test_what_comes_with_the_package_can_be_trained(name, tmp_path):
    check_planned(plan_runs(load_comparison(name), tmp_path))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["encoder.trainable=true"], r"encoder\.trainable is for BERT encoders"),
        (["training.sampler=class_balance"], "Did you mean 'class_balanced'"),
        (["classifier.name=tau_normalised"], "rescales one that is trained"),
    ],
)
def test_settings_that_do_not_go_together_are_said_of_their_run(
    comparison, tmp_path, settings, said
):
    config = comparison("rc_dice", "dice")
    config.methods[1].settings.extend(settings)
    with pytest.raises(MrcaError, match=rf"^dice-seed1: .*{said}"):
        check_planned(plan_runs(config, tmp_path))


@pytest.mark.parametrize(
    ("base", "said"),
    [
        (
            {"settings": [*SOFTMAX, "classifier.name=bilateral_branch"]},
            "representation dice-seed1 has 'bilateral_branch'",
        ),
        (
            {"recipe": "svm", "settings": ["data.dataset=sample"]},
            "representation dice-seed1 is an SVM on word frequencies",
        ),
    ],
)
def test_a_second_stage_on_what_has_no_layers_for_it_is_refused(comparison, tmp_path, base, said):
    config = comparison("dice", ("categorical_focal", "dice"))
    config.methods[0] = config.methods[0].changed(**base)
    config.methods[1].settings.append("classifier.name=tau_normalised")
    with pytest.raises(MrcaError, match=rf"^categorical-focal-seed1: .*{said}"):
        check_planned(plan_runs(config, tmp_path))


def test_what_lies_in_a_runs_place_is_that_run_or_an_error(comparison, trained, tmp_path):
    config = comparison()
    runs = plan_runs(config, tmp_path)
    (tmp_path / "binary-crossentropy-seed1").mkdir()
    with pytest.raises(MrcaError, match="is not a whole run"):
        check_planned(runs)
    (tmp_path / "binary-crossentropy-seed1").rmdir()
    train_planned(runs, data_dir=None, vectors_dir=None, reporter=SilentRunsReporter())
    check_planned(runs)  # is what it was
    config.settings.append("model.units=9")
    with pytest.raises(MrcaError) as error:
        check_planned(plan_runs(config, tmp_path))
    assert "rc-dice-seed1 has another configuration" in str(error.value)
    assert "model.units was 8 and is now 9" in str(error.value)
    assert "Delete or rename" in str(error.value)


@pytest.mark.parametrize("ending", ["", ".unfinished"])
def test_runs_on_other_files_are_found(comparison, trained, corpus, tmp_path, ending):
    runs = plan_runs(comparison(), tmp_path)
    train_planned(runs[1:], data_dir=None, vectors_dir=None, reporter=SilentRunsReporter())
    check_finished(runs, corpus)
    folder = runs[1].folder.rename(tmp_path / f"{runs[1].folder.name}{ending}")
    environment = json.loads((folder / "environment.json").read_text("utf-8"))
    environment["corpus"]["fingerprint"] = "0" * 64
    (folder / "environment.json").write_text(json.dumps(environment), "utf-8")
    with pytest.raises(MrcaError, match=f"The run .*{folder.name} was trained on .* as it was"):
        check_finished(runs, corpus)


@pytest.mark.parametrize("part", ["representation", "teacher", "init_from"])
def test_what_was_built_on_an_earlier_training_is_found(
    comparison, trained, corpus, tmp_path, part
):
    second = ("dice", "focal") if part == "representation" else "distillation_mse"
    config = comparison("rc_dice", "focal", second)
    base = tmp_path / ("focal-seed1" if part == "representation" else "rc-dice-seed1")
    if part == "teacher":
        config.methods[2].settings.append("loss.options.student=rc_dice")
    if part == "init_from":
        config.methods[2] = config.methods[0].changed(
            name="longer", settings=[f"training.init_from={base}"]
        )
    runs = plan_runs(config, tmp_path)
    train_planned(runs, data_dir=None, vectors_dir=None, reporter=SilentRunsReporter())
    built = runs[-1].folder
    environment = json.loads((built / "environment.json").read_text("utf-8"))
    environment[part] = {"name": str(base), "fingerprint": fingerprint_of_run(base)}
    (built / "environment.json").write_text(json.dumps(environment), "utf-8")
    check_finished(runs, corpus)  # is what it was
    (base / "model.keras").write_bytes(b"another training")
    with pytest.raises(MrcaError, match=f"{part} of {built}, {base}, has been trained again") as no:
        check_finished(runs, corpus)
    assert f"Delete {built}" in str(no.value)


def test_an_encoder_that_is_not_there_is_found_before_anything_is_trained(
    comparison, trained, tmp_path
):
    config = comparison()
    config.methods[1].settings.append("encoder.name=hub:nowhere")
    runs = plan_runs(config, tmp_path)
    with pytest.raises(MrcaError, match="No TF Hub module at nowhere"):
        train_planned(runs, data_dir=None, vectors_dir=None, reporter=SilentRunsReporter())
    assert not trained


# === At the same time ===


class TwoPlaces:
    """Two places elsewhere, at which jobs are done when one looks, the later one first."""

    places = 2
    is_here = False

    def __init__(self) -> None:
        self.jobs: list[tuple] = []
        self.under_way: list[list[str]] = []

    def submit(self, key, job, *arguments):
        self.jobs.append((key, job, arguments))

    def wait(self, seconds):
        self.under_way.append([key for key, *_ in self.jobs])
        key, job, arguments = self.jobs.pop()
        try:
            return [Ended(key, pickle.loads(pickle.dumps(job))(*arguments), deaths=1)]
        except Exception as error:
            return [Ended(key, error=error)]


class Listener(SilentRunsReporter):
    def __init__(self):
        self.events = []

    def message(self, text):
        self.events.append(text)

    def runs_start(self, names, places):
        self.events.append((len(names), places))

    def run_advances(self, name, epoch, best):
        self.events.append((name, epoch, best))

    def run_ends(self, name):
        self.events.append(f"{name} ends")

    def runs_end(self):
        self.events.append("all end")


@pytest.fixture
def two_places(monkeypatch) -> TwoPlaces:
    """In place of Ray."""
    executor = TwoPlaces()
    monkeypatch.setattr(
        "mrca.experiments.train_planned.open_executor",
        lambda workers, ray: nullcontext(executor),
    )
    return executor


def test_runs_start_when_there_is_a_place_and_what_they_build_on_is_there(
    comparison, trained, two_places, tmp_path
):
    runs = plan_runs(comparison("dice", "focal", ("rc_dice", "dice")), tmp_path)
    listener = Listener()
    train_planned(runs, data_dir=None, vectors_dir=None, workers=2, reporter=listener)
    assert two_places.under_way == [
        ["dice-seed1", "focal-seed1"],
        ["dice-seed1"],  # and what builds on it waits
        ["rc-dice-seed1"],
    ]
    assert [name for name, _ in trained] == ["focal-seed1", "dice-seed1", "rc-dice-seed1"]
    assert listener.events[0] == (3, 2)
    assert listener.events[-1] == "all end"
    assert "1 worker died of focal-seed1, which the next one resumed." in listener.events
    # Told from its folder.
    epochs = read_epochs(runs[0].folder)
    best = max(epoch["val_micro_f1"] for epoch in epochs)
    assert ("dice-seed1", len(epochs), best) in listener.events


def test_how_far_a_run_elsewhere_is_is_read_from_its_folder(
    comparison, trained, two_places, tmp_path
):
    runs = plan_runs(comparison("dice", "focal"), tmp_path)
    unfinished = tmp_path / "dice-seed1.unfinished"
    unfinished.mkdir()
    (unfinished / "history.csv").write_text("epoch,val_micro_f1\n1,0.5\n2,0.25\n")
    listener = Listener()
    train_planned(runs, data_dir=None, vectors_dir=None, workers=2, reporter=listener)
    assert ("dice-seed1", 2, 0.5) in listener.events


def test_the_first_that_fails_is_named_and_ends_the_rest(
    comparison, trained, two_places, tmp_path, monkeypatch
):
    runs = plan_runs(comparison("dice", "focal", "rc_dice"), tmp_path)

    def diverge(*arguments, **options):
        raise MrcaError("The loss is nan.")

    monkeypatch.setattr("mrca.experiments.train_planned.train", diverge)
    listener = Listener()
    with pytest.raises(MrcaError, match=r"^focal-seed1: The loss is nan\.$"):
        train_planned(runs, data_dir=None, vectors_dir=None, workers=2, reporter=listener)
    assert [key for key, *_ in two_places.jobs] == ["dice-seed1"]
    assert listener.events[-1] == "all end"


def test_finished_runs_are_trained_again_only_to_be_replaced(
    comparison, trained, two_places, tmp_path, monkeypatch
):
    runs = plan_runs(comparison("dice", "focal"), tmp_path)
    how = {"data_dir": None, "vectors_dir": None, "reporter": Listener()}
    train_planned(runs, **how)
    assert len(trained) == 2
    train_planned(runs, **how)
    assert len(trained) == 2
    assert "2 of 2 runs are finished." in how["reporter"].events
    overwritten = []
    monkeypatch.setattr(
        "mrca.experiments.train_planned.train",
        lambda config, folder, **options: overwritten.append(options["overwrite"]),
    )
    train_planned(runs, overwrite=True, **how)
    assert overwritten == [True, True]


def test_vectors_that_are_not_there_are_found_before_anything_is_trained(
    comparison, trained, tmp_path
):
    config = comparison()
    config.methods[1].settings.append("vectors.name=nowhere/vectors.txt")
    runs = plan_runs(config, tmp_path)
    with pytest.raises(MrcaError, match="No vectors at 'nowhere/vectors"):
        train_planned(runs, data_dir=None, vectors_dir=None, reporter=SilentRunsReporter())
    assert not trained
