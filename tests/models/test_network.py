import json

import keras
import numpy as np
import pytest
from keras import ops

from mrca.losses import RCDice
from mrca.models import RelationNetwork
from mrca.models.network import network_weights

MAX_LENGTH = 12
JIT = keras.backend.backend() == "jax"
PAIRS = {"units": 3, "pooling": "pairs", "hidden": 6, "num_types": 2}


@pytest.fixture
def model():
    """The paper's, tiny."""
    keras.utils.set_random_seed(3)
    return RelationNetwork(
        5, 2.0, columns=4, units=3, pool_size=6, strides=2, max_length=MAX_LENGTH
    )


@pytest.fixture
def pairs_model():
    """That of the recipe `pairs`, tiny."""
    keras.utils.set_random_seed(3)
    return RelationNetwork(5, 2.0, columns=4, **PAIRS)


def test_size_is_the_papers():
    model = RelationNetwork(dim=300, feature_value=4.0, columns=216)
    lstm = 2 * (302 + 500 + 1) * 4 * 500
    dense = (50 * 1000 + 1) * 216
    assert sum(int(np.prod(weight.shape)) for weight in model.trainable_weights) == lstm + dense
    assert 13.9e6 < lstm + dense < 14.1e6


def test_equals_the_papers_layers_on_sentences_of_full_length(model, make_inputs):
    if keras.backend.backend() == "torch":
        pytest.skip('on PyTorch Keras counts the padding of padding="same"')
    inputs = make_inputs([MAX_LENGTH] * 3, MAX_LENGTH)
    *lstm, kernel, bias = model.get_weights()
    gates = [np.split(weight, 4, axis=-1) for weight in lstm]
    bidirectional = keras.layers.Bidirectional(keras.layers.LSTM(3, return_sequences=True))
    bidirectional.build((None, None, 7))
    bidirectional.set_weights([np.concatenate([i, f, g, o], -1) for i, f, o, g in gates])

    marks = np.stack([inputs["case"], inputs["role"]], axis=-1) * 2.0
    features = np.concatenate([inputs["states"], marks], axis=-1).astype("float32")
    pooling = keras.layers.AveragePooling1D(6, 2, padding="same")
    pooled = ops.convert_to_numpy(pooling(bidirectional(features)))
    expected = pooled.reshape(3, -1) @ kernel + bias
    np.testing.assert_allclose(model.predict_on_batch(inputs), expected, atol=1e-5)


def test_a_rows_scores_depend_on_the_row_alone(make_inputs, model):
    batch = make_inputs([7, 2, 5], 8)
    together = model.predict_on_batch(batch)
    for row, length in enumerate(batch["lengths"]):
        alone = {
            name: array[row : row + 1, :length] if array.ndim > 1 else array[row : row + 1]
            for name, array in batch.items()
        }
        np.testing.assert_allclose(model.predict_on_batch(alone)[0], together[row], atol=1e-6)


def test_scores_are_unbounded_floats(make_inputs, model):
    model.layers[-1].set_weights([np.full((36, 4), 1e3), np.zeros(4)])
    scores = model.predict_on_batch(make_inputs([8, 3], 8))
    assert scores.dtype == "float32"
    assert np.abs(scores).max() > 10


def test_dropout_is_for_training_only(make_inputs, model):
    inputs = make_inputs([8, 8], 8)
    plain = ops.convert_to_numpy(model(inputs))
    np.testing.assert_array_equal(ops.convert_to_numpy(model(inputs, training=False)), plain)
    assert np.abs(ops.convert_to_numpy(model(inputs, training=True)) - plain).max() > 1e-4


def test_learns_with_its_loss(make_inputs, model):
    inputs = make_inputs([8, 3, 5, 6], 8)
    labels = np.eye(4, dtype="float32")
    model.compile(keras.optimizers.Adam(0.05), RCDice(), jit_compile=JIT)
    losses = [float(model.train_on_batch(inputs, labels)) for _ in range(25)]
    assert losses[-1] < 0.2 * losses[0]


@pytest.mark.parametrize("settings", [{}, {"marked": True, "units": 0, "pooling": "mean"}, PAIRS])
def test_config_is_json_and_comes_back(settings):
    model = RelationNetwork(5, 2.0, columns=4, **{"units": 3, **settings})
    config = json.loads(json.dumps(model.get_config()))
    back = RelationNetwork.from_config(config)
    assert back.get_config() == config
    assert [weight.shape for weight in back.weights] == [weight.shape for weight in model.weights]


def test_the_config_of_the_first_version():
    """There the word table was in the network: a state had as many numbers as a vector."""
    config = {
        "name": "mrca",
        "num_words": 1200,
        "dim": 5,
        "feature_value": 2.0,
        "columns": 4,
        "units": 3,
        "pool_size": 6,
        "strides": 2,
        "max_length": MAX_LENGTH,
        "dropout": 0.15,
        "head": "linear",
        "head_options": {},
        "pooling": "windows",
        "hidden": 0,
        "dtype": "float32",
    }
    kept = dict(config)
    words = RelationNetwork.from_config(config)
    assert config == kept
    assert words.marked
    assert words.get_layer("bilstm").get_weights()[0].shape == (7, 12)
    mean = RelationNetwork.from_config({**config, "units": 0, "pooling": "mean"})
    assert mean.representation().output.shape == (None, 7)
    # A network of states has marks only where its layers take them.
    states = RelationNetwork.from_config({**config, "num_words": 0, "units": 0, "pooling": "mean"})
    assert not states.marked
    assert states.representation().output.shape == (None, 5)


def test_a_saved_model_scores_the_same(make_inputs, model, tmp_path):
    inputs = make_inputs([8, 3], 8)
    model.save(tmp_path / "model.keras")
    back = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(back, RelationNetwork)
    np.testing.assert_allclose(back.predict_on_batch(inputs), model.predict_on_batch(inputs))


def test_mixed_precision_still_scores_in_float32(make_inputs):
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = RelationNetwork(5, 2.0, columns=4, units=3, pool_size=6, max_length=MAX_LENGTH)
        scores = model.predict_on_batch(make_inputs([8, 3], 8))
    finally:
        keras.config.set_dtype_policy(policy)
    assert scores.dtype == "float32"
    assert np.isfinite(scores).all()


@pytest.mark.parametrize(
    ("head", "settings"),
    [
        ("attentive_relation_routing", {"hidden": 6, "pooling": "entities"}),
        ("linear", PAIRS),
        (
            "grouped_bilinear",
            {**PAIRS, "pair_context": "localized", "pair_features": "extractors"},
        ),
        (
            "linear",
            {
                **PAIRS,
                "pair_features": "grouped_bilinear",
                "pair_interaction": "axial",
                "interaction_options": {"layers": 1, "heads": 2},
            },
        ),
        (
            "linear",
            {
                **PAIRS,
                "pair_interaction": "u_net",
                "interaction_options": {"units": 3, "channels": 4},
            },
        ),
    ],
)
def test_it_trains_in_mixed_precision(make_inputs, make_pair_inputs, head, settings):
    model = RelationNetwork(
        5,
        2.0,
        columns=4,
        max_length=MAX_LENGTH,
        head=head,
        dtype="mixed_float16",
        **{"units": 3, **settings},
    )
    model.compile(keras.optimizers.Adam(0.01), RCDice())
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)  # by its policy
    # A scale at which the gradients of any of them fit half precision: one that is infinite or no
    # number is then the layer's own.
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.01), 2.0**8)
    model.compile(optimizer, RCDice(), jit_compile=JIT)
    before = model.get_weights()
    pairs = settings["pooling"] == "pairs"
    inputs = (make_pair_inputs if pairs else make_inputs)([8, 3, 5, 6], 8)
    if "attention" in model.input:
        inputs["attention"] = attention_of(inputs["lengths"], 8)
    labels = np.eye(4, dtype="float32")[np.arange(24 if pairs else 4) % 4]
    losses = [float(model.train_on_batch(inputs, labels)) for _ in range(3)]
    assert np.isfinite(losses).all()
    assert int(model.optimizer.iterations) == 3  # no step was left out: every gradient was finite
    for weight, old in zip(model.weights, before, strict=True):
        assert str(keras.backend.standardize_dtype(weight.dtype)) == "float32"
        moves = weight.trainable or weight.name.startswith("moving_")  # batch statistics
        assert (np.array(ops.convert_to_numpy(weight)) != old).any() == moves
    assert ops.convert_to_numpy(model(inputs)).dtype == "float32"


def test_a_dtype_policy_is_kept_and_changed_in_a_copy(make_inputs, model):
    inputs = make_inputs([8, 3], 8)
    half = model.with_dtype("mixed_float16")
    assert half.get_config() == {**model.get_config(), "dtype": "mixed_float16"}
    assert (
        RelationNetwork.from_config(half.get_config()).get_layer("bilstm").compute_dtype
        == "float16"
    )
    assert half.with_head(7, "linear", {}).get_layer("pooling").compute_dtype == "float16"
    expected = model.predict_on_batch(inputs)
    np.testing.assert_allclose(half.predict_on_batch(inputs), expected, atol=0.02)
    np.testing.assert_array_equal(half.with_dtype("float32").predict_on_batch(inputs), expected)


# === Other layers before the classifier ===


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"units": 0},
        {"pooling": "mean"},
        {"units": 0, "pooling": "entities", "hidden": 6},
        {"units": 0, "pooling": "first"},
        {"units": 0, "pooling": "mean", "marked": True},
    ],
    ids=str,
)
def test_any_layers_give_what_the_classifier_sees(make_inputs, settings, tmp_path):
    settings = {"units": 3, "pool_size": 6, "max_length": MAX_LENGTH, **settings}
    model = RelationNetwork(5, 2.0, columns=4, **settings)
    inputs = make_inputs([8, 3], 8)
    scores = model.predict_on_batch(inputs)
    assert scores.shape == (2, 4)
    features = ops.convert_to_numpy(model.representation()(inputs))
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


def test_without_an_lstm_the_pooled_state_is_the_state_itself(make_inputs):
    model = RelationNetwork(5, 2.0, columns=4, units=0, pooling="first")
    inputs = make_inputs([8, 3], 8)
    features = ops.convert_to_numpy(model.representation()(inputs))
    np.testing.assert_array_equal(features, inputs["states"][:, 0])


def test_a_new_head_on_the_same_layers(make_inputs, model):
    other = model.with_head(7, "attentive_relation_routing", {"iterations": 1})
    assert other.columns == 7
    inputs = make_inputs([8, 3], 8)
    assert other.predict_on_batch(inputs).shape == (2, 7)
    np.testing.assert_allclose(
        ops.convert_to_numpy(other.representation()(inputs)),
        ops.convert_to_numpy(model.representation()(inputs)),
        rtol=1e-6,
    )


# === Pairs ===


def attention_of(lengths, time):
    """An encoder's attention of three heads over rows of these lengths."""
    attention = np.random.default_rng(9).random((len(lengths), 3, time, time))
    there = np.arange(time) < np.asarray(lengths)[:, None]
    attention *= there[:, None, :, None] * there[:, None, None, :]
    total = attention.sum(axis=-1, keepdims=True)
    return (attention / np.where(total, total, 1)).astype("float32")


def of_row(inputs, row, length):
    """One row of a batch of pairs, alone."""
    entities, pairs = slice(3 * row, 3 * row + 3), slice(6 * row, 6 * row + 6)
    alone = {
        name: inputs[name][row : row + 1, :length] for name in ("states", "case", "role", "types")
    }
    if "attention" in inputs:
        alone["attention"] = inputs["attention"][row : row + 1, :, :length, :length]
    return {
        **alone,
        "lengths": inputs["lengths"][row : row + 1],
        "entities": inputs["entities"][entities],
        "entity_rows": np.zeros(3, "int32"),
        "row_entities": np.array([[0, 1, 2, -1]], "int32"),
        "pairs": inputs["pairs"][pairs] - 3 * row,
    }


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"pair_context": "none", "units": 0},
        {"pair_context": "mean_max", "entity_pooling": "logsumexp"},
        {"entity_pooling": "max", "hidden": 0, "state_dropout": 0.5},
        {"pair_interaction": "strongest"},
        {"pair_interaction": "axial", "interaction_options": {"layers": 2, "heads": 2}},
        {"pair_interaction": "u_net", "interaction_options": {"units": 3, "channels": 4}},
        {"pair_context": "localized", "units": 0},
        {"pair_context": "localized", "pair_features": "extractors"},
        {"pair_features": "grouped_bilinear", "pair_interaction": "strongest"},
    ],
    ids=str,
)
def test_a_documents_pairs_score_alike_alone_and_among_others(make_pair_inputs, settings, tmp_path):
    model = RelationNetwork(5, 2.0, columns=4, **{**PAIRS, **settings})
    inputs = make_pair_inputs([7, 2, 5], 8)
    if "attention" in model.input:
        inputs["attention"] = attention_of(inputs["lengths"], 8)
    together = model.predict_on_batch(inputs)
    assert together.shape == (18, 4)
    assert together.dtype == "float32"
    for row, length in enumerate([7, 2, 5]):
        alone = model.predict_on_batch(of_row(inputs, row, length))
        np.testing.assert_allclose(alone, together[6 * row : 6 * row + 6], atol=1e-5)
    features = ops.convert_to_numpy(model.representation()(inputs))
    kernel, bias = model.classifier.get_weights()
    np.testing.assert_allclose(features @ kernel + bias, together, rtol=1e-4, atol=1e-5)
    model.save(tmp_path / "model.keras")
    back = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(back.predict_on_batch(inputs), together, rtol=1e-5)


def test_subject_and_object_are_not_the_same(make_pair_inputs, pairs_model):
    inputs = make_pair_inputs([7, 5], 8)
    turned = {**inputs, "pairs": inputs["pairs"][:, ::-1].copy()}
    scores, other = (pairs_model.predict_on_batch(each) for each in (inputs, turned))
    places = {tuple(pair): number for number, pair in enumerate(inputs["pairs"].tolist())}
    back = [places[second, first] for first, second in inputs["pairs"].tolist()]
    np.testing.assert_allclose(other, scores[back], atol=1e-5)
    assert np.abs(other - scores).max() > 1e-3


def test_types_are_seen(make_pair_inputs, pairs_model):
    inputs = make_pair_inputs([7, 5], 8)
    none = {**inputs, "types": np.zeros_like(inputs["types"])}
    difference = pairs_model.predict_on_batch(inputs) - pairs_model.predict_on_batch(none)
    assert np.abs(difference).max() > 1e-3


def test_a_new_head_on_pairs_keeps_the_layers(make_pair_inputs, pairs_model):
    other = pairs_model.with_head(7, "linear", {})
    inputs = make_pair_inputs([8, 3], 8)
    assert other.predict_on_batch(inputs).shape == (12, 7)
    np.testing.assert_allclose(
        ops.convert_to_numpy(other.representation()(inputs)),
        ops.convert_to_numpy(pairs_model.representation()(inputs)),
        rtol=1e-6,
    )


@pytest.mark.parametrize("head", ["grouped_bilinear", "bilinear"])
def test_bilinear_heads_learn_pairs(make_pair_inputs, head):
    keras.utils.set_random_seed(3)
    settings = {**PAIRS, "units": 0, "pair_features": "extractors", "pair_context": "localized"}
    model = RelationNetwork(5, 2.0, columns=4, head=head, **settings)
    inputs = make_pair_inputs([7, 5], 8)
    inputs["attention"] = attention_of(inputs["lengths"], 8)
    model.compile(keras.optimizers.Adam(0.05), RCDice(), jit_compile=JIT)
    labels = np.eye(4, dtype="float32")[np.arange(12) % 4]
    losses = [float(model.train_on_batch(inputs, labels)) for _ in range(40)]
    assert losses[-1] < 0.5 * losses[0]


@pytest.mark.parametrize(("before", "now"), [(True, "strongest"), (False, "none")])
def test_a_network_made_when_there_was_one_interaction(before, now):
    config = RelationNetwork(5, 2.0, columns=4, **PAIRS, pair_interaction=now).get_config()
    earlier = {**config, "pair_interaction": before}
    for name in ("pair_features", "interaction_options"):
        del earlier[name]
    assert RelationNetwork.from_config(earlier).get_config() == config


# === Size ===


@pytest.mark.parametrize("head", ["linear", "attentive_relation_routing", "bilateral_branch"])
@pytest.mark.parametrize(
    "settings",
    [
        {"units": 3, "pooling": "windows"},
        {"units": 0, "pooling": "windows"},
        {"units": 3, "pooling": "entities"},
        {"units": 0, "pooling": "first", "hidden": 7},
        {"units": 0, "pooling": "mean", "marked": True},
        {"units": 3, "pooling": "pairs", "num_types": 2},
        {"units": 0, "pooling": "pairs", "hidden": 7},
        {"units": 3, "pooling": "pairs", "pair_context": "none", "entity_pooling": "mean"},
        {"units": 3, "pooling": "pairs", "pair_context": "mean_max", "hidden": 7},
        {"units": 3, "pooling": "pairs", "pair_interaction": "strongest", "hidden": 7},
        {
            "units": 0,
            "pooling": "pairs",
            "pair_context": "localized",
            "pair_interaction": "u_net",
            "interaction_options": {"units": 3, "channels": 2},
        },
        {
            "units": 0,
            "pooling": "pairs",
            "pair_features": "extractors",
            "hidden": 4,
            "pair_interaction": "axial",
            "interaction_options": {"layers": 1, "heads": 2},
        },
        {"units": 3, "pooling": "pairs", "pair_features": "grouped_bilinear", "hidden": 6},
    ],
    ids=str,
)
def test_as_large_as_the_network_that_is_made(head, settings):
    network = RelationNetwork(5, 1.0, 4, max_length=9, strides=2, head=head, **settings)
    found = network_weights(5, 4, steps=5, head=head, **settings)
    assert found == network.count_params()
