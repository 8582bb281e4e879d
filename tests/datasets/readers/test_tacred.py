import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mrca.datasets import iter_jsonl, load_corpus, write_jsonl
from mrca.datasets.readers.tacred import read_tacred_item
from mrca.text import Document, Entity, Fact

ITEM = {
    "id": "61b3a5c8",
    "docid": "AFP_1",
    "relation": "per:title",
    "token": ["Ada", "Moss", "-LRB-", "the", "chief", "chemist", "-RRB-", "left", "."],
    "subj_start": 0,
    "subj_end": 1,
    "obj_start": 4,
    "obj_end": 5,
    "subj_type": "PERSON",
    "obj_type": "TITLE",
    "stanford_pos": ["NNP", "NNP", "-LRB-", "DT", "JJ", "NN", "-RRB-", "VBD", "."],
    "stanford_head": ["8", "1", "6", "6", "6", "2", "6", "0", "8"],
}
DOCUMENT = Document(
    tokens=("Ada", "Moss", "(", "the", "chief", "chemist", ")", "left", "."),
    entities=(
        Entity(((0, 2),), "PERSON", name="Ada Moss"),
        Entity(((4, 6),), "TITLE", name="chief chemist"),
    ),
    facts=(Fact(0, "per:title", 1),),
    labels=("per:title",),
    subjects=(0,),
    objects=(1,),
    id="61b3a5c8",
)


def test_ends_are_inclusive_and_brackets_are_brackets(rows_of):
    (row,) = rows_of([ITEM])
    assert row.document == DOCUMENT
    assert row.labelled
    assert row.problems == ()


def test_no_relation_is_a_label_without_a_fact(rows_of):
    (row,) = rows_of([{**ITEM, "relation": "no_relation"}], require_labels=True)
    assert row.document.labels == ("no_relation",)
    assert row.document.facts == ()


def test_a_row_without_its_relation_is_only_there_to_predict(rows_of):
    unlabelled = {name: value for name, value in ITEM.items() if name != "relation"}
    (row,) = rows_of([unlabelled])
    assert (row.labelled, row.document.labels) == (False, ())
    (row,) = rows_of([unlabelled], require_labels=True)
    assert "item 1: expected the relations that are stated" in str(row.error)


@pytest.mark.parametrize(
    "change, expected",
    [
        ({"subj_end": 9}, "subj_end: expected the place of a word from 0 to 8, the last, received"),
        ({"obj_end": 3}, "obj_end: expected the place of a word from 4 to 8, the last, received 3"),
        ({"obj_start": 9}, "obj_end: expected the place of a word from 9 to 8"),
        ({"subj_start": -1}, "subj_start: expected greater than or equal to 0, received -1"),
        ({"subj_start": "0"}, "subj_start: expected a valid integer"),
        ({"token": []}, "subj_end: expected the place of a word from 0 to -1"),
        ({"token": "Ada"}, "token: expected a valid list"),
        ({"token": ["a b"] * 9}, "expected words without a space in them, received"),
        ({"token": [""] * 9}, "token[0]: expected at least one character"),
        ({"relation": ""}, "relation: expected at least one character"),
        ({"relation": ["per:title"]}, "relation: expected a valid string"),
    ],
)
def test_a_bad_item_is_named_and_the_others_are_read(change, expected, rows_of):
    rows = rows_of([ITEM, {**ITEM, **change}, ITEM])
    assert [row.error is None for row in rows] == [True, False, True]
    assert "train.json, item 2, " in str(rows[1].error)
    assert expected in str(rows[1].error)


def test_a_missing_place_is_named(rows_of):
    (row,) = rows_of([{"token": ["A"], "subj_start": 0, "subj_end": 0, "obj_start": 0}])
    assert "item 1, obj_end: expected this field" in str(row.error)


def test_a_folder_is_a_corpus_and_converts_to_the_same_documents(tmp_path):
    other = {**ITEM, "id": "2", "relation": "no_relation"}
    for split in ("train", "valid", "test"):
        (tmp_path / f"{split}.json").write_text(json.dumps([ITEM, other]), encoding="utf-8")
    corpus = load_corpus(str(tmp_path))
    assert corpus.relations.names == ("no_relation", "per:title")
    path = tmp_path / "converted.jsonl"
    write_jsonl(corpus.splits["train"], path)
    with path.open("rb") as file:
        assert [row.document for row in iter_jsonl(file, "x")] == corpus.splits["train"]


PLACE = st.integers(-1, 9) | st.sampled_from(["1", None, 1.5])


@settings(deadline=None)
@given(
    st.fixed_dictionaries(
        {"token": st.lists(st.sampled_from(["A", "B", "", " ", 3]), max_size=3)},
        optional={
            **{f"{role}_{end}": PLACE for role in ("subj", "obj") for end in ("start", "end")},
            "relation": st.sampled_from(["r", "", "no_relation", 3, None]),
            "id": st.sampled_from(["a", 1, None]),
        },
    )
    | st.sampled_from([None, 3, [], "token"])
)
def test_any_item_gives_a_document_or_an_error_of_ours(item):
    row = read_tacred_item(item, "fuzz", 1)
    assert (row.document is None) == (row.error is not None)
    if row.document:
        assert [bool(entity.name) for entity in row.document.entities] == [True, True]
        assert row.document.labels or not row.labelled
