import time
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mrca.export import marked, parse_marked
from mrca.text import Example, Span, tokenise

anything = st.lists(
    st.sampled_from(
        ["<s>", "</s>", "<o>", "</o>", "&lt;", "&amp;", "&", "<", ">", " ", "Ada", "St."]
    )
    | st.text(max_size=4)
).map("".join)


def read(text):
    """Words, mentions as text, and the problem."""
    row = parse_marked(text)
    example = Example(row.tokens)
    subjects = [example.text_of(span) for span in row.subjects]
    objects = [example.text_of(span) for span in row.objects]
    return " ".join(row.tokens), subjects, objects, row.problem


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "<s>Ada Lovelace</s> was born in <o>London</o>.",
            ("Ada Lovelace was born in London .", ["Ada Lovelace"], ["London"], ""),
        ),
        ("<s><o>Ada</o></s> slept", ("Ada slept", ["Ada"], ["Ada"], "")),
        ("<o><s>Ada</o></s> slept", ("Ada slept", ["Ada"], ["Ada"], "")),
        ("<s>A <o>B</s> C</o>", ("A B C", ["A B"], ["B C"], "")),
        ("<s>Ada</s>'s <o>cat</o>", ("Ada 's cat", ["Ada"], ["cat"], "")),
        ("<s>New York</s>-based", ("New York -based", ["New York"], [], "")),
        ("at <s>Globex Corp</s>.", ("at Globex Corp .", ["Globex Corp"], [], "")),
        ("at <s>Globex Corp.</s>", ("at Globex Corp.", ["Globex Corp."], [], "")),
        ("(<s>Ada</s>,<s> Bo </s>)", ("( Ada , Bo )", ["Ada", "Bo"], [], "")),
        ("no entity", ("no entity", [], [], "")),
        ("", ("", [], [], "no words")),
        (" \n", ("", [], [], "no words")),
        ("<s></s>", ("", [], [], "no words")),
        ("<s>Ada", ("< s>Ada", [], [], "unpaired <s>")),
        ("Ada</o>", ("Ada</o >", [], [], "unpaired </o>")),
        ("<s>A <s>B</s>", ("< s>A B", ["B"], [], "unpaired <s>")),
        ("<s>A <s>B</s> C</s>", ("< s>A B C</s >", ["B"], [], "unpaired <s>")),
        ("</s> A <s>", ("< /s > A < s >", [], [], "unpaired </s>")),
        ("<s> </s>A <o>B</o>", ("A B", [], ["B"], "no word between tags")),
        ("<s></s>A</o>", ("A</o >", [], [], "unpaired </o>")),
        ("a < b & c > d <x> <S>", ("a < b & c > d < x > < S >", [], [], "")),
        ("&lt;s&gt;Ada&lt;/s&gt;", ("< s>Ada</s >", [], [], "")),
        ("AT&amp;T, &amp;lt;", ("AT&T , &lt ;", [], [], "")),
        ("<s>&lt;</s>", ("<", ["<"], [], "")),
        ("Malcolm <s>X</s>.", ("Malcolm X .", ["X"], [], "")),
    ],
)
def test_what_marks_mean(text, expected):
    assert read(text) == expected


def test_an_example_as_marked_text():
    row = Example(("R&D", "of", "<X>", "Corp."), (Span(0, 1), Span(2, 4)), (Span(0, 1),))
    text = "<s><o>R&amp;D</o></s> of <s>&lt;X&gt; Corp.</s>"
    assert marked(row) == text
    assert parse_marked(marked(Example(("Ada", "slept"), (Span(0, 1),)))).subjects == ((0, 1),)


def test_mentions_of_one_kind_that_overlap_are_one():
    row = Example(("New", "York", "City", "is"), (Span(0, 2), Span(0, 3), Span(1, 3), Span(3, 4)))
    assert marked(row) == "<s>New York City</s> <s>is</s>"


@given(anything)
@example("<s><s></s></s>")
def test_every_string_has_words_and_mentions(text):
    row = parse_marked(text)
    for span in row.subjects + row.objects:
        assert 0 <= span.start < span.end <= len(row.tokens)
    assert all(not any(map(str.isspace, token)) and token for token in row.tokens)
    for spans in (row.subjects, row.objects):
        assert all(a.end <= b.start for a, b in pairwise(spans))


@given(st.text(), st.lists(st.integers(0, 12)), st.lists(st.integers(0, 12)))
def test_marked_is_the_inverse(text, subjects, objects):
    """Of the words, as far as the tokeniser leaves what it has cut itself as it is."""
    tokens = tuple(token.text for token in tokenise(text))
    again = tuple(token.text for token in tokenise(" ".join(tokens)))
    marks = [
        tuple(
            Span(a, b) for a, b in zip(places[::2], places[1::2], strict=False) if b <= len(again)
        )
        for places in (sorted(set(subjects)), sorted(set(objects)))
    ]
    row = parse_marked(marked(Example(again, *marks)))
    if again == tuple(token.text for token in tokenise(" ".join(again))):
        assert row == (again, *marks, "" if again else "no words")


@given(anything)
def test_what_was_read_once_stays(text):
    row = parse_marked(text)
    joined = " ".join(row.tokens)
    if [token.text for token in tokenise(joined)] == list(row.tokens):
        again = parse_marked(marked(Example(row.tokens, row.subjects, row.objects)))
        assert again[:3] == row[:3]
        assert again.problem == ("" if row.tokens else "no words")


def test_long_text_takes_no_more_than_its_length():
    text = "<s>Ada</s> <o>X.</o> " * 10_000
    start = time.perf_counter()
    row = parse_marked(text)
    assert (len(row.tokens), len(row.subjects), len(row.objects)) == (20_001, 10_000, 10_000)
    assert time.perf_counter() - start < 10
