import keras
import numpy as np
import pytest

from mrca import losses
from mrca.errors import MrcaError

GENERATOR = np.random.default_rng(12)
LOGITS = GENERATOR.normal(0, 2, (5, 4)).astype("float32")
INDICES = np.array([3, 0, 1, 1, 2])
ONE_HOT = np.eye(4, dtype="float32")[INDICES]
OPTIONS = {"reweighted_crossentropy": {"class_counts": [90, 9, 0, 1]}}


@pytest.fixture(params=["categorical_crossentropy", "categorical_focal", "reweighted_crossentropy"])
def loss(request):
    return losses.get(request.param, reduction=None, **OPTIONS.get(request.param, {}))


def numbers(tensor):
    return keras.ops.convert_to_numpy(tensor)


def test_class_indices_equal_one_hot_labels(loss):
    expected = numbers(loss(ONE_HOT, LOGITS))
    for indices in (INDICES, INDICES.astype("int32"), INDICES.astype("float32"), INDICES.tolist()):
        np.testing.assert_array_equal(numbers(loss(indices, LOGITS)), expected)


def test_a_row_without_labels_is_0_and_several_add_up(loss):
    none = numbers(loss(0 * ONE_HOT, LOGITS))
    np.testing.assert_array_equal(none, 0)
    other = np.roll(ONE_HOT, 1, axis=1)
    both = numbers(loss(ONE_HOT, LOGITS)) + numbers(loss(other, LOGITS))
    np.testing.assert_allclose(numbers(loss(ONE_HOT + other, LOGITS)), both, rtol=1e-5)


def test_a_number_added_to_all_logits_changes_nothing(loss):
    moved = numbers(loss(ONE_HOT, LOGITS + 10))
    np.testing.assert_allclose(moved, numbers(loss(ONE_HOT, LOGITS)), rtol=1e-4)


def test_the_largest_logit_holds(loss):
    holds = numbers(loss.decision_rule.labels(LOGITS))
    np.testing.assert_array_equal(holds.argmax(axis=1), LOGITS.argmax(axis=1))
    np.testing.assert_array_equal(holds.sum(axis=1), 1)


def test_indices_of_another_number_of_rows_are_named(loss):
    with pytest.raises(MrcaError, match="as many rows"):
        loss(INDICES[:3], LOGITS)
