import json
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from mrca import losses
from mrca.errors import MrcaError
from mrca.layers.bilateral_branch import BilateralBranch, cumulative_weight, mix, sample_weights

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = json.loads((GOLDEN / "index.json").read_text("utf-8"))["bbn_code"]["cases"]
# The authors' code has its own length for the two schedules that it trains.
AUTHORS_LENGTH = {90: 100, 180: 200}

JIT = keras.backend.backend() == "jax"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_equals_the_authors_in_loss_and_gradients(case, values_and_gradients, execution, float64):
    with np.load(GOLDEN / "bbn_code.npz", allow_pickle=False) as file:
        stored = {name: file[f"{case['id']}_{name}"] for name in case["arrays"]}
    given = case["hparams"]
    epochs = given["epochs"]
    mixing = cumulative_weight(given["epoch"] - 1, epochs, AUTHORS_LENGTH.get(epochs))
    assert mixing == pytest.approx(given["l"], rel=1e-12)
    labels = np.eye(len(stored["bias"]))[np.concatenate([stored["y_cb"], stored["y_rb"]])]
    loss = losses.get("categorical_crossentropy", dtype="float64")
    # In float64, where the layer's weights for a batch are float32.
    weights = np.repeat([2 * mixing, 2 * (1 - mixing)], len(labels) // 2)
    np.testing.assert_allclose(sample_weights(len(labels), mixing), weights, rtol=1e-6)

    def compute(conventional, rebalancing, weight):
        mixed = mix(conventional, rebalancing, mixing)
        logits = ops.matmul(mixed, ops.transpose(weight)) + ops.convert_to_tensor(stored["bias"])
        return [loss(labels, ops.concatenate([logits, logits]), sample_weight=weights)]

    [value], gradients = values_and_gradients(
        compute, [stored["f_cb"], stored["f_rb"], stored["weight"]], execution
    )
    # Keras's matrix product goes through float32 on PyTorch.
    near = 1e-6 if keras.backend.backend() == "torch" else 1e-9
    assert value == pytest.approx(float(stored["loss"]), rel=near)
    for gradient, name in zip(gradients, ("f_cb", "f_rb", "weight"), strict=True):
        np.testing.assert_allclose(gradient, stored[f"grad_{name}"], rtol=near, atol=near / 10)


def branches(layer, inputs):
    return [
        ops.convert_to_numpy(branch(inputs)) for branch in (layer.conventional, layer.rebalancing)
    ]


def rows(number=6, features=5):
    return np.random.default_rng(0).normal(size=(number, features)).astype("float32")


def test_training_mixes_the_two_halves_of_a_batch():
    layer, inputs = BilateralBranch(3, units=4), rows()
    layer.build((None, 5))
    layer.mixing.assign(0.75)
    kernel, bias = map(ops.convert_to_numpy, layer.classifier.weights)
    conventional, rebalancing = branches(layer, inputs)
    mixed = np.concatenate([1.5 * conventional[:3], 0.5 * rebalancing[3:]], axis=1)
    expected = np.tile(mixed @ kernel + bias, (2, 1))
    np.testing.assert_allclose(
        ops.convert_to_numpy(layer(inputs, training=True)), expected, rtol=1e-5, atol=1e-6
    )


def test_inference_takes_both_branches_as_they_are():
    layer, inputs = BilateralBranch(3, units=4), rows(5)
    scores = ops.convert_to_numpy(layer(inputs))
    # Until `mixing` is set, training weighs the branches in the same way.
    twice = ops.convert_to_numpy(layer(np.concatenate([inputs, inputs]), training=True))
    np.testing.assert_allclose(twice, np.tile(scores, (2, 1)), rtol=1e-5, atol=1e-6)
    kernel, bias = map(ops.convert_to_numpy, layer.classifier.weights)
    expected = np.concatenate(branches(layer, inputs), axis=1) @ kernel + bias
    np.testing.assert_allclose(scores, expected, rtol=1e-5, atol=1e-6)
    layer.mixing.assign(0.1)  # of no account here
    np.testing.assert_array_equal(ops.convert_to_numpy(layer(inputs, training=False)), scores)


def test_its_weights_are_counted_before_they_are_made():
    layer = BilateralBranch(7, units=3)
    layer.build((None, 10))
    assert layer.num_weights(10) == layer.count_params()
    assert [weight.path for weight in layer.non_trainable_weights] == [layer.mixing.path]


@pytest.mark.parametrize("mixing", [0.0, 1.0])
def test_a_branch_without_a_share_does_not_learn(mixing):
    keras.utils.set_random_seed(0)
    layer = BilateralBranch(3, units=4)
    model = keras.Sequential([keras.Input((5,)), layer])
    model.compile(keras.optimizers.SGD(0.5), losses.get("binary_crossentropy"), jit_compile=JIT)
    layer.mixing.assign(mixing)
    kernels = [layer.conventional.kernel, layer.rebalancing.kernel]
    before = [np.array(ops.convert_to_numpy(kernel)) for kernel in kernels]
    inputs = rows(8)
    labels = (inputs[:, :3] > 0).astype("float32")
    model.fit(inputs, labels, batch_size=8, epochs=1, verbose=0)
    after = [ops.convert_to_numpy(kernel) for kernel in kernels]
    moved = [bool((old != new).any()) for old, new in zip(before, after, strict=True)]
    assert moved == [mixing == 1, mixing == 0]


def test_a_callback_moves_the_share_between_epochs():
    """Also where the training step is compiled once."""
    keras.utils.set_random_seed(0)
    layer = BilateralBranch(3, units=4)
    model = keras.Sequential([keras.Input((5,)), layer])
    model.compile(keras.optimizers.SGD(0.0), losses.get("binary_crossentropy"), jit_compile=JIT)
    inputs = rows(8)
    labels = (inputs[:, :3] > 0).astype("float32")
    shares = [1.0, 0.2, 0.0]

    class Mixing(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            layer.mixing.assign(shares[epoch])

    history = model.fit(
        inputs, labels, batch_size=8, epochs=3, shuffle=False, verbose=0, callbacks=[Mixing()]
    )
    for share, value in zip(shares, history.history["loss"], strict=True):
        layer.mixing.assign(share)
        expected = losses.get("binary_crossentropy")(labels, layer(inputs, training=True))
        assert value == pytest.approx(float(ops.convert_to_numpy(expected)), rel=1e-5)


def test_an_odd_batch_is_refused_in_training_only():
    layer = BilateralBranch(3, units=4)
    assert layer(rows(5)).shape == (5, 3)
    with pytest.raises(MrcaError, match=r"even number.*5 rows"):
        layer(rows(5), training=True)
    with pytest.raises(MrcaError, match=r"even number.*5 rows"):
        sample_weights(5, 0.5)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="others know the number")
def test_an_odd_batch_of_unknown_size_has_a_name_in_the_error():
    layer = BilateralBranch(3, units=4)
    model = keras.Sequential([keras.Input((5,)), layer])
    model.compile("sgd", losses.get("binary_crossentropy"), jit_compile=JIT)
    with pytest.raises(Exception, match="bilateral_branch_needs_pairs_of_rows"):
        model.fit(rows(5), np.zeros((5, 3)), batch_size=4, shuffle=False, verbose=0)


def test_the_schedule_falls_from_one_and_never_below_zero():
    shares = [cumulative_weight(epoch, 10) for epoch in range(12)]
    assert shares[0] == 1
    assert shares == sorted(shares, reverse=True)
    assert shares[9] == pytest.approx(0.19)
    assert shares[10] == shares[11] == 0
    for wrong in ((-1, 10), (0, 0), (0, 10, 0)):
        with pytest.raises(MrcaError, match="schedule"):
            cumulative_weight(*wrong)


@pytest.mark.parametrize("units", [0, 1.5, True])
def test_wrong_arguments_are_named(units):
    with pytest.raises(MrcaError, match="units"):
        BilateralBranch(3, units=units)
