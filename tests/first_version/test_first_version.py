"""A run folder that version 0.1.0 wrote is still a run, and says what it said then."""

import json
from pathlib import Path

import numpy as np
import pytest

import mrca
from mrca import training

_FOLDER = Path(__file__).parent


@pytest.fixture(scope="module")
def expected():
    return json.loads((_FOLDER / "expected.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def run():
    return mrca.load(_FOLDER / "run")


@pytest.fixture(scope="module")
def corpus():
    return mrca.load_corpus(str(_FOLDER / "corpus"))


def test_it_scores_and_decides_the_same(run, corpus, expected):
    classifier = run.classifier
    candidates = classifier.candidates(corpus.splits["test"])
    outputs = classifier.raw_outputs(candidates)
    np.testing.assert_allclose(outputs, expected["scores"], atol=1e-6)
    _, labels = classifier.scores_and_labels(candidates, outputs)
    names = run.classifier.relations.names
    assert [[names[i] for i in np.flatnonzero(row)] for row in labels] == expected["labels"]


def test_it_predicts_from_the_rows_of_its_time(run, expected):
    lines = (_FOLDER / "corpus" / "test.jsonl").read_text("utf-8").splitlines()
    predictions = run.predict([json.loads(line) for line in lines])
    found = [{name for name, _ in prediction.relations} for prediction in predictions]
    assert found == [set(names) for names in expected["labels"]]


def test_it_is_evaluated_the_same(run, corpus, expected):
    then = expected["report"]
    report = training.evaluate_split(run.classifier, corpus, "test").to_dict()
    for average in ("micro", "macro", "macro_present"):
        assert report[average] == pytest.approx(then[average])
    assert report["relations"].keys() == then["relations"].keys()
    for name, scores in then["relations"].items():
        found = report["relations"][name]
        assert found["f1"] == pytest.approx(scores["f1"])
        assert (found["support"], found["train_count"]) == (
            scores["support"],
            scores["train_count"],
        )
    assert report["groups"]["tail"]["macro"] == pytest.approx(then["groups"]["tail"]["macro"])


def test_what_it_was_trained_with_is_kept(run):
    assert run.config.model.precision == "float32"  # a setting of training in 0.1
    assert run.config.candidates.kind == "whole"
    assert run.metrics["splits"]["test"]["micro"]["f1"] == pytest.approx(8 / 13)


def test_saved_anew_it_is_the_same(run, corpus, tmp_path):
    classifier = run.classifier
    classifier.save_to_preset(tmp_path / "again")
    again = mrca.load(tmp_path / "again").classifier
    candidates = classifier.candidates(corpus.splits["test"])
    np.testing.assert_array_equal(again.raw_outputs(candidates), classifier.raw_outputs(candidates))
    assert again.decision.get_config() == classifier.decision.get_config()
