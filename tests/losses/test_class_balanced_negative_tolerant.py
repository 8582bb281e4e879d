import keras
import numpy as np
import pytest

from mrca.errors import MrcaError
from mrca.losses import (
    ClassBalancedFocal,
    ClassBalancedNegativeTolerant,
    Focal,
    NegativeTolerantFocal,
)

COUNTS = [1000, 120, 30, 4, 0]
GENERATOR = np.random.default_rng(10)
LABELS = (GENERATOR.random((6, 5)) < 0.4).astype("float32")
LOGITS = GENERATOR.normal(0, 2, (6, 5)).astype("float32")


def rows(kind, *arguments, **options):
    return keras.ops.convert_to_numpy(kind(*arguments, reduction=None, **options)(LABELS, LOGITS))


@pytest.mark.parametrize("inverse_scale", [True, False])
def test_equal_weights_leave_the_negative_tolerant_loss(inverse_scale):
    options = {"kappa": 0.2, "lam": 3.0, "gamma": 1.0, "inverse_scale": inverse_scale}
    np.testing.assert_allclose(
        rows(ClassBalancedNegativeTolerant, COUNTS, 1000, beta=0, **options),
        rows(NegativeTolerantFocal, COUNTS, 1000, **options),
        rtol=1e-6,
    )


@pytest.mark.parametrize("class_mode", ["by_class", "average_n", "average_w", "min_n"])
@pytest.mark.parametrize("weighting", ["effective_number", "inverse"])
def test_no_shift_and_scale_leave_the_class_balanced_loss(class_mode, weighting):
    options = {"class_mode": class_mode, "weighting": weighting, "beta": 0.99}
    np.testing.assert_allclose(
        rows(ClassBalancedNegativeTolerant, COUNTS, 1000, kappa=0, lam=1, **options),
        rows(ClassBalancedFocal, COUNTS, 1000, **options),
        rtol=1e-6,
    )


def test_neither_leaves_focal():
    bare = rows(ClassBalancedNegativeTolerant, COUNTS, 1000, beta=0, kappa=0, lam=1)
    np.testing.assert_allclose(bare, rows(Focal), rtol=1e-6)


def test_the_number_of_rows_is_needed():
    with pytest.raises(MrcaError, match="ClassBalancedNegativeTolerant needs `num_samples`"):
        ClassBalancedNegativeTolerant(COUNTS, None)
