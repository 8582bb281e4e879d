"""Facts that training states of the same names."""

import json

import pytest

from mrca.datasets import load_corpus
from mrca.errors import MrcaError
from mrca.evaluation import KnownFacts, known_facts
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


@pytest.fixture
def docred(tmp_path):
    """A corpus in DocRED's form: what is said of Bob is annotated, what of Cleo labelled."""
    for name, people in {
        "train_annotated": ["Bob", "Dan"],
        "train_distant": ["Cleo", "Dan"],
        "dev": ["Bob", "Cleo", "Eve", "Dan"],
        "test": ["Bob", "Cleo", "Eve", "Dan"],
    }.items():
        items = [
            {
                "title": person,
                "sents": [[person, "lives", "in", "Rome"]],
                "vertexSet": [
                    [{"name": person, "sent_id": 0, "pos": [0, 1], "type": "PER"}],
                    [{"name": "Rome", "sent_id": 0, "pos": [3, 4], "type": "LOC"}],
                ],
                "labels": [{"h": 0, "t": 1, "r": "P551", "evidence": [0]}],
            }
            for person in people
        ]
        (tmp_path / f"{name}.json").write_text(json.dumps(items), "utf-8")
    return tmp_path


def test_a_corpus_says_what_its_training_documents_state(docred):
    bob, cleo, dan = ((place, 0, "P551", 1) for place in (0, 1, 3))
    corpus = load_corpus(str(docred))
    assert KnownFacts.of(corpus, "valid") == (frozenset({bob, dan}), None)
    both = KnownFacts.of(corpus, "valid", distant=True)
    assert both == (frozenset({bob, dan}), frozenset({cleo, dan}))
    assert KnownFacts.of(corpus, "train") == (None, None)
    # Trained on the automatically labelled ones, it knows what people annotated all the same.
    assert KnownFacts.of(load_corpus(str(docred), train_split="distant"), "valid") == both
    (docred / "train_annotated.json").unlink()
    alone = load_corpus(str(docred), train_split="distant")
    assert KnownFacts.of(alone, "test") == (None, frozenset({cleo, dan}))


def test_a_corpus_without_labelled_documents_says_so(docred):
    (docred / "train_distant.json").unlink()
    with pytest.raises(MrcaError, match=r"has no automatically labelled documents.*--distant"):
        KnownFacts.of(load_corpus(str(docred)), "valid", distant=True)
