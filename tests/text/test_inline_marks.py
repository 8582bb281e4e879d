import time
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mrca.text import Document, Entity, Span, find_mention, tokenise
from mrca.text.inline_marks import marked, marked_document, parse_marked

anything = st.lists(
    st.sampled_from(
        [
            *("<s>", "</s>", "<o>", "</o>", "<e>", "</e>"),
            *("&lt;", "&amp;", "&", "<", ">", " ", "Ada", "St."),
        ]
    )
    | st.text(max_size=4)
).map("".join)


def document_of(tokens, subjects=(), objects=()):
    """A document whose marks are these spans, each an entity of its own."""
    spans = sorted({*subjects, *objects})
    return Document(
        tokens=tuple(tokens),
        entities=tuple(Entity((Span(*span),)) for span in spans),
        subjects=tuple(spans.index(span) for span in sorted(set(subjects))),
        objects=tuple(spans.index(span) for span in sorted(set(objects))),
    )


def read(text):
    """Words, mentions as text, and the problem."""
    row = parse_marked(text)
    document = Document(row.tokens)
    subjects = [document.words(span) for span in row.subjects]
    objects = [document.words(span) for span in row.objects]
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
        ("<e>Ada</e> <s>met</s>", ("< e>Ada</e > met", ["met"], [], "")),
    ],
)
def test_what_marks_mean(text, expected):
    assert read(text) == expected


def test_a_document_as_marked_text():
    row = document_of(("R&D", "of", "<X>", "Corp."), [(0, 1), (2, 4)], [(0, 1)])
    text = "<s><o>R&amp;D</o></s> of <s>&lt;X&gt; Corp.</s>"
    assert marked(row) == text
    assert parse_marked(marked(document_of(("Ada", "slept"), [(0, 1)]))).subjects == ((0, 1),)


def test_mentions_of_one_kind_that_overlap_are_one():
    row = document_of(("New", "York", "City", "is"), [(0, 2), (0, 3), (1, 3), (3, 4)])
    assert marked(row) == "<s>New York City</s> <s>is</s>"


@given(anything)
@example("<s><s></s></s>")
def test_every_string_has_words_and_mentions(text):
    row = parse_marked(text, roles_only=False)
    for span in row.subjects + row.objects + row.entities:
        assert 0 <= span.start < span.end <= len(row.tokens)
    assert all(not any(map(str.isspace, token)) and token for token in row.tokens)
    for spans in (row.subjects, row.objects, row.entities):
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
    row = parse_marked(marked(document_of(again, *marks)))
    if again == tuple(token.text for token in tokenise(" ".join(again))):
        assert (row.tokens, row.subjects, row.objects) == (again, *marks)
        assert row.problem == ("" if again else "no words")


@given(anything)
def test_what_was_read_once_stays(text):
    row = parse_marked(text)
    joined = " ".join(row.tokens)
    if [token.text for token in tokenise(joined)] == list(row.tokens):
        again = parse_marked(marked(document_of(row.tokens, row.subjects, row.objects)))
        assert (again.tokens, again.subjects) == (row.tokens, row.subjects)
        assert again.objects == row.objects
        assert again.problem == ("" if row.tokens else "no words")


def test_long_text_takes_no_more_than_its_length():
    text = "<s>Ada</s> <o>X.</o> " * 10_000
    start = time.perf_counter()
    row = parse_marked(text)
    assert (len(row.tokens), len(row.subjects), len(row.objects)) == (20_001, 10_000, 10_000)
    assert time.perf_counter() - start < 10


# === As a document ===


def test_marks_without_a_role_are_entities_that_may_be_both():
    document, problem = marked_document("<e>Ada</e> met <e>Bob</e> in <e>Rome</e>.")
    assert problem == ""
    assert [entity.name for entity in document.entities] == ["Ada", "Bob", "Rome"]
    assert [entity.mentions for entity in document.entities] == [((0, 1),), ((2, 3),), ((4, 5),)]
    assert document.subjects == document.objects == (0, 1, 2)
    assert document.roles == "unknown"
    assert not document.oracle


def test_marks_with_a_role_are_subjects_and_objects():
    document, _ = marked_document("<s>Ada</s> met <o>Bob</o> and <s><o>Cleo</o></s>")
    assert [entity.name for entity in document.entities] == ["Ada", "Bob", "Cleo"]
    assert (document.subjects, document.objects, document.roles) == ((0, 2), (1, 2), "given")


def test_beside_marks_without_a_role_one_with_a_role_keeps_it():
    document, _ = marked_document("<s>Ada</s> met <e>Bob</e> and <o>Cleo</o>")
    assert (document.subjects, document.objects, document.roles) == ((0, 1), (1, 2), "unknown")


def test_marked_mentions_with_the_same_words_are_one_entity():
    document, _ = marked_document("<e>Ada</e> met <s>Bob</s>, and Bob <e>Ada</e> <o>Bob</o>")
    assert [entity.name for entity in document.entities] == ["Ada", "Bob"]
    assert document.entities[0].mentions == ((0, 1), (6, 7))
    assert document.entities[1].mentions == ((2, 3), (7, 8))  # what is not marked is no mention
    assert (document.subjects, document.objects) == ((0, 1), (0, 1))


def test_the_text_is_kept_without_its_marks():
    document, _ = marked_document("At&amp;T: <e>New York</e>-based")
    assert document.text == "At&T: New York-based"
    assert document.tokens == ("At&T", ":", "New", "York", "-based")
    assert [document.text[start:end] for start, end in document.offsets] == list(document.tokens)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no words"),
        ("<e></e>", "no words"),
        ("<e>Ada", "unpaired <e>"),
        ("Ada</e> met <s>Bob", "unpaired </e>"),
        ("Ada <e> </e>", "no word between tags"),
    ],
)
def test_what_is_wrong_with_marks_is_said(text, problem):
    assert marked_document(text)[1] == problem


@given(anything)
def test_every_string_is_a_document(text):
    document, problem = marked_document(text)
    read = parse_marked(text, roles_only=False)
    assert (document.tokens, document.text, problem) == (read.tokens, read.text, read.problem)
    assert [document.text[start:end] for start, end in document.offsets] == list(document.tokens)
    mentions = [span for entity in document.entities for span in entity.mentions]
    assert sorted(mentions) == sorted({*read.subjects, *read.objects, *read.entities})
    assert len({entity.name for entity in document.entities}) == len(document.entities)
    for entity in document.entities:
        assert {document.words(span) for span in entity.mentions} == {entity.name}
        assert set(entity.mentions) <= set(find_mention(document.tokens, entity.name.split(" ")))
    assert {*document.subjects, *document.objects} == set(range(len(document.entities)))
    assert (document.roles == "unknown") == bool(read.entities)
