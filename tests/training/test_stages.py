"""Two-stage training, tau-normalisation and BBN, from training to prediction."""

import json
import shutil

import numpy as np
import pytest

import mrca
from mrca import training
from mrca.config import load_recipe
from mrca.datasets import load_corpus
from mrca.models import RelationClassifier
from mrca.text import RelationSet
from mrca.training import stages
from mrca.training.run import base_classifier
from mrca.training.stages import first_stage_config, second_stage_config

SOFTMAX = ["loss.name=categorical_crossentropy", "training.epochs=2"]


@pytest.fixture(scope="module")
def softmax_run(tiny_config, few_rows, changed, tmp_path_factory):
    """A first stage whose relations are decided by the largest score."""
    folder = tmp_path_factory.mktemp("first") / "softmax"
    return training.train(changed(tiny_config, *SOFTMAX), folder, data_dir=few_rows)


@pytest.fixture
def on_top_of(changed):
    """A second stage on a run."""

    def make(run, *settings):
        return changed(run.config, f'classifier.representation="{run.folder}"', *settings)

    return make


def layers_but_the_classifier(run):
    return {
        layer.name: layer.get_weights()
        for layer in run.classifier.network.layers
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
def test_only_the_classifier_is_trained_anew(
    tiny_run, few_rows, corpus, on_top_of, outputs, tmp_path, settings
):
    config = on_top_of(tiny_run, "training.epochs=1", *settings)
    run = training.train(config, tmp_path / "second", data_dir=few_rows)
    assert_same_layers(run, tiny_run)
    documents = corpus.splits["test"]
    found = outputs(run, documents)
    assert not np.allclose(found[:, -12:], outputs(tiny_run, documents), atol=1e-3)
    np.testing.assert_array_equal(outputs(mrca.load(run.folder), documents), found)
    assert {path.name for path in run.folder.iterdir()} >= {"vectors", "model.keras", "history.csv"}
    environment = json.loads((run.folder / "environment.json").read_text())
    assert environment["representation"]["name"] == str(tiny_run.folder)


def test_what_the_frozen_layers_give_is_computed_once_for_all_second_stages(
    tiny_run, few_rows, corpus, on_top_of, outputs, tmp_path, monkeypatch
):
    config = on_top_of(tiny_run, "training.epochs=1")
    first = training.train(config, tmp_path / "first", data_dir=few_rows)
    other = on_top_of(tiny_run, "training.epochs=1", "loss.name=focal")
    with monkeypatch.context() as patched:
        patched.delattr(RelationClassifier, "representations")
        training.train(other, tmp_path / "other", data_dir=few_rows)
        second = training.train(config, tmp_path / "second", data_dir=few_rows)
    documents = corpus.splits["test"]
    np.testing.assert_array_equal(outputs(second, documents), outputs(first, documents))


def test_of_pairs_too_only_the_classifier_is_trained_anew(
    tiny_pairs_run, few_rows, corpus, on_top_of, outputs, tmp_path
):
    config = on_top_of(tiny_pairs_run, "training.epochs=2", "loss.name=balanced_softmax")
    run = training.train(config, tmp_path / "second", data_dir=few_rows)
    assert_same_layers(run, tiny_pairs_run)
    documents = corpus.splits["test"]
    found = outputs(run, documents)
    assert not np.allclose(found, outputs(tiny_pairs_run, documents), atol=1e-3)
    np.testing.assert_array_equal(outputs(mrca.load(run.folder), documents), found)
    first, second = (each.classifier.selection for each in (tiny_pairs_run, run))
    assert first == second


def test_the_second_stage_learns(tiny_run, sample_slice, on_top_of, tmp_path):
    config = on_top_of(tiny_run, "training.epochs=20", "training.patience=20")
    run = training.train(config, tmp_path / "second", data_dir=sample_slice)
    first, second = (one.metrics["splits"]["valid"]["micro"]["f1"] for one in (tiny_run, run))
    assert second >= first - 0.05
    assert second > 0.2


def test_tau_is_found_on_validation_and_the_bias_dropped(
    softmax_run, few_rows, on_top_of, tmp_path
):
    config = on_top_of(softmax_run, "classifier.name=tau_normalised")
    run = training.train(config, tmp_path / "tau", data_dir=few_rows)
    assert_same_layers(run, softmax_run)
    kernel, bias = run.classifier.network.classifier.get_weights()
    before, _ = softmax_run.classifier.network.classifier.get_weights()
    tau = run.metrics["tau"]
    np.testing.assert_allclose(kernel, before / np.linalg.norm(before, axis=0) ** tau, rtol=1e-5)
    assert not bias.any()
    best = max(f1 for _, f1 in run.metrics["tau_search"])
    assert best == pytest.approx(run.metrics["splits"]["valid"]["macro"]["f1"])
    assert run.metrics["epochs"] == 0
    assert not (run.folder / "history.csv").exists()
    assert "epochs" not in (run.folder / "card.md").read_text().partition("##")[0]
    mrca.load(run.folder)


def test_what_is_not_normalised(softmax_run, tiny_run):
    classifier, relations = softmax_run.classifier, softmax_run.classifier.relations
    head = classifier.with_network(
        classifier.network.with_head(classifier.columns, "attentive_relation_routing", {})
    )
    run = training.Run(softmax_run.folder, head)
    with pytest.raises(mrca.MrcaError, match="linear classifier"):
        stages.check_rescaled(head, run, relations)
    with pytest.raises(mrca.MrcaError, match="needs a decision for the largest score"):
        stages.check_rescaled(tiny_run.classifier, tiny_run, relations)
    stages.check_rescaled(classifier, softmax_run, relations)
    with pytest.raises(mrca.MrcaError, match="relations of the corpus in the same order"):
        stages.check_rescaled(classifier, softmax_run, RelationSet(relations.names[::-1]))


def test_a_second_stage_is_configured_as_the_first(tiny_run, on_top_of):
    classifier = tiny_run.classifier
    assert base_classifier(on_top_of(tiny_run), tiny_run) is classifier
    head = on_top_of(tiny_run, "classifier.name=bilateral_branch", "loss.name=focal")
    assert base_classifier(head, tiny_run) is classifier
    with pytest.raises(mrca.MrcaError, match=r"model\.units is 8 and is here 9"):
        base_classifier(on_top_of(tiny_run, "model.units=9"), tiny_run)
    with pytest.raises(mrca.MrcaError, match=r"model\.precision is 'float32' and is here"):
        base_classifier(on_top_of(tiny_run, "model.precision=mixed_float16"), tiny_run)


def test_a_first_stage_that_was_trained_again_is_noticed(
    tiny_run, few_rows, changed, at_start, tmp_path
):
    base = shutil.copytree(tiny_run.folder, tmp_path / "base")
    config = changed(tiny_run.config, f'classifier.representation="{base}"')
    with pytest.raises(KeyboardInterrupt):
        training.train(config, tmp_path / "run", data_dir=few_rows, reporter=at_start)
    network = mrca.load(base).classifier.network
    network.set_weights([weight + 1 for weight in network.get_weights()])
    network.save(base / "model.keras")
    with pytest.raises(mrca.MrcaError, match=r"The representation .* has changed"):
        training.train(config, tmp_path / "run", data_dir=few_rows, resume=True)


def test_a_balance_that_patience_may_cut_short_is_told(tiny_config, few_rows, changed, said):
    settings = ("training.sampler=progressively_balanced", "training.patience=1")
    assert "set training.patience=2" in said(changed(tiny_config, *settings), few_rows)


def test_bilateral_branches_learn(tiny_config, few_rows, changed, tmp_path):
    settings = ["classifier.name=bilateral_branch", "classifier.options.units=16"]
    settings += ["loss.name=binary_crossentropy", "training.epochs=8", "training.patience=8"]
    config = changed(tiny_config, *settings)
    run = training.train(config, tmp_path / "bbn", data_dir=few_rows)
    history = (run.folder / "history.csv").read_text().splitlines()
    assert len(history) == 9
    # The last epoch's share: 1 - (7/8)^2, of the best epoch's weights at most.
    assert 0 < float(run.classifier.network.classifier.mixing) <= 1
    assert run.metrics["splits"]["valid"]["micro"]["f1"] > 0.1


def test_bilateral_branches_over_pairs(tiny_pairs_config, few_rows, changed, outputs, tmp_path):
    settings = ["classifier.name=bilateral_branch", "loss.name=binary_crossentropy"]
    config = changed(tiny_pairs_config, *settings, "training.epochs=1")
    run = training.train(config, tmp_path / "bbn", data_dir=few_rows)
    documents = load_corpus("sample", few_rows).splits["test"]
    found = outputs(mrca.load(run.folder), documents)
    np.testing.assert_array_equal(found, outputs(run, documents))


def test_the_first_stage_is_as_the_recipe_says(changed):
    recipe = load_recipe("fewrel-lt")
    second = changed(
        recipe,
        *("loss.name=reweighted_crossentropy", "training.sampler=class_balanced"),
        "model.hidden=9",
    )
    first = first_stage_config(second, recipe)
    assert first.loss == recipe.loss
    assert first.training.sampler == "instance_balanced"
    assert first.model.hidden == 9
    rescaled = changed(second, "classifier.name=tau_normalised")
    first = first_stage_config(rescaled, recipe)
    assert first.classifier == recipe.classifier
    assert first.loss.name == "reweighted_crossentropy"


def test_a_second_stage_that_only_rescales_leaves_the_sampler_to_the_first(changed):
    config = changed(load_recipe("fewrel-lt"), "training.sampler=class_balanced")
    assert second_stage_config(config) == config
    rescaled = second_stage_config(changed(config, "classifier.name=tau_normalised"))
    assert rescaled.training.sampler == "instance_balanced"
