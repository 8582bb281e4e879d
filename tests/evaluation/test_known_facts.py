"""Facts that training states of the same names."""

from mrca.evaluation import known_facts
from mrca.text import Document, Entity, Fact, Span


def document(words: str, *entities: Entity, facts: tuple[Fact, ...]) -> Document:
    return Document(tuple(words.split()), entities, facts)


def at(*starts: int, length: int = 1) -> Entity:
    return Entity(tuple(Span(start, start + length) for start in starts))


TRAIN = [
    # Ada, also called Lovelace, was born in London; she met Bob.
    document(
        "Ada Lovelace London Bob",
        at(0, 1),
        at(2),
        at(3),
        facts=(Fact(0, "born in", 1), Fact(0, "met", 2)),
    )
]


def test_any_names_of_the_two_entities_will_do():
    countess = document("Countess Lovelace London", at(0, 1), at(2), facts=(Fact(0, "born in", 1),))
    assert known_facts([countess], TRAIN) == {(0, 0, "born in", 1)}


def test_names_relation_and_direction_count():
    other = document(
        "London Lovelace Ada",
        at(0),
        at(1),
        at(2),
        facts=(
            Fact(0, "born in", 1),  # the other way round
            Fact(1, "met", 0),  # another relation
            Fact(2, "born in", 1),  # another object
            Fact(2, "born in", 0),
        ),
    )
    lower = document("ada london", at(0), at(1), facts=(Fact(0, "born in", 1),))
    assert known_facts([lower, other], TRAIN) == {(1, 2, "born in", 0)}


def test_names_are_those_of_the_text_however_it_is_cut_into_words():
    train = [document("$ 90 million Ada", at(0, length=3), at(3), facts=(Fact(1, "owns", 0),))]
    split = document("Ada $90 million", at(0), at(1, length=2), facts=(Fact(0, "owns", 1),))
    assert known_facts([split], train) == {(0, 0, "owns", 1)}


def test_an_entity_that_the_text_does_not_hold_has_the_name_of_the_corpus():
    absent = Entity((), name="London")
    found = document("Ada", at(0), absent, facts=(Fact(0, "born in", 1),))
    nobody = document("Ada", at(0), Entity(()), facts=(Fact(0, "born in", 1),))
    assert known_facts([nobody, found], TRAIN) == {(1, 0, "born in", 1)}


def test_nothing_is_known_without_training():
    assert known_facts(TRAIN, []) == frozenset()
    assert known_facts([], TRAIN) == frozenset()
