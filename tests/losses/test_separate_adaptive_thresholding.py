import keras
import numpy as np
import pytest

from mrca.losses import SeparateAdaptiveThresholding

GENERATOR = np.random.default_rng(20)
LABELS = (GENERATOR.random((6, 5)) < 0.4).astype("float32")
LOGITS = GENERATOR.normal(0, 2, (6, 6)).astype("float32")


@pytest.mark.parametrize("epsilon", [0.0, 1e-30, 0.1])
def test_is_the_formula_of_its_docstring(epsilon):
    distance = LOGITS[:, 1:].astype("float64") - LOGITS[:, :1]
    p = 1 / (1 + np.exp(-np.where(LABELS == 1, distance, -distance)))
    loss = SeparateAdaptiveThresholding(epsilon, reduction=None)
    rows = keras.ops.convert_to_numpy(loss(LABELS, LOGITS))
    np.testing.assert_allclose(rows, -np.log(p + epsilon).sum(axis=1), rtol=1e-5)


def test_each_relation_is_on_its_own(values_and_gradients):
    """Positives do not compete: each one's gradient is that of its own sigmoid."""
    _, [gradient] = values_and_gradients(
        lambda z: [SeparateAdaptiveThresholding(reduction="sum")(LABELS, z)], [LOGITS]
    )
    p = 1 / (1 + np.exp(LOGITS[:, :1] - LOGITS[:, 1:]))
    np.testing.assert_allclose(gradient[:, 1:], p - LABELS, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(gradient[:, 0], -gradient[:, 1:].sum(axis=1), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("distance", [-200.0, 200.0])
def test_the_authors_clamp_without_their_overflow(distance, values_and_gradients):
    labels, logits = np.float32([[1]]), np.float32([[0, distance]])
    clamped = SeparateAdaptiveThresholding(epsilon=1e-30)
    [value], [gradient] = values_and_gradients(lambda z: [clamped(labels, z)], [logits])
    assert value == pytest.approx(30 * np.log(10) if distance < 0 else 0, rel=1e-5)
    np.testing.assert_array_equal(gradient, 0)
    plain = SeparateAdaptiveThresholding()
    [value], [gradient] = values_and_gradients(lambda z: [plain(labels, z)], [logits])
    assert value == pytest.approx(200 if distance < 0 else 0, rel=1e-5)
    assert gradient.tolist() == ([[1, -1]] if distance < 0 else [[0, 0]])
