import json
from dataclasses import replace

import pytest

import mrca
from mrca import training
from mrca.datasets import load_corpus
from mrca.models.decision import typed_facts


def corpus_of(folder, row):
    """A corpus whose splits have this one row."""
    for split in ("train", "valid"):
        (folder / f"{split}.jsonl").write_text(json.dumps(row) + "\n")
    return load_corpus(str(folder))


def test_a_split_or_corpus_that_does_not_fit_is_refused(tiny_run, sample_slice, tmp_path):
    corpus = load_corpus("sample", sample_slice)
    with pytest.raises(
        mrca.MrcaError, match=r"has no tset split\. It has: train, valid, test\. .*--split valid"
    ):
        training.evaluate_split(tiny_run.classifier, corpus, "tset")
    other = corpus_of(tmp_path, {"text": "Ada met Bob", "labels": ["met"]})
    with pytest.raises(mrca.MrcaError, match="was not trained on: met"):
        training.evaluate_split(tiny_run.classifier, other, "valid")


@pytest.mark.parametrize("name", ["tiny_run", "tiny_pairs_run"])
def test_a_corpus_with_some_of_the_relations_can_be_evaluated(name, request, tmp_path):
    run = request.getfixturevalue(name)
    row = {"text": "Ada wed Bob", "entities": ["Ada", "Bob"], "facts": [["Ada", "spouse", "Bob"]]}
    report = training.evaluate_split(run.classifier, corpus_of(tmp_path, row), "valid")
    assert len(report.candidates.relations) == 12
    assert report.candidates.relations["spouse"].score.support == 1
    assert report.candidates.rows == (2 if name == "tiny_pairs_run" else 1)


@pytest.mark.parametrize("name", ["tiny_run", "tiny_pairs_run"])
def test_it_is_what_training_has_written_down(name, request, sample_slice):
    run = request.getfixturevalue(name)
    report = training.evaluate_split(run.classifier, load_corpus("sample", sample_slice), "test")
    assert report.to_dict()["micro"] == pytest.approx(run.metrics["splits"]["test"]["micro"])


@pytest.mark.parametrize("per_relation", [False, True])
def test_a_threshold_for_a_precision_gives_what_the_report_says(
    per_relation, tiny_pairs_run, sample_slice, monkeypatch
):
    classifier, corpus = tiny_pairs_run.classifier, load_corpus("sample", sample_slice)
    near = replace(classifier.selection, max_distance=4)
    few = replace(
        classifier.decision,
        rule=classifier.decision.rule.with_top_k(1),
        allowed=typed_facts(corpus.splits["train"][:30]),
    )
    monkeypatch.setattr(classifier, "selection", near)
    monkeypatch.setattr(classifier, "decision", few)
    valid = training.answered(classifier, corpus, "valid")
    assert valid.candidates.missed.any()
    assert not few.allows(valid.candidates, classifier.relations).all()
    tune = "per-relation" if per_relation else None
    chosen = training.choose_decision(tiny_pairs_run, corpus, tune=tune, min_precision=0.3)
    found = chosen.reached
    assert chosen.threshold == found.threshold
    monkeypatch.setattr(classifier, "decision", chosen.decision)
    report = training.evaluate_split(classifier, corpus, "valid").candidates
    assert report.micro == found.score
    assert [each.score for each in report.relations.values()] == found.relations
    best = training.choose_decision(tiny_pairs_run, corpus, tune=tune or "global")
    monkeypatch.setattr(classifier, "decision", best.decision)
    again = training.evaluate_split(classifier, corpus, "valid").candidates
    assert again.micro.f1 >= report.micro.f1
