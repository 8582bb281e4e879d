import json

import keras
import numpy as np
import pytest
from keras import ops

from mrca.losses import RCDice
from mrca.models import MRCA

MAX_LENGTH = 12


@pytest.fixture
def model():
    keras.utils.set_random_seed(3)
    model = MRCA(9, 5, 2.0, columns=4, units=3, pool_size=6, strides=2, max_length=MAX_LENGTH)
    vectors = np.random.default_rng(0).normal(size=(8, 5)).astype("float32")
    model.token_features.assign_vectors(vectors)
    return model


def make_inputs(lengths, time, seed=1):
    generator = np.random.default_rng(seed)
    lengths = np.array(lengths, "int32")
    is_token = np.arange(time) < lengths[:, None]
    shape = is_token.shape
    return {
        "words": np.where(is_token, generator.integers(1, 9, shape), 0).astype("int32"),
        "case": np.where(is_token, generator.choice([-1, 1], shape), 0).astype("int8"),
        "role": np.where(is_token, generator.integers(-1, 2, shape), 0).astype("int8"),
        "lengths": lengths,
    }


def test_size_is_the_papers():
    model = MRCA(num_words=1, dim=300, feature_value=4.0, columns=216)
    lstm = 2 * (302 + 500 + 1) * 4 * 500
    dense = (50 * 1000 + 1) * 216
    assert sum(int(np.prod(weight.shape)) for weight in model.trainable_weights) == lstm + dense
    assert 13.9e6 < lstm + dense < 14.1e6


def test_equals_the_papers_layers_on_sentences_of_full_length(model):
    if keras.backend.backend() == "torch":
        pytest.skip('on PyTorch Keras counts the padding of padding="same"')
    inputs = make_inputs([MAX_LENGTH] * 3, MAX_LENGTH)
    table, *lstm, kernel, bias = model.get_weights()
    gates = [np.split(weight, 4, axis=-1) for weight in lstm]
    bidirectional = keras.layers.Bidirectional(keras.layers.LSTM(3, return_sequences=True))
    bidirectional.build((None, None, 7))
    bidirectional.set_weights([np.concatenate([i, f, g, o], -1) for i, f, o, g in gates])

    marks = np.stack([inputs["case"], inputs["role"]], axis=-1) * 2.0
    features = np.concatenate([table[inputs["words"]], marks], axis=-1).astype("float32")
    pooling = keras.layers.AveragePooling1D(6, 2, padding="same")
    pooled = ops.convert_to_numpy(pooling(bidirectional(features)))
    expected = pooled.reshape(3, -1) @ kernel + bias
    np.testing.assert_allclose(model.predict_on_batch(inputs), expected, atol=1e-5)


def test_a_rows_scores_depend_on_the_row_alone(model):
    batch = make_inputs([7, 2, 5], 8)
    together = model.predict_on_batch(batch)
    for row, length in enumerate(batch["lengths"]):
        alone = {
            name: array[row : row + 1, :length] if array.ndim == 2 else array[row : row + 1]
            for name, array in batch.items()
        }
        np.testing.assert_allclose(model.predict_on_batch(alone)[0], together[row], atol=1e-6)


def test_scores_are_unbounded_floats(model):
    model.layers[-1].set_weights([np.full((36, 4), 1e3), np.zeros(4)])
    scores = model.predict_on_batch(make_inputs([8, 3], 8))
    assert scores.dtype == "float32"
    assert np.abs(scores).max() > 10


def test_dropout_is_for_training_only(model):
    inputs = make_inputs([8, 8], 8)
    plain = ops.convert_to_numpy(model(inputs))
    np.testing.assert_array_equal(ops.convert_to_numpy(model(inputs, training=False)), plain)
    assert np.abs(ops.convert_to_numpy(model(inputs, training=True)) - plain).max() > 1e-4


def test_learns_with_its_loss_and_leaves_the_words_alone(model):
    inputs = make_inputs([8, 3, 5, 6], 8)
    labels = np.eye(4, dtype="float32")
    compiled = "auto" if keras.backend.backend() == "jax" else False
    words = ops.convert_to_numpy(model.token_features.table)
    model.compile(keras.optimizers.Adam(0.05), RCDice(), jit_compile=compiled)
    losses = [float(model.train_on_batch(inputs, labels)) for _ in range(25)]
    assert losses[-1] < 0.2 * losses[0]
    np.testing.assert_array_equal(ops.convert_to_numpy(model.token_features.table), words)


def test_config_is_json_and_comes_back(model):
    config = json.loads(json.dumps(model.get_config()))
    back = MRCA.from_config(config)
    assert back.get_config() == config
    assert [weight.shape for weight in back.weights] == [weight.shape for weight in model.weights]


def test_a_saved_model_scores_the_same(model, tmp_path):
    inputs = make_inputs([8, 3], 8)
    model.save(tmp_path / "model.keras")
    back = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(back, MRCA)
    np.testing.assert_allclose(back.predict_on_batch(inputs), model.predict_on_batch(inputs))


def test_mixed_precision_still_scores_in_float32():
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = MRCA(9, 5, 2.0, columns=4, units=3, pool_size=6, max_length=MAX_LENGTH)
        scores = model.predict_on_batch(make_inputs([8, 3], 8))
    finally:
        keras.config.set_dtype_policy(policy)
    assert scores.dtype == "float32"
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("head", ["linear", "attentive_relation_routing"])
def test_it_trains_in_mixed_precision(head):
    model = MRCA(
        9,
        5,
        2.0,
        columns=4,
        units=3,
        max_length=MAX_LENGTH,
        head=head,
        hidden=6,
        pooling="entities",
        dtype="mixed_float16",
    )
    vectors = np.random.default_rng(0).normal(size=(8, 5)).astype("float32")
    model.token_features.assign_vectors(vectors)
    compiled = "auto" if keras.backend.backend() == "jax" else False
    model.compile(keras.optimizers.Adam(0.01), RCDice(), jit_compile=compiled)
    before = model.get_weights()
    inputs, labels = make_inputs([8, 3, 5, 6], 8), np.eye(4, dtype="float32")
    losses = [float(model.train_on_batch(inputs, labels)) for _ in range(3)]
    assert np.isfinite(losses).all()
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    assert int(model.optimizer.iterations) == 3  # no step was left out: every gradient was finite
    for weight, old in zip(model.weights, before, strict=True):
        assert str(keras.backend.standardize_dtype(weight.dtype)) == "float32"
        assert (np.array(ops.convert_to_numpy(weight)) != old).any() == weight.trainable
    assert ops.convert_to_numpy(model(inputs)).dtype == "float32"


def test_a_dtype_policy_is_kept_and_changed_in_a_copy(model):
    inputs = make_inputs([8, 3], 8)
    half = model.with_dtype("mixed_float16")
    assert half.get_config() == {**model.get_config(), "dtype": "mixed_float16"}
    assert MRCA.from_config(half.get_config()).get_layer("bilstm").compute_dtype == "float16"
    assert half.with_head(7, "linear", {}).get_layer("pooling").compute_dtype == "float16"
    expected = model.predict_on_batch(inputs)
    np.testing.assert_allclose(half.predict_on_batch(inputs), expected, atol=0.02)
    np.testing.assert_array_equal(half.with_dtype("float32").predict_on_batch(inputs), expected)


# === A model of states ===


def state_inputs(time=8, dim=5):
    generator = np.random.default_rng(4)
    lengths = np.array([time, 3], "int32")
    is_token = np.arange(time) < lengths[:, None]
    return {
        "states": (generator.normal(size=(2, time, dim)) * is_token[..., None]).astype("float32"),
        "case": np.where(is_token, 1, 0).astype("int8"),
        "role": np.where(is_token, generator.integers(-1, 2, (2, time)), 0).astype("int8"),
        "lengths": lengths,
    }


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"units": 0},
        {"pooling": "mean"},
        {"units": 0, "pooling": "entities", "hidden": 6},
        {"units": 0, "pooling": "first"},
    ],
    ids=str,
)
def test_states_in_place_of_words(settings, tmp_path):
    settings = {"units": 3, "pool_size": 6, "max_length": MAX_LENGTH, **settings}
    model = MRCA(0, 5, 2.0, columns=4, **settings)
    inputs = state_inputs()
    scores = model.predict_on_batch(inputs)
    assert scores.shape == (2, 4)
    features = ops.convert_to_numpy(model.representation(inputs))
    kernel, bias = model.classifier.get_weights()
    np.testing.assert_allclose(features @ kernel + bias, scores, rtol=1e-4, atol=1e-5)
    # Longer padding changes nothing.
    longer = {
        name: np.pad(array, [(0, 0), (0, 3), (0, 0)][: array.ndim]) if array.ndim > 1 else array
        for name, array in inputs.items()
    }
    np.testing.assert_allclose(model.predict_on_batch(longer), scores, rtol=1e-4, atol=1e-5)
    model.save(tmp_path / "model.keras")
    back = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(back.predict_on_batch(inputs), scores, rtol=1e-5)


def test_without_an_lstm_the_pooled_state_is_the_state_itself():
    model = MRCA(0, 5, 2.0, columns=4, units=0, pooling="first")
    inputs = state_inputs()
    features = ops.convert_to_numpy(model.representation(inputs))
    np.testing.assert_array_equal(features, inputs["states"][:, 0])


def test_a_new_head_on_the_same_layers(model):
    other = model.with_head(7, "attentive_relation_routing", {"iterations": 1})
    assert other.columns == 7
    inputs = make_inputs([8, 3], 8)
    assert other.predict_on_batch(inputs).shape == (2, 7)
    np.testing.assert_allclose(
        ops.convert_to_numpy(other.representation(inputs)),
        ops.convert_to_numpy(model.representation(inputs)),
        rtol=1e-6,
    )
