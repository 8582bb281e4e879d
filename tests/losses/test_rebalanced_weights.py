import keras
import numpy as np
import pytest

from mrca.losses.class_counts import ClassCounts
from mrca.losses.rebalanced_weights import RebalancedWeights

COUNTS = [800, 50, 10, 2]
LABELS = np.array([[1, 0, 0, 0], [0, 0, 0, 1], [1, 1, 0, 0], [1, 1, 1, 1], [0, 0, 0, 0]], "float32")


def weights(labels=LABELS, counts=COUNTS, alpha=0.1, beta=10.0, mu=0.9, norm=None):
    made = RebalancedWeights(None, ClassCounts(None, counts), alpha, beta, mu, norm)
    return keras.ops.convert_to_numpy(made(keras.ops.convert_to_tensor(labels)))


@pytest.mark.parametrize("options", [{}, {"mu": 0.05}, {"alpha": 0.0, "beta": 2.0, "mu": 0.3}])
def test_is_the_smoothed_rate_of_resampling(options):
    alpha, beta, mu = ({"alpha": 0.1, "beta": 10.0, "mu": 0.9} | options).values()
    found = weights(**options)
    for row, row_weights in zip(LABELS[:4], found[:4], strict=True):
        rate = sum(1 / count for count, label in zip(COUNTS, row, strict=True) if label)
        ratio = 1 / np.array(COUNTS) / rate
        expected = alpha + 1 / (1 + np.exp(-beta * (ratio - mu)))
        np.testing.assert_allclose(row_weights, expected, rtol=1e-5)


def test_a_row_without_positives_has_the_largest_weight():
    found = weights()
    np.testing.assert_allclose(found[4], 1.1, rtol=1e-6)
    assert found.max() <= found[4].min()
    assert found.min() >= 0.1


def test_the_only_positive_weighs_the_same_however_rare_it_is():
    """Its negatives do not: a rare one beside a frequent positive has all the weight."""
    found = weights()
    assert found[0, 0] == pytest.approx(found[1, 3], rel=1e-5)
    assert found[0, 0] == pytest.approx(0.1 + 1 / (1 + np.exp(-1)), rel=1e-5)
    assert found[0, 3] == pytest.approx(1.1, rel=1e-5)
    assert found[1, 0] == pytest.approx(0.1, abs=1e-3)


def test_a_relation_without_rows_weighs_as_one_with_one():
    absent, one = (weights(counts=[800, 50, 10, n]) for n in (0, 1))
    np.testing.assert_array_equal(absent, one)


def test_norms_divide_by_the_largest_of_the_row_or_the_batch():
    plain = weights()
    by_row, by_batch = weights(norm="by_instance"), weights(norm="by_batch")
    np.testing.assert_allclose(by_row, plain / plain.max(axis=1, keepdims=True), rtol=1e-6)
    np.testing.assert_allclose(by_batch, plain / plain.max(), rtol=1e-6)
    np.testing.assert_allclose(by_row.max(axis=1), 1, rtol=1e-6)
