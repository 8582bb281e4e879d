import keras
import numpy as np
import pytest

from mrca.losses import BalancedSoftmax

GENERATOR = np.random.default_rng(23)
RELATIONS = (GENERATOR.random((6, 5)) < 0.4).astype("float32")
RELATIONS[0], RELATIONS[1] = 0, 1
LABELS = np.concatenate([1 - RELATIONS.max(axis=1, keepdims=True), RELATIONS], axis=1)
LOGITS = GENERATOR.normal(0, 2, (6, 6)).astype("float32")


def rows(labels=LABELS, logits=LOGITS, **options):
    return keras.ops.convert_to_numpy(BalancedSoftmax(reduction=None, **options)(labels, logits))


def oracle(labels, logits):
    z = logits.astype("float64")
    sides = ((1 - labels) * np.exp(z)).sum(axis=1), (labels * np.exp(-z)).sum(axis=1)
    return sum(np.log1p(side) for side in sides)


def test_is_the_formula_of_its_docstring():
    np.testing.assert_allclose(rows(), oracle(LABELS, LOGITS), rtol=1e-5)


def test_makes_the_column_of_no_relation_itself():
    np.testing.assert_array_equal(rows(RELATIONS), rows(LABELS))


def test_no_relation_is_an_ordinary_class(values_and_gradients):
    """It is lifted in rows without relations and lowered in all others."""
    _, [gradient] = values_and_gradients(lambda z: [BalancedSoftmax()(RELATIONS, z)], [LOGITS])
    np.testing.assert_array_equal(gradient[:, 0] < 0, LABELS[:, 0] == 1)
    np.testing.assert_array_equal(gradient < 0, LABELS == 1)


def test_the_threshold_is_the_constant_0_unless_column_0_is():
    assert not np.allclose(rows(logits=LOGITS + 3), rows(), rtol=0.01)
    moved = rows(logits=LOGITS + 3, threshold="column0")
    found = rows(threshold="column0")
    np.testing.assert_allclose(moved, found, rtol=1e-4)
    np.testing.assert_allclose(found, oracle(RELATIONS, LOGITS[:, 1:] - LOGITS[:, :1]), rtol=1e-5)
    np.testing.assert_array_equal(rows(RELATIONS, threshold="column0"), found)


@pytest.mark.parametrize(("threshold", "expected"), [(0, [True, True]), ("column0", [False, True])])
def test_decides_against_its_threshold(threshold, expected):
    rule = BalancedSoftmax(threshold).decision_rule
    holds = rule.labels(np.float32([[1.5, 1.0, 2.0]]))
    assert keras.ops.convert_to_numpy(holds).tolist() == [expected]
    assert BalancedSoftmax(threshold, top_k=3).decision_rule.top_k == 3


def test_certain_and_right_is_next_to_nothing():
    assert rows(logits=40 * (2 * LABELS - 1)).max() < 1e-6
