import json

import keras
import numpy as np
import pytest
from keras import ops

from mrca.layers import PaddedAveragePooling1D, PooledDense

# Pool size, strides, longest sequence; the first is the paper's.
SETTINGS = [(80, 2, 100), (3, 2, 10), (3, 2, 9), (4, 4, 9), (1, 1, 5), (5, 3, 17), (40, 2, 7)]


def numbers(tensor):
    return ops.convert_to_numpy(tensor)


def both_ways(settings, time, activation=None, dtype="float32"):
    """A model of the pooled states alone, and one that is given the states as well."""
    states = keras.Input((None, 6), dtype="float32")
    pooled = keras.layers.Flatten()(PaddedAveragePooling1D(*settings, dtype=dtype)(states))
    layer = PooledDense(4, *settings, activation=activation)
    reference = keras.Model(states, layer(pooled))
    layer.bias.assign([0.5, -1.0, 2.0, 0.0])
    inputs = np.random.default_rng(time).normal(size=(3, time, 6)).astype("float32")
    inputs[1, time // 2 :] = 0  # a shorter row
    return reference, keras.Model(states, layer(pooled, states)), inputs


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_equals_the_product_with_all_windows(settings):
    for time in sorted({1, 2, settings[2] // 2, settings[2] * 4 // 5, settings[2]}):
        reference, merged, inputs = both_ways(settings, time)
        expected = numbers(reference(inputs))
        np.testing.assert_allclose(numbers(merged(inputs)), expected, atol=1e-6)
        # Compiled, where the number of tokens may be known only when it runs.
        np.testing.assert_allclose(merged.predict_on_batch(inputs), expected, atol=1e-6)


def gradients(model, inputs, training):
    """Of a loss on the outputs, for the inputs and the kernel."""
    kernel = model.layers[-1].kernel
    match keras.backend.backend():
        case "tensorflow":
            import tensorflow as tf

            given = tf.constant(inputs)
            with tf.GradientTape() as tape:
                tape.watch(given)
                loss = ops.sum(ops.square(model(given, training=training)))
            return [numbers(each) for each in tape.gradient(loss, [given, kernel.value])]
        case "torch":
            given = ops.convert_to_tensor(inputs).requires_grad_()
            kernel.value.grad = None
            ops.sum(ops.square(model(given, training=training))).backward()
            return [numbers(given.grad), numbers(kernel.value.grad)]
        case _:
            import jax

            def loss(given, values):
                rest = [each.value for each in model.trainable_variables[1:]]
                outputs, _ = model.stateless_call([values, *rest], [], given, training=training)
                return ops.sum(ops.square(outputs))

            found = jax.grad(loss, argnums=(0, 1))(ops.convert_to_tensor(inputs), kernel.value)
            return [numbers(each) for each in found]


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("time", [1, 24, 60, 100])
def test_gradients_equal_those_of_the_product_with_all_windows(time, training):
    reference, merged, inputs = both_ways(SETTINGS[0], time, activation="tanh")
    found = gradients(merged, inputs, training)
    for own, other in zip(found, gradients(reference, inputs, training), strict=True):
        np.testing.assert_allclose(own, other, atol=1e-5)


def test_half_precision_states_give_scores_in_float32():
    reference, merged, inputs = both_ways(SETTINGS[0], 24, dtype="mixed_float16")
    assert keras.backend.standardize_dtype(merged(inputs).dtype) == "float32"
    np.testing.assert_allclose(numbers(merged(inputs)), numbers(reference(inputs)), atol=1e-2)


def test_weights_are_those_of_keras_and_lie_where_keras_keeps_them(tmp_path):
    theirs = keras.Sequential([keras.Input((30,)), keras.layers.Dense(4)])
    path = str(tmp_path / "theirs.weights.h5")
    theirs.save_weights(path)
    own = keras.Sequential([keras.Input((30,)), PooledDense(4, 3, 2, 10)])
    own.load_weights(path)
    for one, other in zip(own.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_config_is_json_and_comes_back():
    layer = PooledDense(4, 80, 2, 100, activation="tanh", name="scores")
    back = keras.layers.deserialize(json.loads(json.dumps(keras.layers.serialize(layer))))
    assert type(back) is PooledDense
    assert back.get_config() == layer.get_config()
