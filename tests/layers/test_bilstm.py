import json

import keras
import numpy as np
import pytest
from keras import ops

from mrca.layers import BiLSTM

UNITS, FEATURES = 3, 4
LENGTHS = [6, 1, 4, 6]


def numbers(tensor):
    return ops.convert_to_numpy(tensor)


def make_inputs(lengths, time=None, seed=0):
    generator = np.random.default_rng(seed)
    time = time or max(lengths)
    return generator.normal(size=(len(lengths), time, FEATURES)).astype("float32")


@pytest.fixture
def layer():
    layer = BiLSTM(UNITS)
    layer.build((None, None, FEATURES))
    generator = np.random.default_rng(1)
    layer.set_weights([generator.normal(0, 0.7, weight.shape) for weight in layer.weights])
    return layer


def to_keras_gates(array):
    """Gates in the order i, f, o, g to Keras's i, f, g, o; its own inverse."""
    i, f, o, g = np.split(array, 4, axis=-1)
    return np.concatenate([i, f, g, o], axis=-1)


def keras_twin(layer):
    twin = keras.layers.Bidirectional(keras.layers.LSTM(UNITS, return_sequences=True))
    twin.build((None, None, FEATURES))
    twin.set_weights([to_keras_gates(weight) for weight in layer.get_weights()])
    return twin


def weighted_states_and_gradients(layer, differentiate, inputs, call, *execution):
    """States times a fixed factor for each, and their sum's gradients for inputs and weights."""
    factors = np.random.default_rng(2).normal(size=(*inputs.shape[:2], 2 * UNITS))
    factors = ops.convert_to_tensor(factors, dtype="float32")

    def compute(tensor, *weights):
        rest = layer.non_trainable_variables
        states, _ = layer.stateless_call(list(weights), rest, tensor, **call)
        return [states * factors]

    [states], gradients = differentiate(compute, [inputs, *layer.get_weights()], *execution)
    return states, gradients


def test_states_and_gradients_equal_keras_under_a_mask(layer, values_and_gradients, execution):
    inputs = make_inputs(LENGTHS)
    mask = np.arange(inputs.shape[1]) < np.array(LENGTHS)[:, None]
    states, gradients = weighted_states_and_gradients(
        layer, values_and_gradients, inputs, {"lengths": np.array(LENGTHS, "int32")}, execution
    )
    twin = keras_twin(layer)
    expected, expected_gradients = weighted_states_and_gradients(
        twin, values_and_gradients, inputs, {"mask": ops.convert_to_tensor(mask)}
    )
    np.testing.assert_allclose(states, expected, atol=1e-6)
    names = ["inputs"] + [weight.path for weight in layer.weights]
    for name, ours, theirs in zip(names, gradients, expected_gradients, strict=True):
        expected = theirs if name == "inputs" else to_keras_gates(theirs)
        atol = 2e-6 * np.abs(expected).max()
        np.testing.assert_allclose(ours, expected, atol=atol, err_msg=name)


@pytest.mark.parametrize("lengths", [[5], [1], [1, 1, 1], [3, 3]], ids=str)
def test_small_batches_equal_keras(layer, lengths):
    inputs = make_inputs(lengths)
    states = numbers(layer(inputs, np.array(lengths, "int32")))
    np.testing.assert_allclose(states, numbers(keras_twin(layer)(inputs)), atol=1e-6)


def test_padding_changes_neither_states_nor_gradients(layer, values_and_gradients):
    lengths = np.array(LENGTHS, "int32")
    inputs = make_inputs(LENGTHS)
    is_token = np.arange(16)[None, :, None] < lengths[:, None, None]
    padded = np.where(is_token, make_inputs(LENGTHS, 16), 1e3).astype("float32")
    inputs = padded[:, : inputs.shape[1]]
    factors = np.random.default_rng(3).normal(size=(1, 16, 2 * UNITS))
    factors = ops.convert_to_tensor(factors, dtype="float32")

    def compute(tensor):
        return [layer(tensor, lengths) * factors[:, : tensor.shape[1]]]

    [states], [gradient] = values_and_gradients(compute, [inputs])
    [padded_states], [padded_gradient] = values_and_gradients(compute, [padded])
    np.testing.assert_allclose(padded_states[:, :6], states, atol=1e-6)
    np.testing.assert_allclose(padded_gradient[:, :6], gradient, atol=1e-6)
    assert not padded_gradient[:, 6:].any()
    assert not padded_states[~np.broadcast_to(is_token, padded_states.shape)].any()


def test_a_row_without_tokens_is_zero(layer):
    states = numbers(layer(make_inputs([4, 4]), np.array([0, 4], "int32")))
    assert not states[0].any()
    assert states[1].all()


def test_a_compiled_function_takes_any_length(layer):
    if keras.backend.backend() != "tensorflow":
        pytest.skip("only TensorFlow compiles for an unknown number of steps")
    import tensorflow as tf

    @tf.function(
        input_signature=[
            tf.TensorSpec((None, None, FEATURES), tf.float32),
            tf.TensorSpec((None,), tf.int32),
        ]
    )
    def compute(inputs, lengths):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            states = layer(inputs, lengths)
            total = tf.reduce_sum(states)
        return states, tape.gradient(total, [inputs, *layer.trainable_variables])

    for lengths in ([2, 5], [1], [3, 9, 4]):
        inputs, ends = make_inputs(lengths), np.array(lengths, "int32")
        states, gradients = compute(inputs, ends)
        np.testing.assert_allclose(states, layer(inputs, ends), atol=1e-6)
        assert all(np.isfinite(gradient).all() for gradient in gradients)
    assert compute.experimental_get_tracing_count() == 1


def test_forget_gates_start_open():
    layer = BiLSTM(2)
    layer.build((None, None, 3))
    for weight in layer.weights:
        if weight.name.endswith("bias"):
            assert numbers(weight).tolist() == [0, 0, 1, 1, 0, 0, 0, 0]


def test_weights_have_names_that_a_file_can_keep():
    layer = BiLSTM(2)
    layer.build((None, None, 3))
    assert [(weight.name, tuple(weight.shape)) for weight in layer.weights] == [
        (f"{direction}_{name}", shape)
        for direction in ("forward", "backward")
        for name, shape in (("kernel", (3, 8)), ("recurrent_kernel", (2, 8)), ("bias", (8,)))
    ]


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision(layer, values_and_gradients, policy):
    half = BiLSTM(UNITS, dtype=policy)
    half.build((None, None, FEATURES))
    half.set_weights(layer.get_weights())
    inputs, lengths = make_inputs(LENGTHS), np.array(LENGTHS, "int32")
    states = half(inputs, lengths)
    assert keras.backend.standardize_dtype(states.dtype) == policy.removeprefix("mixed_")
    np.testing.assert_allclose(
        numbers(ops.cast(states, "float32")), numbers(layer(inputs, lengths)), atol=0.05
    )
    [value], [gradient] = values_and_gradients(
        lambda tensor: [ops.sum(ops.cast(half(tensor, lengths), "float32"))], [inputs]
    )
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


def test_config_is_json_and_comes_back():
    layer = BiLSTM(7, name="encoder", dtype="mixed_float16")
    stored = json.loads(json.dumps(keras.layers.serialize(layer)))
    assert stored["registered_name"] == "mrca>BiLSTM"
    back = keras.layers.deserialize(stored)
    assert back.get_config() == layer.get_config()
    assert back.units == 7
    assert back.compute_output_shape((None, None, 5), (None,)) == (None, None, 14)
