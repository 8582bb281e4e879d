import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from mrca.config import RunConfig
from mrca.encoders import KerasHubEncoder, open_encoder
from mrca.encoding import WordPieces, encode_pieces, plan_batches
from mrca.export import parse_marked
from mrca.models import MRCA
from mrca.models.piece_model import PieceModel
from mrca.text import Example

tf = pytest.importorskip("tensorflow")

from mrca.export.piece_network import PieceNetwork  # noqa: E402
from mrca.export.text_to_pieces import TextToPieces  # noqa: E402

LENGTH = 16
TEXTS = ["<s>Ada</s> met <o>b c</o>.", "", "a", "<o>Ada</o> " + "é" * 40, "ada <s>met</s> x y z"]
KINDS = {
    "frozen": {},
    "frozen, fixed padding": {"padding": "fixed"},
    "frozen, pooled": {"pooling": "entities", "units": 0},
    "trained": {"trainable": True, "pooling": "mean", "units": 0},
    "trained, fixed padding": {"trainable": True, "padding": "fixed", "units": 0},
    "keras_hub": {"pooling": "first", "units": 0},
    "keras_hub, trained": {"trainable": True, "pooling": "entities", "units": 0},
}
SAVED = ["frozen", "trained", "keras_hub"]


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
def keras_hub_encoder(vocabulary):
    keras_hub = pytest.importorskip("keras_hub", reason="needs the extra mrca[keras-hub]")

    def encoder(trainable):
        backbone = keras_hub.models.BertBackbone(len(vocabulary), 2, 2, 8, 16)
        return KerasHubEncoder(backbone, trainable), WordPieces(vocabulary, lower_case=True)

    return encoder


@pytest.fixture(scope="module")
def models(hub_module, keras_hub_encoder):
    keras.utils.set_random_seed(4)
    models = {}
    for kind, settings in KINDS.items():
        trainable = settings.get("trainable", False)
        units, pooling = settings.get("units", 4), settings.get("pooling", "windows")
        config = RunConfig(
            encoder={"name": f"hub:{hub_module}", "trainable": trainable},
            features={"max_length": LENGTH, "padding": settings.get("padding", "masked")},
            model={"units": units, "pooling": pooling, "pool_size": 4},
        )
        if kind.startswith("keras_hub"):
            encoder, word_pieces = keras_hub_encoder(trainable)
        else:
            encoder, word_pieces = open_encoder(config.encoder.name, trainable)
        dim = encoder.dim
        if "pooled" in kind:
            dim, pooling = 3 * dim, "first"  # as `train` does
        network = MRCA(0, dim, 2.0, 3, units=units, pooling=pooling, pool_size=4, max_length=LENGTH)
        models[kind] = PieceModel(network, config, encoder, word_pieces)
    return models


@pytest.fixture(scope="module")
def rows():
    read = [parse_marked(text) for text in TEXTS]
    return [Example(each.tokens, each.subjects, each.objects) for each in read]


def assert_close(found, expected, kind):
    assert found.shape == expected.shape == (len(TEXTS), 3)
    # A state halfway between two numbers of half precision may be rounded to either.
    far = np.abs(found - expected).max(axis=1) > 1e-5
    assert far.sum() <= (0 if "trained" in kind else 1), kind
    np.testing.assert_allclose(found, expected, atol=5e-3, err_msg=kind)


@pytest.mark.parametrize("kind", KINDS)
def test_gives_what_python_gives(models, rows, kind):
    model = models[kind]
    encoded = encode_pieces(rows, model.word_pieces, max_length=LENGTH)
    (plan,) = plan_batches(encoded.lengths, len(rows), max_length=LENGTH)
    network = PieceNetwork(model)
    inputs = {
        name: tf.constant(array, network.inputs[name].dtype)
        for name, array in encoded.batch(plan, "masked").items()
    }
    found = np.zeros((len(rows), 3), np.float32)
    found[plan.rows] = network(inputs)
    assert_close(found, model.outputs(rows), kind)


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


def test_a_fresh_process_without_this_package_does_too(models, rows, tmp_path):
    word_pieces = models["frozen"].word_pieces
    reader = TextToPieces(word_pieces, tmp_path, max_length=LENGTH)
    saved = tmp_path / "saved"
    networks = {kind: PieceNetwork(models[kind]) for kind in SAVED}
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
            assert_close(outputs[kind], models[kind].outputs(rows), kind)


def test_states_are_those_of_half_precision(models):
    model = models["frozen, pooled"]
    pieces = tf.constant([[model.word_pieces.cls, 20, 30, model.word_pieces.sep]])
    inputs = {
        "pieces": pieces,
        "case": tf.zeros_like(pieces, tf.int8),
        "role": tf.constant([[0, 1, -1, 0]], tf.int8),
        "lengths": tf.constant([4]),
    }
    states = model.encoder(pieces, inputs["lengths"]).numpy()[0, :3].ravel()
    weights, bias = (value.numpy() for value in model.network.classifier.weights)
    expected = states.astype(np.float16).astype(np.float32) @ weights + bias
    np.testing.assert_allclose(PieceNetwork(model)(inputs)[0], expected, atol=1e-5)
