"""Mixed precision, from training to prediction."""

import csv
import shutil

import keras
import numpy as np
import pytest

import mrca
from mrca import training
from mrca.config import load_preset, with_overrides
from mrca.datasets import load_corpus

MIXED = "training.precision=mixed_float16"


@pytest.fixture(autouse=True)
def global_policy():
    """A run's precision is never that of the next model."""
    yield
    assert keras.config.dtype_policy().name == "float32"


@pytest.fixture(scope="module")
def examples(sample_slice):
    return load_corpus("sample", sample_slice).splits["test"][:8]


@pytest.fixture(scope="module")
def train(sample_slice):
    """Training alone: nothing is evaluated after it."""

    def run(config, folder, **options):
        return training.train(config, folder, data_dir=sample_slice, splits=(), **options)

    return run


@pytest.fixture(scope="module")
def mixed_run(tiny_config, train, tmp_path_factory):
    config = with_overrides(tiny_config, [MIXED, "features.padding=fixed"])
    return train(config, tmp_path_factory.mktemp("mixed") / "whole", keep_state=True)


def policies(network):
    return {layer.name: layer.dtype_policy.name for layer in network.layers if layer.weights}


def test_a_run_trains_in_it_and_is_loaded_with_it(mixed_run, sample_slice, examples):
    with (mixed_run.folder / "history.csv").open() as file:
        epochs = list(csv.DictReader(file))
    assert all(np.isfinite(float(epoch["loss"])) for epoch in epochs)
    # What the network scored in training, loaded.
    valid = training.evaluate_split(mixed_run, load_corpus("sample", sample_slice), "valid")
    best = max(float(epoch["val_micro_f1"]) for epoch in epochs)
    assert valid.micro.f1 == pytest.approx(best, abs=0.01)
    network = mixed_run.model.network
    assert policies(network) == {
        "token_features": "mixed_float16",
        "bilstm": "mixed_float16",
        "scores": "float32",
    }
    outputs = mixed_run.outputs(examples)
    again = mrca.load(mixed_run.folder)
    assert policies(again.model.network) == policies(network)
    np.testing.assert_array_equal(again.outputs(examples), outputs)
    in_float32 = again.model.in_float32().outputs(examples)
    np.testing.assert_allclose(outputs, in_float32, atol=0.02)
    assert np.abs(outputs - in_float32).max() > 1e-6


def test_a_resumed_run_ends_with_the_same_weights_and_loss_scale(mixed_run, train, tmp_path):
    class Stop(training.SilentReporter):
        def epoch_ends(self, row, best):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(mixed_run.config, tmp_path / "run", reporter=Stop())
    run = train(mixed_run.config, tmp_path / "run", resume=True, keep_state=True)
    with (
        np.load(mixed_run.folder / "state.npz") as whole,
        np.load(run.folder / "state.npz") as resumed,
    ):
        numbers = [name for name in whole.files if name.isdigit()]
        assert 2.0**15 in [whole[name].tolist() for name in numbers]  # what the loss is scaled by
        for name in numbers:
            np.testing.assert_array_equal(resumed[name], whole[name])


def test_a_second_stage_has_the_precision_of_its_layers(mixed_run, train, examples, tmp_path):
    settings = [f'classifier.representation="{mixed_run.folder}"', "training.epochs=1"]
    config = with_overrides(mixed_run.config, settings)
    run = train(config, tmp_path / "second")
    assert policies(run.model.network) == policies(mixed_run.model.network)
    assert np.isfinite(run.outputs(examples)).all()
    other = with_overrides(config, ["training.precision=float32"])
    said = r"training\.precision is 'mixed_float16' and is here 'float32'"
    with pytest.raises(mrca.MrcaError, match=said):
        train(other, tmp_path / "other")
    assert [path.name for path in tmp_path.iterdir()] == ["second"]


def test_a_network_of_another_precision_is_not_the_run_s(mixed_run, tmp_path):
    folder = shutil.copytree(mixed_run.folder, tmp_path / "run")
    config = (folder / "config.toml").read_text()
    (folder / "config.toml").write_text(config.replace("mixed_float16", "mixed_bfloat16"))
    with pytest.raises(mrca.MrcaError, match=r"does not fit config\.toml.*dtype_policy"):
        mrca.load(folder)


def test_a_trained_encoder_computes_in_it(tiny_config, vocabulary, train, examples, tmp_path):
    keras_hub = pytest.importorskip("keras_hub")
    backbone = keras_hub.models.BertBackbone(len(vocabulary), 1, 2, 8, 16, max_sequence_length=32)
    backbone.save_to_preset(str(tmp_path / "preset"))
    vocab_file = tmp_path / "vocab.txt"
    vocab_file.write_text("".join(f"{piece}\n" for piece in vocabulary))
    settings = [
        f'encoder.name="keras_hub:{tmp_path / "preset"}"',
        f'encoder.vocab_file="{vocab_file}"',
        "encoder.trainable=true",
        "encoder.casing=uncased",
        "features.max_length=32",
        "model.units=0",
        "model.pooling=mean",
        "training.epochs=1",
    ]
    run = train(with_overrides(tiny_config, [*settings, MIXED]), tmp_path / "run")
    model = run.model
    assert model.encoder.backbone.dtype_policy.name == "mixed_float16"
    model.trained.compile("adam", "mse")
    assert isinstance(model.trained.optimizer, keras.optimizers.LossScaleOptimizer)
    in_float32 = model.in_float32()
    assert in_float32.encoder.backbone.dtype_policy.name == "float32"
    np.testing.assert_allclose(in_float32.outputs(examples), model.outputs(examples), atol=0.02)


@pytest.mark.parametrize(
    ("preset", "settings", "said"),
    [
        ("svm", [], r"training\.precision has no meaning for an SVM"),
        (
            "sample",
            ['encoder.name="hub:module"', "encoder.trainable=true"],
            r"mixed_float16 does not reach a trained TF Hub encoder.*Leave training\.precision out",
        ),
    ],
    ids=["svm", "TF Hub"],
)
def test_where_it_has_no_meaning_it_is_refused(preset, settings, said):
    with pytest.raises(mrca.MrcaError, match=said):
        training.check_config(with_overrides(load_preset(preset), [*settings, MIXED]))
