import pytest

from mrca.config import load_recipe
from mrca.errors import MrcaError
from mrca.experiments import plan_runs, plan_training


def names(plan):
    return [run.folder.name for run in plan]


def test_a_student_learns_from_the_method_that_its_teacher_would_be(comparison, tmp_path):
    plan = plan_runs(comparison("distillation_mse", "adaptive_focal", seeds=2), tmp_path)
    assert names(plan) == [
        *("adaptive-focal-seed1", "adaptive-focal-seed2"),
        *("distillation-mse-seed1", "distillation-mse-seed2"),
    ]
    assert plan[3].builds_on == (plan[1].folder,)
    assert plan[3].config.loss.teacher == str((tmp_path / "adaptive-focal-seed2").resolve())
    # The teacher comes along where its own method is not asked for, and is the same one.
    part = plan_runs(
        comparison("distillation_mse", "adaptive_focal"), tmp_path, only=["distillation_mse"]
    )
    assert part == [plan[0], plan[2]]


def test_students_without_such_a_method_share_a_teacher_of_their_own(comparison, tmp_path):
    plan = plan_runs(comparison("distillation_mse", "distillation_kl"), tmp_path)
    assert [run.method for run in plan] == ["", "distillation_mse", "distillation_kl"]
    assert plan[0].folder.name == "distillation-mse-seed1-teacher"
    assert plan[0].config.loss.name == "adaptive_focal"
    assert plan[1].builds_on == plan[2].builds_on == (plan[0].folder,)


def test_a_second_stage_builds_on_the_run_of_the_same_seed(comparison, tmp_path):
    config = comparison(("focal", "rc_dice"), "dice", "rc_dice", seeds=2)
    plan = plan_runs(config, tmp_path)
    assert names(plan) == [
        *("dice-seed1", "dice-seed2", "rc-dice-seed1", "rc-dice-seed2"),
        *("focal-seed1", "focal-seed2"),
    ]
    first, second = plan[3], plan[5]
    assert second.builds_on == (first.folder,)
    assert second.config.classifier.representation == str(first.folder.resolve())
    assert second.config.loss.name == "focal"
    assert second.config.training.seed == first.config.training.seed == 2
    assert not first.config.classifier.representation


def test_layers_are_taken_over_from_another_recipe(comparison, tmp_path):
    config = comparison("rc_dice", ("focal", "rc_dice"))
    config.methods[0].settings.extend(["model.units=9", "features.case=false"])
    base, second = (run.config for run in plan_runs(config, tmp_path))
    for section in ("encoder", "vectors", "features", "model"):
        assert getattr(second, section) == getattr(base, section)
    assert second.model.units == 9


def test_what_something_builds_on_comes_along(comparison, tmp_path):
    config = comparison("dice", ("focal", "rc_dice"), ("binary_crossentropy", "focal"), "rc_dice")
    plan = plan_runs(config, tmp_path, only=["binary_crossentropy"])
    assert names(plan) == ["rc-dice-seed1", "focal-seed1", "binary-crossentropy-seed1"]


def test_a_student_in_a_second_stage_has_a_teacher_on_the_same_layers(comparison, tmp_path):
    config = comparison(("distillation_mse", "dice"), "dice")
    first, teacher, student = plan_runs(config, tmp_path, only=["distillation_mse"])
    assert student.builds_on == (first.folder, teacher.folder)
    assert teacher.builds_on == (first.folder,)
    assert teacher.config.classifier == student.config.classifier
    assert student.config.loss.teacher == str(teacher.folder.resolve())


def test_a_method_may_have_seeds_of_its_own(comparison, tmp_path):
    config = comparison("dice", ("focal", "dice"), "rc_dice", seeds=2)
    config.methods[0] = config.methods[0].changed(seeds=3)
    config.methods[2] = config.methods[2].changed(seeds=1)
    assert names(plan_runs(config, tmp_path)) == [
        *("dice-seed1", "dice-seed2", "dice-seed3", "rc-dice-seed1"),
        *("focal-seed1", "focal-seed2"),
    ]
    assert len(plan_runs(config.with_seeds(1), tmp_path)) == 3
    assert names(plan_runs(config.with_seeds((5, 1)), tmp_path))[:2] == ["dice-seed5", "dice-seed1"]


def test_a_loss_that_does_not_fit_is_said_of_its_run(comparison, tmp_path):
    config = comparison("dice", "focal")
    config.methods[1].settings.append("loss.options.gama=1")
    with pytest.raises(MrcaError, match=r"focal-seed1: .*gama"):
        plan_runs(config, tmp_path)


def test_other_seeds_have_nothing_to_build_on(comparison, tmp_path):
    config = comparison("dice", ("focal", "dice"))
    config.methods[1].settings.append("training.seed=7")
    with pytest.raises(MrcaError, match="'focal' has a run with seed 7 "):
        plan_runs(config, tmp_path)


def test_training_starts_from_the_run_of_the_same_seed(comparison, tmp_path):
    config = comparison("dice", "focal", seeds=2)
    config.methods[1] = config.methods[1].changed(init_from="dice")
    first, second, *started = plan_runs(config, tmp_path)
    assert [run.builds_on for run in started] == [(first.folder,), (second.folder,)]
    assert [run.config.training.init_from for run in started] == [
        str(first.folder.resolve()),
        str(second.folder.resolve()),
    ]
    assert [run.config.loss.name for run in started] == ["focal", "focal"]
    assert not any(run.config.classifier.representation for run in started)


# === One method ===


def test_one_run_bears_the_name_of_its_method(tmp_path):
    config = load_recipe("mrca").changed({"training.seed": 7})
    [run] = plan_training("mine", config, tmp_path)
    assert (run.method, run.folder, run.config) == ("mine", tmp_path / "mine", config)


def test_both_stages_of_every_seed_with_teachers_on_the_same_layers(tmp_path):
    recipe = load_recipe("mrca")
    config = recipe.changed({"loss.name": "distillation_mse"})
    plan = plan_training("two", config, tmp_path, seeds=(7, 3), recipe=recipe)
    assert names(plan) == [
        *("two-stage1-seed7", "two-stage1-seed3"),
        *("two-seed7-teacher", "two-seed3-teacher"),
        *("two-seed7", "two-seed3"),
    ]
    assert [run.config.training.seed for run in plan] == [7, 3] * 3
    assert [run.folder.name for run in plan if run.method == "two"] == ["two-seed7", "two-seed3"]
    first, teacher, student = plan[1::2]
    assert student.builds_on == (first.folder, teacher.folder)
    assert student.config.loss.teacher == str(teacher.folder.resolve())
    assert teacher.config.classifier.representation == str(first.folder.resolve())
    assert first.config == recipe.changed({"training.seed": 3})
