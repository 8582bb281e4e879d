import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import mrca
from mrca import training
from mrca.config import load_recipe
from mrca.losses import FixedThreshold
from mrca.models import Decision, SVMClassifier
from mrca.training.run import base_classifier


@pytest.fixture(scope="module")
def config(changed):
    return changed(load_recipe("svm"), "data.dataset=sample")


@pytest.fixture(scope="module")
def run(config, sample_slice, tmp_path_factory):
    return training.train(config, tmp_path_factory.mktemp("svm") / "svm", data_dir=sample_slice)


def test_it_is_a_run_like_any_other(run, corpus, outputs):
    rows = corpus.splits["test"]
    again = mrca.load(run.folder)
    assert isinstance(again.classifier, SVMClassifier)
    found = outputs(run, rows)
    np.testing.assert_array_equal(outputs(again, rows), found)
    assert run.metrics["splits"]["test"]["micro"]["f1"] > 0.3
    classifier = run.classifier
    _, labels = classifier.scores_and_labels(classifier.candidates(rows), found)
    for prediction, holds in zip(again.predict(rows), labels, strict=True):
        assert {name for name, _ in prediction.relations} == {
            name for name, hold in zip(classifier.relations, holds, strict=True) if hold
        }
    assert classifier.in_float32() is classifier
    candidates = classifier.candidates(rows)
    given = np.zeros(found.shape, np.float32)
    assert classifier.raw_outputs(candidates, out=given) is given
    np.testing.assert_array_equal(given, found)
    assert not (run.folder / "model.keras").exists()


def test_its_card_speaks_of_no_network(run):
    card = (run.folder / "card.md").read_text()
    assert "squared hinge" in card
    assert "scikit-learn" in card
    for network in ("padding", "vectors", "glove", "Keras", "are marked", "epochs"):
        assert network not in card
    assert "subjects" not in card


def test_the_threshold_of_its_training_is_recorded_and_put_back(run, corpus, tmp_path):
    copy = Path(shutil.copytree(run.folder, tmp_path / "copy"))
    (copy / "decision.json").write_text('{"rule": "fixed_threshold", "threshold": 7.0}')
    changed = mrca.load(copy)
    assert changed.classifier.decision.rule.threshold == 7.0
    trained = training.choose_decision(changed, corpus, tune="none").decision.rule
    assert trained.get_config() == run.classifier.decision.rule.get_config()
    metrics = changed.metrics
    del metrics["threshold"]
    (copy / "metrics.json").write_text(json.dumps(metrics))
    with pytest.raises(mrca.MrcaError, match=r"did not record it\. --tune global --save"):
        training.choose_decision(changed, corpus, tune="none")


def test_its_threshold_is_the_best_on_validation(run, corpus):
    kept = json.loads((run.folder / "decision.json").read_text())
    assert kept["rule"] == "fixed_threshold"
    best = run.metrics["splits"]["valid"]["micro"]["f1"]
    moved = mrca.load(run.folder).classifier
    for threshold in (-1, -0.5, 0, 0.5):
        moved.decision = Decision(FixedThreshold(threshold))
        assert training.evaluate_split(moved, corpus, "valid").to_dict()["micro"]["f1"] <= best


def test_options_reach_it(config, changed, few_rows, tmp_path):
    settings = ("classifier.options.C=0.5", "classifier.options.max_ngram=2")
    run = training.train(changed(config, *settings), tmp_path / "svm", data_dir=few_rows)
    assert (run.classifier.svm.C, run.classifier.svm.max_ngram) == (0.5, 2)


def test_it_has_no_layers_to_start_from(run, tiny_config):
    with pytest.raises(mrca.MrcaError, match="no layers"):
        base_classifier(tiny_config, run)


def test_vectors_and_encoders_are_of_no_use_to_it(run):
    with pytest.raises(mrca.MrcaError, match="Leave --vectors out"):
        mrca.load(run.folder, vectors="glove-wiki-gigaword-300")
    with pytest.raises(mrca.MrcaError, match="Leave --encoder out"):
        mrca.load(run.folder, encoder="hub:x")
    with pytest.raises(mrca.MrcaError, match=r"no Keras model. Load it with mrca\.load"):
        mrca.RelationClassifier.from_preset(run.folder)
