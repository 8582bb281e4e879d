import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from mrca.config import RunConfig
from mrca.datasets import CandidateSelection, LabelCounts
from mrca.encoders import HubEncoder, KerasHubEncoder
from mrca.encoders.keras_hub_states import KerasHubStates
from mrca.encoding import EncodedDocuments, WordPieces, piece_rows, plan_batches
from mrca.models import RelationClassifier
from mrca.models.classifier import configured_loss
from mrca.text import RelationSet
from mrca.text.inline_marks import parse_marked

tf = pytest.importorskip("tensorflow")

from mrca.export.piece_network import PieceNetwork  # noqa: E402
from mrca.export.probes import document_of  # noqa: E402
from mrca.export.text_to_pieces import TextToPieces  # noqa: E402

LENGTH = 16
TEXTS = ["<s>Ada</s> met <o>b c</o>.", "", "a", "<o>Ada</o> " + "é" * 40, "ada <s>met</s> x y z"]
KINDS = {
    "frozen": {},
    "frozen, fixed padding": {"padding": "fixed"},
    "frozen, pooled": {"pooling": "entities", "units": 0},
    "trained": {"trainable": True},
    "trained, windows": {"trainable": True, "units": 0},
    "trained, pooled": {"trainable": True, "pooling": "mean", "units": 0},
    "keras_hub": {"pooling": "first", "units": 0},
    "keras_hub, trained": {"trainable": True, "pooling": "entities", "units": 0},
}
SAVED = ["trained", "keras_hub"]


class Joined(tf.Module):
    """A reader with networks after it, as an exported model has one."""

    def __init__(self, reader, networks):
        super().__init__()
        self.reader = reader
        self.networks = networks

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
    def __call__(self, text):
        read = self.reader(text)
        return {
            kind: network({name: read[name] for name in network.inputs})
            for kind, network in self.networks.items()
        }


@pytest.fixture(scope="module")
def rows():
    return [document_of(parse_marked(text)) for text in TEXTS]


@pytest.fixture(scope="module")
def models(hub_module, vocabulary, rows):
    keras_hub = pytest.importorskip("keras_hub", reason="needs the extra mrca[keras-hub]")

    def opened(kind, config):
        if not kind.startswith("keras_hub"):
            return HubEncoder.open(config, rows, ())
        backbone = keras_hub.models.BertBackbone(len(vocabulary), 2, 2, 8, 16)
        states = KerasHubStates(backbone, config.encoder.trainable)
        return KerasHubEncoder(config, (), states, WordPieces(vocabulary, lower_case=True), rows)

    selection, relations = CandidateSelection("whole"), RelationSet(["a", "b", "c"])
    train = selection.select(rows).labelled(relations)
    keras.utils.set_random_seed(4)
    models = {}
    for kind, settings in KINDS.items():
        config = RunConfig(
            encoder={
                "name": f"hub:{hub_module}",
                "trainable": settings.get("trainable", False),
            },
            features={"max_length": LENGTH, "padding": settings.get("padding", "masked")},
            model={
                "units": settings.get("units", 4),
                "pooling": settings.get("pooling", "windows"),
                "pool_size": 4,
            },
        )
        encoder = opened(kind, config)
        loss = configured_loss(config, LabelCounts.of(train))
        models[kind] = RelationClassifier.new(config, train, relations, selection, encoder, loss)
    return models


def raw_outputs(model, rows):
    return model.raw_outputs(model.candidates(rows))


def assert_close(found, expected, kind):
    assert found.shape == expected.shape == (len(TEXTS), 3)
    # A state halfway between two numbers of half precision may be rounded to either.
    far = np.abs(found - expected).max(axis=1) > 1e-5
    assert far.sum() <= (0 if "trained" in kind else 1), kind
    np.testing.assert_allclose(found, expected, atol=5e-3, err_msg=kind)


@pytest.mark.parametrize("kind", KINDS)
def test_gives_what_python_gives(models, rows, kind):
    model = models[kind]
    pieces = piece_rows(rows, model.encoder.word_pieces, max_length=LENGTH)
    encoded = EncodedDocuments(pieces.arrays, pieces.starts)
    (plan,) = plan_batches(encoded.lengths, len(rows), max_length=LENGTH)
    network = PieceNetwork(model, model.encoder)
    inputs = {
        name: tf.constant(array, network.inputs[name].dtype)
        for name, array in encoded.batch(plan, "masked").items()
    }
    found = np.zeros((len(rows), 3), np.float32)
    found[plan.rows] = network(inputs)
    assert_close(found, raw_outputs(model, rows), kind)


LOAD = """
import sys
sys.modules["mrca"] = None
import numpy as np, tensorflow as tf
loaded = tf.saved_model.load(sys.argv[1])
outputs = loaded(tf.constant(sys.argv[3:]))
for empty in loaded(tf.constant([], tf.string)).values():
    assert empty.shape == (0, 3)
np.savez(sys.argv[2], **outputs)
"""


@pytest.mark.processes
def test_a_fresh_process_without_this_package_does_too(models, rows, tmp_path):
    word_pieces = models[SAVED[0]].encoder.word_pieces
    reader = TextToPieces(word_pieces, tmp_path, max_length=LENGTH)
    saved = tmp_path / "saved"
    networks = {kind: PieceNetwork(models[kind], models[kind].encoder) for kind in SAVED}
    tf.saved_model.save(Joined(reader, networks), str(saved))
    lines = (saved / "assets" / "vocabulary.txt").read_text("utf-8").splitlines()
    assert lines == list(word_pieces.vocabulary)
    result = subprocess.run(
        [sys.executable, "-c", LOAD, saved, tmp_path / "outputs.npz", *TEXTS],
        cwd=tmp_path,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    with np.load(tmp_path / "outputs.npz") as outputs:
        for kind in SAVED:
            assert_close(outputs[kind], raw_outputs(models[kind], rows), kind)


def test_states_are_those_of_half_precision(models):
    model = models["frozen, pooled"]
    pieces = tf.constant([[model.encoder.word_pieces.cls, 20, 30, model.encoder.word_pieces.sep]])
    inputs = {
        "pieces": pieces,
        "case": tf.zeros_like(pieces, tf.int8),
        "role": tf.constant([[0, 1, -1, 0]], tf.int8),
        "lengths": tf.constant([4]),
    }
    states = model.encoder.states(pieces, inputs["lengths"]).numpy()[0, :3].ravel()
    weights, bias = (value.numpy() for value in model.network.classifier.weights)
    expected = states.astype(np.float16).astype(np.float32) @ weights + bias
    np.testing.assert_allclose(PieceNetwork(model, model.encoder)(inputs)[0], expected, atol=1e-5)


def test_a_row_scores_alike_alone(models, rows):
    """Of a trained encoder the states of padding are whatever its layers make of it."""
    model = models["trained, windows"]
    alone = [raw_outputs(model, [row]) for row in rows[:2]]
    np.testing.assert_allclose(np.concatenate(alone), raw_outputs(model, rows)[:2], atol=1e-5)
