"""Planned runs are checked before any of them is trained."""

import json

import pytest

from mrca.config import comparison_names, load_comparison
from mrca.errors import MrcaError
from mrca.experiments import SilentRunsReporter, plan_runs
from mrca.experiments.train_planned import check_finished, check_planned, train_planned
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
