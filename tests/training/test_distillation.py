import json

import numpy as np
import pytest

import mrca
from mrca import losses, training
from mrca.datasets import load_corpus
from mrca.text import RelationSet
from mrca.training.distillation import load_teacher, targets, teacher_config


@pytest.fixture
def student(tiny_config, tiny_run, changed):
    """Learns from the tiny run, which was trained with RC-Dice."""
    return changed(
        tiny_config,
        "loss.name=distillation_mse",
        "loss.options.student=rc_dice",
        f'loss.teacher="{tiny_run.folder}"',
        "training.epochs=1",
    )


def teacher_of(config, relations):
    return load_teacher(config, relations, losses.check(config.loss.name, config.loss.options))


def test_a_teacher_is_trained_as_its_student_by_the_students_own_loss(student, changed):
    options = ("loss.options.student=focal", "loss.options.student_options.gamma=1")
    config = changed(student, *options, "model.units=9")
    teacher = teacher_config(config)
    assert (teacher.loss.name, teacher.loss.options) == ("focal", {"gamma": 1})
    assert teacher.loss.teacher == ""
    assert teacher.model == config.model
    assert teacher_config(teacher) is None


def test_targets_are_the_teachers_outputs_and_the_labels(student, tiny_run, corpus):
    teacher = teacher_of(student, corpus.relations)
    classifier = tiny_run.classifier
    candidates = classifier.candidates(corpus.splits["valid"]).labelled(corpus.relations)
    found = targets(candidates, teacher)[np.arange(len(candidates))]
    columns = len(corpus.relations)
    np.testing.assert_array_equal(found[:, columns:], candidates.labels.toarray())
    np.testing.assert_array_equal(found[:, :columns], classifier.raw_outputs(candidates))
    assert targets(candidates, None) is candidates.labels


def test_a_teachers_outputs_are_computed_once(student, corpus, tmp_path, monkeypatch):
    monkeypatch.setenv("MRCA_CACHE_DIR", str(tmp_path))
    teacher = teacher_of(student, corpus.relations)
    candidates = teacher.classifier.candidates(corpus.splits["valid"]).labelled(corpus.relations)
    rows = np.array([2, 0])
    first = targets(candidates, teacher)[rows]
    monkeypatch.setattr(type(teacher.classifier), "raw_outputs", None)
    np.testing.assert_array_equal(targets(candidates, teacher)[rows], first)
    others = teacher.classifier.candidates(corpus.splits["test"]).labelled(corpus.relations)
    with pytest.raises(TypeError):  # which are asked about
        targets(others, teacher)


def test_a_student_comes_near_its_teacher(student, tiny_run, few_rows, changed, outputs, tmp_path):
    documents = load_corpus("sample", few_rows).splits["train"]

    def distance(weight):
        config = changed(student, f"loss.options.weight={weight}", "training.epochs=6")
        run = training.train(config, tmp_path / f"student-{weight}", data_dir=few_rows, splits=())
        return np.square(outputs(run, documents) - outputs(tiny_run, documents)).mean()

    assert distance(100) < 0.5 * distance(1e-6)


def test_a_student_of_pairs_learns_from_the_pairs_of_its_teacher(
    tiny_pairs_config, tiny_pairs_run, few_rows, changed, tmp_path
):
    config = changed(
        tiny_pairs_config,
        "loss.name=distillation_mse",
        "loss.options.student=adaptive_thresholding",
        f'loss.teacher="{tiny_pairs_run.folder}"',
        "training.epochs=1",
    )
    run = training.train(config, tmp_path / "student", data_dir=few_rows)
    assert run.classifier.columns == tiny_pairs_run.classifier.columns
    environment = json.loads((run.folder / "environment.json").read_text())
    assert environment["teacher"]["name"] == str(tiny_pairs_run.folder)


def test_teachers_that_do_not_fit(student, tiny_config, tiny_run, changed):
    relations = tiny_run.classifier.relations
    with pytest.raises(mrca.MrcaError, match=r"learns from a teacher\. Set loss\.teacher"):
        teacher_of(changed(student, "loss.teacher="), relations)
    with pytest.raises(mrca.MrcaError, match="'dice' does not learn from a teacher"):
        teacher_of(changed(tiny_config, "loss.name=dice", "loss.teacher=x"), relations)
    with pytest.raises(mrca.MrcaError, match="other relations than the corpus"):
        teacher_of(student, RelationSet([*relations][::-1]))
    with pytest.raises(mrca.MrcaError, match=f"rc_dice.*{len(relations)} output columns"):
        teacher_of(changed(student, "loss.options.student=adaptive_focal"), relations)
    with pytest.raises(mrca.MrcaError, match="no/such/run"):
        teacher_of(changed(student, "loss.teacher=no/such/run"), relations)
    pairs = changed(student, "candidates.kind=pairs", "model.pooling=pairs")
    with pytest.raises(
        mrca.MrcaError, match="asks about whole candidates, the student about pairs"
    ):
        teacher_of(pairs, relations)
