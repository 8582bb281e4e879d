"""Mixed precision, from training to prediction."""

import csv
import shutil

import keras
import numpy as np
import pytest

import mrca
from mrca import training
from mrca.datasets import load_corpus
from mrca.training.run import base_classifier

MIXED = "model.precision=mixed_float16"


@pytest.fixture(autouse=True)
def global_policy():
    """A run's precision is never that of the next model."""
    yield
    assert keras.config.dtype_policy().name == "float32"


@pytest.fixture(scope="module")
def documents(few_rows):
    return load_corpus("sample", few_rows).splits["test"][:8]


@pytest.fixture(scope="module")
def train(few_rows):
    """Training alone: nothing is evaluated after it."""

    def run(config, folder, **options):
        return training.train(config, folder, data_dir=few_rows, splits=(), **options)

    return run


@pytest.fixture(scope="module")
def mixed_run(tiny_config, train, changed, tmp_path_factory):
    config = changed(tiny_config, MIXED, "features.padding=fixed")
    return train(config, tmp_path_factory.mktemp("mixed") / "whole", keep_state=True)


def policies(network):
    return {layer.name: layer.dtype_policy.name for layer in network.layers if layer.weights}


def test_a_run_trains_in_it_and_is_loaded_with_it(mixed_run, few_rows, documents, outputs):
    with (mixed_run.folder / "history.csv").open() as file:
        epochs = list(csv.DictReader(file))
    assert all(np.isfinite(float(epoch["loss"])) for epoch in epochs)
    # What the network scored in training, loaded.
    corpus = load_corpus("sample", few_rows)
    valid = training.evaluate_split(mixed_run.classifier, corpus, "valid").to_dict()
    best = max(float(epoch["val_micro_f1"]) for epoch in epochs)
    assert valid["micro"]["f1"] == pytest.approx(best, abs=0.01)
    network = mixed_run.classifier.network
    assert policies(network) == {"bilstm": "mixed_float16", "scores": "float32"}
    found = outputs(mixed_run, documents)
    again = mrca.load(mixed_run.folder)
    assert policies(again.classifier.network) == policies(network)
    np.testing.assert_array_equal(outputs(again, documents), found)
    in_float32 = again.classifier.in_float32()
    expected = in_float32.raw_outputs(in_float32.candidates(documents))
    np.testing.assert_allclose(found, expected, atol=0.02)
    assert np.abs(found - expected).max() > 1e-6


def test_a_resumed_run_ends_with_the_same_weights_and_loss_scale(
    mixed_run, train, stopping, tmp_path
):
    with pytest.raises(KeyboardInterrupt):
        train(mixed_run.config, tmp_path / "run", reporter=stopping())
    run = train(mixed_run.config, tmp_path / "run", resume=True, keep_state=True)
    with (
        np.load(mixed_run.folder / "state.npz") as whole,
        np.load(run.folder / "state.npz") as resumed,
    ):
        numbers = [name for name in whole.files if name.isdigit()]
        assert 2.0**15 in [whole[name].tolist() for name in numbers]  # what the loss is scaled by
        for name in numbers:
            np.testing.assert_array_equal(resumed[name], whole[name])


def test_a_second_stage_has_the_precision_of_its_layers(
    mixed_run, train, changed, documents, outputs, tmp_path
):
    settings = (f'classifier.representation="{mixed_run.folder}"', "training.epochs=1")
    config = changed(mixed_run.config, *settings)
    run = train(config, tmp_path / "second")
    assert policies(run.classifier.network) == policies(mixed_run.classifier.network)
    assert np.isfinite(outputs(run, documents)).all()
    other = changed(config, "model.precision=float32")
    said = r"model\.precision is 'mixed_float16' and is here 'float32'"
    with pytest.raises(mrca.MrcaError, match=said):
        base_classifier(other, mixed_run)


@pytest.mark.slow
def test_averaged_weights_of_pairs_train_in_it_and_resume(
    tiny_pairs_config, train, changed, stopping, documents, outputs, tmp_path
):
    config = changed(tiny_pairs_config, MIXED)
    whole = train(config, tmp_path / "whole", keep_state=True)
    with pytest.raises(KeyboardInterrupt):
        train(config, tmp_path / "run", reporter=stopping())
    run = train(config, tmp_path / "run", resume=True, keep_state=True)
    with (
        np.load(whole.folder / "state.npz") as expected,
        np.load(run.folder / "state.npz") as resumed,
    ):
        for name in filter(str.isdigit, expected.files):
            np.testing.assert_array_equal(resumed[name], expected[name])
    assert np.isfinite(outputs(run, documents)).all()


def test_a_network_of_another_precision_is_not_the_run_s(mixed_run, tmp_path):
    folder = shutil.copytree(mixed_run.folder, tmp_path / "run")
    config = (folder / "config.toml").read_text()
    (folder / "config.toml").write_text(config.replace("mixed_float16", "mixed_bfloat16"))
    with pytest.raises(mrca.MrcaError, match=r"does not fit config\.toml.*dtype"):
        mrca.load(folder)


def test_a_trained_encoder_computes_in_it(
    tiny_config, keras_hub_preset, train, changed, documents, tmp_path
):
    settings = (
        f'encoder.name="keras_hub:{keras_hub_preset}"',
        "encoder.trainable=true",
        "features.max_length=32",
        "model.units=0",
        "model.pooling=mean",
        "training.epochs=1",
    )
    classifier = train(changed(tiny_config, *settings, MIXED), tmp_path / "run").classifier
    assert classifier.encoder.layer.backbone.dtype_policy.name == "mixed_float16"
    assert isinstance(classifier.optimizer, keras.optimizers.LossScaleOptimizer)
    in_float32 = classifier.in_float32()
    assert in_float32.encoder.layer.backbone.dtype_policy.name == "float32"
    candidates = classifier.candidates(documents)
    np.testing.assert_allclose(
        in_float32.raw_outputs(candidates), classifier.raw_outputs(candidates), atol=0.02
    )
