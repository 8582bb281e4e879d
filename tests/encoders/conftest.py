"""What the tests of encoders share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers


@pytest.fixture(scope="session")
def bare_module(
    module_writer: Callable[..., Path],
    tiny_bert: Callable[[], keras.Model],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A module without a vocabulary."""
    return module_writer(tiny_bert(), tmp_path_factory.mktemp("hub") / "bare", vocabulary=False)


@pytest.fixture(scope="session")
def batch() -> dict[str, np.ndarray]:
    """Four rows of pieces, two of them padded."""
    lengths = np.array([9, 5, 3, 9], np.int32)
    pieces = np.random.default_rng(1).integers(10, 60, (4, 9), dtype=np.int32)
    return {"pieces": np.where(np.arange(9) < lengths[:, None], pieces, 0), "lengths": lengths}


@pytest.fixture(scope="session")
def classifier() -> Callable[..., keras.Model]:
    """A function that puts three scores on the first state of an encoder."""

    def build(encoder: Any) -> keras.Model:
        inputs = {
            "pieces": keras.Input((None,), dtype="int32", name="pieces"),
            "lengths": keras.Input((), dtype="int32", name="lengths"),
        }
        states = encoder(inputs["pieces"], inputs["lengths"])
        model = keras.Model(inputs, layers.Dense(3)(states[:, 0]))
        model.compile(keras.optimizers.Adam(1e-2), "mse", jit_compile=False)
        # As a classifier does before it fits: a step that makes variables is traced twice.
        model.optimizer.build(model.trainable_variables)
        return model

    return build
