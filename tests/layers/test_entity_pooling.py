import json

import keras
import numpy as np
import pytest
from keras import ops

from mrca.errors import MrcaError
from mrca.layers import ENTITY_POOLINGS, EntityPooling

GENERATOR = np.random.default_rng(5)
STATES = GENERATOR.normal(size=(3, 6, 4)).astype("float32")
# Entities of row 0, of row 2, and one whose mentions are all cut off.
ENTITIES = np.array([[0, 1, 4], [5, -1, -1], [2, 3, -1], [-1, -1, -1]], "int32")
ROWS = np.array([0, 0, 2, 2], "int32")


def pooled(pooling, states=STATES, entities=ENTITIES, rows=ROWS, **options):
    return ops.convert_to_numpy(EntityPooling(pooling, **options)(states, entities, rows))


def plain(pooling):
    """Entity by entity, straight from the docstring."""
    parts = {
        "mean": lambda tokens: tokens.mean(axis=0),
        "max": lambda tokens: tokens.max(axis=0),
        "mean_max": lambda tokens: np.concatenate([tokens.mean(axis=0), tokens.max(axis=0)]),
        "logsumexp": lambda tokens: np.log(np.exp(tokens.astype("float64")).sum(axis=0)),
    }
    width = 8 if pooling == "mean_max" else 4
    rows = []
    for places, row in zip(ENTITIES, ROWS, strict=True):
        tokens = STATES[row, places[places >= 0]]
        rows.append(parts[pooling](tokens) if len(tokens) else np.zeros(width))
    return np.stack(rows)


@pytest.mark.parametrize("pooling", ENTITY_POOLINGS)
def test_equals_the_definition_entity_by_entity(pooling):
    np.testing.assert_allclose(pooled(pooling), plain(pooling), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("pooling", ENTITY_POOLINGS)
def test_padding_of_tokens_and_of_entities_changes_nothing(pooling):
    expected = pooled(pooling)
    longer = np.pad(STATES, [(0, 1), (0, 2), (0, 0)], constant_values=1e4)
    wider = np.pad(ENTITIES, [(0, 0), (0, 3)], constant_values=-1)
    np.testing.assert_array_equal(pooled(pooling, longer, wider), expected)


@pytest.mark.parametrize("pooling", ENTITY_POOLINGS)
def test_no_entities(pooling):
    none = pooled(pooling, STATES, np.zeros((0, 1), "int32"), np.zeros(0, "int32"))
    assert none.shape == (0, EntityPooling(pooling).width(4))


def test_a_smooth_maximum_of_large_states_is_finite():
    large = np.full((1, 2, 3), 300.0, "float32")
    found = pooled("logsumexp", large, np.array([[0, 1]], "int32"), np.zeros(1, "int32"))
    np.testing.assert_allclose(found, 300 + np.log(2), rtol=1e-6)


@pytest.mark.parametrize("pooling", ENTITY_POOLINGS)
def test_its_gradient_is_that_of_the_tokens_that_it_reads(pooling, values_and_gradients, execution):
    layer = EntityPooling(pooling)

    def run(states):
        return [layer(states, ops.convert_to_tensor(ENTITIES), ops.convert_to_tensor(ROWS))]

    _, (gradient,) = values_and_gradients(run, [STATES], execution)
    read = np.zeros(STATES.shape[:2], bool)
    for places, row in zip(ENTITIES, ROWS, strict=True):
        read[row, places[places >= 0]] = True
    assert np.isfinite(gradient).all()
    assert (np.abs(gradient).sum(axis=-1)[~read] == 0).all()
    parts = 2 if pooling == "mean_max" else 1  # each sums to 1 over an entity's tokens
    np.testing.assert_allclose(gradient.sum(axis=(0, 1)), 3 * parts, rtol=1e-5)


def test_its_gradient_is_finite_far_below_what_padding_points_at(values_and_gradients, execution):
    layer = EntityPooling("logsumexp")
    states = np.array([[[0.0], [-200.0]]], "float32")
    entities, rows = np.array([[1, -1], [-1, -1]], "int32"), np.zeros(2, "int32")

    def run(states):
        return [layer(states, ops.convert_to_tensor(entities), ops.convert_to_tensor(rows))]

    (found,), (gradient,) = values_and_gradients(run, [states], execution)
    assert found.tolist() == [[-200.0], [0.0]]
    assert gradient.tolist() == [[[0.0], [1.0]]]


@pytest.mark.parametrize("pooling", ENTITY_POOLINGS)
def test_shape_config_and_half_precision(pooling):
    layer = EntityPooling(pooling)
    shape = layer.compute_output_shape((None, None, 4), (None, None), (None,))
    assert shape == (None, layer.width(4))
    assert pooled(pooling).shape == (4, layer.width(4))
    assert layer.weights == []
    back = keras.layers.deserialize(json.loads(json.dumps(keras.layers.serialize(layer))))
    assert back.get_config() == layer.get_config()
    half = pooled(pooling, dtype="mixed_float16")
    assert half.dtype == "float16"
    np.testing.assert_allclose(half, pooled(pooling), atol=0.01)


def test_an_unknown_pooling():
    with pytest.raises(MrcaError, match=r"'min'\. Expected one of: mean, max, mean_max, logsumexp"):
        EntityPooling("min")
