import json

import keras
import numpy as np
import pytest
from keras import ops

from mrca.errors import MrcaError
from mrca.layers import STATE_POOLINGS, StatePooling

STATES = np.arange(24, dtype="float32").reshape(2, 4, 3)
ROLE = np.array([[0, 1, -1, 1], [0, -1, 0, 0]], "int8")
LENGTHS = np.array([4, 2], "int32")


def pooled(pooling, states=STATES):
    return ops.convert_to_numpy(StatePooling(pooling)(states, ROLE, LENGTHS))


def test_the_first_state():
    np.testing.assert_array_equal(pooled("first"), STATES[:, 0])


def test_the_mean_is_over_real_tokens():
    expected = [STATES[0].mean(axis=0), STATES[1, :2].mean(axis=0)]
    np.testing.assert_allclose(pooled("mean"), expected)
    padded = STATES.copy()
    padded[1, 2:] = 1e6
    np.testing.assert_allclose(pooled("mean", padded), expected)


def test_a_mean_over_many_tokens_in_half_precision():
    states = np.ones((1, 5000, 2), "float32")
    layer = StatePooling("mean", dtype="mixed_float16")
    mean = layer(states, np.zeros((1, 5000), "int8"), np.array([5000], "int32"))
    assert keras.backend.standardize_dtype(mean.dtype) == "float16"
    np.testing.assert_array_equal(ops.convert_to_numpy(mean), [[1, 1]])


def test_entities_are_the_first_state_and_the_means_of_subjects_and_objects():
    rows = pooled("entities")
    assert rows.shape == (2, 9)
    subjects, objects = STATES[0, [1, 3]].mean(axis=0), STATES[0, 2]
    np.testing.assert_allclose(rows[0], [*STATES[0, 0], *subjects, *objects])
    # A row without a subject has zeros for it.
    np.testing.assert_allclose(rows[1], [*STATES[1, 0], 0, 0, 0, *STATES[1, 1]])


@pytest.mark.parametrize("pooling", STATE_POOLINGS)
def test_shape_and_config(pooling):
    layer = StatePooling(pooling)
    assert layer.compute_output_shape((None, None, 3)) == (None, layer.width(3))
    assert pooled(pooling).shape == (2, layer.width(3))
    assert layer.weights == []
    back = keras.layers.deserialize(json.loads(json.dumps(keras.layers.serialize(layer))))
    assert back.pooling == pooling


def test_an_unknown_pooling():
    with pytest.raises(MrcaError, match=r"'last'\. Expected one of: first, mean, entities"):
        StatePooling("last")
