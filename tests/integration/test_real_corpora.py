"""WebNLG, NYT, CoNLL04 and Re-DocRED with published vectors, where they are on this machine.

MRCA_DATA_DIR holds webnlg/, nyt_small/, conll04/ and re_docred/; MRCA_VECTORS_DIR the GloVe subset.
"""

import json
import os
import shutil
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from mrca import training
from mrca.config import load_recipe
from mrca.datasets import load_corpus
from mrca.evaluation import KnownFacts

GLOVE = "glove.6B.300d.subset-5171.txt.gz"


def folder_of(variable: str, name: str) -> Path:
    place = Path(os.environ.get(variable) or "unset") / name
    if not place.exists():
        pytest.skip(f"{variable} is not set to a folder that holds {name}")
    return place


@pytest.fixture(scope="module")
def glove(tmp_path_factory) -> Iterator[Path]:
    """The published file; its import is kept for all tests."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("MRCA_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield folder_of("MRCA_VECTORS_DIR", GLOVE)


def small(vectors: Path) -> dict[str, object]:
    """Settings that train within seconds."""
    return {"vectors.name": str(vectors), "model.units": 16, "training.epochs": 1}


def part_of(name: str, folder: Path, **rows: int) -> Path:
    """A data folder with the first rows of a registered corpus, and all its relations."""
    whole = folder_of("MRCA_DATA_DIR", name)
    part = folder / "data" / name
    part.mkdir(parents=True)
    shutil.copy(whole / "relations.json", part)
    for split, count in rows.items():
        items = json.loads((whole / f"{split}.json").read_text("utf-8"))
        (part / f"{split}.json").write_text(json.dumps(items[:count]), "utf-8")
    return part.parent


@pytest.mark.parametrize("name, relations", [("webnlg", 216), ("nyt_small", 24)])
def test_a_part_is_learnt_with_published_vectors(name, relations, glove, tmp_path):
    data = part_of(name, tmp_path, train=200, valid=50, test=50)
    config = load_recipe(name).changed(small(glove))
    run = training.train(config, tmp_path / "run", data_dir=data)
    classifier = run.classifier
    assert len(classifier.relations) == classifier.columns == relations
    assert classifier.network.dim == 300
    corpus = load_corpus(name, data)
    outputs = classifier.raw_outputs(classifier.candidates(corpus.splits["test"]))
    assert outputs.shape == (50, relations)
    assert np.isfinite(outputs).all()
    report = run.metrics["splits"]["test"]
    assert report["rows"] == 50
    assert len(report["relations"]) == relations
    again = training.evaluate_split(classifier, corpus, "test").to_dict()
    assert json.loads(json.dumps(again)) == report
    assert len(run.predict(corpus.splits["test"][:3])) == 3


def test_pairs_of_conll04_are_learnt_with_published_vectors(glove, tmp_path):
    whole = folder_of("MRCA_DATA_DIR", "conll04")
    part = tmp_path / "conll04"
    part.mkdir()
    for split in ("train", "valid", "test"):
        rows = json.loads((whole / f"{split}.json").read_text("utf-8"))
        (part / f"{split}.json").write_text(json.dumps(rows[:80]), "utf-8")
    changes = {**small(glove), "model.hidden": 32, "data.dataset": str(part)}
    run = training.train(load_recipe("pairs").changed(changes), tmp_path / "run")
    assert set(run.classifier.relations) == {
        *("Kill", "Live_In", "Located_In", "OrgBased_In", "Work_For"),
    }
    assert run.classifier.encoder.types == ("Loc", "Org", "Other", "Peop")
    report = run.metrics["splits"]["test"]
    assert report["documents"]["rows"] == 80
    assert report["rows"] > 5 * report["micro"]["support"]  # most pairs state nothing
    assert not report["oracle"]
    row = {"text": "Ada Lane lives in Arden.", "entities": ["Ada Lane", "Arden"]}
    [found] = run.predict([row], threshold=0, top=1)
    assert {found.facts[0].subject, found.facts[0].object} == {"Ada Lane", "Arden"}


def test_a_part_of_re_docred_is_divided_learnt_and_written_in_its_form(glove, tmp_path):
    whole = folder_of("MRCA_DATA_DIR", "re_docred")
    part = tmp_path / "re_docred"
    part.mkdir()
    shutil.copy(whole / "rel2id.json", part)
    for split, count in (("dev", 20), ("test", 5)):
        items = json.loads((whole / f"{split}_revised.json").read_text("utf-8"))
        (part / f"{split}_revised.json").write_text(json.dumps(items[:count]), "utf-8")
    changes = {**small(glove), "model.hidden": 16, "data.dataset": str(part)}
    run = training.train(load_recipe("pairs").changed(changes), tmp_path / "run")
    corpus = load_corpus(str(part))
    assert [len(rows) for rows in corpus.splits.values()] == [18, 2, 5]
    assert len(run.classifier.relations) == 96
    documents = corpus.splits["test"]
    report = run.metrics["splits"]["test"]
    assert report["rows"] == sum(len(row.entities) * (len(row.entities) - 1) for row in documents)
    predictions = run.predict(documents, threshold=0, top=3)
    found = [fact for each in predictions for fact in each.facts_to_docred()]
    assert len(found) == 3 * len(documents)
    titles = {row.id: row for row in documents}
    for fact in found:
        entities = titles[fact["title"]].entities
        assert len({fact["h_idx"], fact["t_idx"]} & set(range(len(entities)))) == 2
        assert fact["r"] in corpus.relations


def test_ign_f1_on_re_docred_is_the_official_scorers():
    """Which compares the published names of mentions; here they are the words of the text."""
    whole = folder_of("MRCA_DATA_DIR", "re_docred")
    corpus = load_corpus("re-docred", whole.parent)
    of_title = {}
    for name in ("dev", "test"):
        items = json.loads((whole / f"{name}_revised.json").read_text("utf-8"))
        of_title |= {(name, item["title"]): item for item in items}

    def named(item, label):
        names = ([each["name"] for each in item["vertexSet"][label[end]]] for end in "ht")
        return {(first, label["r"], last) for first, last in product(*names)}

    train = [of_title["dev", document.id] for document in corpus.splits["train"]]
    stated = {each for item in train for label in item["labels"] for each in named(item, label)}
    known = {
        (number, label["h"], label["r"], label["t"])
        for number, document in enumerate(corpus.splits["test"])
        for label in of_title["test", document.id]["labels"]
        if named(of_title["test", document.id], label) & stated
    }
    assert len(known) > 900
    assert KnownFacts.of(corpus, "test").annotated == known


@pytest.mark.processes
def test_an_exported_model_gives_the_same_on_all_of_webnlg_s_test_split(glove, tmp_path):
    tf = pytest.importorskip("tensorflow")
    from mrca.export.export_run import export_run
    from mrca.export.token_arrays import token_arrays
    from mrca.text.inline_marks import marked

    data = part_of("webnlg", tmp_path, train=200, valid=50, test=10_000)
    config = load_recipe("webnlg").changed(small(glove))
    run = training.train(config, tmp_path / "run", data_dir=data)
    rows = load_corpus("webnlg", data).splits["test"]
    candidates = run.classifier.candidates(rows)
    outputs = run.classifier.raw_outputs(candidates)
    scores, labels = run.classifier.scores_and_labels(candidates, outputs)
    exported = tf.saved_model.load(str(export_run(run).folder))
    inputs = {
        "serving_default": {"text": np.array([marked(row) for row in rows], object)},
        "tokens": token_arrays(rows),
    }
    for signature, arrays in inputs.items():
        tensors = {name: tf.constant(array) for name, array in arrays.items()}
        answer = exported.signatures[signature](**tensors)
        np.testing.assert_allclose(answer["scores"], scores, atol=1e-5, rtol=0)
        np.testing.assert_array_equal(answer["labels"], labels)
        assert not any(answer["problem"].numpy())


@pytest.mark.slow
def test_all_of_webnlg_for_two_epochs(glove, tmp_path):
    folder_of("MRCA_DATA_DIR", "webnlg")
    changes = {**small(glove), "model.units": 32, "training.epochs": 2}
    config = load_recipe("webnlg").changed(changes)
    run = training.train(config, tmp_path / "run")
    assert run.classifier.label_counts.num_samples == 5019
    assert run.metrics["splits"]["test"]["micro"]["f1"] > 0.2
