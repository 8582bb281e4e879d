import json

import pytest

from mrca.datasets.validate import validate
from mrca.errors import MrcaError


def test_a_good_folder_has_no_problems(write_corpus):
    folder = write_corpus(train=["a", "b"], valid=["a"])
    report = validate(str(folder))
    assert report.problems == []
    assert report.rows == {str(folder / "train.jsonl"): 2, str(folder / "valid.jsonl"): 1}


def test_every_bad_row_of_a_file_is_found(write_corpus):
    folder = write_corpus(train=["a", {"text": 1, "id": None}, {"text": "A"}, {"tokens": []}])
    file = (folder / "train.jsonl").rename(folder / "new.jsonl")
    report = validate(str(file))
    assert [(p.line, p.field) for p in report.errors] == [(2, ""), (4, "tokens")]
    assert report.unlabelled == 1
    assert report.rows == {str(file): 4}


def test_a_file_of_a_corpus_needs_labels_as_the_corpus_does(write_corpus):
    folder = write_corpus(train=["a"], valid=[{"text": "A"}], new=[{"text": "A"}])
    assert validate(str(folder / "valid.jsonl")).problems == validate(str(folder)).problems != []
    assert validate(str(folder / "new.jsonl")).errors == []
    (folder / "train.jsonl").unlink()  # no corpus, just a file of that name
    assert validate(str(folder / "valid.jsonl")).errors == []


def test_what_only_a_folder_can_get_wrong(write_corpus):
    folder = write_corpus(train=["a", {"text": "A"}], valid=["b"], test=[])
    fields = [(p.source.rpartition("/")[2], p.line, p.field) for p in validate(str(folder)).errors]
    assert fields == [
        ("train.jsonl", 2, "facts"),
        ("test.jsonl", 0, ""),
        ("valid.jsonl", 1, "relation"),
    ]
    assert validate(str(write_corpus("no-train", valid=["a"]))).errors[0].field == "train"
    bad = validate(str(write_corpus("bad-relations", relations=["a", "a"], train=["a"]))).errors
    assert "relations.json" in bad[0].source


def test_mentions_that_are_not_there_are_notices_not_errors(write_corpus):
    row = {"text": "A met B", "facts": [["A", "met", "C"]]}
    report = validate(str(write_corpus(train=[row])))
    assert report.errors == []
    assert [p.kind for p in report.problems] == ["unmatched"]


def test_nothing_there(tmp_path):
    with pytest.raises(MrcaError, match="Nothing is at"):
        validate(str(tmp_path / "missing"))
    with pytest.raises(MrcaError, match=r"Did you mean 'webnlg'\?"):
        validate("webnlq")


def test_a_mistyped_folder_is_suggested(write_corpus, tmp_path):
    folder = write_corpus("my_corpus", train=["a"])
    with pytest.raises(MrcaError, match=f"Did you mean '{folder}'"):
        validate(str(tmp_path / "my_corpu"))


def test_a_registered_name_has_the_relations_of_all_splits(write_corpus, tmp_path):
    folder = write_corpus("data/nyt_small", train=["b"], valid=["c"], test=["a"])
    assert validate("nyt_small", tmp_path / "data").errors == []
    (error,) = validate(str(write_corpus("data/other", train=["b"], valid=["c"]))).errors
    assert "valid.jsonl, line 1, relation: expected one of the corpus's 1 relation " in str(error)
    (folder / "relations.json").write_text('["a", "b"]')
    assert [error.received for error in validate("nyt_small", tmp_path / "data").errors] == ['"c"']


def test_where_marks_come_from_is_counted(write_corpus):
    fact = ["A", "met", "B"]
    rows = [
        {"text": "A met B", "facts": [fact]},
        {"text": "nothing", "facts": []},
        {"text": "A met B", "entities": ["A", "B"], "facts": [fact]},
        "met",
        {"text": 3},
    ]
    report = validate(str(write_corpus(train=rows)))
    assert (report.marked, report.oracle, report.unlabelled) == (3, 2, 0)
    assert len(report.errors) == 1


def test_offsets_inside_words_are_errors_or_notices(write_corpus):
    row = {"text": "a manhunt", "entities": [{"char_start": 5, "char_end": 9}], "labels": ["a"]}
    folder = write_corpus(train=[row])
    assert [problem.kind for problem in validate(str(folder)).problems] == ["error"]
    report = validate(str(folder), offsets="widen")
    assert [(p.kind, p.field) for p in report.problems] == [("widened", "entities[0]")]
    assert report.errors == []


def test_a_published_file_is_checked_by_its_items(tmp_path):
    entities = [{"start": 0, "end": 1}, {"start": 2, "end": 3}]
    item = {"tokens": ["A", "met", "B"], "entities": entities, "relations": []}
    path = tmp_path / "rows.json"
    path.write_text(json.dumps([item, {**item, "entities": [{"start": 0, "end": 9}]}]), "utf-8")
    report = validate(str(path))
    assert (report.rows, report.marked, report.oracle) == ({str(path): 2}, 1, 0)
    assert [(p.line, p.unit) for p in report.errors] == [(2, "item")]
