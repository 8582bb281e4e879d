"""Which questions are asked about documents, and what is known of each."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrca.datasets import CandidateSelection, LabelCounts, distance, stated_types
from mrca.errors import MrcaError
from mrca.text import Document, Entity, Fact, RelationSet, Span

RELATIONS = RelationSet(["met", "born_in", "never"])


def entity(*starts: int, type: str = "", width: int = 1) -> Entity:
    return Entity(tuple(Span(start, start + width) for start in starts), type)


def document(*entities: Entity, facts: tuple[Fact, ...] = (), **options: object) -> Document:
    every = tuple(range(len(entities)))
    fields = {"subjects": every, "objects": every, "roles": "unknown", **options}
    labels = tuple(dict.fromkeys(fact.relation for fact in facts))
    return Document(("w",) * 20, entities, facts, labels, **fields)


def pairs(rows: list[Document], **options: object) -> list[tuple[int, int, int]]:
    found = CandidateSelection("pairs", **options).select(rows)
    columns = (found.rows, found.subjects, found.objects)
    return list(zip(*(column.tolist() for column in columns), strict=True))


# === Which are asked ===


def test_a_whole_document_is_one_candidate_of_all_subjects_and_objects():
    row = document(entity(0), entity(1), facts=(Fact(0, "met", 1),), objects=(1,))
    (candidate,) = CandidateSelection().of(row)
    assert candidate == ((0, 1), (1,), ("met",))
    found = CandidateSelection("whole").select([row, Document(("A",))])
    assert (len(found), found.counts.tolist(), found.rows.tolist()) == (2, [1, 1], [0, 1])
    assert found.subjects.tolist() == found.objects.tolist() == [-1, -1]


def test_with_unknown_roles_every_ordered_pair_of_different_entities_is_asked():
    rows = [document(entity(0), entity(1), entity(2)), document(entity(0)), Document(("A",))]
    assert pairs(rows) == [(0, *pair) for pair in product(range(3), repeat=2) if len({*pair}) == 2]


def test_with_known_roles_pairs_are_subjects_with_objects():
    row = document(entity(0), entity(1), entity(2), subjects=(0, 2), objects=(1, 2), roles="given")
    assert pairs([row]) == [(0, 0, 1), (0, 0, 2), (0, 2, 1)]


def test_only_the_pairs_that_a_corpus_lists_are_asked():
    facts = (Fact(0, "met", 1), Fact(2, "met", 0))
    row = document(entity(0), entity(1), entity(), facts=facts, pairs=((0, 1), (1, 1), (2, 0)))
    assert pairs([row]) == [(0, 0, 1)]
    found = CandidateSelection("pairs").select([row]).labelled(RELATIONS)
    assert (found.labels.toarray().tolist(), found.missed.tolist()) == ([[1, 0, 0]], [1, 0, 0])
    assert pairs([replace(row, pairs=())]) == []
    assert len(pairs([row.with_unknown_roles()])) == 2  # every pair is in question then


def test_an_entity_without_a_mention_is_in_no_pair():
    assert pairs([document(entity(0), entity(), entity(2))]) == [(0, 0, 2), (0, 2, 0)]


@pytest.mark.parametrize(
    ("first", "second", "tokens"),
    [
        (entity(0), entity(1), 0),
        (entity(0), entity(5), 4),
        (entity(5), entity(0), 4),
        (entity(3, width=4), entity(4), 0),
        (entity(0, 9), entity(4, 11), 1),
    ],
)
def test_the_distance_is_of_the_nearest_mentions(first, second, tokens):
    assert distance(first, second) == tokens
    row = document(first, second)
    assert len(pairs([row], max_distance=tokens)) == 2
    if tokens:
        assert pairs([row], max_distance=tokens - 1) == []


def test_pairs_of_other_types_are_left_out_but_not_those_without_a_type():
    types = ["PER", "LOC", "", "PER"]
    row = document(*(entity(place, type=type) for place, type in enumerate(types)))
    asked = pairs([row], type_pairs=frozenset({("PER", "LOC")}))
    typed = {(0, 0, 1), (0, 3, 1)}
    untyped = {(0, *pair) for pair in product(range(4), repeat=2) if 2 in pair} - {(0, 2, 2)}
    assert set(asked) == typed | untyped


def test_types_are_learned_from_what_training_states():
    people = (entity(0, type="PER"), entity(1, type="PER"), entity(2, type="LOC"), entity(3))
    facts = (Fact(0, "born_in", 2), Fact(1, "born_in", 2), Fact(0, "met", 3))
    row = document(*people, facts=facts)
    assert stated_types([row, row]) == {(("PER", "LOC"), "born_in"): 4}
    learned = CandidateSelection("pairs", max_distance=9).learned([row])
    assert learned == CandidateSelection("pairs", 9, frozenset({("PER", "LOC")}))


# === What is known of each ===


def test_a_pair_has_the_labels_of_its_own_direction():
    facts = (Fact(0, "met", 1), Fact(0, "born_in", 1), Fact(1, "met", 0), Fact(0, "met", 1, (0,)))
    found = CandidateSelection("pairs").select([document(entity(0), entity(1), facts=facts)])
    labelled = found.labelled(RELATIONS)
    assert labelled.labels.toarray().tolist() == [[1, 1, 0], [1, 0, 0]]
    assert labelled.of_documents.toarray().tolist() == [[1, 1, 0]]
    assert labelled.missed.tolist() == [0, 0, 0]
    assert labelled.labels.dtype == np.uint8


def test_facts_that_no_candidate_asks_about_are_counted_as_missed():
    facts = (
        Fact(0, "met", 0),  # of an entity with itself
        Fact(0, "born_in", 1),  # which is not mentioned
        Fact(0, "met", 2),  # too far away
        Fact(0, "met", 2, (0,)),  # the same once more
        Fact(0, "met", 3),
    )
    row = document(entity(0), entity(), entity(15), entity(2), facts=facts)
    found = CandidateSelection("pairs", max_distance=5).select([row]).labelled(RELATIONS)
    assert found.missed.tolist() == [2, 1, 0]
    assert found.labels.sum() == 1


def test_a_label_that_no_fact_has_is_stated_of_whole_documents_only():
    row = replace(document(entity(0), entity(1)), labels=("never",))
    stated = {
        kind: CandidateSelection(kind)
        .select([row])
        .labelled(RELATIONS)
        .of_documents.toarray()
        .tolist()
        for kind in ("whole", "pairs")
    }
    assert stated == {"whole": [[0, 0, 1]], "pairs": [[0, 0, 0]]}


def test_of_whole_documents_nothing_is_missed():
    rows = [document(entity(0), entity(), facts=(Fact(0, "met", 1),)), Document(("A",))]
    found = CandidateSelection().select(rows).labelled(RELATIONS)
    assert (
        found.labels.toarray().tolist()
        == found.of_documents.toarray().tolist()
        == [[1, 0, 0], [0, 0, 0]]
    )
    assert found.missed.tolist() == [0, 0, 0]


def test_a_relation_that_is_none_of_these_is_refused():
    row = document(entity(0), entity(1), facts=(Fact(0, "sold", 1),))
    for kind in ("whole", "pairs"):
        with pytest.raises(MrcaError, match="Unknown relation 'sold'"):
            CandidateSelection(kind).select([row]).labelled(RELATIONS)


def test_labels_are_counted_over_candidates():
    row = document(entity(0), entity(1), entity(2), facts=(Fact(0, "met", 1), Fact(2, "met", 1)))
    pairs_of = CandidateSelection("pairs").select([row, Document(("A",))]).labelled(RELATIONS)
    assert LabelCounts.of(pairs_of) == LabelCounts([2, 0, 0], 6)
    whole = CandidateSelection().select([row, Document(("A",))]).labelled(RELATIONS)
    assert LabelCounts.of(whole) == LabelCounts([1, 0, 0], 2)


def test_any_of_gathers_the_candidates_of_a_document():
    rows = [document(entity(0), entity(1)), Document(("A",)), document(entity(0), entity(1))]
    found = CandidateSelection("pairs").select(rows)
    cells = np.array([[1, 0, 0], [0, 0, 1], [0, 0, 0], [0, 1, 0]], bool)
    assert found.any_of(cells).astype(int).tolist() == [[1, 0, 1], [0, 0, 0], [0, 1, 0]]


def test_no_documents_have_no_candidates():
    for kind in ("whole", "pairs"):
        found = CandidateSelection(kind).select([]).labelled(RELATIONS)
        assert (len(found), found.labels.shape, found.starts.tolist()) == (0, (0, 3), [0])


@st.composite
def documents(draw) -> Document:
    types = st.sampled_from(["", "PER", "LOC"])
    starts = st.lists(st.integers(0, 18), max_size=2, unique=True).map(sorted)
    entities = [
        entity(*draw(starts), type=draw(types), width=draw(st.integers(1, 2)))
        for _ in range(draw(st.integers(0, 4)))
    ]
    numbers = st.sampled_from(range(len(entities))) if entities else st.nothing()
    roles = [draw(st.lists(numbers, unique=True).map(sorted)) for _ in range(2)]
    facts = ()
    if all(roles):
        fact = st.builds(
            Fact,
            st.sampled_from(roles[0]),
            st.sampled_from(["met", "born_in"]),
            st.sampled_from(roles[1]),
            st.sampled_from([(), (0,)]),
        )
        facts = tuple(dict.fromkeys(draw(st.lists(fact, max_size=5))))
    every = [(first, second) for first in roles[0] for second in roles[1]]
    listed = st.sets(st.sampled_from(every)).map(sorted).map(tuple) if every else st.just(())
    return document(
        *entities,
        facts=facts,
        subjects=tuple(roles[0]),
        objects=tuple(roles[1]),
        roles="given",
        pairs=draw(st.none() | listed),
    )


SELECTIONS = st.builds(
    CandidateSelection,
    st.sampled_from(["whole", "pairs"]),
    st.none() | st.integers(0, 10),
    st.none() | st.frozensets(st.tuples(*[st.sampled_from(["PER", "LOC"])] * 2)),
)


@given(st.lists(documents(), max_size=4), SELECTIONS)
def test_every_pair_is_asked_once_and_every_fact_is_a_label_or_missed(rows, selection):
    found = selection.select(rows).labelled(RELATIONS)
    assert found.counts.sum() == len(found) == found.labels.shape[0]
    asked = list(zip(found.rows, found.subjects, found.objects, strict=True))
    assert len(set(asked)) == len(asked)
    stated_in = RELATIONS.multi_hot([row.labels for row in rows]).toarray()
    assert found.of_documents.toarray().tolist() == stated_in.tolist()
    if selection.kind == "pairs":
        facts = [(row, *fact[:3]) for row, each in enumerate(rows) for fact in each.facts]
        stated = [RELATIONS.index(relation) for _, _, relation, _ in set(facts)]
        counts = np.bincount(np.array(stated, int), minlength=3)
        assert (found.labels.sum(axis=0) + found.missed).tolist() == counts.tolist()
        for row, subject, object_ in asked:
            assert subject in rows[row].subjects
            assert object_ in rows[row].objects
            assert subject != object_
        assert not (found.any_of(found.labels.astype(bool)) > found.of_documents).nnz
    else:
        assert found.labels.toarray().tolist() == found.of_documents.toarray().tolist()


@given(st.lists(documents(), max_size=4), SELECTIONS)
def test_a_documents_own_candidates_are_those_of_many(rows, selection):
    found = selection.select(rows).labelled(RELATIONS)
    one_by_one = [candidate for row in rows for candidate in selection.of(row)]
    assert len(one_by_one) == len(found)
    labels = RELATIONS.multi_hot([each.labels for each in one_by_one]).toarray()
    assert labels.tolist() == found.labels.toarray().tolist()
    if selection.kind == "pairs":
        numbers = zip(found.subjects.tolist(), found.objects.tolist(), strict=True)
        assert [(each.subjects, each.objects) for each in one_by_one] == [
            ((subject,), (object_,)) for subject, object_ in numbers
        ]
