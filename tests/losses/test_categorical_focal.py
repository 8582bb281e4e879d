import keras
import numpy as np
import pytest

from mrca.errors import MrcaError
from mrca.losses import CategoricalCrossentropy, CategoricalFocal

GENERATOR = np.random.default_rng(14)
LABELS = np.eye(4, dtype="float32")[GENERATOR.integers(0, 4, 6)]
LOGITS = GENERATOR.normal(0, 2, (6, 4)).astype("float32")


def rows(loss):
    return keras.ops.convert_to_numpy(loss(LABELS, LOGITS))


@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_is_the_formula_of_its_docstring(gamma):
    alpha = [0.1, 2.0, 0.0, 1.0]
    z = LOGITS.astype("float64")
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    expected = (LABELS * alpha * (1 - p) ** gamma * -np.log(p)).sum(axis=1)
    loss = CategoricalFocal(gamma, alpha, reduction=None)
    np.testing.assert_allclose(rows(loss), expected, rtol=2e-5, atol=1e-7)


def test_gamma_0_is_the_plain_crossentropy():
    plain = rows(CategoricalCrossentropy(reduction=None))
    np.testing.assert_allclose(rows(CategoricalFocal(0, reduction=None)), plain, rtol=1e-6)


def test_a_stopped_factor_scales_the_plain_gradient(values_and_gradients):
    loss = {stop: CategoricalFocal(stop_gradient=stop, reduction="sum") for stop in (True, False)}
    plain = CategoricalCrossentropy(reduction="sum")
    values, gradients = values_and_gradients(
        lambda *tensors: [
            each(LABELS, z)
            for each, z in zip((loss[True], loss[False], plain), tensors, strict=True)
        ],
        [LOGITS] * 3,
    )
    assert values[0] == values[1]
    p = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
    factor = ((1 - p) ** 2 * LABELS).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(gradients[0], factor * gradients[2], rtol=1e-4, atol=1e-6)
    assert not np.allclose(gradients[0], gradients[1], rtol=0.01)


@pytest.mark.parametrize("gamma", [0.1, 0.5, 1.0])
def test_the_slope_is_finite_where_a_probability_rounds_to_1(gamma, values_and_gradients):
    logits = np.float32([[100, -100], [15, 0], [17, 0]])
    labels = np.float32([[1, 0]] * 3)
    _, [gradient] = values_and_gradients(lambda z: [CategoricalFocal(gamma)(labels, z)], [logits])
    assert np.isfinite(gradient).all()


def test_a_wrong_number_of_factors_is_named():
    with pytest.raises(MrcaError, match=r"3 values of alpha.*4 columns"):
        CategoricalFocal(alpha=[1, 2, 3])(LABELS, LOGITS)
    with pytest.raises(MrcaError, match=r"alpha\[1\]"):
        CategoricalFocal(alpha=[1, -2, 3])
