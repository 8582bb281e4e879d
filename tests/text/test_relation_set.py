import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrca.errors import MrcaError
from mrca.text import RelationSet

readable = st.text(st.characters(categories=["L", "M", "N", "P", "S"]), min_size=1, max_size=5)
name_lists = st.lists(readable, min_size=1, max_size=8, unique=True)


@given(name_lists)
def test_names_keep_their_order_and_their_columns(names):
    relations = RelationSet(iter(names))
    assert list(relations) == names
    assert len(relations) == len(names)
    assert [relations.index(name) for name in names] == list(range(len(names)))
    assert all(name in relations for name in names)
    assert relations == RelationSet(names)
    assert hash(relations) == hash(RelationSet(names))


@given(name_lists, st.data())
def test_multi_hot_marks_what_holds(names, data):
    relations = RelationSet(names)
    rows = data.draw(st.lists(st.lists(st.sampled_from(names), max_size=4), max_size=5))
    labels = relations.multi_hot(rows)
    assert labels.dtype == np.uint8
    assert labels.shape == (len(rows), len(names))
    for row, held in zip(labels.toarray(), rows, strict=True):
        assert {names[column] for column in np.flatnonzero(row)} == set(held)
        assert row.max() <= 1
    assert labels.nnz == sum(len(set(held)) for held in rows)


@pytest.mark.parametrize("blank", ["", " ", "\u00a0", "\u3000 ", "\u200b\ufeff"])
def test_a_blank_name_is_refused(blank):
    with pytest.raises(MrcaError, match="A relation name is blank"):
        RelationSet(["a", blank])


@pytest.mark.parametrize(
    "name", ["a\x1b[31m", "a\nb", "a\tb", "a\x00", "a\x85", "a\u2028b", "a\u202eb", "\ud800"]
)
def test_a_name_that_would_move_the_cursor_is_refused(name):
    with pytest.raises(MrcaError, match="control characters"):
        RelationSet(["a", name])


@pytest.mark.parametrize("name", ["born in", "né à", "出生地", "می‌خواهم", "a\u00a0b", "=1+1"])
def test_any_other_name_is_taken(name):
    assert list(RelationSet([name])) == [name]


def test_names_that_look_the_same_are_found():
    names = [
        "born in",
        "works",
        "Born\u00a0in",
        "né",
        "ne\u0301",
        "works\u200b",
        "ＷＯＲＫＳ",
        "no",
    ]
    alike = [
        ["born in", "Born\u00a0in"],
        ["works", "works\u200b", "ＷＯＲＫＳ"],
        ["né", "ne\u0301"],
    ]
    assert RelationSet(names).alike() == alike
    assert RelationSet(["a-b", "ab", "a_b"]).alike() == []


def test_order_matters():
    assert RelationSet(["a", "b"]) != RelationSet(["b", "a"])
    assert RelationSet(["a"]) != ("a",)
    assert repr(RelationSet(["a", "b"])) == "RelationSet(2 relations)"


def test_an_unknown_relation_is_named_with_what_is_known():
    relations = RelationSet(["born_in", "works_for", "lives_in", "knows"])
    with pytest.raises(MrcaError, match=r"'born'.*4 relations.*'born_in', 'works_for', 'lives_in'"):
        relations.index("born")
    with pytest.raises(MrcaError, match="'born'"):
        relations.multi_hot([["knows"], ["born"]])


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "at least one"),
        (["a", "b", "a", "c", "c"], r"more than once: \['a', 'c'\]"),
    ],
)
def test_names_that_cannot_be_columns(names, message):
    with pytest.raises(MrcaError, match=message):
        RelationSet(names)
