import json

import keras
import numpy as np
import pytest
from keras import ops

from mrca.layers import PairExtractors

GENERATOR = np.random.default_rng(3)
SIDES = GENERATOR.normal(size=(5, 2, 6)).astype("float32")
CONTEXT = GENERATOR.normal(size=(5, 3)).astype("float32")


def features(layer, *inputs):
    return ops.convert_to_numpy(layer(*inputs))


def test_either_side_has_weights_of_its_own_and_sees_the_context():
    layer = PairExtractors(4)
    found = features(layer, SIDES, CONTEXT)
    kernels = [
        np.array(ops.convert_to_numpy(each.kernel)) for each in (layer.subject, layer.object)
    ]
    halves = [
        np.tanh(np.concatenate([SIDES[:, side], CONTEXT], axis=1) @ kernel)
        for side, kernel in enumerate(kernels)
    ]
    np.testing.assert_allclose(found, np.concatenate(halves, axis=1), rtol=1e-4, atol=1e-5)


def test_bilinear_forms_are_of_both_halves():
    layer = PairExtractors(4, bilinear=True)
    found = features(layer, SIDES, CONTEXT)
    halves = PairExtractors(4)
    halves(SIDES, CONTEXT)
    halves.set_weights(layer.get_weights()[:4])
    forms = layer.forms(features(halves, SIDES, CONTEXT))
    np.testing.assert_allclose(found, ops.convert_to_numpy(forms), rtol=1e-5)


@pytest.mark.parametrize("bilinear", [False, True])
@pytest.mark.parametrize("inputs", [(SIDES, CONTEXT), (SIDES,)], ids=["context", "none"])
def test_its_size_is_known_and_its_config_comes_back(bilinear, inputs):
    layer = PairExtractors(4, bilinear)
    found = features(layer, *inputs)
    assert found.shape == (5, layer.width)
    assert layer.num_weights(6, 3 if len(inputs) == 2 else 0) == layer.count_params()
    back = keras.layers.deserialize(json.loads(json.dumps(keras.layers.serialize(layer))))
    assert back.get_config() == layer.get_config()
    features(back, *inputs)  # makes its weights
    back.set_weights(layer.get_weights())
    np.testing.assert_array_equal(features(back, *inputs), found)
