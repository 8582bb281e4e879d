import keras
import numpy as np
import pytest

from mrca.losses import Focal, RebalancedFocal

COUNTS = [900, 120, 30, 4, 0]
LABELS = np.array([[0, 0, 0, 0, 0], [1, 0, 0, 0, 0], [1, 0, 1, 0, 0], [0, 0, 0, 0, 1]], "float32")
LOGITS = np.random.default_rng(6).normal(0, 2, LABELS.shape).astype("float32")


def rows(loss, labels=LABELS, logits=LOGITS):
    return keras.ops.convert_to_numpy(loss(labels, logits))


def rebalanced(**options):
    return RebalancedFocal(COUNTS, reduction=None, **options)


@pytest.mark.parametrize("mu", [0.9, 0.05])
def test_is_the_formula_of_its_docstring(mu):
    p = 1 / (1 + np.exp(-LOGITS.astype("float64")))
    right = np.where(LABELS == 1, p, 1 - p)
    inverse = 1 / np.maximum(COUNTS, 1)
    with np.errstate(divide="ignore"):
        ratio = inverse / (LABELS @ inverse)[:, None]  # infinite in the first row, as in the code
    weights = 0.1 + 1 / (1 + np.exp(-10 * (ratio - mu)))
    expected = (weights * (1 - right) ** 2 * -np.log(right)).mean(axis=1)
    np.testing.assert_allclose(rows(rebalanced(mu=mu)), expected, rtol=2e-5)


def test_a_row_without_positives_is_focal_at_the_largest_weight():
    plain = rows(Focal(reduction=None))
    np.testing.assert_allclose(rows(rebalanced(alpha=0.3))[0], 1.3 * plain[0], rtol=1e-5)


def test_only_the_norm_over_the_batch_makes_rows_depend_on_each_other():
    for norm, same in ((None, True), ("by_instance", True), ("by_batch", False)):
        loss = rebalanced(weight_norm=norm)
        alone = rows(loss, LABELS[3:], LOGITS[3:])[0]
        assert np.isclose(alone, rows(loss)[3], rtol=1e-5) == same
