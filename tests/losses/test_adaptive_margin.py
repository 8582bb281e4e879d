import keras
import numpy as np
import pytest

from mrca.losses import AdaptiveMargin

GENERATOR = np.random.default_rng(19)
LABELS = (GENERATOR.random((6, 5)) < 0.4).astype("float32")
LOGITS = GENERATOR.normal(0, 2, (6, 6)).astype("float32")


@pytest.mark.parametrize("margin", [0.5, 1.0, 5.0])
def test_is_the_sum_of_hinges(margin):
    distance = LOGITS[:, 1:] - LOGITS[:, :1]
    hinges = np.maximum(0, margin - np.where(LABELS == 1, distance, -distance))
    loss = AdaptiveMargin(margin, reduction=None)
    rows = keras.ops.convert_to_numpy(loss(LABELS, LOGITS))
    np.testing.assert_allclose(rows, hinges.sum(axis=1), rtol=1e-5)


def test_relations_beyond_the_margin_are_left_alone(values_and_gradients):
    labels = np.float32([[1, 1, 0, 0]])
    logits = np.float32([[0, 2, 0.5, -2, 1]])
    [value], [gradient] = values_and_gradients(lambda z: [AdaptiveMargin()(labels, z)], [logits])
    assert value == pytest.approx(0.5 + 2)
    assert gradient.tolist() == [[0, 0, -1, 0, 1]]  # the threshold is pulled either way
