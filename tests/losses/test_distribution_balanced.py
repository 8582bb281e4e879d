import keras
import numpy as np
import pytest

from mrca.losses import (
    DistributionBalanced,
    NegativeTolerantFocal,
    RebalancedFocal,
)

COUNTS = [1000, 120, 30, 4, 0]
LABELS = np.array([[0, 0, 0, 0, 0], [1, 0, 0, 0, 0], [1, 0, 1, 0, 0], [0, 0, 0, 0, 1]], "float32")
LOGITS = np.random.default_rng(9).normal(0, 2, LABELS.shape).astype("float32")


def rows(loss, labels=LABELS):
    return keras.ops.convert_to_numpy(loss(labels, LOGITS))


@pytest.mark.parametrize("gamma", [0.0, 2.0])
def test_is_the_formula_of_its_docstring(gamma):
    counts = np.maximum(COUNTS, 1)
    shift = 0.05 * np.log(1 / np.clip(counts / 1000, 1 / 2000, 1 - 1 / 2000) - 1)
    shifted = LOGITS.astype("float64") - shift
    right = 1 / (1 + np.exp(np.where(LABELS == 1, -shifted, 2 * shifted)))
    with np.errstate(divide="ignore"):
        ratio = 1 / counts / (LABELS @ (1 / counts))[:, None]
    weights = (0.1 + 1 / (1 + np.exp(-10 * (ratio - 0.9)))) / np.where(LABELS == 1, 1, 2)
    expected = (weights * (1 - right) ** gamma * -np.log(right)).mean(axis=1)
    loss = DistributionBalanced(COUNTS, 1000, gamma=gamma, reduction=None)
    np.testing.assert_allclose(rows(loss), expected, rtol=5e-5)


def test_its_parts_are_the_other_losses():
    loss = DistributionBalanced(COUNTS, 1000, kappa=0, lam=1, reduction=None)
    np.testing.assert_allclose(rows(loss), rows(RebalancedFocal(COUNTS, reduction=None)), rtol=1e-6)
    # Rows without positives have one weight, so what is left is the other part.
    tolerant = rows(NegativeTolerantFocal(COUNTS, 1000, reduction=None), 0 * LABELS)
    balanced = rows(DistributionBalanced(COUNTS, 1000, reduction=None), 0 * LABELS)
    np.testing.assert_allclose(balanced, 1.1 * tolerant, rtol=1e-5)


def test_a_relation_of_all_rows_or_of_none_is_finite(values_and_gradients):
    loss = DistributionBalanced([1000, 0], 1000)
    labels, logits = np.float32([[1, 1], [0, 0]]), np.float32([[-3, 3], [50, -50]])
    [value], [gradient] = values_and_gradients(lambda z: [loss(labels, z)], [logits])
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
