import keras
import numpy as np
import pytest
from keras import ops

from mrca.errors import MrcaError
from mrca.layers import heads
from mrca.layers.heads import HEADS


@pytest.mark.parametrize("name", HEADS)
def test_every_classifier_gives_float32_scores_and_learns(name):
    keras.utils.set_random_seed(0)
    inputs = np.random.default_rng(0).normal(size=(64, 6)).astype("float32")
    inputs[:, 3:] = 1  # a bilinear form of a half and of ones is linear
    labels = (inputs[:, :3] > 0).astype("float32")
    # One batch of every row twice, for the classifier that learns from rows i and B + i together.
    rows = np.tile(np.arange(64), 2)
    model = keras.Sequential([keras.Input((6,)), heads.get(name, 3)])
    model.compile(
        keras.optimizers.Adam(0.05),
        keras.losses.BinaryCrossentropy(from_logits=True),
        jit_compile=keras.backend.backend() == "jax",
    )
    losses = [float(model.train_on_batch(inputs[rows], labels[rows])) for _ in range(60)]
    assert losses[-1] < 0.5 * losses[0]
    assert model.layers[-1].name == "scores"
    scores = model.layers[-1](inputs)
    assert scores.shape == (64, 3)
    assert keras.backend.standardize_dtype(scores.dtype) == "float32"


@pytest.mark.parametrize("name", HEADS)
def test_every_classifier_survives_a_model_file(name, tmp_path):
    model = keras.Sequential([keras.Input((6,)), heads.get(name, 3)])
    model.save(tmp_path / "model.keras")
    back = keras.saving.load_model(tmp_path / "model.keras")
    inputs = np.random.default_rng(0).normal(size=(4, 6)).astype("float32")
    np.testing.assert_array_equal(
        ops.convert_to_numpy(back(inputs)), ops.convert_to_numpy(model(inputs))
    )


def test_wrong_names_and_arguments():
    with pytest.raises(MrcaError, match=r"'linera'.*Did you mean 'linear'"):
        heads.get("linera", 3)
    with pytest.raises(MrcaError, match=r"linear classifier takes no arguments.*units"):
        heads.get("linear", 3, units=4)
    with pytest.raises(MrcaError, match=r"attentive_relation_routing.*colour"):
        heads.get("attentive_relation_routing", 3, colour="red")
    with pytest.raises(MrcaError, match=r"bilateral_branch.*colour"):
        heads.get("bilateral_branch", 3, colour="red")
    for name in ("capsules", "capsule_dim", "relation_dim", "iterations"):
        with pytest.raises(MrcaError, match="dim" if name == "relation_dim" else name):
            heads.get("attentive_relation_routing", 3, **{name: 0})
