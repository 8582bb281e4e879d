import json
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from mrca.errors import MrcaError
from mrca.layers import UNet, UNetInteraction

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = json.loads((GOLDEN / "index.json").read_text("utf-8"))["docunet_unet_code"]["cases"]
BLOCKS = (
    "inc_conv",
    "down1_maxpool_conv_1",
    "down2_maxpool_conv_1",
    "up1_conv",
    "up2_conv",
)


def golden(case):
    """The authors' matrices, and our layer with their weights, in float64."""
    with np.load(GOLDEN / "docunet_unet_code.npz", allow_pickle=False) as file:
        stored = {name: file[f"{case['id']}_{name}"] for name in case["arrays"]}
    sizes = case["hparams"]
    layer = UNet(sizes["classes"], sizes["down_channel"], dtype="float64")
    matrix = stored["x"].transpose(0, 2, 3, 1)
    layer.build(matrix.shape)
    for number in range(10):
        name = f"p_{BLOCKS[number // 2]}_double_conv"
        convolution, norm = f"{name}_{3 * (number % 2)}", f"{name}_{3 * (number % 2) + 1}"
        layer.convolutions[number].set_weights(
            [stored[f"{convolution}_weight"].transpose(2, 3, 1, 0), stored[f"{convolution}_bias"]]
        )
        layer.norms[number].set_weights(
            [stored[f"{norm}_{w}"] for w in ("weight", "bias", "running_mean", "running_var")]
        )
    kernel = stored["p_outc_conv_weight"][:, :, 0, 0].T
    layer.output_layer.set_weights([kernel, stored["p_outc_conv_bias"]])
    return matrix, layer, stored["out"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_equals_the_authors(case, values_and_gradients, execution, float64):
    matrix, layer, expected = golden(case)
    exact = keras.backend.backend() == "tensorflow"
    near = {"rtol": 1e-7, "atol": 1e-8} if exact else {"rtol": 1e-4, "atol": 1e-5}
    [found], [gradient] = values_and_gradients(lambda x: [layer(x)], [matrix], execution)
    np.testing.assert_allclose(found, expected, **near)
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_document_is_computed_as_if_it_were_alone(case, float64):
    matrix, layer, expected = golden(case)
    size = case["hparams"]["n"]
    larger = np.pad(matrix, [(0, 0), (0, 5), (0, 5), (0, 0)])
    sizes = np.array([size, size], "int32")
    found = ops.convert_to_numpy(layer(larger, sizes))[:, :size, :size]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


# Documents of five and of two entities; matrices of eight.
PAIRS = [(i, j) for i in range(5) for j in range(5) if i != j] + [(5, 6), (6, 5)]
PAIRS = np.array(PAIRS, "int32")
ENTITY_ROWS = np.array([0] * 5 + [1] * 2, "int32")
ROW_ENTITIES = np.array([[0, 1, 2, 3, 4, -1, -1, -1], [5, 6] + [-1] * 6], "int32")
CONTEXT = np.random.default_rng(5).normal(size=(22, 6)).astype("float32")


@pytest.fixture(scope="module")
def interaction():
    keras.utils.set_random_seed(2)
    layer = UNetInteraction(units=5, channels=4)
    layer.build((None, 6), (None, 2), (None,), (None, None))
    return layer


def interacted(layer, context, pairs, rows, row_entities, **options):
    return ops.convert_to_numpy(layer(context, pairs, rows, row_entities, **options))


def test_other_documents_are_not_seen_and_few_entities_are_enough(interaction):
    together = interacted(interaction, CONTEXT, PAIRS, ENTITY_ROWS, ROW_ENTITIES)
    assert together.shape == (22, 5)
    alone = interacted(interaction, CONTEXT[:20], PAIRS[:20], ENTITY_ROWS[:5], ROW_ENTITIES[:1])
    np.testing.assert_allclose(together[:20], alone, atol=1e-5)
    row_entities = np.array([[0, 1, -1, -1]], "int32")
    two = interacted(interaction, CONTEXT[20:], PAIRS[20:] - 5, np.zeros(2, "int32"), row_entities)
    np.testing.assert_allclose(together[20:], two, atol=1e-5)


def test_a_pair_sees_those_around_it(interaction):
    plain = interacted(interaction, CONTEXT, PAIRS, ENTITY_ROWS, ROW_ENTITIES)
    changed = CONTEXT.copy()
    changed[0] += 1
    moved = np.abs(interacted(interaction, changed, PAIRS, ENTITY_ROWS, ROW_ENTITIES) - plain).max(
        axis=1
    )
    assert (moved[:20] > 1e-7).sum() > 10
    assert (moved[20:] == 0).all()


def test_more_entities_than_the_authors_allow(interaction):
    many = 60
    pairs = np.array([(0, many - 1), (many - 1, 0)], "int32")
    row_entities = np.arange(many, dtype="int32")[None]
    found = interacted(interaction, CONTEXT[:2], pairs, np.zeros(many, "int32"), row_entities)
    assert np.isfinite(found).all()


def test_padding_is_left_out_of_the_statistics():
    statistics = []
    for most in (8, 16):
        keras.utils.set_random_seed(2)
        layer = UNetInteraction(units=5, channels=4)
        row_entities = np.pad(ROW_ENTITIES, [(0, 0), (0, most - 8)], constant_values=-1)
        interacted(layer, CONTEXT, PAIRS, ENTITY_ROWS, row_entities, training=True)
        norms = layer.u_net.norms
        statistics.append([np.array(ops.convert_to_numpy(n.moving_mean)) for n in norms])
        assert any(np.abs(mean).max() > 1e-3 for mean in statistics[-1])
    for mean, other in zip(*statistics, strict=True):
        np.testing.assert_allclose(mean, other, atol=1e-5)


def test_gradients_are_finite_in_training(interaction, values_and_gradients, execution):
    keras.utils.set_random_seed(2)
    layer = UNetInteraction(units=5, channels=4)
    layer.build((None, 6), (None, 2), (None,), (None, None))
    _, [gradient] = values_and_gradients(
        lambda context: [
            ops.square(layer(context, PAIRS, ENTITY_ROWS, ROW_ENTITIES, training=True))
        ],
        [CONTEXT],
        execution,
    )
    assert np.isfinite(gradient).all()
    assert np.abs(gradient).max() > 0


def test_half_precision():
    layer = UNetInteraction(units=5, channels=4, dtype="mixed_float16")
    found = interacted(layer, CONTEXT, PAIRS, ENTITY_ROWS, ROW_ENTITIES)
    assert found.dtype == "float16"
    assert np.isfinite(found).all()


def test_its_weights_are_counted_and_its_config_comes_back(interaction):
    assert interaction.num_weights(6) == interaction.count_params()
    assert interaction.width(6) == 5
    back = keras.layers.deserialize(json.loads(json.dumps(keras.layers.serialize(interaction))))
    assert back.get_config() == interaction.get_config()


def test_channels_are_halved():
    with pytest.raises(MrcaError, match=r"must be an even number\. Received: 5"):
        UNet(channels=5)
    with pytest.raises(MrcaError, match=r"must be an integer of at least 1\. Received: 0"):
        UNet(channels=0)
