import keras
import numpy as np

from mrca.losses import BinaryCrossentropy


def test_equals_keras_from_logits():
    generator = np.random.default_rng(1)
    labels = (generator.random((5, 7)) < 0.3).astype("float32")
    logits = generator.normal(0, 4, (5, 7)).astype("float32")
    ours, theirs = (
        keras.ops.convert_to_numpy(loss(labels, logits))
        for loss in (
            BinaryCrossentropy(reduction=None),
            keras.losses.BinaryCrossentropy(from_logits=True, reduction=None),
        )
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def test_its_gradient_is_the_probability_less_the_label(values_and_gradients):
    labels = np.array([[1.0, 0.0, 1.0, 0.0]], "float32")
    logits = np.array([[-30.0, 30.0, 0.0, 1.0]], "float32")
    _, [gradient] = values_and_gradients(
        lambda tensor: [BinaryCrossentropy()(labels, tensor)], [logits]
    )
    np.testing.assert_allclose(4 * gradient, 1 / (1 + np.exp(-logits)) - labels, rtol=1e-5)


def test_a_relation_holds_from_a_logit_of_zero():
    holds = BinaryCrossentropy().decision_rule.labels(np.array([[-1e-3, 0.0, 1e-3]], "float32"))
    assert keras.ops.convert_to_numpy(holds).tolist() == [[False, True, True]]
