import json
from pathlib import Path

import pytest

from mrca.datasets import load_corpus
from mrca.datasets.build import SOURCE, build_corpus, find_raw, is_outdated
from mrca.datasets.recipe import FEWREL_LT, PUBMED, PUBMED_SMALL, REUTERS, Recipe
from mrca.errors import MrcaError
from mrca.text import Document, Entity, Span


class Maker:
    """A recipe's `make_splits`, which keeps what it was given."""

    def __init__(self) -> None:
        self.calls: list[list[Path]] = []

    def __call__(self, files):
        self.calls.append(list(files))
        entities = (Entity((Span(0, 1),), name="Ada"), Entity((Span(1, 2),), name="plays"))
        row = Document(("Ada", "plays"), entities, (), ("b", "a"), (0,), (1,), id="1")
        return {"train": [row, row], "valid": [row], "test": [Document(("None",))]}


@pytest.fixture
def raw(tmp_path):
    path = tmp_path / "raw" / "published.txt"
    path.parent.mkdir()
    path.write_text("content", "utf-8")
    return path


def listing(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_built_folder_reads_back_as_what_was_made(raw, tmp_path):
    maker = Maker()
    folder = build_corpus(Recipe((("x",),), maker), [raw], tmp_path / "new" / "cut")
    assert listing(folder.parent) == ["cut"]
    corpus = load_corpus(str(folder))
    assert corpus.splits == {split: list(rows) for split, rows in maker([raw]).items()}
    assert corpus.relations.names == ("a", "b")
    assert corpus.problems == []


def test_the_note_says_what_from_and_spares_building_the_same_again(raw, tmp_path):
    maker = Maker()
    recipe = Recipe((("x",),), maker, version=3, beside=("names.json", "absent.json"))
    names = raw.with_name("names.json")
    names.write_text("{}", "utf-8")
    folder = build_corpus(recipe, [raw], tmp_path / "cut")
    note = json.loads((folder / SOURCE).read_text("utf-8"))
    assert note["recipe"] == 3
    assert list(note["files"]) == ["published.txt", "names.json"]
    assert all(digest.startswith("sha256:") for digest in note["files"].values())
    build_corpus(recipe, [raw], folder)
    build_corpus(recipe, [raw, names], folder)
    assert maker.calls == [[raw, names]]
    names.write_text("changed", "utf-8")
    build_corpus(recipe, [raw], folder)
    assert len(maker.calls) == 2


def test_of_the_files_that_fit_a_pattern_the_last_one_is_taken(tmp_path):
    recipe = Recipe((("raw/names.txt", "raw/all_*.json"),), Maker())
    names = tmp_path / "raw" / "names.txt"
    names.parent.mkdir()
    names.touch()
    assert find_raw(recipe, tmp_path) is None
    for year in (2013, 2022, 2020):
        (names.parent / f"all_{year}.json").touch()
    assert find_raw(recipe, tmp_path) == [names, names.parent / "all_2022.json"]


def test_another_version_or_a_note_that_cannot_be_read_is_outdated(raw, tmp_path):
    maker = Maker()
    first, second = (Recipe((("x",),), maker, version) for version in (1, 2))
    folder = build_corpus(first, [raw], tmp_path / "cut")
    assert not is_outdated(folder, first)
    assert is_outdated(folder, second)
    for broken in (b"", b"[]", b"\xff", b"[" * 10_000):
        (folder / SOURCE).write_bytes(broken)
        assert is_outdated(folder, first)
    build_corpus(first, [raw], folder)
    assert not is_outdated(folder, first)


def test_a_folder_of_the_users_own_is_neither_outdated_nor_replaced(raw, tmp_path):
    folder = tmp_path / "cut"
    folder.mkdir()
    (folder / "train.jsonl").write_text("mine", "utf-8")
    maker = Maker()
    recipe = Recipe((("x",),), maker)
    assert not is_outdated(folder, recipe)
    with pytest.raises(MrcaError, match="was not built by this package"):
        build_corpus(recipe, [raw], folder)
    assert (folder / "train.jsonl").read_text("utf-8") == "mine"
    assert maker.calls == []


def test_what_was_built_stays_where_building_anew_fails(raw, tmp_path):
    folder = build_corpus(Recipe((("x",),), Maker()), [raw], tmp_path / "cut")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def fail(files):
        raise MrcaError("unusable")

    with pytest.raises(MrcaError, match="unusable"):
        build_corpus(Recipe((("x",),), fail, version=2), [raw], folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    with pytest.raises(MrcaError, match=r"Cannot read .*gone\.txt"):
        build_corpus(Recipe((("x",),), fail), [tmp_path / "gone.txt"], folder)
    assert listing(tmp_path) == ["cut", "raw"]


def test_a_folder_that_cannot_be_written_is_said(raw):
    with pytest.raises(MrcaError, match="Cannot write"):
        build_corpus(Recipe((("x",),), Maker()), [raw], raw / "cut")


def test_fewrel_lt_refuses_too_small_a_file_and_builds_nothing(tmp_path):
    path = tmp_path / "val_wiki.json"
    row = {"tokens": ["A", "B"], "h": ["a", "Q1", [[0]]], "t": ["b", "Q2", [[1]]]}
    path.write_text(json.dumps({"P1": [row]}), "utf-8")
    with pytest.raises(MrcaError, match="relation with 700 different sentences"):
        build_corpus(FEWREL_LT, [path], tmp_path / "fewrel-lt")
    assert not (tmp_path / "fewrel-lt").exists()


def test_reuters_holds_a_thousand_training_documents_out(raw, monkeypatch, tmp_path):
    documents = {
        "train": [Document((f"d{i}",), labels=("earn",)) for i in range(1100)],
        "test": [Document(("e",), labels=("earn",))],
    }
    monkeypatch.setattr("mrca.datasets.readers.reuters.reuters_splits", lambda archive: documents)
    corpus = load_corpus(str(build_corpus(REUTERS, [raw], tmp_path / "reuters")))
    assert {split: len(rows) for split, rows in corpus.splits.items()} == {
        "train": 100,
        "valid": 1000,
        "test": 1,
    }
    held = {row.tokens for row in [*corpus.splits["train"], *corpus.splits["valid"]]}
    assert len(held) == 1100
    assert corpus.limits == "reuters"
    with pytest.raises(MrcaError, match=r"Expected one file, reuters21578\.tar\.gz"):
        REUTERS.make_splits([raw, raw])


def test_pubmed_is_drawn_in_the_size_of_its_name(raw, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "mrca.datasets.pubmed.pubmed_splits", lambda file, **sizes: asked.append(sizes)
    )
    for recipe in (PUBMED, PUBMED_SMALL):
        recipe.make_splits([raw])
    assert asked == [
        {"documents": 224_897, "valid": 10_000, "test": 20_000, "seed": 0},
        {"documents": 24_000, "valid": 2_000, "test": 2_000, "seed": 0},
    ]
    with pytest.raises(MrcaError, match=r"Expected one file, allMeSH_YEAR\.json"):
        PUBMED.make_splits([raw, raw])
