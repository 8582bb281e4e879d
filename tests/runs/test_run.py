import dataclasses
import importlib
import json
import shutil
import warnings
from itertools import count
from pathlib import Path

import numpy as np
import pytest

import mrca
from mrca import training
from mrca.datasets import load_corpus
from mrca.losses import FixedThreshold
from mrca.runs import PredictedTriple
from mrca.text import Example, Span
from mrca.vectors import VectorStore

run_module = importlib.import_module("mrca.runs.run")


@pytest.fixture(scope="module")
def examples(sample_slice) -> list[Example]:
    return load_corpus("sample", sample_slice).splits["test"]


@pytest.fixture
def no_search(monkeypatch, tmp_path):
    """No installed vectors, and no ./data."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MRCA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("MRCA_VECTORS_DIR", raising=False)


@pytest.fixture
def moved(tiny_run, tmp_path, no_search):
    """A copy of the run on a machine that does not have its full store."""
    folder = shutil.copytree(tiny_run.folder, tmp_path / "moved")
    environment = json.loads((folder / "environment.json").read_text())
    environment["vectors"]["folder"] = str(tmp_path / "nowhere")
    (folder / "environment.json").write_text(json.dumps(environment))
    return folder


def scores(run, rows) -> np.ndarray:
    """Every relation's score, not only of those that hold."""
    return run.outputs([Example(tokens=tuple(row.split())) for row in rows])


def unseen_words(run, sample_slice) -> list[str]:
    """Words of the full store that the run has not seen."""
    own = set(run.model.vocabulary.store.words())
    full = VectorStore.open(sample_slice / "sample" / "vectors")
    return [word for word in full.words() if word not in own and word.isalpha()]


# === Order, forms, errors ===


def test_examples_and_dicts_predict_alike(tiny_run, examples, slice_rows):
    answers = tiny_run.predict(examples)
    assert tiny_run.predict(slice_rows) == answers
    assert len(answers) == 40
    assert any(answer.relations for answer in answers)


def test_relations_come_best_first_with_the_scores_of_the_rule(tiny_run, examples):
    answers = tiny_run.predict(examples)
    found, holds = tiny_run.decide(tiny_run.outputs(examples))
    for answer, row_scores, row_holds in zip(answers, found, holds, strict=True):
        names, values = zip(*answer.relations, strict=True) if answer.relations else ((), ())
        assert list(values) == sorted(values, reverse=True)
        assert set(names) == {
            name for name, hold in zip(tiny_run.relations, row_holds, strict=True) if hold
        }
        for name, value in answer.relations:
            assert value == pytest.approx(row_scores[tiny_run.relations.index(name)])
            assert value >= 0.5


def test_order_is_kept_across_chunks_and_lengths(tiny_run, examples, monkeypatch):
    whole = tiny_run.predict(examples)
    monkeypatch.setattr(run_module, "CHUNK", 7)
    for answer, expected in zip(tiny_run.predict(examples), whole, strict=True):
        assert [name for name, _ in answer.relations] == [name for name, _ in expected.relations]
        assert [score for _, score in answer.relations] == pytest.approx(
            [score for _, score in expected.relations], abs=1e-5
        )


def test_a_stream_is_read_a_chunk_at_a_time(tiny_run, examples, monkeypatch):
    monkeypatch.setattr(run_module, "CHUNK", 3)
    read = count()

    def rows():
        while True:  # an endless stream
            next(read)
            yield examples[0]

    answers = tiny_run.predict_iter(rows())
    next(answers)
    assert next(read) == 3


def test_a_row_does_not_depend_on_its_neighbours(tiny_run, examples):
    together = tiny_run.outputs(examples)
    for index in (0, 13, 39):
        alone = tiny_run.outputs([examples[index]])[0]
        np.testing.assert_allclose(alone, together[index], atol=1e-5)
    np.testing.assert_allclose(tiny_run.outputs(examples[::-1])[::-1], together, atol=1e-5)


def test_nothing_gives_nothing(tiny_run):
    assert tiny_run.predict([]) == []
    assert tiny_run.predict_triples([]) == []
    assert tiny_run.outputs([]).shape == (0, 12)


@pytest.mark.parametrize(
    "row, match",
    [
        ({"text": 3}, r"rows, line 2, text: expected a valid string"),
        ({}, "line 2.*text.*tokens"),
        ({"tokens": []}, "line 2.*at least one word"),
        ({"text": "Ada met Bob", "subjects": [{"char_start": 0, "char_end": 99}]}, "at most 11"),
        ("Ada met Bob", "line 2"),
        (None, "line 2"),
    ],
)
def test_an_error_names_the_row(tiny_run, row, match):
    with pytest.raises(mrca.MrcaError, match=match):
        tiny_run.predict([{"text": "Ada met Bob"}, row])


@pytest.mark.parametrize(
    "row",
    [
        {"tokens": ["a"]},
        {"text": "." * 50},
        {"text": "no entity is marked here"},
        {"text": "🦜 ate 🍎 👩‍👩‍👧‍👦", "subjects": ["🦜"], "objects": ["🍎"]},
        {"text": "نص عربي", "subjects": ["نص"]},
        {"tokens": ["word"] * 5000},
        {"tokens": [f"w{number}" for number in range(5000)]},
        {
            "tokens": ["word"] * 5000,
            "subjects": [{"token_start": 30, "token_end": 4000}],
            "objects": [{"token_start": 4998, "token_end": 5000}],
        },
        {"text": "half a \ud800 character"},
    ],
    ids=lambda row: str(row)[:40],
)
def test_unusual_sentences_are_predicted(tiny_run, row):
    (answer,) = tiny_run.predict([row])
    assert {name for name, _ in answer.relations} <= set(tiny_run.relations)
    assert tiny_run.predict_triples([row])


def test_marks_matter(tiny_run, examples):
    unmarked = [dataclasses.replace(example, subjects=(), objects=()) for example in examples]
    assert not np.allclose(tiny_run.outputs(unmarked), tiny_run.outputs(examples), atol=1e-3)


# === Words that training did not see ===


def test_more_unseen_words_than_there_are_spare_rows(tiny_run):
    rows = [f"qz{number} met Ada zq{number}" for number in range(700)]
    assert tiny_run.model.vocabulary.spare < 1400
    together = scores(tiny_run, rows)
    for index in (0, 350, 699, 1):
        np.testing.assert_allclose(
            scores(tiny_run, rows[index : index + 1])[0], together[index], atol=1e-5
        )


def test_unseen_words_take_their_vectors_from_the_full_store(
    tiny_run, moved, sample_slice, no_search
):
    row = [" ".join(unseen_words(tiny_run, sample_slice)[:8])]
    here = scores(mrca.load(tiny_run.folder), row)
    with pytest.warns(UserWarning, match="not at hand.*--vectors"):
        spelled = scores(mrca.load(moved), row)
    assert not np.allclose(here, spelled, atol=1e-4)
    given = mrca.load(moved, vectors=str(sample_slice / "sample" / "vectors"))
    np.testing.assert_array_equal(scores(given, row), here)


def test_the_warning_comes_once_and_only_where_it_matters(moved, slice_rows):
    run = mrca.load(moved)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run.predict(slice_rows)  # every word was seen
    with pytest.warns(UserWarning, match="spelled out from their characters") as caught:
        run.predict([{"text": "Zzyzx"}])
        run.predict([{"text": "Qwghlm"}])
    assert sum("spelled out" in str(warning.message) for warning in caught) == 1


def test_the_full_store_is_found_by_its_name(moved, tiny_run, sample_slice, tmp_path, monkeypatch):
    name = json.loads((moved / "environment.json").read_text())["vectors"]["name"]
    shutil.copytree(sample_slice / "sample" / "vectors", tmp_path / "vectors" / name)
    monkeypatch.setenv("MRCA_VECTORS_DIR", str(tmp_path / "vectors"))
    assert mrca.load(moved).model.vocabulary.fallback is not None


def test_a_store_of_that_name_but_other_content_is_not_used(moved, tmp_path, monkeypatch):
    name = json.loads((moved / "environment.json").read_text())["vectors"]["name"]
    VectorStore.write(tmp_path / "vectors" / name, ["a"], np.ones((1, 50)), name)
    monkeypatch.setenv("MRCA_VECTORS_DIR", str(tmp_path / "vectors"))
    assert mrca.load(moved).model.vocabulary.fallback is None


def test_vectors_of_another_dimension_are_refused(tiny_run, tmp_path):
    VectorStore.write(tmp_path / "small", ["a"], [[1.0, 2.0]], "small")
    with pytest.raises(mrca.MrcaError, match=r"have 2 dimensions.*with 50"):
        mrca.load(tiny_run.folder, vectors=str(tmp_path / "small"))


# === Triples ===


def everything_holds(run) -> None:
    run.decision_rule = FixedThreshold(-1e9)


def test_triples_ask_about_every_pair_but_not_of_an_entity_with_itself(tiny_run, monkeypatch):
    run = mrca.load(tiny_run.folder)
    everything_holds(run)
    asked = []
    outputs = run.outputs
    monkeypatch.setattr(run, "outputs", lambda rows: asked.extend(rows) or outputs(rows))
    row = {
        "text": "Ada and Bob met Bob and Cleo in Rome",
        "subjects": ["Ada", "Bob"],
        "objects": ["Bob", "Rome"],
    }
    (facts,) = run.predict_triples([row])
    pairs = {("Ada", "Bob"), ("Ada", "Rome"), ("Bob", "Rome")}
    assert {(fact.triple.subject, fact.triple.object) for fact in facts} <= pairs
    # Each relation that the sentence holds goes to the pair that scores highest for it.
    assert sorted(fact.triple.relation for fact in facts) == sorted(run.relations)
    assert [fact.score for fact in facts] == sorted((f.score for f in facts), reverse=True)
    assert all(isinstance(fact, PredictedTriple) for fact in facts)
    # One question for the row, and one a pair in which only the pair is marked: Bob at both of
    # his places.
    questions = [example for example in asked if len(example.subjects + example.objects) < 5]
    assert len(questions) == 3
    assert len(asked) == 4
    ada_bob = next(one for one in questions if one.text_of(one.objects[0]) == "Bob")
    assert ada_bob.subjects == (Span(0, 1),)
    assert ada_bob.objects == (Span(2, 3), Span(4, 5))
    by_pair = outputs(questions)
    for fact in facts:
        column = run.relations.index(fact.triple.relation)
        assert fact.score == pytest.approx(by_pair[:, column].max(), abs=1e-5)


def test_triples_stay_with_their_rows_across_chunks(tiny_run, slice_rows, monkeypatch):
    nothing = {"text": "nobody is here"}
    rows = [nothing, *slice_rows[:9], nothing]
    whole = tiny_run.predict_triples(rows)
    assert whole[0] == whole[-1] == []
    assert any(whole)
    for row, facts in zip(slice_rows[:9], whole[1:10], strict=True):
        text = " ".join(row["tokens"])
        assert all(fact.triple.subject in text and fact.triple.object in text for fact in facts)
    monkeypatch.setattr(run_module, "CHUNK", 2)
    again = tiny_run.predict_triples(rows)
    assert [[f.triple for f in facts] for facts in again] == [
        [f.triple for f in facts] for facts in whole
    ]


# === Loading ===


def test_a_run_is_found_by_its_name(tiny_run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(tiny_run.folder, tmp_path / "saved_models" / "tiny")
    run = mrca.load("tiny")
    assert run.folder.resolve() == tmp_path / "saved_models" / "tiny"
    assert run.relations == tiny_run.relations
    assert run.label_counts == tiny_run.label_counts
    assert run.metrics == tiny_run.metrics


def test_a_run_is_found_by_its_name_beside_another_folder_of_it(tiny_run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(tiny_run.folder, tmp_path / "saved_models" / "mine")
    (tmp_path / "mine").mkdir()  # the corpus
    assert mrca.load("mine").folder == Path("saved_models/mine")
    (tmp_path / "mine").rmdir()
    shutil.copytree(tiny_run.folder, tmp_path / "mine")
    assert mrca.load("mine").folder == Path("mine")


def test_a_split_or_corpus_that_does_not_fit_is_refused(tiny_run, sample_slice, tmp_path):
    corpus = load_corpus("sample", sample_slice)
    with pytest.raises(
        mrca.MrcaError, match=r"has no tset split\. It has: train, valid, test\. .*--split valid"
    ):
        training.evaluate_split(tiny_run, corpus, "tset")
    row = {"text": "Ada met Bob", "labels": ["met"]}
    for split in ("train", "valid"):
        (tmp_path / f"{split}.jsonl").write_text(json.dumps(row) + "\n")
    with pytest.raises(mrca.MrcaError, match="was not trained on: met"):
        training.evaluate_split(tiny_run, load_corpus(str(tmp_path)), "valid")


def test_a_corpus_with_some_of_the_relations_can_be_evaluated(tiny_run, tmp_path):
    row = {"text": "Ada wed Bob", "labels": ["spouse"]}
    for split in ("train", "valid"):
        (tmp_path / f"{split}.jsonl").write_text(json.dumps(row) + "\n")
    report = training.evaluate_split(tiny_run, load_corpus(str(tmp_path)), "valid")
    assert len(report.relations) == 12
    assert report.relations["spouse"].score.support == 1


def test_a_mention_that_is_not_in_its_sentence_is_said(tiny_run):
    row = {"text": "Ada met Bob", "subjects": ["Cleo"]}
    with pytest.warns(UserWarning, match=r"line 1, subjects\[0\].*received \"Cleo\""):
        (answer,) = tiny_run.predict([row])
    assert answer == tiny_run.predict([{"text": "Ada met Bob"}])[0]
