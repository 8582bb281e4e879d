import shutil
import sys

import numpy as np
import pytest

from mrca.datasets import load_corpus
from mrca.errors import MrcaError
from mrca.training import labels_and_outputs, tuned_rule
from mrca.training.decided_labels import decided_labels, kept_file


@pytest.fixture
def run(tiny_run, tmp_path):
    return shutil.copytree(tiny_run.folder, tmp_path / "run")


@pytest.fixture
def corpus(sample_slice):
    return load_corpus("sample", sample_slice)


@pytest.fixture
def loads(monkeypatch):
    """The runs that are loaded to predict."""
    module = sys.modules["mrca.training.decided_labels"]
    original, loaded = module.load, []

    def load(folder):
        loaded.append(folder.name)
        return original(folder)

    monkeypatch.setattr(module, "load", load)
    return loaded


def test_labels_are_those_of_the_run_and_computed_once(run, corpus, tiny_run, tmp_path, loads):
    kept = tmp_path / "kept" / "run.npz"
    labels, tuned = decided_labels(run, corpus, "none", kept)
    _, outputs = labels_and_outputs(tiny_run, corpus, "test")
    assert (labels == tiny_run.decide(outputs)[1]).all()
    assert labels.dtype == bool
    assert not tuned
    again, _ = decided_labels(run, corpus, "none", kept)
    assert (again == labels).all()
    assert loads == ["run"]


def test_they_are_computed_anew_where_something_is_another(run, corpus, tmp_path, loads):
    kept = tmp_path / "run.npz"
    labels, _ = decided_labels(run, corpus, "none", kept)
    tuned_labels, tuned = decided_labels(run, corpus, "global", kept)
    assert tuned
    assert (tuned_labels != labels).any()
    decision = run / "decision.json"
    decision.write_text(decision.read_text("utf-8").replace("0.5", "0.9"), "utf-8")
    stricter, _ = decided_labels(run, corpus, "none", kept)
    assert stricter.sum() < labels.sum()
    kept.write_bytes(kept.read_bytes()[:100])  # cut off
    assert (decided_labels(run, corpus, "none", kept)[0] == stricter).all()
    kept.write_bytes(b"")
    decided_labels(run, corpus, "none", kept)
    assert len(loads) == 5


@pytest.mark.parametrize("file", ["svm/terms.json", "encoder/variables", "model.keras"])
def test_whatever_was_learnt_makes_them_anew(run, corpus, tmp_path, loads, file):
    decided_labels(run, corpus, "none", tmp_path / "run.npz")
    original = (run / file).read_bytes() if (run / file).exists() else None
    (run / file).parent.mkdir(exist_ok=True)
    (run / file).write_bytes(b"another training")
    try:
        decided_labels(run, corpus, "none", tmp_path / "run.npz")
    except MrcaError:
        assert original is not None  # it was looked at, and is no model
    assert len(loads) == 2


def test_runs_of_one_name_have_two_files(tmp_path):
    files = {kept_file(tmp_path / place / "run", tmp_path).name for place in ("a", "b")}
    assert len(files) == 2
    assert kept_file(tmp_path / "b" / ".." / "a" / "run", tmp_path).name in files
    assert all(name.startswith("run-") and name.endswith(".npz") for name in files)


def test_nothing_is_read_with_pickle(run, corpus, tmp_path, loads):
    kept = tmp_path / "run.npz"
    np.savez(kept, key=np.array({"a": 1}, dtype=object))
    decided_labels(run, corpus, "none", kept)
    assert loads == ["run"]


def test_a_tuned_threshold_is_the_one_of_validation(run, corpus, tiny_run, tmp_path):
    labels, _ = decided_labels(run, corpus, "per-relation", tmp_path / "run.npz")
    _, outputs = labels_and_outputs(tiny_run, corpus, "test")
    rule = tuned_rule(tiny_run, corpus, "per-relation")
    assert (labels == np.asarray(rule.labels(outputs))).all()


def test_a_decision_without_a_threshold_stays(run, corpus, tmp_path):
    (run / "decision.json").write_text('{"rule": "largest_score"}', "utf-8")
    labels, tuned = decided_labels(run, corpus, "global", tmp_path / "run.npz")
    assert not tuned
    assert (labels.sum(axis=1) == 1).all()
