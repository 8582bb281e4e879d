"""Two-stage training, tau-normalisation and BBN, from training to prediction."""

import json
import shutil

import numpy as np
import pytest

import mrca
from mrca import training
from mrca.config import load_preset, with_overrides
from mrca.datasets import load_corpus
from mrca.training import first_stage_config

SOFTMAX = ["loss.name=categorical_crossentropy", "training.epochs=2"]


@pytest.fixture(scope="module")
def softmax_run(tiny_config, sample_slice, tmp_path_factory):
    """A first stage whose relations are decided by the largest score."""
    folder = tmp_path_factory.mktemp("first") / "softmax"
    return training.train(with_overrides(tiny_config, SOFTMAX), folder, data_dir=sample_slice)


def on_top_of(run, *settings):
    return with_overrides(run.config, [f'classifier.representation="{run.folder}"', *settings])


def layers_but_the_classifier(run):
    return {
        layer.name: layer.get_weights()
        for layer in run.model.network.layers
        if layer.name != "scores"
    }


def assert_same_layers(one, other):
    ours, theirs = layers_but_the_classifier(one), layers_but_the_classifier(other)
    assert ours.keys() == theirs.keys()
    for name, weights in ours.items():
        for left, right in zip(weights, theirs[name], strict=True):
            np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize(
    "settings",
    [
        ["training.sampler=class_balanced"],
        ["loss.name=adaptive_thresholding"],
        ["loss.name=focal", "classifier.name=attentive_relation_routing"],
        ["loss.name=binary_crossentropy", "classifier.name=bilateral_branch"],
    ],
    ids=str,
)
def test_only_the_classifier_is_trained_anew(tiny_run, sample_slice, tmp_path, settings):
    config = on_top_of(tiny_run, *settings)
    run = training.train(config, tmp_path / "second", data_dir=sample_slice)
    # Loaded anew: other tests may have given spare rows of its word table to words of theirs.
    assert_same_layers(run, mrca.load(tiny_run.folder))
    examples = load_corpus("sample", sample_slice).splits["test"]
    assert not np.allclose(run.outputs(examples)[:, -12:], tiny_run.outputs(examples), atol=1e-3)
    again = mrca.load(run.folder)
    np.testing.assert_allclose(again.outputs(examples), run.outputs(examples), atol=1e-6)
    assert {path.name for path in run.folder.iterdir()} >= {"vectors", "model.keras", "history.csv"}


def test_the_second_stage_learns(tiny_run, sample_slice, tmp_path):
    config = on_top_of(tiny_run, "training.epochs=20", "training.patience=20")
    run = training.train(config, tmp_path / "second", data_dir=sample_slice)
    first, second = (one.metrics["splits"]["valid"]["micro"]["f1"] for one in (tiny_run, run))
    assert second >= first - 0.05
    assert second > 0.2


def test_tau_is_found_on_validation_and_the_bias_dropped(softmax_run, sample_slice, tmp_path):
    config = on_top_of(softmax_run, "classifier.name=tau_normalised")
    run = training.train(config, tmp_path / "tau", data_dir=sample_slice)
    assert_same_layers(run, softmax_run)
    kernel, bias = run.model.network.classifier.get_weights()
    before, _ = softmax_run.model.network.classifier.get_weights()
    tau = run.metrics["tau"]
    np.testing.assert_allclose(kernel, before / np.linalg.norm(before, axis=0) ** tau, rtol=1e-5)
    assert not bias.any()
    best = max(f1 for _, f1 in run.metrics["tau_search"])
    assert best == pytest.approx(run.metrics["splits"]["valid"]["macro"]["f1"])
    assert run.metrics["epochs"] == 0
    assert not (run.folder / "history.csv").exists()
    assert "epochs" not in (run.folder / "card.md").read_text().partition("##")[0]
    mrca.load(run.folder)


def test_a_representation_without_a_linear_classifier_is_not_normalised(
    softmax_run, sample_slice, tmp_path
):
    routed = training.train(
        on_top_of(softmax_run, "classifier.name=attentive_relation_routing"),
        tmp_path / "routed",
        data_dir=sample_slice,
    )
    config = on_top_of(routed, "classifier.name=tau_normalised")
    with pytest.raises(mrca.MrcaError, match="linear classifier"):
        training.train(config, tmp_path / "tau", data_dir=sample_slice)
    assert not list(tmp_path.glob("tau*"))


def test_a_classifier_for_relations_in_another_order_is_not_normalised(
    softmax_run, sample_slice, tmp_path
):
    other = shutil.copytree(sample_slice, tmp_path / "data") / "sample" / "relations.json"
    other.write_text(json.dumps(json.loads(other.read_text())[::-1]))
    config = on_top_of(softmax_run, "classifier.name=tau_normalised")
    with pytest.raises(mrca.MrcaError, match="relations of the corpus in the same order"):
        training.train(config, tmp_path / "tau", data_dir=other.parents[1])


def test_a_first_stage_that_was_trained_again_is_noticed(tiny_run, sample_slice, tmp_path):
    base = shutil.copytree(tiny_run.folder, tmp_path / "base")

    class Stop(training.SilentReporter):
        def epoch_ends(self, row, best):
            raise KeyboardInterrupt

    config = with_overrides(tiny_run.config, [f'classifier.representation="{base}"'])
    with pytest.raises(KeyboardInterrupt):
        training.train(config, tmp_path / "run", data_dir=sample_slice, reporter=Stop())
    again = with_overrides(tiny_run.config, ["training.seed=9"])
    training.train(again, base, data_dir=sample_slice, overwrite=True)
    with pytest.raises(mrca.MrcaError, match=r"The representation .* has changed"):
        training.train(config, tmp_path / "run", data_dir=sample_slice, resume=True)


def test_a_balance_that_patience_may_cut_short_is_told(tiny_config, sample_slice, tmp_path):
    class Notes(training.SilentReporter):
        def __init__(self):
            self.messages = []

        def message(self, text):
            self.messages.append(text)

    config = with_overrides(
        tiny_config, ["training.sampler=progressively_balanced", "training.patience=1"]
    )
    notes = Notes()
    training.train(config, tmp_path / "run", data_dir=sample_slice, reporter=notes)
    assert any("set training.patience=2" in note for note in notes.messages)


def test_bilateral_branches_learn(tiny_config, sample_slice, tmp_path):
    settings = ["classifier.name=bilateral_branch", "classifier.options.units=16"]
    config = with_overrides(
        tiny_config,
        [*settings, "loss.name=binary_crossentropy", "training.epochs=8", "training.patience=8"],
    )
    run = training.train(config, tmp_path / "bbn", data_dir=sample_slice)
    history = (run.folder / "history.csv").read_text().splitlines()
    assert len(history) == 9
    # The last epoch's share: 1 - (7/8)^2, of the best epoch's weights at most.
    assert 0 < float(run.model.network.classifier.mixing) <= 1
    assert run.metrics["splits"]["valid"]["micro"]["f1"] > 0.1


def test_the_first_stage_is_as_the_preset_says():
    preset = load_preset("fewrel-lt")
    second = with_overrides(
        preset,
        ["loss.name=reweighted_crossentropy", "training.sampler=class_balanced", "model.hidden=9"],
    )
    first = first_stage_config(second, preset)
    assert first.loss == preset.loss
    assert first.training.sampler == "instance_balanced"
    assert first.model.hidden == 9
    rescaled = with_overrides(second, ["classifier.name=tau_normalised"])
    first = first_stage_config(rescaled, preset)
    assert first.classifier == preset.classifier
    assert first.loss.name == "reweighted_crossentropy"


def test_a_representation_that_is_not_there(tiny_config, sample_slice, tmp_path):
    config = with_overrides(tiny_config, ["classifier.representation=no/such/run"])
    with pytest.raises(mrca.MrcaError, match="no run at no/such/run"):
        training.train(config, tmp_path / "second", data_dir=sample_slice)
    assert not (tmp_path / "second.unfinished").exists()
