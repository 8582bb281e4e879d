import shutil
from dataclasses import replace

import numpy as np
import pytest

from mrca.errors import MrcaError
from mrca.evaluation import ErrorPatterns, error_patterns
from mrca.experiments import decided_labels as module
from mrca.experiments.decided_labels import ComparedRows, asked_about, decided_labels, kept_file
from mrca.text import Document, Entity, Fact, Span
from mrca.training import answered, choose_decision, evaluate_split


@pytest.fixture
def run(tiny_run, tmp_path):
    return shutil.copytree(tiny_run.folder, tmp_path / "run")


@pytest.fixture
def rows(corpus, tiny_config):
    return ComparedRows.of(corpus, tiny_config)


@pytest.fixture
def loads(monkeypatch, trained):
    """The runs that are loaded to predict; see `trained` for what is loaded."""
    original, loaded = module.load, []

    def load(folder):
        loaded.append(folder.name)
        return original(folder)

    monkeypatch.setattr(module, "load", load)
    return loaded


def test_labels_are_those_of_the_run(run, corpus, rows, tiny_run, tmp_path):
    labels, ranked, tuned = decided_labels(run, corpus, rows, "none", tmp_path / "kept" / "run.npz")
    found = answered(tiny_run.classifier, corpus, "test")
    scores, expected = tiny_run.classifier.scores_and_labels(*found)
    assert (labels == expected).all()
    assert labels.dtype == bool
    assert not tuned
    gold = found.candidates.labels
    counted = ErrorPatterns.of(gold.astype(bool), labels, ranked)
    assert counted == error_patterns(gold, labels, scores)
    again = decided_labels(run, corpus, rows, "none", tmp_path / "kept" / "run.npz")
    assert (again.ranked == ranked).all()


def test_they_are_computed_once_and_anew_where_something_is_another(
    run, corpus, rows, tmp_path, loads
):
    kept = tmp_path / "kept" / "run.npz"
    labels, *_ = decided_labels(run, corpus, rows, "none", kept)
    again, *_ = decided_labels(run, corpus, rows, "none", kept)
    assert (again == labels).all()
    assert loads == ["run"]
    tuned_labels, _, tuned = decided_labels(run, corpus, rows, "global", kept)
    assert tuned
    assert (tuned_labels != labels).any()
    decision = run / "decision.json"
    decision.write_text(decision.read_text("utf-8").replace("0.5", "0.9"), "utf-8")
    stricter, *_ = decided_labels(run, corpus, rows, "none", kept)
    assert stricter.sum() < labels.sum()
    kept.write_bytes(kept.read_bytes()[:100])  # cut off
    assert (decided_labels(run, corpus, rows, "none", kept)[0] == stricter).all()
    kept.write_bytes(b"")
    decided_labels(run, corpus, rows, "none", kept)
    np.savez(kept, key=np.array({"a": 1}, dtype=object))  # nothing is read with pickle
    decided_labels(run, corpus, rows, "none", kept)
    assert len(loads) == 6


@pytest.mark.parametrize("file", ["svm/terms.json", "encoder/variables", "model.keras"])
def test_whatever_was_learnt_makes_them_anew(run, corpus, rows, tmp_path, loads, file):
    decided_labels(run, corpus, rows, "none", tmp_path / "run.npz")
    (run / file).parent.mkdir(exist_ok=True)
    (run / file).write_bytes(b"another training")
    decided_labels(run, corpus, rows, "none", tmp_path / "run.npz")
    assert len(loads) == 2


def test_a_damaged_run_is_said(run, corpus, rows, tmp_path):
    (run / "model.keras").write_bytes(b"no model")
    with pytest.raises(MrcaError, match="damaged"):
        decided_labels(run, corpus, rows, "none", tmp_path / "run.npz")


def test_runs_of_one_name_have_two_files(tmp_path):
    files = {kept_file(tmp_path / place / "run", tmp_path).name for place in ("a", "b")}
    assert len(files) == 2
    assert kept_file(tmp_path / "b" / ".." / "a" / "run", tmp_path).name in files
    assert all(name.startswith("run-") and name.endswith(".npz") for name in files)


@pytest.mark.parametrize("kind", ["whole", "pairs"])
def test_a_tuned_threshold_is_the_one_of_validation(kind, corpus, request, tmp_path, trained):
    tiny = request.getfixturevalue("tiny_run" if kind == "whole" else "tiny_pairs_run")
    rows = ComparedRows.of(corpus, tiny.config)
    labels, _, tuned = decided_labels(
        tiny.folder, corpus, rows, "per-relation", tmp_path / "run.npz"
    )
    rule = choose_decision(tiny, corpus, tune="per-relation").decision.rule
    asked, outputs = answered(tiny.classifier, corpus, "test")
    assert tuned
    assert (labels == rows.of_run(asked, np.asarray(rule.labels(outputs)))).all()


def test_a_decision_without_a_threshold_stays(run, corpus, rows, tmp_path, trained):
    (run / "decision.json").write_text('{"rule": "largest_score"}', "utf-8")
    labels, _, tuned = decided_labels(run, corpus, rows, "global", tmp_path / "run.npz")
    assert not tuned
    assert (labels.sum(axis=1) == 1).all()


# === Rows that are pairs ===


def people(*facts, types=("PER", "PER", "LOC")):
    """A document of three entities, words apart, and facts `(subject, relation, object)`."""
    entities = tuple(Entity((Span(5 * i, 5 * i + 1),), kind) for i, kind in enumerate(types))
    labels = tuple(dict.fromkeys(relation for _, relation, _ in facts))
    document = Document(tuple("abcdefghijkl"), entities, tuple(Fact(*each) for each in facts))
    return replace(document.with_unknown_roles(), labels=labels)


@pytest.fixture
def related(corpus, tiny_pairs_config):
    """A corpus of pairs with distances and types, and a configuration that leaves some out."""
    known, other = corpus.relations.names[:2]
    splits = {
        "train": [people((0, known, 1), (0, other, 1)), people((1, known, 2))],
        "valid": [people()],
        "test": [people((0, known, 1), (2, known, 0), (2, other, 0)), people(), people()],
    }
    settings = {"candidates.types": "seen", "candidates.max_distance": 4}
    return replace(corpus, splits=splits), tiny_pairs_config.changed(settings)


def test_pairs_that_no_candidate_asks_about_are_rows_behind_the_candidates(related):
    corpus, config = related
    rows = ComparedRows.of(corpus, config)
    # 0 and 1, 1 and 0, 1 and 2: of types that training relates, and near; LOC to PER is neither.
    assert (rows.candidates, len(rows.labels)) == (9, 10)
    assert rows.pairs[:, 0].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 0]
    assert rows.labels[:, :2].tolist() == [[True, False], *[[False, False]] * 8, [True, True]]
    assert rows.train_counts[:3] == [2, 1, 0]


def test_a_run_predicts_nothing_for_what_it_is_not_asked(related):
    corpus, config = related
    rows = ComparedRows.of(corpus, config)
    everything, _ = asked_about(corpus, config, "test")
    asked = replace(
        everything,
        starts=np.array([0, 2, 2, 3]),  # it reads less, so the last entity is unknown to it
        subjects=everything.subjects[[0, 1, 8]],
        objects=everything.objects[[0, 1, 8]],
    )
    labels = rows.of_run(asked, np.ones((3, len(corpus.relations)), bool))
    assert np.flatnonzero(labels.all(axis=1)).tolist() == [0, 1, 8]
    assert labels.sum() == 3 * len(corpus.relations)


def test_they_have_the_scores_that_the_runs_own_report_has(corpus, tiny_pairs_run, tmp_path):
    from mrca.evaluation import evaluate

    rows = ComparedRows.of(corpus, tiny_pairs_run.config)
    labels, *_ = decided_labels(tiny_pairs_run.folder, corpus, rows, "none", tmp_path / "run.npz")
    found = evaluate(rows.labels, labels, corpus.relations, rows.train_counts)
    own = evaluate_split(tiny_pairs_run.classifier, corpus, "test").candidates
    assert (found.micro, found.macro, found.groups) == (own.micro, own.macro, own.groups)
