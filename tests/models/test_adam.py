"""Adam's steps are those of Keras."""

import keras
import numpy as np
import pytest
from keras import ops

from mrca.models.adam import Adam

JIT = keras.backend.backend() == "jax"
TOKENS = np.random.default_rng(0).integers(0, 9, (24, 5))
TARGETS = np.random.default_rng(1).normal(size=(24, 2)).astype("float32")


def trained(optimizer, scaled=False):
    """A model after a few steps; an embedding's gradient names its rows."""
    keras.utils.set_random_seed(3)
    layers = [
        keras.layers.Embedding(9, 4),
        keras.layers.Flatten(),
        keras.layers.Dense(7, "tanh"),
        keras.layers.Dense(2),
    ]
    model = keras.Sequential([keras.Input((5,), dtype="int32"), *layers])
    if scaled:
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=8.0)
    model.compile(optimizer, "mse", jit_compile=JIT)
    for start in range(0, 24, 4):
        model.train_on_batch(TOKENS[start : start + 4], TARGETS[start : start + 4])
    return model


def assert_close(own, other):
    np.testing.assert_allclose(*map(ops.convert_to_numpy, (own, other)), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3},
        {"amsgrad": True},
        {"global_clipnorm": 0.1},
        {"gradient_accumulation_steps": 2},
        {"weight_decay": 0.1},
    ],
    ids=str,
)
@pytest.mark.parametrize("scaled", [False, True], ids=["", "loss scale"])
def test_weights_and_state_are_those_of_keras(options, scaled):
    ours, theirs = (
        trained(kind(0.05, **options), scaled) for kind in (Adam, keras.optimizers.Adam)
    )
    for own, other in zip(ours.weights, theirs.weights, strict=True):
        assert_close(own, other)
    pairs = zip(ours.optimizer.variables, theirs.optimizer.variables, strict=True)
    for own, other in pairs:
        assert own.shape == other.shape
        assert_close(own, other)


def test_a_state_of_keras_is_gone_on_with():
    theirs, ours = trained(keras.optimizers.Adam(0.05)), trained(Adam(0.05))
    for _ in range(3):
        ours.set_weights(theirs.get_weights())
        for own, other in zip(ours.optimizer.variables, theirs.optimizer.variables, strict=True):
            own.assign(ops.copy(other))
        for model in (ours, theirs):
            model.train_on_batch(TOKENS, TARGETS)
        for own, other in zip(ours.weights, theirs.weights, strict=True):
            np.testing.assert_allclose(
                *map(ops.convert_to_numpy, (own, other)), rtol=1e-4, atol=1e-5
            )


def test_config_comes_back():
    optimizer = Adam(0.02, beta_1=0.8)
    back = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert type(back) is Adam
    assert back.get_config() == optimizer.get_config()
