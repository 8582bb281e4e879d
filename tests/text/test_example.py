import dataclasses

import pytest

from mrca.text import Example, Span


def test_a_span_is_read_as_its_words():
    example = Example(("New", "York", "City"))
    assert example.text_of(Span(0, 2)) == "New York"
    assert example.text_of(Span(2, 3)) == "City"


def test_examples_are_values():
    assert Example(("a",)) == Example(("a",), labels=())
    assert len({Example(("a",)), Example(("a",))}) == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        Example(("a",)).id = "1"
