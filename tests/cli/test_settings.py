import json
from pathlib import Path

import pytest
import typer

from mrca.cli.settings import (
    base_config,
    checked_name,
    fitting_recipe,
    init_from_base,
    lasting_dataset,
    lasting_encoder,
    lasting_vectors,
    run_corpus,
    second_stage_base,
)
from mrca.config import dump_config, load_recipe
from mrca.errors import MrcaError

LABELS = {"text": "Ada met Bo", "labels": ["met"]}


@pytest.fixture
def corpus(tmp_path, monkeypatch) -> Path:
    """Where the test is, a folder of rows with labels alone."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "train.jsonl").write_text(json.dumps(LABELS))
    return tmp_path / "mine"


def test_a_recipe_of_the_corpuss_name_goes_before_one_that_fits():
    base = base_config("webnlg", None)
    assert (base.config, base.name, base.note) == (load_recipe("webnlg"), "webnlg", "")


def test_a_recipe_that_fits_is_named_with_the_reason(corpus):
    base = base_config("mine", None)
    assert base.config == load_recipe("mrca")
    assert base.name == "mine"
    assert base.note.startswith("recipe mrca: the training rows have labels alone")


def test_a_recipe_that_is_given_is_taken_without_a_note(corpus):
    (corpus.parent / "own.toml").write_text(dump_config(load_recipe("pairs")))
    for recipe, dataset, name in (
        ("pairs", "mine", "mine-pairs"),
        ("webnlg-bert", None, "webnlg-bert"),
        ("webnlg-bert", "webnlg", "webnlg-bert"),
        ("own.toml", None, "own"),
        ("own.toml", "mine", "mine"),
    ):
        base = base_config(dataset, recipe)
        assert (base.name, base.note) == (name, "")
    assert base.config == load_recipe("pairs")


ENTITIES = {"text": "Ada", "entities": ["Ada"]}
FACTS = {"text": "Ada met Bo", "facts": [["Ada", "met", "Bo"]]}


@pytest.mark.parametrize(
    ("rows", "recipe"),
    [
        ([LABELS, {"text": "Ada", "subjects": ["Ada"], "labels": []}], "mrca"),
        ([LABELS, ENTITIES], "mrca"),
        ([LABELS, FACTS], "pairs"),
        ([ENTITIES, {"text": "Bo", "labels": []}], "pairs"),
        (["not a row", ENTITIES], "pairs"),  # what cannot be used decides nothing
    ],
)
def test_the_recipe_is_that_of_what_the_rows_say(corpus, rows, recipe):
    (corpus / "train.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert fitting_recipe("mine", None)[0] == recipe


def test_of_rows_that_cannot_be_read_nothing_is_said(corpus):
    broken = {**ENTITIES, "facts": [["Ada", "met"]]}
    (corpus / "train.jsonl").write_text(json.dumps(broken))
    assert base_config("mine", None).note == ""


def test_neither_a_corpus_nor_a_recipe():
    with pytest.raises(typer.BadParameter, match="--dataset NAME or FOLDER"):
        base_config(None, None)


def test_a_run_lends_its_settings(tiny_run, monkeypatch):
    monkeypatch.chdir(tiny_run.folder.parent)
    second, started = second_stage_base(Path("tiny")), init_from_base(Path("tiny"))
    assert second.name == "tiny"
    assert second.config.classifier.representation == str(tiny_run.folder)
    assert second.config.model == tiny_run.config.model
    assert started.name == "tiny-continued"
    assert started.config == tiny_run.config.changed({"training.init_from": str(tiny_run.folder)})
    for base in (second_stage_base, init_from_base):
        with pytest.raises(MrcaError, match="There is no run at"):
            base(Path("nowhere"))


def test_what_lies_in_a_folder_is_named_for_good(corpus):
    (corpus.parent / "glove.txt").write_text("a 1 2\n")
    assert lasting_dataset("mine") == str(corpus)
    assert lasting_dataset("webnlg") == "webnlg"
    assert lasting_dataset("not/there") == "not/there"
    assert lasting_vectors("glove.txt") == str(corpus.parent / "glove.txt")
    assert lasting_vectors("mine") == "mine"  # a folder that is no store is a name
    assert lasting_encoder("hub:mine") == f"hub:{corpus}"
    assert lasting_encoder("keras_hub:bert_base_en") == "keras_hub:bert_base_en"
    assert lasting_dataset(None) is lasting_vectors(None) is lasting_encoder(None) is None


def test_a_corpus_beside_one_that_has_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("webnlg").mkdir()
    assert lasting_dataset("webnlg") == "webnlg"
    assert lasting_dataset("./webnlg") == str(tmp_path / "webnlg")


@pytest.mark.parametrize("name", ["a/b", ".hidden", "..", "/", ""])
def test_a_name_is_no_path(name):
    with pytest.raises(typer.BadParameter, match="not a name for a run"):
        checked_name(name)


def test_a_run_of_rows_in_memory_has_no_corpus(tiny_run, monkeypatch):
    config = tiny_run.config.changed({"data.dataset": ""})
    monkeypatch.setattr(tiny_run.classifier, "config", config)
    with pytest.raises(MrcaError, match="--dataset"):
        run_corpus(tiny_run, None)


def test_a_runs_corpus_is_read_as_it_was(tiny_run, sample_slice):
    assert run_corpus(tiny_run, sample_slice).fingerprint != ""
    assert run_corpus(tiny_run, sample_slice).name == "sample"
