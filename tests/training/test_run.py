"""A run as its user has it: loaded from its folder, asked about rows of any form."""

import dataclasses
import json
import re
import shutil
import warnings
from itertools import count
from pathlib import Path

import numpy as np
import pytest

import mrca
from mrca import training
from mrca.datasets import load_corpus
from mrca.text import Document
from mrca.vectors import VectorStore


@pytest.fixture(scope="module")
def documents(sample_slice) -> list[Document]:
    return load_corpus("sample", sample_slice).splits["test"]


@pytest.fixture(params=["tiny_run", "tiny_pairs_run"])
def run(request):
    """A run of whole texts, and one of pairs."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def no_search(monkeypatch, tmp_path):
    """No installed vectors, and no ./data."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MRCA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("MRCA_VECTORS_DIR", raising=False)


@pytest.fixture
def full_vectors(tiny_run) -> Path:
    """The full store that the run was trained with."""
    return Path(json.loads((tiny_run.folder / "environment.json").read_text())["vectors"]["folder"])


@pytest.fixture
def moved(tiny_run, tmp_path, no_search):
    """A copy of the run on a machine that does not have its full store."""
    folder = shutil.copytree(tiny_run.folder, tmp_path / "moved")
    environment = json.loads((folder / "environment.json").read_text())
    environment["vectors"] |= {"folder": str(tmp_path / "nowhere"), "name": "mine"}
    (folder / "environment.json").write_text(json.dumps(environment))
    own = VectorStore.open(folder / "vectors")  # those of the sample would come with the package
    words, vectors = list(own.words()), own.vectors.copy()
    VectorStore.write(folder / "vectors", words, vectors, "mine", overwrite=True)
    return folder


def outputs(run, rows) -> np.ndarray:
    """What the network gives for every candidate."""
    return run.classifier.raw_outputs(run.classifier.candidates(rows))


def texts(*rows: str) -> list[Document]:
    return [Document(tokens=tuple(row.split())) for row in rows]


def said(answer):
    """A prediction without the document that it is of."""
    facts = [(fact.subject, fact.relation, fact.object) for fact in answer.facts]
    return facts, [name for name, _ in answer.relations]


def scores(answer) -> list[float]:
    return [fact.score for fact in answer.facts] + [score for _, score in answer.relations]


# === Order and forms ===


def test_documents_and_dicts_predict_alike(run, documents, slice_rows):
    answers = run.predict(documents, threshold=0.0, top=5)
    again = run.predict(slice_rows, threshold=0.0, top=5)
    assert len(answers) == 40
    assert [said(answer) for answer in again] == [said(answer) for answer in answers]
    assert [scores(answer) for answer in again] == [scores(answer) for answer in answers]
    assert all(answer.relations for answer in answers)


def test_relations_come_best_first_with_the_scores_of_the_rule(tiny_run, documents):
    answers = tiny_run.predict(documents)
    candidates = tiny_run.classifier.candidates(documents)
    raw = tiny_run.classifier.raw_outputs(candidates)
    values, labels = tiny_run.classifier.scores_and_labels(candidates, raw)
    relations = tiny_run.classifier.relations
    for answer, row_values, row_labels in zip(answers, values, labels, strict=True):
        found = [score for _, score in answer.relations]
        assert found == sorted(found, reverse=True)
        names = {name for name, stated in zip(relations, row_labels, strict=True) if stated}
        assert {name for name, _ in answer.relations} == names
        for name, score in answer.relations:
            assert score == pytest.approx(row_values[relations.index(name)])
            assert score >= 0.5


def test_order_is_kept_across_chunks_and_lengths(run, documents, monkeypatch):
    whole = run.predict(documents, threshold=0.1)
    monkeypatch.setattr("mrca.models.classifier.CHUNK", 7)
    for answer, expected in zip(run.predict(documents, threshold=0.1), whole, strict=True):
        assert said(answer) == said(expected)
        assert scores(answer) == pytest.approx(scores(expected), abs=1e-5)


def test_facts_stay_with_their_rows_across_chunks(tiny_pairs_run, slice_rows, monkeypatch):
    monkeypatch.setattr("mrca.models.classifier.CHUNK", 2)
    nothing = {"text": "nobody is here"}
    answers = tiny_pairs_run.predict([nothing, *slice_rows[:9], nothing], threshold=0.0)
    assert [len(answer.facts) for answer in (answers[0], answers[-1])] == [0, 0]
    for row, answer in zip(slice_rows[:9], answers[1:10], strict=True):
        pairs = {(fact.subject, fact.object) for fact in answer.facts}
        entities = len(row["entities"])
        assert len(pairs) <= entities * (entities - 1)
        assert len(answer.facts) == entities * (entities - 1) * 12
        assert all(each in row["text"] for pair in pairs for each in pair)


def test_a_stream_is_read_a_chunk_at_a_time(run, documents, monkeypatch):
    monkeypatch.setattr("mrca.models.classifier.CHUNK", 3)
    read = count()

    def rows():
        while True:  # an endless stream
            next(read)
            yield documents[0]

    answers = run.predict_iter(rows())
    next(answers)
    assert next(read) == 3


def test_a_row_does_not_depend_on_its_neighbours(tiny_run, documents):
    together = outputs(tiny_run, documents)
    for index in (0, 13, 39):
        alone = outputs(tiny_run, [documents[index]])[0]
        np.testing.assert_allclose(alone, together[index], atol=1e-5)
    np.testing.assert_allclose(outputs(tiny_run, documents[::-1])[::-1], together, atol=1e-5)


def test_nothing_gives_nothing(run):
    assert run.predict([]) == []
    assert outputs(run, []).shape[0] == 0


@pytest.mark.parametrize(
    "row",
    [
        {"tokens": ["a"]},
        {"text": "." * 50},
        {"text": "no entity is marked here"},
        {"text": "🦜 ate 🍎 👩‍👩‍👧‍👦", "entities": ["🦜", "🍎"]},
        {"text": "نص عربي", "entities": ["نص"]},
        {"tokens": ["word"] * 5000, "entities": ["word"]},
        {"tokens": [f"w{number}" for number in range(5000)]},
        {
            "tokens": ["word"] * 5000,
            "subjects": [{"token_start": 30, "token_end": 4000}],
            "objects": [{"token_start": 4998, "token_end": 5000}],
        },
        {"text": "half a \ud800 character"},
        "a <e>marked</e> <e>text</e>",
    ],
    ids=lambda row: str(row)[:40],
)
def test_unusual_rows_are_predicted(run, row):
    (answer,) = run.predict([row])
    assert {name for name, _ in answer.relations} <= set(run.classifier.relations)


def test_an_error_names_the_row(run):
    with pytest.raises(mrca.MrcaError, match=r"rows, line 2, text: expected a valid string"):
        run.predict([{"text": "Ada met Bob"}, {"text": 3}])


def test_a_mention_that_is_not_in_its_text_is_said(run):
    row = {"text": "Ada met Bob", "subjects": ["Cleo"]}
    with pytest.warns(UserWarning, match=r"line 1, subjects\[0\].*received \"Cleo\""):
        (answer,) = run.predict([row])
    assert said(answer) == said(run.predict([{"text": "Ada met Bob"}])[0])


def test_marks_matter(tiny_run, documents):
    unmarked = [
        dataclasses.replace(document, entities=(), facts=(), subjects=(), objects=())
        for document in documents
    ]
    assert not np.allclose(outputs(tiny_run, unmarked), outputs(tiny_run, documents), atol=1e-3)


# === Words that training did not see ===


def unseen_words(run, full_vectors) -> list[str]:
    """Words of the full store that the run has not seen."""
    own = set(VectorStore.open(run.folder / "vectors").words())
    return [word for word in VectorStore.open(full_vectors).words() if word not in own]


def test_more_unseen_words_than_there_are_spare_rows(tiny_run):
    rows = texts(*(f"qz{number} met Ada zq{number}" for number in range(700)))
    together = outputs(tiny_run, rows)
    for index in (0, 350, 699, 1):
        alone = outputs(tiny_run, rows[index : index + 1])[0]
        np.testing.assert_allclose(alone, together[index], atol=1e-5)


def test_unseen_words_take_their_vectors_from_the_full_store(tiny_run, moved, full_vectors):
    unseen = [word for word in unseen_words(tiny_run, full_vectors) if word.isalpha()]
    row = texts(" ".join(unseen[:8]))
    here = outputs(mrca.load(tiny_run.folder), row)
    with pytest.warns(UserWarning, match="not at hand.*--vectors"):
        spelled = outputs(mrca.load(moved), row)
    assert not np.allclose(here, spelled, atol=1e-4)
    given = mrca.load(moved, vectors=str(full_vectors))
    np.testing.assert_array_equal(outputs(given, row), here)


def test_the_warning_comes_once_and_only_where_it_matters(moved, slice_rows):
    run = mrca.load(moved)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run.predict(slice_rows)  # every word was seen
    with pytest.warns(UserWarning, match="spelled out from their characters") as caught:
        run.predict([{"text": "Zzyzx"}])
        run.predict([{"text": "Qwghlm"}])
    assert sum("spelled out" in str(warning.message) for warning in caught) == 1


def test_the_full_store_is_found_by_its_name(moved, full_vectors, tmp_path, monkeypatch):
    shutil.copytree(full_vectors, tmp_path / "vectors" / "mine")
    monkeypatch.setenv("MRCA_VECTORS_DIR", str(tmp_path / "vectors"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mrca.load(moved).predict([{"text": "Zzyzx"}])


def test_a_store_of_that_name_but_other_content_is_not_used(moved, tmp_path, monkeypatch):
    VectorStore.write(tmp_path / "vectors" / "mine", ["a"], np.ones((1, 50)), "mine")
    monkeypatch.setenv("MRCA_VECTORS_DIR", str(tmp_path / "vectors"))
    with pytest.warns(UserWarning, match="not at hand"):
        mrca.load(moved).predict([{"text": "Zzyzx"}])


def test_vectors_of_another_dimension_are_refused(tiny_run, tmp_path):
    VectorStore.write(tmp_path / "small", ["a"], [[1.0, 2.0]], "small")
    with pytest.raises(mrca.MrcaError, match=r"have 2 dimensions.*with 50"):
        mrca.load(tiny_run.folder, vectors=str(tmp_path / "small"))


# === Loading ===


def test_a_run_is_found_by_its_name(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(run.folder, tmp_path / "saved_models" / "tiny")
    loaded = mrca.load("tiny")
    assert loaded.folder.resolve() == tmp_path / "saved_models" / "tiny"
    assert loaded.config == run.config
    assert loaded.classifier.relations == run.classifier.relations
    assert loaded.classifier.label_counts == run.classifier.label_counts
    assert loaded.metrics == run.metrics


def test_of_a_run_saved_from_python_nothing_was_measured(run, corpus, tmp_path):
    run.classifier.save_to_preset(tmp_path / "mine")
    saved = mrca.load(tmp_path / "mine")
    with pytest.raises(mrca.MrcaError, match="saved from Python, so nothing was measured") as error:
        _ = saved.metrics
    assert f"`mrca evaluate {tmp_path / 'mine'}`" in str(error.value)
    rule = run.classifier.make_loss().decision_rule
    trained = training.choose_decision(saved, corpus, tune="none").decision.rule
    assert trained.get_config() == rule.get_config()


def test_a_loaded_run_says_what_it_said_when_it_was_trained(run, slice_rows):
    first = run.predict(slice_rows, threshold=0.1)
    again = mrca.load(run.folder).predict(slice_rows, threshold=0.1)
    assert [said(answer) for answer in again] == [said(answer) for answer in first]


def test_a_run_is_found_by_its_name_beside_another_folder_of_it(tiny_run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(tiny_run.folder, tmp_path / "saved_models" / "mine")
    (tmp_path / "mine").mkdir()  # the corpus
    assert mrca.load("mine").folder == Path("saved_models/mine")
    (tmp_path / "mine").rmdir()
    shutil.copytree(tiny_run.folder, tmp_path / "mine")
    assert mrca.load("mine").folder == Path("mine")


@pytest.mark.parametrize("name", ["config.toml", "model.keras", "vectors", "decision.json"])
def test_a_missing_part_is_named(tiny_run, tmp_path, name):
    folder = shutil.copytree(tiny_run.folder, tmp_path / "run")
    (folder / name).rename(tmp_path / "away")
    with pytest.raises(mrca.MrcaError, match=re.escape(name)):
        mrca.load(folder)


def test_the_graph_of_all_rows_holds_every_fact(tiny_pairs_run, documents):
    graph = tiny_pairs_run.predict_graph(documents, threshold=0.2, base_iri="https://my.org/")
    facts = [
        (document.id, fact)
        for document, prediction in zip(
            documents, tiny_pairs_run.predict(documents, threshold=0.2), strict=True
        )
        for fact in prediction.facts
    ]
    assert facts
    assert sum(count for _, _, count in graph.edges(data="count")) == len(facts)
    names = graph.nodes(data="name")
    for document, fact in facts:
        found = [
            values
            for subject, object_, values in graph.edges(data=True)
            if (names[subject], values["relation"], names[object_])
            == (fact.subject, fact.relation, fact.object)
        ]
        assert any(document == place.document for edge in found for place in edge["places"])
    assert all(node.startswith("https://my.org/") for node in graph)


def test_there_is_no_graph_of_whole_texts(tiny_run):
    with pytest.raises(mrca.MrcaError, match="finds no facts for a graph"):
        tiny_run.predict_graph(["<e>Oslo</e> is in <e>Norway</e>."])
