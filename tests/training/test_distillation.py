import numpy as np
import pytest

import mrca
from mrca import training
from mrca.config import with_overrides
from mrca.datasets import load_corpus
from mrca.text import RelationSet
from mrca.training.distillation import load_teacher, targets


@pytest.fixture
def student(tiny_config, tiny_run):
    """Learns from the tiny run, which was trained with RC-Dice."""
    return with_overrides(
        tiny_config,
        [
            "loss.name=distillation_mse",
            "loss.options.student=rc_dice",
            f'loss.teacher="{tiny_run.folder}"',
            "training.epochs=1",
        ],
    )


def test_a_teacher_is_trained_as_its_student_by_the_students_own_loss(student):
    config = with_overrides(
        student,
        ["loss.options.student=focal", "loss.options.student_options.gamma=1", "model.units=9"],
    )
    teacher = training.teacher_config(config)
    assert (teacher.loss.name, teacher.loss.options) == ("focal", {"gamma": 1})
    assert teacher.loss.teacher == ""
    assert teacher.model == config.model
    assert not training.is_distillation(teacher)
    assert training.is_distillation(config)


def test_targets_are_the_teachers_outputs_and_the_labels(student, tiny_run, sample_slice):
    corpus = load_corpus("sample", sample_slice)
    examples = corpus.splits["valid"]
    labels = corpus.relations.multi_hot([example.labels for example in examples])
    teacher = load_teacher(student, corpus.relations, len(corpus.relations))
    found = targets(examples, corpus.relations, teacher)
    np.testing.assert_array_equal(found[:, len(corpus.relations) :], labels)
    np.testing.assert_array_equal(found[:, : len(corpus.relations)], tiny_run.outputs(examples))
    np.testing.assert_array_equal(targets(examples, corpus.relations, None), labels)


def test_a_student_comes_near_its_teacher(student, tiny_run, sample_slice, tmp_path):
    examples = load_corpus("sample", sample_slice).splits["valid"]

    def distance(weight):
        config = with_overrides(student, [f"loss.options.weight={weight}", "training.epochs=6"])
        run = training.train(config, tmp_path / f"student-{weight}", data_dir=sample_slice)
        assert run.metrics["splits"]["test"]["rows"] == 40
        return np.square(run.outputs(examples) - tiny_run.outputs(examples)).mean()

    assert distance(100) < 0.5 * distance(1e-6)


def test_teachers_that_do_not_fit(student, tiny_config, tiny_run):
    relations = tiny_run.relations
    with pytest.raises(mrca.MrcaError, match=r"learns from a teacher\. Set loss\.teacher"):
        load_teacher(with_overrides(student, ["loss.teacher="]), relations, 12)
    with pytest.raises(mrca.MrcaError, match="'dice' does not learn from a teacher"):
        load_teacher(
            with_overrides(tiny_config, ["loss.name=dice", "loss.teacher=x"]), relations, 12
        )
    with pytest.raises(mrca.MrcaError, match="other relations than the corpus"):
        load_teacher(student, RelationSet([*relations][::-1]), len(relations))
    with pytest.raises(mrca.MrcaError, match=f"rc_dice.*{len(relations)} output columns"):
        load_teacher(student, relations, len(relations) + 1)
    with pytest.raises(mrca.MrcaError, match="no/such/run"):
        load_teacher(with_overrides(student, ["loss.teacher=no/such/run"]), relations, 12)
