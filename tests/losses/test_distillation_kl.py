import keras
import numpy as np
import pytest

from mrca.losses import AdaptiveFocal, DistillationKL

GENERATOR = np.random.default_rng(25)
TEACHER = GENERATOR.normal(0, 2, (5, 6)).astype("float32")
LOGITS = GENERATOR.normal(0, 2, (5, 6)).astype("float32")
LABELS = (GENERATOR.random((5, 5)) < 0.4).astype("float32")


def rows(loss, *parts):
    found = loss(np.concatenate(parts, axis=1), LOGITS)
    return keras.ops.convert_to_numpy(found)


def oracle(mode, temperature):
    teacher, student = (each.astype("float64") / temperature for each in (TEACHER, LOGITS))
    if mode == "softmax":
        p, q = (np.exp(z) / np.exp(z).sum(axis=1, keepdims=True) for z in (teacher, student))
        return temperature**2 * (p * np.log(p / q)).sum(axis=1)
    p, q = (1 / (1 + np.exp(-z)) for z in (teacher, student))
    cells = p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))
    return temperature**2 * cells.mean(axis=1)


@pytest.mark.parametrize("mode", ["softmax", "bernoulli"])
@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
def test_is_the_formula_of_its_docstring(mode, temperature):
    loss = DistillationKL(mode, temperature, weight=2, reduction=None)
    np.testing.assert_allclose(rows(loss, TEACHER), 2 * oracle(mode, temperature), rtol=1e-4)


@pytest.mark.parametrize("mode", ["softmax", "bernoulli"])
def test_a_student_like_its_teacher_is_left_alone(mode, values_and_gradients):
    loss = DistillationKL(mode, temperature=2)
    [value], [gradient] = values_and_gradients(lambda z: [loss(LOGITS, z)], [LOGITS])
    assert value == pytest.approx(0, abs=1e-6)
    np.testing.assert_allclose(gradient, 0, atol=1e-6)


def test_only_the_softmax_ignores_a_number_added_to_all_logits():
    for mode, same in (("softmax", True), ("bernoulli", False)):
        loss = DistillationKL(mode, reduction=None)
        moved = rows(loss, TEACHER + 5)
        assert np.allclose(moved, rows(loss, TEACHER), rtol=1e-4) == same


def test_labels_after_the_teacher_add_the_students_own_loss():
    loss = DistillationKL(student_options={"gamma": 2.0}, reduction=None)
    expected = rows(loss, TEACHER) + rows(AdaptiveFocal(2, reduction=None), LABELS)
    np.testing.assert_allclose(rows(loss, TEACHER, LABELS), expected, rtol=1e-5)


def test_survives_serialisation():
    loss = DistillationKL("bernoulli", 2.0, "adaptive_margin", {"margin": 2.0}, 0.5)
    back = keras.losses.deserialize(keras.losses.serialize(loss))
    assert back.get_config() == loss.get_config()
    assert (back.mode, back.temperature, back.weight) == ("bernoulli", 2, 0.5)
    labels = np.concatenate([TEACHER, LABELS], axis=1)
    assert float(back(labels, LOGITS)) == float(loss(labels, LOGITS))
