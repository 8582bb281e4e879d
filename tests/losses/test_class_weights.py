import keras
import numpy as np
import pytest

from mrca.errors import MrcaError
from mrca.losses.class_counts import ClassCounts
from mrca.losses.class_weights import ClassWeights

COUNTS = [900, 44, 20, 5, 1]
ROWS = np.array([[1, 0, 0, 1, 0], [0, 0, 1, 0, 0], [1, 1, 1, 1, 1], [0, 0, 0, 0, 0]], "float32")


def weights(beta=0.9, weighting="effective_number", class_mode="by_class", counts=COUNTS):
    return ClassWeights(None, ClassCounts(None, counts, 1000), beta, weighting, class_mode)


def of_rows(**options):
    found = weights(**options)(keras.ops.convert_to_tensor(ROWS))
    return keras.ops.convert_to_numpy(found)


def effective(count, beta=0.9):
    return (1 - beta) / (1 - beta ** np.asarray(count, "float64"))


def test_effective_number_of_samples():
    np.testing.assert_allclose(weights().per_class, effective(COUNTS), rtol=1e-12)
    np.testing.assert_allclose(of_rows(), effective(COUNTS), rtol=1e-6)
    # What Huang et al.'s 0.9 amounts to: nothing changes any more above 44 rows.
    np.testing.assert_allclose(weights().per_class[:3], [0.100, 0.101, 0.114], atol=5e-4)


def test_beta_goes_from_equal_weights_to_inverse_frequency():
    assert weights(beta=0).per_class.tolist() == [1] * 5
    np.testing.assert_allclose(weights(beta=1 - 1e-9).per_class, 1 / np.array(COUNTS), rtol=1e-5)
    for beta in (0.5, 0.9, 0.9999):
        found = weights(beta=beta).per_class
        assert (np.diff(found) >= 0).all()
        assert found[-1] == pytest.approx(1, abs=1e-12)


def test_inverse_weightings():
    expected = 1000 / np.array(COUNTS)
    np.testing.assert_allclose(weights(weighting="inverse").per_class, expected)
    np.testing.assert_allclose(weights(weighting="sqrt_inverse").per_class, np.sqrt(expected))


def test_a_relation_without_rows_weighs_as_one_with_one():
    for weighting in ("effective_number", "inverse", "sqrt_inverse"):
        absent, one = (weights(weighting=weighting, counts=[9, n]).per_class for n in (0, 1))
        np.testing.assert_array_equal(absent, one)


@pytest.mark.parametrize("beta", [0.0, 0.9])
@pytest.mark.parametrize("weighting", ["effective_number", "inverse", "sqrt_inverse"])
@pytest.mark.parametrize("class_mode", ["average_n", "average_w", "min_n"])
def test_one_weight_per_row_from_its_positives(beta, weighting, class_mode):
    def of(count):
        inverse = 1000 / np.asarray(count, "float64")
        if weighting == "effective_number":
            return effective(count, beta)
        return inverse if weighting == "inverse" else np.sqrt(inverse)

    found = of_rows(beta=beta, weighting=weighting, class_mode=class_mode)
    assert found.shape == (4, 1)
    for row, weight in zip(ROWS[:3], found[:3], strict=True):
        held = np.array(COUNTS)[row > 0]
        expected = {
            "average_n": of(held.mean()),
            "average_w": of(held).mean(),
            "min_n": of(held.min()),
        }[class_mode]
        np.testing.assert_allclose(weight, expected, rtol=1e-5)
    # Without positives: what f comes to for ever larger counts, never NaN.
    limit = 1 - beta if weighting == "effective_number" else 0
    np.testing.assert_allclose(found[3], limit, rtol=1e-6)


def test_inverse_weightings_ask_for_the_number_of_rows():
    with pytest.raises(MrcaError, match="num_samples"):
        ClassWeights(None, ClassCounts(None, COUNTS), 0.9, "inverse", "by_class")
    for beta in (1, 1.5, -0.1):
        with pytest.raises(MrcaError, match="beta"):
            weights(beta=beta)
