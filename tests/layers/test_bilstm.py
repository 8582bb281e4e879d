import json

import keras
import numpy as np
import pytest
from keras import ops

from mrca.devices import gpus
from mrca.layers import BiLSTM

UNITS, FEATURES = 3, 4
LENGTHS = [6, 1, 4, 6]


def numbers(tensor):
    return ops.convert_to_numpy(tensor)


def make_inputs(lengths, time=None, seed=0):
    generator = np.random.default_rng(seed)
    time = time or max(lengths)
    return generator.normal(size=(len(lengths), time, FEATURES)).astype("float32")


@pytest.fixture(params=[False, True], ids=["own", "keras"])
def layer(request):
    """Both ways to compute; Keras's LSTM takes cuDNN on a GPU, and the same steps without one."""
    layer = BiLSTM(UNITS, use_cudnn=request.param)
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


def test_both_ways_give_the_same_for_rows_of_any_length(values_and_gradients):
    lengths = [0, 1, 5, 7]
    call = {"lengths": np.array(lengths, "int32")}
    found = []
    for use_cudnn in (False, True):
        keras.utils.set_random_seed(5)
        layer = BiLSTM(UNITS, use_cudnn=use_cudnn)
        layer.build((None, None, FEATURES))
        states, gradients = weighted_states_and_gradients(
            layer, values_and_gradients, make_inputs(lengths), call
        )
        found.append([states, *gradients])
    for own, of_keras in zip(*found, strict=True):
        np.testing.assert_allclose(of_keras, own, atol=1e-5)


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


@pytest.mark.parametrize("found", [[], ["NVIDIA H200"]], ids=["cpu", "gpu"])
def test_a_gpu_decides_and_starts_from_the_same_weights(monkeypatch, found):
    monkeypatch.setattr("mrca.layers.bilstm.gpus", lambda: found)
    weights = []
    for given in (None, False):
        keras.utils.set_random_seed(3)
        layer, after = BiLSTM(2, use_cudnn=given), keras.layers.Dense(2)
        assert layer.use_cudnn == (given is None and bool(found))
        layer.build((None, None, 3))
        after.build((None, 4))
        weights.append([*layer.get_weights(), *after.get_weights()])
    for here, there in zip(*weights, strict=True):
        np.testing.assert_array_equal(here, there)


def test_a_trained_layer_computes_the_same_on_another_machine(tmp_path):
    lengths = np.array(LENGTHS, "int32")
    inputs = [keras.Input((None, FEATURES)), keras.Input((), dtype="int32")]
    states = BiLSTM(UNITS, use_cudnn=True, name="bilstm")(*inputs)
    model = keras.Model(inputs, keras.layers.Dense(1)(ops.mean(states, axis=1)))
    model.compile("adam", "mse", jit_compile="auto")
    batch = [make_inputs(LENGTHS), lengths]
    before = model.get_layer("bilstm").get_weights()
    model.fit(batch, np.ones((4, 1)), epochs=2, verbose=0)
    for was, now in zip(before, model.get_layer("bilstm").get_weights(), strict=True):
        assert not np.array_equal(was, now)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert not loaded.get_layer("bilstm").use_cudnn or gpus()
    np.testing.assert_allclose(
        loaded.predict(batch, verbose=0), model.predict(batch, verbose=0), atol=1e-5
    )


def test_forget_gates_start_open():
    layer = BiLSTM(2)
    layer.build((None, None, 3))
    for weight in layer.weights:
        if weight.name.endswith("bias"):
            assert numbers(weight).tolist() == [0, 0, 1, 1, 0, 0, 0, 0]


@pytest.mark.parametrize("use_cudnn", [False, True])
def test_weights_have_names_that_a_file_can_keep(use_cudnn):
    layer = BiLSTM(2, use_cudnn=use_cudnn)
    layer.build((None, None, 3))
    assert [(weight.name, tuple(weight.shape)) for weight in layer.weights] == [
        (f"{direction}_{name}", shape)
        for direction in ("forward", "backward")
        for name, shape in (("kernel", (3, 8)), ("recurrent_kernel", (2, 8)), ("bias", (8,)))
    ]


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision(layer, values_and_gradients, policy):
    half = BiLSTM(UNITS, dtype=policy, use_cudnn=layer.use_cudnn)
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
    layer = BiLSTM(7, use_cudnn=True, name="encoder", dtype="mixed_float16")
    stored = json.loads(json.dumps(keras.layers.serialize(layer)))
    assert stored["registered_name"] == "mrca>BiLSTM"
    back = keras.layers.deserialize(stored)
    assert back.get_config() == layer.get_config()
    assert back.units == 7
    assert back.use_cudnn == bool(gpus())  # a machine's, not the model's
    assert back.compute_output_shape((None, None, 5), (None,)) == (None, None, 14)
