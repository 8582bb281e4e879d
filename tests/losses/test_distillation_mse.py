import json

import keras
import numpy as np
import pytest

from mrca import losses
from mrca.errors import MrcaError
from mrca.losses import AdaptiveFocal, BinaryCrossentropy, DistillationMSE

GENERATOR = np.random.default_rng(24)
TEACHER = GENERATOR.normal(0, 2, (5, 6)).astype("float32")
LOGITS = GENERATOR.normal(0, 2, (5, 6)).astype("float32")
LABELS = (GENERATOR.random((5, 5)) < 0.4).astype("float32")


def rows(loss, *parts):
    found = loss(np.concatenate(parts, axis=1), LOGITS)
    return keras.ops.convert_to_numpy(found)


def test_is_the_mean_of_squares_over_all_columns():
    expected = ((LOGITS.astype("float64") - TEACHER) ** 2).mean(axis=1)
    found = rows(DistillationMSE(weight=3, reduction=None), TEACHER)
    np.testing.assert_allclose(found, 3 * expected, rtol=1e-5)
    assert float(DistillationMSE()(LOGITS, LOGITS)) == 0


def test_labels_after_the_teacher_add_the_students_own_loss():
    loss = DistillationMSE(student_options={"gamma": 2.0, "offset": 0.0}, reduction=None)
    own = AdaptiveFocal(2, 0, reduction=None)
    expected = rows(loss, TEACHER) + rows(own, LABELS)
    np.testing.assert_allclose(rows(loss, TEACHER, LABELS), expected, rtol=1e-5)
    wide = np.pad(LABELS, ((0, 0), (1, 0)))  # with the threshold's column
    np.testing.assert_allclose(rows(loss, TEACHER, wide), expected, rtol=1e-5)


def test_columns_and_decision_are_the_students():
    focal = DistillationMSE(student_options={"top_k": 4})
    assert focal.columns(96) == 97
    assert focal.decision_rule.get_config() == AdaptiveFocal(top_k=4).decision_rule.get_config()
    plain = DistillationMSE("binary_crossentropy")
    assert plain.columns(96) == 96
    assert plain.decision_rule.get_config() == BinaryCrossentropy().decision_rule.get_config()


def test_gradients_reach_the_student(values_and_gradients):
    loss = DistillationMSE(weight=2, reduction="sum")
    _, [gradient] = values_and_gradients(lambda z: [loss(TEACHER, z)], [LOGITS])
    np.testing.assert_allclose(gradient, 4 * (LOGITS - TEACHER) / 6, rtol=1e-5)


def test_a_student_that_needs_counts_gets_the_corpus_s():
    counts, options = [9, 5, 1], {"beta": 0.5}
    loss = losses.for_corpus(
        "distillation_mse",
        {"student": "class_balanced_focal", "student_options": options},
        counts,
        10,
    )
    assert loss.student_options == {"class_counts": counts, "num_samples": 10, "beta": 0.5}
    assert options == {"beta": 0.5}
    stored = json.loads(json.dumps(keras.losses.serialize(loss)))
    back = keras.losses.deserialize(stored)
    assert back.get_config() == loss.get_config()
    labels = np.concatenate([TEACHER[:, :3], LABELS[:, :3]], axis=1)
    assert float(back(labels, LOGITS[:, :3])) == float(loss(labels, LOGITS[:, :3]))


def test_counts_given_for_the_student_are_kept():
    options = {"class_counts": [4, 4, 4], "num_samples": 8}
    loss = losses.for_corpus(
        "distillation_mse",
        {"student": "distribution_balanced", "student_options": options},
        [9, 5, 1],
        10,
    )
    assert loss.student_options == options


@pytest.mark.parametrize("student", ["distillation_mse", "distillation_kl", "no_such_loss"])
def test_a_distillation_is_no_student(student):
    with pytest.raises(MrcaError, match=f"`student`.*adaptive_focal.*Received: '{student}'"):
        DistillationMSE(student)


def test_what_the_student_refuses_is_named():
    with pytest.raises(MrcaError, match="class_counts"):
        losses.get("distillation_mse", student="class_balanced_focal")
    for options, named in (({"gama": 2}, "gama"), ({"gamma": -1}, "`gamma` of AdaptiveFocal")):
        with pytest.raises(MrcaError, match=named):
            losses.get("distillation_mse", student_options=options)
