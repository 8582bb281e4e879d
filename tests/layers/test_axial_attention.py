import json
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from mrca.errors import MrcaError
from mrca.layers import AxialAttention, AxialInteraction, AxialTransformer

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = json.loads((GOLDEN / "index.json").read_text("utf-8"))["axial_attention_code"]["cases"]
MATRIX = np.random.default_rng(4).normal(size=(2, 5, 5, 6)).astype("float32")
# Documents of four and of two entities.
PAIRS = [(i, j) for i in range(4) for j in range(4) if i != j] + [(4, 5), (5, 4)]
PAIRS = np.array(PAIRS, "int32")
ENTITY_ROWS = np.array([0, 0, 0, 0, 1, 1], "int32")
ROW_ENTITIES = np.array([[0, 1, 2, 3], [4, 5, -1, -1]], "int32")


def weights_of(stored, layers):
    """The authors' weights in the order of ours."""
    attentions, denses, norms = [], [], []
    for layer in range(layers):
        for axis in (0, 1):
            of_axis = f"p_axial_attns_{layer}_axial_attentions_{axis}_fn_to"
            for name in ("q_weight", "kv_weight", "out_weight"):
                attentions.append(stored[f"{of_axis}_{name}"].T)
            attentions.append(stored[f"{of_axis}_out_bias"])
        denses += [stored[f"p_ffns_{layer}_weight"].T, stored[f"p_ffns_{layer}_bias"]]
        norms += [stored[f"p_lns_{layer}_weight"], stored[f"p_lns_{layer}_bias"]]
    return attentions, denses, norms


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_equals_the_authors(case, values_and_gradients, execution, float64):
    with np.load(GOLDEN / "axial_attention_code.npz", allow_pickle=False) as file:
        stored = {name: file[f"{case['id']}_{name}"] for name in case["arrays"]}
    sizes = case["hparams"]
    transformer = AxialTransformer(sizes["layers"], sizes["heads"], dtype="float64")
    transformer.build(stored["x"].shape)
    attentions, denses, norms = weights_of(stored, sizes["layers"])
    per_layer = len(attentions) // sizes["layers"]
    for number, attention in enumerate(transformer.attentions):
        attention.set_weights(attentions[number * per_layer : (number + 1) * per_layer])
        transformer.denses[number].set_weights(denses[2 * number : 2 * number + 2])
        transformer.norms[number].set_weights(norms[2 * number : 2 * number + 2])

    def computed(matrix):
        return [transformer.attentions[0](matrix), transformer(matrix)]

    exact = keras.backend.backend() == "tensorflow"
    near = {"rtol": 1e-9, "atol": 1e-10} if exact else {"rtol": 1e-4, "atol": 1e-5}
    (first, found), [gradient] = values_and_gradients(computed, [stored["x"]], execution)
    np.testing.assert_allclose(first, stored["first_attention"], **near)
    np.testing.assert_allclose(found, stored["out"], **near)
    np.testing.assert_allclose(found + stored["x"], stored["feature"], **near)
    assert np.isfinite(gradient).all()
    # Where all pairs are asked about, being asked changes nothing.
    asked = np.ones(stored["x"].shape[:3], bool)
    np.testing.assert_allclose(ops.convert_to_numpy(transformer(stored["x"], asked)), found, **near)


@pytest.fixture(scope="module")
def interaction():
    keras.utils.set_random_seed(2)
    layer = AxialInteraction(layers=2, heads=3)
    layer.build((None, 6), (None, 2), (None,), (None, None))
    return layer


def interacted(layer, features, pairs=PAIRS, rows=ENTITY_ROWS, row_entities=ROW_ENTITIES):
    return ops.convert_to_numpy(layer(features, pairs, rows, row_entities))


FEATURES = np.random.default_rng(5).normal(size=(14, 6)).astype("float32")


def test_a_pair_sees_the_pairs_that_share_an_entity_and_no_other():
    keras.utils.set_random_seed(2)
    layer = AxialInteraction(layers=1, heads=2)
    plain = interacted(layer, FEATURES)
    for number, (subject, object_) in enumerate(PAIRS):
        changed = FEATURES.copy()
        changed[number] += 1
        moved = np.abs(interacted(layer, changed) - plain).max(axis=1) > 1e-6
        shared = (PAIRS[:, 0] == subject) | (PAIRS[:, 1] == object_)
        np.testing.assert_array_equal(moved, shared)


def test_padding_and_other_documents_are_not_seen(interaction):
    together = interacted(interaction, FEATURES)
    alone = interacted(interaction, FEATURES[:12], PAIRS[:12], ENTITY_ROWS[:4], ROW_ENTITIES[:1])
    np.testing.assert_allclose(together[:12], alone, atol=1e-5)
    # In a smaller matrix, and in a larger one.
    for most in (2, 8):
        row_entities = np.full((1, most), -1, "int32")
        row_entities[0, :2] = [0, 1]
        alone = interacted(
            interaction, FEATURES[12:], PAIRS[12:] - 4, np.zeros(2, "int32"), row_entities
        )
        np.testing.assert_allclose(together[12:], alone, atol=1e-5)


def test_gradients_are_finite_with_and_without_pairs(interaction, values_and_gradients, execution):
    for asked in (slice(None), slice(0, 1), slice(0, 0)):
        pairs = PAIRS[asked]
        _, [gradient] = values_and_gradients(
            lambda features, pairs=pairs: [
                ops.square(interaction(features, pairs, ENTITY_ROWS, ROW_ENTITIES))
            ],
            [FEATURES[asked]],
            execution,
        )
        assert gradient.shape == (len(pairs), 6)
        assert np.isfinite(gradient).all()


def test_half_precision_does_not_see_padding_either():
    layer = AxialInteraction(layers=1, heads=2, dtype="mixed_float16")
    together = interacted(layer, FEATURES)
    assert together.dtype == "float16"
    alone = interacted(layer, FEATURES[:12], PAIRS[:12], ENTITY_ROWS[:4], ROW_ENTITIES[:1])
    np.testing.assert_allclose(together[:12], alone, atol=5e-3)


def test_its_weights_are_counted_and_its_config_comes_back(interaction):
    assert interaction.num_weights(6) == interaction.count_params()
    config = json.loads(json.dumps(keras.layers.serialize(interaction)))
    back = keras.layers.deserialize(config)
    assert back.get_config() == interaction.get_config()
    interacted(back, FEATURES)  # makes its weights
    back.set_weights(interaction.get_weights())
    np.testing.assert_array_equal(interacted(back, FEATURES), interacted(interaction, FEATURES))


def test_heads_divide_the_width_and_there_is_a_layer():
    with pytest.raises(MrcaError, match=r"4 heads.*Received: 6.*model\.hidden"):
        AxialAttention(4)(MATRIX)
    with pytest.raises(MrcaError, match="`layers` of AxialTransformer must be an integer"):
        AxialTransformer(layers=0)
