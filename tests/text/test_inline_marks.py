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
            *("<e id=1>", "<o type='x'>", '<s type="a b" id=1>', "<e id>"),
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
    subjects = [document.words(span) for span in row.spans("s")]
    objects = [document.words(span) for span in row.spans("o")]
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
    assert parse_marked(marked(document_of(("Ada", "slept"), [(0, 1)]))).spans("s") == ((0, 1),)


def test_mentions_of_one_kind_that_overlap_are_one():
    row = document_of(("New", "York", "City", "is"), [(0, 2), (0, 3), (1, 3), (3, 4)])
    assert marked(row) == "<s>New York City</s> <s>is</s>"


@given(anything)
@example("<s><s></s></s>")
def test_every_string_has_words_and_mentions(text):
    row = parse_marked(text, roles_only=False)
    for span in row.spans("s") + row.spans("o") + row.spans("e"):
        assert 0 <= span.start < span.end <= len(row.tokens)
    assert all(not any(map(str.isspace, token)) and token for token in row.tokens)
    for spans in (row.spans("s"), row.spans("o"), row.spans("e")):
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
        assert (row.tokens, row.spans("s"), row.spans("o")) == (again, *marks)
        assert row.problem == ("" if again else "no words")


@given(anything)
def test_what_was_read_once_stays(text):
    row = parse_marked(text)
    joined = " ".join(row.tokens)
    if [token.text for token in tokenise(joined)] == list(row.tokens):
        again = parse_marked(marked(document_of(row.tokens, row.spans("s"), row.spans("o"))))
        assert (again.tokens, again.spans("s")) == (row.tokens, row.spans("s"))
        assert again.spans("o") == row.spans("o")
        assert again.problem == ("" if row.tokens else "no words")


def test_long_text_takes_no_more_than_its_length():
    text = "<s>Ada</s> <o>X.</o> " * 10_000
    start = time.perf_counter()
    row = parse_marked(text)
    assert (len(row.tokens), len(row.spans("s")), len(row.spans("o"))) == (20_001, 10_000, 10_000)
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
    assert set(mentions) == ({*read.spans("s"), *read.spans("o"), *read.spans("e")})
    names = {(entity.id, entity.id or entity.name) for entity in document.entities}
    assert len(names) == len(document.entities)
    for entity in document.entities:
        assert document.words(entity.mentions[0]) == entity.name
        if not entity.id:
            assert {document.words(span) for span in entity.mentions} == {entity.name}
            places = find_mention(document.tokens, entity.name.split(" "))
            assert set(entity.mentions) <= set(places)
    assert {*document.subjects, *document.objects} == set(range(len(document.entities)))
    assert (document.roles == "unknown") == bool(read.spans("e"))


# === Ids and types ===


def test_mentions_with_the_same_id_are_one_entity():
    text = "<e id=1>Ada</e> said <e id=1 type=PERSON>she</e> knew <e>Ada</e>, <o id=1>her</o>"
    document, problem = marked_document(text)
    assert problem == ""
    first, other = document.entities
    assert (first.id, first.name, first.type, len(first.mentions)) == ("1", "Ada", "PERSON", 3)
    assert (other.id, other.name, other.type) == ("", "Ada", "")
    assert (document.subjects, document.objects) == ((0, 1), (0, 1))


@pytest.mark.parametrize(
    ("tag", "id", "type"),
    [
        ("<e>", "", ""),
        ("<e id=Q1>", "Q1", ""),
        ('<e type="Work of Art" id=a=b>', "a=b", "Work of Art"),
        ('<e\tid="a &quot;b&quot; &lt;&amp;lt;"\ntype=x >', 'a "b" <&lt;', "x"),
        ('<e id="">', "", ""),
    ],
)
def test_attributes_of_a_tag(tag, id, type):
    document, problem = marked_document(f"{tag}Ada</e> slept")
    assert problem == ""
    assert [(entity.id, entity.type) for entity in document.entities] == [(id, type)]


@pytest.mark.parametrize(
    "tag", ["<e x=1>", "<e id>", "<e id=1 id=2>", '<e id="a>', '<e id=1"x">', "<e id=a b>"]
)
def test_tags_with_anything_else_are_bad_marks(tag):
    document, problem = marked_document(f"{tag}Ada</e> slept")
    assert problem == "bad mark <e …>"
    assert document.entities == ()
    assert document.text == f"{tag}Ada</e> slept"


def test_where_roles_alone_are_read_attributes_are_text():
    read = parse_marked("<s id=1>Ada</s> met <o>Bob</o>")
    assert (read.spans("s"), len(read.spans("o"))) == ((), 1)
    assert read.text == "<s id=1>Ada</s> met Bob"
    assert read.problem == "unpaired </s>"


def test_a_document_with_ids_and_types_as_marked_text():
    entities = (
        Entity((Span(0, 2), Span(5, 6)), 'a "b"'),
        Entity((Span(1, 2), Span(4, 5))),
    )
    document = Document(("New", "York", "is", "<", "that", "it"), entities).with_unknown_roles()
    text = marked(document, roles_only=False)
    assert text == (
        '<e id=0 type="a &quot;b&quot;">New York</e> is &lt; <e id=1>that</e> '
        '<e id=0 type="a &quot;b&quot;">it</e>'
    )
    again, problem = marked_document(text)
    assert problem == ""
    assert again.entities[0].mentions == entities[0].mentions
    assert again.entities[0].type == entities[0].type
    given = Document(document.tokens, entities, subjects=(0,), objects=(0, 1))
    assert marked(given, roles_only=False).startswith("<s id=0 type=")
