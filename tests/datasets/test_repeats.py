import pytest

from mrca.datasets import Repeats
from mrca.text import Document, Entity, Fact, Span


def row(text, *labels, marks=()):
    entities = tuple(Entity((Span(place, place + 1),)) for place in marks)
    return Document(tuple(text.split()), entities, labels=labels)


def test_different_rows_are_no_repeats():
    splits = {
        "train": [row("a b c"), row("a b d"), row("a b c", marks=(0,)), row("a b c", marks=(1,))],
        "test": [row("a b e")],
    }
    found = Repeats.of(splits)
    assert found.in_words() == ""
    assert not found.repeated and not found.in_train


def test_rows_within_and_between_splits():
    splits = {
        "test": [row("a b", "r"), row("c d", "r"), row("a b", "r")],
        "train": [row("a b", "r")] * 3 + [row("e f")],
        "valid": [row("c d", "r")],
    }
    found = Repeats.of(splits)
    assert found.repeated == {"train": 2, "test": 1}
    assert found.in_train == {"test": 2}
    assert found.contradicting == 0
    assert found.in_words() == (
        "Equal rows: 2 of 4 train rows repeat an earlier one; 1 of 3 test rows repeat an "
        "earlier one; 2 of 3 test rows stand in the training split too, so that scores there are "
        "partly of what was trained on."
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (row("a b", "r"), row("a b", "s")),
        (row("a b", "r"), row("a b")),
        (
            Document(
                ("a", "b"), row("a b", marks=(0, 1)).entities, (Fact(0, "r", 1),), labels=("r",)
            ),
            Document(
                ("a", "b"), row("a b", marks=(0, 1)).entities, (Fact(1, "r", 0),), labels=("r",)
            ),
        ),
    ],
)
def test_equal_rows_that_state_something_else_contradict(first, second):
    found = Repeats.of({"train": [first, second]})
    assert found.contradicting == 1
    assert "1 row with the words and marks of another state other relations" in found.in_words()


def test_the_order_of_labels_is_no_contradiction():
    assert Repeats.of({"train": [row("a", "r", "s"), row("a", "s", "r")]}).contradicting == 0
