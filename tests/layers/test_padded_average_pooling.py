import json

import keras
import numpy as np
import pytest
from keras import ops

from mrca.layers import PaddedAveragePooling1D

# Pool size, strides, longest sequence; the first is the paper's.
SETTINGS = [(80, 2, 100), (3, 2, 10), (3, 2, 9), (4, 4, 9), (1, 1, 5), (5, 3, 17), (40, 2, 7)]


def numbers(tensor):
    return ops.convert_to_numpy(tensor)


def states(rows, time, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, time, 3)).astype("float32")


def oracle(inputs, pool_size, strides, max_length):
    """Window by window, straight from the docstring."""
    steps = -(-max_length // strides)
    left = max((steps - 1) * strides + pool_size - max_length, 0) // 2
    padded = np.zeros((len(inputs), max_length, inputs.shape[-1]))
    padded[:, : inputs.shape[1]] = inputs
    pooled = np.zeros((len(inputs), steps, inputs.shape[-1]))
    for step in range(steps):
        start = step * strides - left
        window = padded[:, max(start, 0) : start + pool_size]
        pooled[:, step] = window.mean(axis=1)
    return pooled


@pytest.mark.parametrize(("pool_size", "strides", "max_length"), SETTINGS)
def test_equals_keras_on_padded_states(pool_size, strides, max_length):
    if keras.backend.backend() == "torch":
        pytest.skip('on PyTorch Keras counts the padding of padding="same"')
    layer = PaddedAveragePooling1D(pool_size, strides, max_length)
    theirs = keras.layers.AveragePooling1D(pool_size, strides, padding="same")
    for time in (1, max_length // 2, max_length):
        inputs = states(2, time)
        padded = np.pad(inputs, ((0, 0), (0, max_length - time), (0, 0)))
        np.testing.assert_allclose(numbers(layer(inputs)), numbers(theirs(padded)), atol=1e-6)


@pytest.mark.parametrize(("pool_size", "strides", "max_length"), SETTINGS)
def test_equals_the_definition(pool_size, strides, max_length):
    layer = PaddedAveragePooling1D(pool_size, strides, max_length)
    for time in (1, max_length // 2, max_length):
        inputs = states(3, time, seed=time)
        pooled = numbers(layer(inputs))
        expected = oracle(inputs, pool_size, strides, max_length)
        np.testing.assert_allclose(pooled, expected, atol=1e-6)
        assert pooled.shape == layer.compute_output_shape(inputs.shape)


def test_what_a_token_adds_does_not_depend_on_the_rest_of_its_row():
    layer = PaddedAveragePooling1D(4, 2, 10)
    short, longer = np.zeros((1, 3, 1), "float32"), np.zeros((1, 9, 1), "float32")
    short[0, 1] = longer[0, 1] = 1
    np.testing.assert_array_equal(numbers(layer(short)), numbers(layer(longer)))


def test_half_precision_is_finite():
    layer = PaddedAveragePooling1D(80, 2, 100, dtype="mixed_float16")
    pooled = layer(states(2, 30))
    assert keras.backend.standardize_dtype(pooled.dtype) == "float16"
    assert np.isfinite(numbers(pooled)).all()


def test_config_is_json_and_comes_back():
    layer = PaddedAveragePooling1D(80, 2, 100, name="pooling")
    back = keras.layers.deserialize(json.loads(json.dumps(keras.layers.serialize(layer))))
    assert back.get_config() == layer.get_config()
    assert (back.pool_size, back.strides, back.max_length) == (80, 2, 100)
