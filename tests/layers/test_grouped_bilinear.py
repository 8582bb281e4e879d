import json

import keras
import numpy as np
import pytest
from keras import ops

from mrca.errors import MrcaError
from mrca.layers import Bilinear, GroupedBilinear

INPUTS = np.random.default_rng(1).normal(size=(5, 16)).astype("float32")


def scores(layer, inputs=INPUTS):
    return ops.convert_to_numpy(layer(inputs))


# Fewer columns than numbers in a group, and more; the golden file of ATLOP has both as well.
@pytest.mark.parametrize("columns", [3, 6])
@pytest.mark.parametrize("block", [2, 4, 8, 64])
def test_equals_the_definition_group_by_group(columns, block):
    layer = GroupedBilinear(columns, block)
    found = scores(layer)
    layer.bias.assign(np.arange(columns, dtype="float32"))
    block = min(block, 8)
    kernel = np.array(ops.convert_to_numpy(layer.kernel)).reshape(-1, block, block, columns)
    subjects, objects = INPUTS[:, :8].reshape(5, -1, block), INPUTS[:, 8:].reshape(5, -1, block)
    expected = np.einsum("pji,jikc,pjk->pc", subjects, kernel, objects)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(scores(layer), expected + np.arange(columns), rtol=1e-4, atol=1e-5)


def test_the_plain_form_has_a_matrix_for_each_column():
    """Equation 2 of HingeABL: z_s^T W_r z_o + b_r."""
    layer = Bilinear(3)
    found = scores(layer)
    matrices = np.array(ops.convert_to_numpy(layer.kernel)).reshape(8, 8, 3)
    for column in range(3):
        form = np.sum(INPUTS[:, :8] @ matrices[..., column] * INPUTS[:, 8:], axis=1)
        np.testing.assert_allclose(found[:, column], form, rtol=1e-4, atol=1e-5)
    assert layer.num_weights(16) == layer.count_params() == (64 + 1) * 3


@pytest.mark.parametrize("layer", [GroupedBilinear(3, 4), GroupedBilinear(3, 2, use_bias=False)])
def test_its_weights_are_counted_and_its_config_comes_back(layer):
    found = scores(layer)
    assert layer.num_weights(16) == layer.count_params()
    back = keras.layers.deserialize(json.loads(json.dumps(keras.layers.serialize(layer))))
    assert back.get_config() == layer.get_config()
    scores(back)  # makes its weights
    back.set_weights(layer.get_weights())
    np.testing.assert_array_equal(scores(back), found)


def test_groups_fill_the_halves():
    with pytest.raises(MrcaError, match=r"groups of 3 numbers.*Received: 16 features.*hidden"):
        GroupedBilinear(3, 3)(INPUTS)
    with pytest.raises(MrcaError, match="Received: 15 features"):
        Bilinear(3)(INPUTS[:, :15])
    with pytest.raises(MrcaError, match=r"`block`.*Received: 0"):
        GroupedBilinear(3, 0)
