import json
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from mrca.layers import EntityPooling, GroupedBilinear, LocalizedContext, PairExtractors

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = json.loads((GOLDEN / "index.json").read_text("utf-8"))["atlop_head_code"]["cases"]
GENERATOR = np.random.default_rng(7)
STATES = GENERATOR.normal(size=(2, 6, 4)).astype("float32")
ATTENTION = GENERATOR.dirichlet(np.ones(6), size=(2, 3, 6)).astype("float32")
# Three entities of the first document, the last of them cut off, and two of the second.
ENTITIES = np.array([[0, 3], [5, -1], [-1, -1], [1, 2], [4, -1]], "int32")
ENTITY_ROWS = np.array([0, 0, 0, 1, 1], "int32")
ROW_ENTITIES = np.array([[0, 1, 2, -1], [3, 4, -1, -1]], "int32")
PAIRS = np.array([[0, 1], [1, 0], [0, 2], [3, 4]], "int32")


def contexts(
    layer,
    states=STATES,
    attention=ATTENTION,
    entities=ENTITIES,
    entity_rows=ENTITY_ROWS,
    row_entities=ROW_ENTITIES,
    pairs=PAIRS,
):
    found = layer(states, attention, entities, pairs, entity_rows, row_entities)
    return ops.convert_to_numpy(found)


@pytest.fixture
def inputs(request):
    """A stored case as our layers take it."""
    case = request.param
    with np.load(GOLDEN / "atlop_head_code.npz", allow_pickle=False) as file:
        stored = {name: file[f"{case['id']}_{name}"] for name in case["arrays"]}
    time = stored["sequence"].shape[1]
    mentions, rows, row_entities, pairs = [], [], [], []
    for row, (document, asked) in enumerate(zip(case["entity_pos"], case["hts"], strict=True)):
        before = len(mentions)
        pairs += [(before + first, before + second) for first, second in asked]
        # [CLS] stands before the first token, and a mention behind the window is cut off.
        mentions += [[start + 1 for start, _ in entity if start + 1 < time] for entity in document]
        row_entities.append([*range(before, len(mentions)), -1])
        rows += [row] * len(document)
    most = max(len(each) for each in mentions)
    entities = [each + [-1] * (most - len(each)) for each in mentions]
    arrays = (entities, rows, row_entities, pairs)
    return case, stored, [np.array(each, "int32") for each in arrays]


@pytest.mark.parametrize("inputs", CASES, ids=lambda case: case["id"], indirect=True)
def test_atlop_equals_the_authors(inputs, values_and_gradients, execution, float64):
    case, stored, (entities, rows, row_entities, pairs) = inputs
    pool = EntityPooling("logsumexp", dtype="float64")
    localized = LocalizedContext(epsilon=1e-5, dtype="float64")
    sizes = case["hparams"]
    extractors = PairExtractors(sizes["emb"], dtype="float64")
    extractors.build((None, 2, sizes["hidden"]), (None, sizes["hidden"]))
    sides = [f"p_{side}_extractor" for side in ("head", "tail")]
    weights = [(stored[f"{side}_weight"].T, stored[f"{side}_bias"]) for side in sides]
    extractors.set_weights([weight for side in weights for weight in side])
    head = GroupedBilinear(stored["logits"].shape[1], sizes["block"], dtype="float64")
    head.build((None, 2 * sizes["emb"]))
    head.set_weights([stored["p_bilinear_weight"].T, stored["p_bilinear_bias"]])

    def computed(states, attention):
        pooled = pool(states, entities, rows)
        context = localized(states, attention, entities, pairs, rows, row_entities)
        sides = ops.take(pooled, pairs, axis=0)
        scores = head(extractors(sides, context))
        return [sides[:, 0], sides[:, 1], context, scores]

    found, gradients = values_and_gradients(
        computed, [stored["sequence"], stored["attention"]], execution
    )
    exact = keras.backend.backend() == "tensorflow"
    near = {"rtol": 1e-9, "atol": 1e-10} if exact else {"rtol": 1e-4, "atol": 1e-5}
    for value, name in zip(found, ("hs", "ts", "rs", "logits"), strict=True):
        np.testing.assert_allclose(value, stored[name], **near, err_msg=name)
    assert all(np.isfinite(gradient).all() for gradient in gradients)


def test_equals_the_definition_pair_by_pair():
    expected = []
    for subject, object_ in PAIRS:
        row = ENTITY_ROWS[subject]
        looked = []
        for entity in (subject, object_):
            tokens = ENTITIES[entity][ENTITIES[entity] >= 0]
            rows = ATTENTION[row][:, tokens].astype("float64")
            looked.append(rows.mean(axis=1) if len(tokens) else np.zeros((3, 6)))
        weights = (looked[0] * looked[1]).sum(axis=0)
        expected.append(weights @ STATES[row] / weights.sum() if weights.any() else np.zeros(4))
    np.testing.assert_allclose(contexts(LocalizedContext()), np.stack(expected), rtol=1e-5)


def test_padding_and_other_documents_change_nothing():
    expected = contexts(LocalizedContext())
    states = np.pad(STATES, [(0, 0), (0, 2), (0, 0)], constant_values=9)
    attention = np.pad(ATTENTION, [(0, 0), (0, 0), (0, 2), (0, 2)])
    padded = contexts(LocalizedContext(), states, attention)
    np.testing.assert_allclose(padded, expected, rtol=1e-5)
    alone = contexts(
        LocalizedContext(),
        STATES[1:],
        ATTENTION[1:],
        ENTITIES[3:],
        np.zeros(2, "int32"),
        np.array([[0, 1]], "int32"),
        np.array([[0, 1]], "int32"),
    )
    np.testing.assert_allclose(alone, expected[3:], rtol=1e-5)


def test_gradients_are_finite_where_nothing_is_seen(values_and_gradients, execution):
    blind = ATTENTION.copy()
    blind[0, :, :3, 3:] = blind[0, :, 3:, :3] = 0  # both look past each other
    entities = np.array([[0, -1], [5, -1], [-1, -1], [1, 2], [4, -1]], "int32")
    [found], gradients = values_and_gradients(
        lambda states, attention: [
            LocalizedContext()(states, attention, entities, PAIRS, ENTITY_ROWS, ROW_ENTITIES)
        ],
        [STATES, blind],
        execution,
    )
    assert (found[:3] == 0).all()
    assert (found[3] != 0).all()
    assert all(np.isfinite(gradient).all() for gradient in gradients)


def test_no_pairs_and_no_entities():
    none = contexts(LocalizedContext(), pairs=PAIRS[:0])
    assert none.shape == (0, 4)
    none = contexts(
        LocalizedContext(),
        entities=ENTITIES[:0],
        entity_rows=ENTITY_ROWS[:0],
        row_entities=np.full((2, 4), -1, "int32"),
        pairs=PAIRS[:0],
    )
    assert none.shape == (0, 4)


def test_attention_of_long_documents_does_not_underflow_in_half_precision():
    time = 2048
    states = np.tile(GENERATOR.normal(size=(1, 1, 4)), (2, time, 1)).astype("float32")
    attention = np.full((2, 1, time, time), 1 / time, "float32")
    layer = LocalizedContext(dtype="mixed_float16")
    found = contexts(layer, states, attention)
    assert found.dtype == "float16"
    np.testing.assert_allclose(found[[0, 1, 3]], states[:1, 0].repeat(3, axis=0), rtol=1e-3)


def test_config_comes_back():
    layer = LocalizedContext(epsilon=1e-10)
    back = keras.layers.deserialize(json.loads(json.dumps(keras.layers.serialize(layer))))
    assert back.get_config() == layer.get_config()
    np.testing.assert_array_equal(contexts(back), contexts(layer))
