import dataclasses

import pytest

from mrca.text import Document, Entity, Fact, Span

ADA = Entity((Span(0, 1), Span(4, 5)), "PER", "Q1", "Ada")
LONDON = Entity((Span(3, 4),), "LOC", name="London")
NOWHERE = Entity((), name="Paris")
DOCUMENT = Document(
    tokens=("Ada", "born", "in", "London", "Ada"),
    entities=(ADA, LONDON, NOWHERE),
    facts=(Fact(0, "born_in", 1),),
    labels=("born_in",),
    subjects=(0,),
    objects=(1, 2),
    text="Ada born in London Ada",
    offsets=(Span(0, 3), Span(4, 8), Span(9, 11), Span(12, 18), Span(19, 22)),
)


def test_the_sentences_of_an_entity_are_those_of_all_its_mentions():
    entities = Entity((Span(0, 1), Span(4, 5))), Entity((Span(1, 3),)), Entity(())
    document = Document(("A", "b", "C", "d", "E"), entities, sentences=(0, 2, 4))
    assert [document.sentences_of(number) for number in range(3)] == [{0, 2}, {0, 1}, set()]


def test_a_span_is_read_as_its_words():
    document = Document(("New", "York", "City"))
    assert document.words(Span(0, 2)) == "New York"
    assert document.words(Span(2, 3)) == "City"


def test_a_document_is_shown_in_a_line():
    document = Document(
        ("Ada", "met", "Bob"),
        (Entity((Span(0, 1),)), Entity((Span(2, 3),))),
        (Fact(0, "met", 1),),
    )
    assert repr(document) == "Document('Ada met Bob', entities: 2, facts: 1, labels: 1)"
    assert len(repr(Document(("word",) * 500))) < 80


def test_documents_are_values():
    assert Document(("a",)) == Document(("a",), labels=())
    assert len({Document(("a",)), Document(("a",))}) == 1
    assert len({DOCUMENT, dataclasses.replace(DOCUMENT)}) == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        Document(("a",)).id = "1"


def test_the_labels_are_those_of_the_facts():
    facts = (Fact(0, "s", 1), Fact(1, "r", 0), Fact(1, "s", 0))
    document = Document(("Ada", "met", "Bo"), (ADA, LONDON), facts)
    assert document.labels == ("s", "r")
    assert Document(("Ada",), (), facts, ("r", "s")).labels == ("r", "s")
    assert Document(("Ada",), labels=("r",)).labels == ("r",)
    assert dataclasses.replace(document, facts=(), labels=()).labels == ()


def test_a_role_has_every_mention_of_its_entities_once_and_in_order():
    assert DOCUMENT.spans("subject") == (Span(0, 1), Span(4, 5))
    assert DOCUMENT.spans("object") == (Span(3, 4),)
    shared = dataclasses.replace(DOCUMENT, entities=(ADA, LONDON, ADA), subjects=(1, 2, 0))
    assert shared.spans("subject") == (Span(0, 1), Span(3, 4), Span(4, 5))


def test_with_unknown_roles_every_entity_is_subject_and_object():
    document = DOCUMENT.with_unknown_roles()
    assert (document.subjects, document.objects, document.roles) == (
        (0, 1, 2),
        (0, 1, 2),
        "unknown",
    )
    assert (DOCUMENT.subjects, DOCUMENT.roles) == ((0,), "given")  # which stays as it was
    assert document.facts == DOCUMENT.facts
    assert document.with_unknown_roles() == document


def test_training_needs_no_string_behind_the_words():
    document = DOCUMENT.without_text()
    assert (document.text, document.offsets) == ("", ())
    assert dataclasses.replace(document, text=DOCUMENT.text, offsets=DOCUMENT.offsets) == DOCUMENT
