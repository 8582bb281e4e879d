from collections import Counter

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from mrca.datasets import hold_out
from mrca.errors import MrcaError
from mrca.text import Document


def rows(*labels: str) -> list[Document]:
    return [Document((f"row{i}",), labels=tuple(text)) for i, text in enumerate(labels)]


def test_so_many_rows_are_held_out_in_their_old_order():
    documents = rows(*["a"] * 10, *["b"] * 10, "")
    kept, held = hold_out(documents, 6, seed=0)
    assert len(held) == 6
    for part in (kept, held):
        assert part == [document for document in documents if document in part]
    assert sorted([*kept, *held], key=documents.index) == documents


def test_a_labels_last_row_is_trained_on():
    kept, held = hold_out(rows("ab", "a", "a", "bc"), 2, seed=0)
    assert {label for document in kept for label in document.labels} == set("abc")
    assert len(held) == 2
    with pytest.raises(MrcaError, match=r"Cannot hold out 3 of 4 .* 3 labels .*At most 2"):
        hold_out(rows("ab", "a", "a", "bc"), 3, seed=0)


def test_the_seed_decides():
    documents = rows(*["a"] * 30)
    assert hold_out(documents, 9, seed=1) == hold_out(documents, 9, seed=1)
    assert hold_out(documents, 9, seed=1) != hold_out(documents, 9, seed=2)


@given(
    st.lists(st.text("abcd", max_size=3).map(lambda text: "".join(sorted(set(text))))),
    st.integers(0, 6),
    st.integers(0, 3),
)
def test_no_label_and_no_row_is_lost(labels, count, seed):
    documents = rows(*labels)
    try:
        kept, held = hold_out(documents, count, seed)
    except MrcaError:
        reject()
    assert len(held) == count
    assert Counter([*kept, *held]) == Counter(documents)
    assert {each for one in kept for each in one.labels} == set("".join(labels))
