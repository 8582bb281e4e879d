"""Runs on every backend."""

import json
import sys

import keras
import numpy as np
import pytest
import requests
from keras import ops

from mrca.encoders.hub_states import HubStates
from mrca.encoders.keras_hub_states import KerasHubStates
from mrca.encoding import BytePairs, WordPieces
from mrca.errors import MrcaError


@pytest.fixture(scope="session")
def keras_hub():
    return pytest.importorskip("keras_hub", reason="needs the extra mrca[keras-hub]")


@pytest.fixture
def backbone(keras_hub, vocabulary):
    return keras_hub.models.BertBackbone(
        vocabulary_size=len(vocabulary),
        num_layers=1,
        num_heads=2,
        hidden_dim=8,
        intermediate_dim=16,
        dropout=0.3,
        max_sequence_length=32,
    )


@pytest.fixture
def preset(backbone, vocabulary, tmp_path):
    KerasHubStates(backbone).save(tmp_path / "preset", WordPieces(vocabulary, lower_case=True))
    return tmp_path / "preset"


def states(encoder, batch, **options):
    return ops.convert_to_numpy(encoder(batch["pieces"], batch["lengths"], **options))


def values(weights):
    return [np.array(ops.convert_to_numpy(weight)) for weight in weights]


def test_gives_a_state_for_each_piece(backbone, batch):
    encoder = KerasHubStates(backbone)
    output = states(encoder, batch)
    assert (output.shape, output.dtype) == ((4, 9, 8), "float32")
    assert (encoder.dim, encoder.max_positions, encoder.num_pieces) == (8, 32, 64)
    short = {"pieces": batch["pieces"][1:2, :5], "lengths": batch["lengths"][1:2]}
    np.testing.assert_allclose(states(encoder, short)[0], output[1, :5], atol=1e-6)


@pytest.mark.parametrize("trainable", [False, True])
def test_moves_only_if_trainable(preset, batch, classifier, trainable):
    encoder = KerasHubStates.from_preset(str(preset), trainable)
    model = classifier(encoder)
    before, expected = values(encoder.weights), states(encoder, batch)
    np.testing.assert_array_equal(states(encoder, batch, training=False), expected)
    dropped = states(encoder, batch, training=True)
    assert (dropped != expected).any() == trainable
    model.fit(batch, np.eye(4, 3), epochs=2, verbose=0)
    moved = [(a != b).any() for a, b in zip(before, values(encoder.weights), strict=True)]
    # The pooled output is not used.
    assert sum(moved) == (len(moved) - 2 if trainable else 0)
    assert len(model.trainable_weights) == len(encoder.trainable_weights) + 2
    assert bool(encoder.trainable_weights) == trainable


def test_a_tuned_encoder_is_saved_as_a_preset(preset, batch, classifier, tmp_path):
    encoder = KerasHubStates.from_preset(str(preset), trainable=True)
    word_pieces = WordPieces(encoder.vocabulary, encoder.lower_case)
    original = states(encoder, batch)
    classifier(encoder).fit(batch, np.eye(4, 3), verbose=0)
    expected = states(encoder, batch)
    encoder.save(tmp_path / "tuned", word_pieces)
    again = KerasHubStates.from_preset(str(tmp_path / "tuned"), trainable=True)
    np.testing.assert_allclose(states(again, batch), expected, atol=1e-6)
    assert (expected != original).any()
    assert again.vocabulary == list(word_pieces.vocabulary)
    assert again.lower_case is True
    assert len(again.trainable_weights) == len(encoder.trainable_weights) > 0


def test_is_read_from_a_keras_file(preset, batch, classifier, tmp_path):
    encoder = KerasHubStates.from_preset(str(preset))
    model = classifier(encoder)
    keras.Model(model.inputs, model.outputs).save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(
        again.predict(batch, verbose=0), model.predict(batch, verbose=0), atol=1e-6
    )
    assert again.trainable_weights[0].shape == model.trainable_weights[0].shape
    assert len(again.trainable_weights) == 2


def test_the_fingerprint_is_that_of_the_weights_and_the_architecture(preset, backbone):
    fingerprints = {KerasHubStates.from_preset(str(preset)).fingerprint for _ in range(2)}
    assert fingerprints == {KerasHubStates(backbone).fingerprint}
    weight = backbone.weights[0]
    weight.assign(weight + 1)
    assert KerasHubStates(backbone).fingerprint not in fingerprints


def test_equals_the_same_weights_as_a_tf_hub_module(module_writer, backbone, batch, tmp_path):
    folder = module_writer(backbone, tmp_path / "module")
    np.testing.assert_allclose(
        states(HubStates(folder), batch), states(KerasHubStates(backbone), batch), atol=1e-6
    )


def test_a_model_with_it_is_exported(preset, batch, classifier, tmp_path):
    if keras.backend.backend() != "tensorflow":
        pytest.skip("exporting needs the TensorFlow backend")
    import tensorflow as tf

    model = classifier(KerasHubStates.from_preset(str(preset)))
    model.export(tmp_path / "exported", verbose=False)
    exported = tf.saved_model.load(str(tmp_path / "exported"))
    output = exported.serve({name: tf.constant(array) for name, array in batch.items()})
    np.testing.assert_allclose(output, model.predict(batch, verbose=0), atol=1e-5)


def test_it_gives_the_attention_of_its_last_layer(backbone, batch):
    encoder = KerasHubStates(backbone, trainable=True)
    found, attention = encoder(batch["pieces"], batch["lengths"], return_attention_scores=True)
    found, attention = ops.convert_to_numpy(found), ops.convert_to_numpy(attention)
    assert (attention.shape, attention.dtype) == ((4, 2, 9, 9), "float32")
    np.testing.assert_allclose(found, states(encoder, batch), atol=1e-5)
    np.testing.assert_allclose(attention.sum(-1), 1, atol=1e-5)  # over keys
    assert np.ptp(attention[0], axis=-1).max() > 1e-6
    for row, length in enumerate(batch["lengths"]):
        assert not attention[row, :, :, length:].any()
    # What the last layer reads shares its weights with the backbone.
    assert len(encoder.weights) == len(backbone.weights)


def test_attention_is_float32_in_half_precision_too(backbone, batch):
    encoder = KerasHubStates(backbone)
    half = encoder.with_dtype("mixed_float16")
    both = [
        ops.convert_to_numpy(
            each(batch["pieces"], batch["lengths"], return_attention_scores=True)[1]
        )
        for each in (half, encoder)
    ]
    assert both[0].dtype == "float32"
    np.testing.assert_allclose(*both, atol=2e-3)


def test_embeddings_can_stay_as_they_are(backbone, batch, classifier):
    encoder = KerasHubStates(backbone, trainable=True, freeze_embeddings=True)
    kept = [*backbone.token_embedding.weights, *backbone.position_embedding.weights]
    kept += [*backbone.segment_embedding.weights, *backbone.embeddings_layer_norm.weights]
    before = values(kept)
    others = values(encoder.trainable_weights)
    assert len(others) == 16 * backbone.num_layers  # of the transformer layers alone
    classifier(encoder).fit(batch, np.ones((4, 3)), epochs=1, verbose=0)
    for one, other in zip(before, values(kept), strict=True):
        np.testing.assert_array_equal(one, other)
    moved = zip(others, values(encoder.trainable_weights), strict=True)
    assert any(np.abs(one - other).max() > 0 for one, other in moved)
    assert encoder.with_dtype("float32").freeze_embeddings


def test_another_kind_of_backbone_is_refused_with_its_inputs(keras_hub):
    backbone = keras_hub.models.GPT2Backbone(64, 1, 2, 8, 16)  # whose attention looks back alone
    with pytest.raises(MrcaError, match=r"GPT2Backbone is no BERT encoder.*token_ids"):
        KerasHubStates(backbone)


# === RoBERTa ===

BYTE_PAIRS = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *"Ġabdt", "Ġa", "Ġb", "da", "Ġada"]
MERGES = ["Ġ a", "Ġ b", "d a", "Ġa da"]


@pytest.fixture
def roberta(keras_hub):
    return keras_hub.models.RobertaBackbone(
        len(BYTE_PAIRS), 2, 2, 8, 16, dropout=0.3, max_sequence_length=32
    )


def test_roberta_gives_states_and_attention(roberta, batch):
    encoder = KerasHubStates(roberta, trainable=True, freeze_embeddings=True)
    pieces = batch["pieces"] % len(BYTE_PAIRS)
    found, attention = encoder(pieces, batch["lengths"], return_attention_scores=True)
    expected = ops.convert_to_numpy(encoder(pieces, batch["lengths"]))
    np.testing.assert_allclose(ops.convert_to_numpy(found), expected, atol=1e-5)
    np.testing.assert_allclose(ops.convert_to_numpy(attention).sum(-1), 1, atol=1e-5)
    assert len(encoder.trainable_weights) == 2 * 16
    changed = np.array(pieces)
    changed[2, 3:] = 1  # padding
    np.testing.assert_allclose(
        ops.convert_to_numpy(encoder(changed, batch["lengths"]))[2, :3], expected[2, :3], atol=1e-5
    )


def test_robertas_byte_pairs_come_with_the_preset(keras_hub, roberta, tmp_path):
    pieces = BytePairs(BYTE_PAIRS, MERGES)
    KerasHubStates(roberta).save(tmp_path / "preset", pieces)
    again = KerasHubStates.from_preset(str(tmp_path / "preset"), freeze_embeddings=True)
    assert (again.vocabulary, again.merges, again.lower_case) == (BYTE_PAIRS, MERGES, False)
    word = BytePairs(again.vocabulary, again.merges).pieces("badada")
    # As KerasHub itself splits a text in which it stands after a space.
    tokenizer = keras_hub.models.RobertaTokenizer.from_preset(str(tmp_path / "preset"))
    assert list(word) == np.asarray(tokenizer(" badada")).tolist()
    copied = again.with_dtype("float32")
    assert (copied.vocabulary, copied.merges) == (BYTE_PAIRS, MERGES)


def test_a_preset_without_a_tokenizer_has_no_vocabulary(backbone, tmp_path):
    backbone.save_to_preset(str(tmp_path / "bare"))
    bare = KerasHubStates.from_preset(str(tmp_path / "bare"))
    assert (bare.vocabulary, bare.lower_case) == (None, None)


def test_another_precision_has_the_same_weights(backbone, batch):
    encoder = KerasHubStates(backbone)
    half = encoder.with_dtype("mixed_float16")
    assert half.backbone.dtype_policy.name == "mixed_float16"
    assert states(half, batch).dtype == "float32"
    np.testing.assert_allclose(states(half, batch)[0], states(encoder, batch)[0], atol=0.02)
    np.testing.assert_array_equal(states(half.with_dtype("float32"), batch), states(encoder, batch))


@pytest.mark.parametrize("damage", ["unknown name", "empty folder", "config", "weights"])
def test_what_cannot_be_opened_is_named(preset, damage):
    name = str(preset)
    if damage == "unknown name":
        name = "bert_of_nobody"
    elif damage == "empty folder":
        name = str(preset.parent)
    elif damage == "config":
        (preset / "config.json").write_text(json.dumps({"class_name": "x"}))
    else:
        (preset / "model.weights.h5").write_bytes(b"not weights")
    with pytest.raises(MrcaError, match=r"(?s)KerasHub cannot open.*Without a connection"):
        KerasHubStates.from_preset(name)


def test_of_a_message_of_several_lines_the_first_whole_sentence_is_given(keras_hub):
    with pytest.raises(MrcaError) as raised:
        KerasHubStates.from_preset("bert_of_nobody")
    assert "'bert_of_nobody': Unknown preset identifier. Expected a preset's name" in str(
        raised.value
    )


def test_a_folder_that_is_not_there_is_no_preset_of_another_name(tmp_path):
    for name in (str(tmp_path / "nope"), "some/nope", "~/nope-of-nobody"):
        with pytest.raises(MrcaError, match=r"no such folder.*model\.safetensors, vocab\.txt"):
            KerasHubStates.from_preset(name)


def test_without_a_connection_the_reason_is_one_clause(keras_hub, monkeypatch):
    def fail(*_, **__):
        try:
            raise OSError("Name or service not known")
        except OSError as error:
            raise requests.ConnectionError("HTTPSConnectionPool(host='x', port=443)") from error

    monkeypatch.setattr(keras_hub.models.Backbone, "from_preset", fail)
    with pytest.raises(MrcaError) as raised:
        KerasHubStates.from_preset("bert_tiny_en_uncased")
    assert "ConnectionError: Name or service not known. Expected" in str(raised.value)
    assert "HTTPSConnectionPool" not in str(raised.value)


def test_without_keras_hub_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "keras_hub", None)
    with pytest.raises(MrcaError, match=r"pip install 'mrca\[keras-hub\]'"):
        KerasHubStates.from_preset("bert_tiny_en_uncased")


class FirstState(keras.Model):
    """A number from an encoder's first state, and maybe from its attention."""

    def __init__(self, encoder, attention):
        super().__init__()
        self.encoder, self.attention = encoder, attention

    def call(self, rows, training=None):
        found = self.encoder(
            rows["pieces"],
            rows["lengths"],
            training=training,
            return_attention_scores=self.attention,
        )
        if not self.attention:
            return ops.sum(found[:, 0, :3], -1)
        return ops.sum(found[0][:, 0, :3], -1) + ops.sum(found[1] ** 2, (1, 2, 3))


@pytest.mark.parametrize("attention", [False, True])
def test_gradient_checkpointing_trains_to_the_same_weights(roberta, batch, attention):
    """With dropout: what is computed again has to drop the same."""
    seeds = roberta.non_trainable_variables  # of dropout
    start, first_seeds = values(roberta.weights), values(seeds)
    rows = {"pieces": batch["pieces"] % len(BYTE_PAIRS), "lengths": batch["lengths"]}
    found = []
    for checkpointing in (False, True):
        roberta.set_weights(start)
        for seed, value in zip(seeds, first_seeds, strict=True):
            seed.assign(value)
        encoder = KerasHubStates(roberta, trainable=True, gradient_checkpointing=checkpointing)
        model = FirstState(encoder, attention)
        model.compile(keras.optimizers.SGD(0.01), "mse", jit_compile=False)
        keras.utils.set_random_seed(5)  # what PyTorch drops by
        model.fit(rows, np.ones(4), shuffle=False, verbose=0)
        found.append(values(roberta.weights))
    assert any((one != other).any() for one, other in zip(start, found[0], strict=True))
    for without, with_checkpoints in zip(*found, strict=True):
        np.testing.assert_allclose(with_checkpoints, without, atol=1e-5)


def test_steps_with_gradient_checkpointing_drop_differently(roberta, batch):
    encoder = KerasHubStates(roberta, trainable=True, gradient_checkpointing=True)
    pieces = batch["pieces"] % len(BYTE_PAIRS)
    first, second = (
        ops.convert_to_numpy(encoder(pieces, batch["lengths"], training=True)) for _ in range(2)
    )
    assert (first != second).any()
