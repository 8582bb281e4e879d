import json

import keras
import numpy as np
import pytest
from keras import ops

from mrca.layers import TokenMarks

STATES = np.array([[[1, 2], [5, 6], [0, 0]]], "float32")
CASE = np.array([[1, -1, 0]], "int8")
ROLE = np.array([[-1, 1, 0]], "int8")
TYPES = np.array([[2, 0, 1]], "int16")


def numbers(tensor):
    return ops.convert_to_numpy(tensor)


def test_states_then_case_then_role():
    layer = TokenMarks(3.0)
    marked = numbers(layer(STATES, CASE, ROLE))
    assert marked.tolist() == [[[1, 2, 3, -3], [5, 6, -3, 3], [0, 0, 0, 0]]]
    assert marked.dtype == "float32"
    assert layer.weights == []


def test_types_are_one_hot_and_none_is_zeros():
    marked = numbers(TokenMarks(3.0, num_types=2)(STATES, CASE, ROLE, TYPES))
    assert marked[0, :, 4:].tolist() == [[0, 3], [0, 0], [3, 0]]
    np.testing.assert_array_equal(marked[..., :4], numbers(TokenMarks(3.0)(STATES, CASE, ROLE)))


@pytest.mark.parametrize("num_types", [0, 2])
def test_shape_and_config(num_types):
    layer = TokenMarks(3.0, num_types, name="marks")
    assert layer.compute_output_shape((None, None, 2)) == (None, None, 4 + num_types)
    assert numbers(layer(STATES, CASE, ROLE, TYPES)).shape == (1, 3, 4 + num_types)
    back = keras.layers.deserialize(json.loads(json.dumps(keras.layers.serialize(layer))))
    assert back.get_config() == layer.get_config()
    assert (back.feature_value, back.num_types) == (3.0, num_types)


def test_half_precision():
    marked = TokenMarks(3.0, 2, dtype="mixed_float16")(STATES, CASE, ROLE, TYPES)
    assert keras.backend.standardize_dtype(marked.dtype) == "float16"
    assert numbers(marked)[0, 0].tolist() == [1, 2, 3, -3, 0, 3]
