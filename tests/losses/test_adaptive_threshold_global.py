import keras
import numpy as np
import pytest

from mrca.losses import AdaptiveThresholdGlobal, CategoricalCrossentropy

GENERATOR = np.random.default_rng(23)
LABELS = (GENERATOR.random((6, 5)) < 0.4).astype("float32")
LOGITS = GENERATOR.normal(0, 2, (6, 6)).astype("float32")


@pytest.mark.parametrize("alpha", [0.5, 1.0, 16.5])
def test_is_a_softmax_over_all_columns_with_weighted_labels(alpha):
    logs = LOGITS - np.log(np.exp(LOGITS).sum(axis=1, keepdims=True))
    loss = AdaptiveThresholdGlobal(alpha, reduction=None)
    rows = keras.ops.convert_to_numpy(loss(LABELS, LOGITS))
    expected = -(logs[:, 0] + alpha * (logs[:, 1:] * LABELS).sum(axis=1))
    np.testing.assert_allclose(rows, expected, rtol=1e-5)


def test_a_row_without_relations_is_one_of_the_threshold_class():
    none = np.zeros_like(LABELS)
    first = np.eye(6, dtype="float32")[np.zeros(6, int)]
    loss = AdaptiveThresholdGlobal()
    assert float(loss(none, LOGITS)) == pytest.approx(
        float(CategoricalCrossentropy()(first, LOGITS)), rel=1e-6
    )


def test_what_is_learnt_is_log_alpha_above_the_threshold(values_and_gradients):
    """The minimum of a row: the share alpha / (1 + k alpha) for each of k positives."""
    alpha, labels = 16.5, np.float32([[1, 1, 0]])
    shares = np.array([[1, alpha, alpha, 1e-9]]) / (1 + 2 * alpha)
    logits = np.log(shares).astype("float32")
    [_], [gradient] = values_and_gradients(
        lambda z: [AdaptiveThresholdGlobal(alpha)(labels, z)], [logits]
    )
    np.testing.assert_allclose(gradient, 0, atol=1e-5)
    distances = keras.ops.convert_to_numpy(
        AdaptiveThresholdGlobal(alpha).decision_rule.margins(logits)
    )
    np.testing.assert_allclose(distances[0, :2], np.log(alpha), rtol=1e-5)
