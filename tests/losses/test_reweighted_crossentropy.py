import keras
import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from mrca.losses import CategoricalCrossentropy, ReweightedCrossentropy

INDICES = np.repeat(np.arange(4), [70, 20, 9, 1])
COUNTS = [70, 20, 9, 1]
BALANCED = compute_class_weight("balanced", classes=np.arange(4), y=INDICES)


def weights(counts=COUNTS, **options):
    """Each class's, as the factor of its cross-entropy."""
    arrays = np.eye(4, dtype="float32"), np.random.default_rng(15).normal(0, 2, (4, 4))
    weighted, plain = (
        keras.ops.convert_to_numpy(loss(*arrays))
        for loss in (
            ReweightedCrossentropy(counts, reduction=None, **options),
            CategoricalCrossentropy(reduction=None),
        )
    )
    return weighted / plain


def test_weights_are_those_scikit_learn_calls_balanced():
    np.testing.assert_allclose(weights(), BALANCED, rtol=1e-5)
    np.testing.assert_allclose(weights(num_samples=200), BALANCED * 2, rtol=1e-5)


def test_power_softens_and_a_cap_cuts():
    np.testing.assert_allclose(weights(power=0.5), np.sqrt(BALANCED), rtol=1e-5)
    np.testing.assert_allclose(weights(power=0), 1, rtol=1e-5)
    np.testing.assert_allclose(weights(max_weight=2), np.minimum(BALANCED, 2), rtol=1e-5)


def test_a_class_without_rows_weighs_as_one_with_one():
    absent, one = (weights([70, 20, 9, n], num_samples=100) for n in (0, 1))
    np.testing.assert_array_equal(absent, one)


@pytest.mark.parametrize("reduction", ["batch_mean", "weight_mean"])
def test_the_mean_is_over_rows_or_over_the_weights_used(reduction):
    logits = np.random.default_rng(16).normal(0, 2, (5, 4)).astype("float32")
    labels = np.array([0, 0, 3, 2, 1])
    z = logits.astype("float64")
    cells = np.log(np.exp(z).sum(axis=1)) - z[np.arange(5), labels]
    used = BALANCED[labels]
    total = np.sum(used * cells)
    expected = total / (5 if reduction == "batch_mean" else used.sum())
    loss = ReweightedCrossentropy(COUNTS, weight_reduction=reduction)
    assert float(loss(labels, logits)) == pytest.approx(expected, rel=1e-5)


def test_a_batch_without_labels_has_loss_0(values_and_gradients):
    for reduction in ("batch_mean", "weight_mean"):
        loss = ReweightedCrossentropy(COUNTS, weight_reduction=reduction)
        [value], [gradient] = values_and_gradients(
            lambda z, loss=loss: [loss(np.zeros((2, 4), "float32"), z)],
            [np.ones((2, 4), "float32")],
        )
        assert value == 0
        assert not gradient.any()
