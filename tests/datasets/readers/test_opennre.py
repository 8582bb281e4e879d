import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrca.datasets import iter_rows
from mrca.datasets.readers.opennre import read_opennre_item
from mrca.text import Fact

WORDS = {
    "token": ["Ada", "Moss", "was", "born", "in", "Oslo", "."],
    "h": {"name": "ada moss", "id": "Q1", "pos": [0, 2]},
    "t": {"name": "oslo", "id": "Q2", "pos": [5, 6]},
    "relation": "place of birth",
}
TEXT = {
    "text": "Ada Moss was born in Oslo.",
    "h": {"name": "Ada Moss", "id": "m.1", "pos": [0, 8]},
    "t": {"name": "Oslo", "id": "m.2", "pos": [21, 25]},
    "relation": "/people/born",
}


@pytest.fixture
def rows_of(tmp_path):
    def read(*rows, **options):
        path = tmp_path / "wiki80_train.txt"
        path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        return list(iter_rows(path, **options))

    return read


@pytest.mark.parametrize("row", [WORDS, TEXT], ids=["words", "text"])
def test_head_and_tail_with_their_ids(row, rows_of):
    (read,) = rows_of(row)
    assert read.document.tokens == tuple(WORDS["token"])
    assert [(e.name, e.id) for e in read.document.entities] == [
        ("Ada Moss", row["h"]["id"]),
        ("Oslo", row["t"]["id"]),
    ]
    assert read.document.facts == (Fact(0, row["relation"], 1),)
    assert (read.document.subjects, read.document.objects) == ((0,), (1,))


def test_a_label_for_no_relation_is_no_fact_and_a_row_without_one_is_to_predict(rows_of):
    none, unknown = rows_of(
        {**TEXT, "relation": "NA"}, {key: each for key, each in TEXT.items() if key != "relation"}
    )
    assert (none.document.labels, none.document.facts, none.labelled) == (("NA",), (), True)
    assert not unknown.labelled


def test_a_label_with_a_direction_is_a_relation_and_a_direction(rows_of):
    back, other = rows_of(
        {**WORDS, "relation": "Cause-Effect(e2,e1)"}, {**WORDS, "relation": "Other"}
    )
    assert back.document.facts == (Fact(1, "Cause-Effect", 0),)
    assert back.document.roles == other.document.roles == "unknown"


def test_an_entity_inside_a_word_is_cut_out_of_it(rows_of):
    (row,) = rows_of({**TEXT, "text": "pro-Oslo Ada", "h": {"pos": [9, 12]}, "t": {"pos": [4, 8]}})
    assert row.document.tokens == ("pro-", "Oslo", "Ada")
    assert [entity.name for entity in row.document.entities] == ["Ada", "Oslo"]


BAD = {
    "behind the words": ({"h": {"pos": [0, 99]}}, "h.pos: expected a start below its end, and an"),
    "an empty place": ({"t": {"pos": [3, 3]}}, "t.pos: expected a start below its end"),
    "three places": ({"t": {"pos": [3, 4, 5]}}, "t.pos: expected 2 items"),
    "both texts": ({"text": "Ada"}, 'expected exactly one of "token" and "text", received "both"'),
    "a blank word": ({"token": [" "] * 7}, "h.pos: expected at least one word"),
    "no relation's name": ({"relation": ""}, "relation: expected at least one character"),
}


@pytest.mark.parametrize("change, expected", BAD.values(), ids=BAD.keys())
def test_a_bad_row_is_named_and_the_others_are_read(change, expected, rows_of):
    rows = rows_of(WORDS, {**WORDS, **change}, WORDS)
    assert [row.error is None for row in rows] == [True, False, True]
    assert "wiki80_train.txt, line 2" in str(rows[1].error)
    assert expected in str(rows[1].error)


@given(st.text(max_size=20), *[st.tuples(st.integers(0, 21), st.integers(0, 21)).map(list)] * 2)
def test_any_places_give_their_characters_or_an_error_of_ours(text, head, tail):
    row = read_opennre_item({"text": text, "h": {"pos": head}, "t": {"pos": tail}}, "fuzz", 1)
    assert (row.document is None) == (row.error is not None)
    for document in filter(None, [row.document]):
        names = ["".join(entity.name.split()) for entity in document.entities]
        assert names == ["".join(text[start:end].split()) for start, end in (head, tail)]
