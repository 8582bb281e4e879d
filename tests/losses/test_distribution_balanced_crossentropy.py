import keras
import numpy as np
import pytest

from mrca.errors import MrcaError
from mrca.losses import (
    BinaryCrossentropy,
    DistributionBalanced,
    DistributionBalancedCrossentropy,
    get,
)

COUNTS = [1000, 120, 30, 4, 0]
LABELS = np.array([[0, 0, 0, 0, 0], [1, 0, 0, 0, 0], [1, 0, 1, 0, 0], [0, 0, 0, 0, 1]], "float32")
LOGITS = np.random.default_rng(9).normal(0, 2, LABELS.shape).astype("float32")


def rows(loss):
    return keras.ops.convert_to_numpy(loss(LABELS, LOGITS))


@pytest.mark.parametrize(
    "options",
    [{}, {"alpha": 0.5, "mu": 0.3, "kappa": 0.1, "lam": 5, "inverse_scale": False}],
)
def test_is_the_distribution_balanced_loss_without_the_focal_factor(options):
    given = {"class_counts": COUNTS, "num_samples": 1000, "reduction": None, **options}
    expected = rows(DistributionBalanced(**given, gamma=0))
    np.testing.assert_array_equal(rows(DistributionBalancedCrossentropy(**given)), expected)


def test_without_any_of_its_parts_it_is_binary_crossentropy():
    loss = DistributionBalancedCrossentropy(COUNTS, 1000, alpha=0, kappa=0, lam=1, reduction=None)
    plain = rows(BinaryCrossentropy(reduction=None))
    np.testing.assert_allclose(rows(loss)[0], plain[0], rtol=1e-5)


def test_has_no_focal_argument():
    with pytest.raises(MrcaError, match="gamma"):
        get("distribution_balanced_crossentropy", class_counts=COUNTS, num_samples=1000, gamma=2)
