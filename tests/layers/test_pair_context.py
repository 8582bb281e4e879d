import json

import keras
import numpy as np
import pytest
from keras import ops

from mrca.errors import MrcaError
from mrca.layers import PairContext

CONTEXTS = ("mean_max", "attention")
GENERATOR = np.random.default_rng(7)
STATES = GENERATOR.normal(size=(3, 5, 4)).astype("float32")
LENGTHS = np.array([5, 2, 3], "int32")
PAIRS = GENERATOR.normal(size=(4, 6)).astype("float32")
ROWS = np.array([0, 0, 2, 1], "int32")


@pytest.fixture(params=CONTEXTS)
def layer(request):
    keras.utils.set_random_seed(1)
    layer = PairContext(request.param, units=3)
    layer.build(STATES.shape, LENGTHS.shape, PAIRS.shape, ROWS.shape)
    return layer


def contexts(layer, states=STATES, lengths=LENGTHS, pairs=PAIRS, rows=ROWS):
    return ops.convert_to_numpy(layer(states, lengths, pairs, rows))


def plain(layer):
    """Pair by pair, straight from the docstring."""
    found = []
    for pair, row in zip(PAIRS.astype("float64"), ROWS, strict=True):
        tokens = STATES[row, : LENGTHS[row]].astype("float64")
        parts = [tokens.mean(axis=0), tokens.max(axis=0)]
        if layer.context == "attention":
            kernel, bias, key = (np.asarray(weight, "float64") for weight in layer.get_weights())
            scores = (tokens @ key) @ (pair @ kernel + bias) / np.sqrt(layer.units)
            weights = np.exp(scores - scores.max())
            parts.append(weights / weights.sum() @ tokens)
        found.append(np.concatenate(parts))
    return np.stack(found)


def test_equals_the_definition_pair_by_pair(layer):
    np.testing.assert_allclose(contexts(layer), plain(layer), rtol=1e-4, atol=1e-5)


def test_padding_is_not_seen(layer):
    noisy = STATES.copy()
    noisy[np.arange(5) >= LENGTHS[:, None]] = 50.0
    np.testing.assert_array_equal(contexts(layer, noisy), contexts(layer))
    longer = np.pad(STATES, [(0, 0), (0, 3), (0, 0)], constant_values=9.0)
    np.testing.assert_allclose(contexts(layer, longer), contexts(layer), rtol=1e-5, atol=1e-6)


def test_a_pair_sees_its_own_document_alone(layer):
    alone = contexts(layer, STATES[2:], LENGTHS[2:], PAIRS[2:3], np.zeros(1, "int32"))
    np.testing.assert_allclose(alone[0], contexts(layer)[2], rtol=1e-5, atol=1e-6)
    others = STATES.copy()
    others[:2] = 7.0
    np.testing.assert_allclose(contexts(layer, others)[2], contexts(layer)[2], rtol=1e-5, atol=1e-6)


def test_a_document_without_tokens_and_no_pairs_are_finite(layer):
    empty = contexts(layer, lengths=np.array([0, 2, 3], "int32"))
    assert np.isfinite(empty).all()
    none = contexts(layer, pairs=PAIRS[:0], rows=ROWS[:0])
    assert none.shape == (0, layer.width(4))


def test_as_many_weights_and_numbers_as_it_says(layer):
    assert layer.num_weights(4, 6) == layer.count_params()
    shapes = (None, None, 4), (None,), (None, 6), (None,)
    assert layer.compute_output_shape(*shapes) == (None, layer.width(4))
    assert contexts(layer).shape == (4, layer.width(4))


def test_config_comes_back(layer):
    back = keras.layers.deserialize(json.loads(json.dumps(keras.layers.serialize(layer))))
    assert back.get_config() == layer.get_config()
    back.set_weights(layer.get_weights())
    np.testing.assert_array_equal(contexts(back), contexts(layer))


@pytest.mark.parametrize("context", CONTEXTS)
def test_half_precision(context):
    layer = PairContext(context, units=3, dtype="mixed_float16")
    found = contexts(layer)
    assert found.dtype == "float16"
    np.testing.assert_allclose(found, plain(layer), atol=0.02)
    assert {str(weight.dtype) for weight in layer.weights} <= {"float32"}


@pytest.mark.parametrize("context", ["none", "all"])
def test_an_unknown_context(context):
    with pytest.raises(MrcaError, match=r"Expected one of: mean_max, attention"):
        PairContext(context)
