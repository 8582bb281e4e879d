import json

import pytest

from mrca.datasets import load_corpus


@pytest.fixture
def result(mrca, sample_slice, tmp_path):
    """A file with nine of ten test facts, and a wrong one; the documents that it is about."""
    documents = load_corpus("sample", sample_slice).splits["test"]
    facts = [
        {"title": each.id, "h_idx": fact.subject, "t_idx": fact.object, "r": fact.relation}
        for each in documents
        for fact in each.facts
    ]
    right = [fact for number, fact in enumerate(facts) if number % 10]
    wrong = {**facts[0], "h_idx": facts[0]["t_idx"], "t_idx": facts[0]["h_idx"]}
    path = tmp_path / "result.json"
    path.write_text(json.dumps([*right, wrong]), "utf-8")
    return path, right, facts


def test_a_file_of_facts_is_scored_without_a_run(mrca, result):
    path, right, facts = result
    done = mrca("score", path, "--dataset", "sample", "--json")
    assert done.code == 0
    report = json.loads(done.out)
    assert report["micro"]["precision"] == len(right) / (len(right) + 1)
    assert report["micro"]["recall"] == len(right) / len(facts)
    assert report["ign"]["recall"] == report["micro"]["recall"]
    assert report["confusion"]["correct"] == len(right)
    assert (report["average_precision"], report["patterns"]) == (None, None)
    assert (report["corpus"], report["split"]) == ("sample", "test")

    done = mrca("score", path, "--dataset", "sample", "--limits", "docred")
    assert "result.json on sample (sample corpus), test split" in done.out
    assert "limits: docred" in done.out
    assert "not known from training (Ign)" in done.out
    assert "head: the 10 most frequent in training; tail: the rest" in done.out


def test_relations_can_be_left_out(mrca, result):
    path, right, facts = result
    ignored = facts[1]["r"]
    report = json.loads(
        mrca("score", path, "--dataset", "sample", "--ignore", ignored, "--json").out
    )
    assert ignored not in report["relations"]
    assert report["confusion"]["correct"] == sum(fact["r"] != ignored for fact in right)


def test_what_is_wrong_with_it_is_said(mrca, result):
    path, _, _ = result
    done = mrca("score", path, "--dataset", "sample", "--split", "valid")
    assert (done.code, done.out) == (1, "")
    assert "result.json, item 1, title: expected the id of a document of the split" in done.err
    assert "no dev split" in mrca("score", path, "--dataset", "sample", "--split", "dev").err
    assert mrca("score", path).code == 2


def test_labelled_documents_are_read_where_they_are_asked_for(mrca, result):
    path, _, _ = result
    done = mrca("score", path, "--dataset", "sample", "--distant")
    assert done.code == 1
    assert "has no automatically labelled documents" in done.err
