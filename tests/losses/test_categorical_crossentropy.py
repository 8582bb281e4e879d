import keras
import numpy as np

from mrca.losses import CategoricalCrossentropy


def test_equals_keras_from_logits():
    generator = np.random.default_rng(13)
    labels = np.eye(7, dtype="float32")[generator.integers(0, 7, 6)]
    logits = generator.normal(0, 5, (6, 7)).astype("float32")
    theirs = keras.losses.CategoricalCrossentropy(from_logits=True, reduction=None)
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(CategoricalCrossentropy(reduction=None)(labels, logits)),
        keras.ops.convert_to_numpy(theirs(labels, logits)),
        rtol=1e-5,
        atol=1e-6,
    )


def test_equal_logits_cost_the_logarithm_of_the_number_of_classes():
    assert float(CategoricalCrossentropy()([[0, 1, 0, 0, 0]], [[2.0] * 5])) == np.float32(np.log(5))
