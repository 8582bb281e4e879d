import keras
import numpy as np
import pytest

from mrca.losses.class_counts import ClassCounts
from mrca.losses.negative_tolerance import NegativeTolerance

LOGITS = np.array([[-3.0, 0.0, 2.0, 40.0]], "float32")
POSITIVE = np.array([[True, False, True, False]])


def margins(counts, num_samples=1000, kappa=0.05, lam=2.0, positive=POSITIVE):
    tolerance = NegativeTolerance(None, ClassCounts(None, counts, num_samples), kappa, lam, True)
    found = tolerance.margins(*map(keras.ops.convert_to_tensor, (positive, LOGITS)))
    return keras.ops.convert_to_numpy(found)


def test_is_the_formula_of_its_docstring():
    counts = [900, 500, 30, 1]
    shift = [[0.3 * np.log(1000 / count - 1) for count in counts]]
    expected = np.where(POSITIVE, LOGITS - shift, -4 * (LOGITS - shift))
    np.testing.assert_allclose(margins(counts, kappa=0.3, lam=4.0), expected, rtol=1e-5)


def test_without_shift_and_scale_nothing_is_done():
    plain = np.where(POSITIVE, LOGITS, -LOGITS)
    np.testing.assert_array_equal(margins([900, 5, 0, 1000], kappa=0, lam=1), plain)
    # Nor to a relation that half of the rows hold.
    np.testing.assert_allclose(margins([500] * 4, kappa=3.0, lam=1), plain, rtol=1e-6)


def test_the_rarer_a_relation_the_larger_its_logit_must_be():
    zeros = np.ones((1, 4), bool)
    shifts = LOGITS - margins([900, 500, 30, 1], kappa=1.0, positive=zeros)
    assert (np.diff(shifts) > 0).all()
    assert shifts[0, 0] < 0 < shifts[0, 2]


@pytest.mark.parametrize("num_samples", [1, 2, 1000])
def test_shares_of_none_and_all_rows_are_finite(num_samples):
    counts = [0, 1, num_samples, num_samples]
    found = margins(counts, num_samples)
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found[:, 0], margins([1] * 4, num_samples)[:, 0])
    np.testing.assert_array_equal(found[:, 2:], margins([num_samples] * 4, num_samples)[:, 2:])


def test_negatives_are_divided_by_their_scale_or_not():
    counts = ClassCounts(None, [3, 4], 10)
    assert NegativeTolerance(None, counts, 0.05, 4, True).negative_factor == 0.25
    assert NegativeTolerance(None, counts, 0.05, 4, False).negative_factor == 1
