"""What is said of a model on documents: of what was asked, and of the documents themselves."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrca.datasets import CandidateSelection
from mrca.errors import MrcaError
from mrca.evaluation import evaluate, evaluate_candidates, expected_calibration_error
from mrca.text import Document, Entity, Fact, RelationSet, Span

RELATIONS = RelationSet(["met", "in", "never"])
COUNTS = [30, 5, 0]


def entity(*starts: int, type: str = "") -> Entity:
    return Entity(tuple(Span(start, start + 1) for start in starts), type)


def document(*entities: Entity, facts: tuple[Fact, ...] = (), **options: object) -> Document:
    every = tuple(range(len(entities)))
    labels = tuple(dict.fromkeys(fact.relation for fact in facts))
    return Document(("w",) * 60, entities, facts, labels, every, every, "unknown", **options)


# Pairs in their order: (0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1); then (0, 1), (1, 0).
TRIO = document(
    entity(0, type="PER"),
    entity(3, type="PER"),
    entity(50, type="LOC"),
    facts=(Fact(0, "met", 1), Fact(0, "in", 2), Fact(1, "in", 2)),
)
NOBODY = document(entity(0, type="PER"), entity(10))
FAR = document(entity(1), entity(), facts=(Fact(0, "met", 1),))
ROWS = [TRIO, NOBODY, FAR]


def report_of(rows, cells, kind="pairs", scores=None, **options):
    """A report where these cells are predicted, (candidate, relation)."""
    candidates = CandidateSelection(kind).select(rows).labelled(RELATIONS)
    predictions = np.zeros(candidates.labels.shape, bool)
    for candidate, relation in cells:
        predictions[candidate, RELATIONS.index(relation)] = True
    scores = predictions * 0.8 + 0.1 if scores is None else scores
    return evaluate_candidates(candidates, predictions, scores, RELATIONS, COUNTS, **options)


CELLS = [(0, "met"), (1, "in"), (5, "in"), (6, "met"), (6, "in")]


def test_facts_are_scored_with_those_that_no_pair_asks_about():
    report = report_of(ROWS, CELLS)
    micro = report.candidates.micro
    assert (micro.precision, micro.recall, micro.support) == (2 / 5, 2 / 4, 4)
    assert report.missed == 1
    assert report.candidates.rows == 8
    # Of "met" one of two facts is found, since nobody asks about the other.
    assert report.candidates.relations["met"].score.recall == 0.5


def test_documents_have_the_union_of_what_is_predicted_for_their_pairs():
    report = report_of(ROWS, CELLS)
    assert report.documents is not None
    assert report.documents.rows == 3
    # met, in of the trio are found; both of nobody's are wrong; met of the third is missed.
    assert (report.documents.micro.precision, report.documents.micro.recall) == (2 / 4, 2 / 3)
    assert report.documents.exact_match == 1 / 3


def test_false_positives_are_counted_where_nothing_is_gold():
    report = report_of(ROWS, CELLS)
    empty = report.empty_candidates
    assert (empty.false_positives, empty.rows) == (2, 5)  # pairs 5 and 6
    empty = report.empty_documents
    assert (empty.false_positives, empty.rows, empty.rate) == (1, 1, 1.0)


def test_pairs_are_grouped_by_distance():
    report = report_of(ROWS, CELLS)
    groups = {group.name: group for group in report.by_distance}
    assert {name: group.candidates for name, group in groups.items()} == {
        "0-4 tokens": 2,
        "5-9 tokens": 2,
        "40+ tokens": 4,
    }
    assert groups["0-4 tokens"].score.f1 == 1.0
    assert (groups["40+ tokens"].score.precision, groups["40+ tokens"].score.recall) == (0.5, 0.5)


def test_pairs_are_grouped_by_their_types_the_most_facts_first():
    report = report_of(ROWS, CELLS)
    assert [(group.name, group.candidates) for group in report.by_types] == [
        ("PER → LOC", 2),
        ("PER → PER", 2),
        ("LOC → PER", 2),  # nobody's pairs have an entity without a type
    ]
    assert report.by_types[0].score.support == 2


def test_of_whole_documents_there_is_nothing_about_pairs():
    report = report_of(ROWS, [(0, "met"), (1, "in")], kind="whole")
    assert (report.documents, report.by_distance, report.by_types, report.missed) == (
        *(None, [], []),
        0,
    )
    assert report.candidates.rows == 3
    assert (report.empty_candidates, report.empty_candidates.rows) == (report.empty_documents, 1)


def test_it_is_what_evaluate_says_of_the_labels():
    report = report_of([TRIO, NOBODY], CELLS)
    candidates = CandidateSelection("pairs").select([TRIO, NOBODY]).labelled(RELATIONS)
    predictions = np.zeros((8, 3), bool)
    for candidate, relation in CELLS:
        predictions[candidate, RELATIONS.index(relation)] = True
    assert report.candidates == evaluate(
        candidates.labels.astype(bool), predictions, RELATIONS, COUNTS, predictions * 0.8 + 0.1
    )


def test_ignored_relations_are_left_out_of_everything():
    report = report_of(ROWS, CELLS, ignored=["met"])
    assert list(report.candidates.relations) == ["in", "never"]
    assert (report.missed, report.candidates.micro.support) == (0, 2)
    assert report.empty_candidates.rows == 6
    assert report.empty_documents.rows == 2
    with pytest.raises(MrcaError, match="Unknown relation 'meet'"):
        report_of(ROWS, CELLS, ignored=["meet"])


def test_patterns_of_errors_need_a_threshold():
    assert report_of(ROWS, CELLS).patterns is not None
    assert report_of(ROWS, CELLS, has_threshold=False).patterns is None


def test_calibration_is_measured_where_scores_are_probabilities():
    candidates = CandidateSelection("pairs").select([TRIO]).labelled(RELATIONS)
    perfect = candidates.labels.toarray().astype(float)
    assert report_of([TRIO], [], scores=perfect).calibration_error == 0.0
    assert report_of([TRIO], [], scores=1 - perfect).calibration_error == 1.0
    assert report_of([TRIO], [], scores=perfect * 3 - 1).calibration_error is None
    # Only of the highest scores, four for each gold label.
    many = [document(*(entity(place) for place in range(8)))] * 3
    candidates = CandidateSelection("pairs").select([TRIO, *many]).labelled(RELATIONS)
    scores = np.where(candidates.labels.toarray() == 1, 0.9, 0.0)
    assert report_of([TRIO, *many], [], scores=scores).calibration_error == pytest.approx(0.1 / 4)
    assert report_of(many, []).calibration_error is None


@given(st.integers(0, 99), st.sampled_from([1, 4, 2**22]))
def test_the_highest_scores_are_those_of_a_stable_order_whatever_the_size_of_blocks(seed, size):
    generator = np.random.default_rng(seed)
    candidates = CandidateSelection("pairs").select([TRIO, TRIO]).labelled(RELATIONS)
    scores = generator.integers(0, 4, candidates.labels.shape) / 4  # ties
    gold = candidates.labels.toarray().ravel()
    highest = np.argsort(-scores.ravel(), kind="stable")[: 4 * gold.sum()]
    expected = expected_calibration_error(gold[highest], scores.ravel()[highest])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mrca.evaluation.row_blocks._CELLS", size)
        found = report_of([TRIO, TRIO], [], scores=scores).calibration_error
    assert found == pytest.approx(expected)


def test_oracle_marks_are_told():
    oracle = Document(TRIO.tokens, TRIO.entities, TRIO.facts, TRIO.labels, (0,), (1,), oracle=True)
    assert report_of([NOBODY, oracle], []).oracle
    assert not report_of([NOBODY], []).oracle


def test_documents_without_a_pair_are_reported_too():
    report = report_of([FAR], [])
    assert (report.candidates.rows, report.missed, report.by_distance) == (0, 1, [])
    assert report.candidates.micro.recall == 0.0
    assert report.empty_candidates.rate is None
    json.dumps(report.to_dict(), allow_nan=False)


@given(st.data(), st.sampled_from(["whole", "pairs"]))
def test_every_report_is_json_and_its_parts_add_up(data, kind):
    rows = data.draw(st.lists(st.sampled_from(ROWS), min_size=1, max_size=4))
    candidates = CandidateSelection(kind).select(rows).labelled(RELATIONS)
    cells = st.tuples(st.integers(0, max(len(candidates) - 1, 0)), st.sampled_from(RELATIONS.names))
    predicted = data.draw(st.lists(cells, max_size=8)) if len(candidates) else []
    report = report_of(rows, predicted, kind)
    values = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert values["micro"] == report.candidates.micro.to_dict()
    facts = sum(len(row.facts) if kind == "pairs" else len(row.labels) for row in rows)
    assert values["micro"]["support"] == facts
    assert sum(group["candidates"] for group in values["by_distance"]) == (
        len(candidates) if kind == "pairs" else 0
    )


def test_a_notebook_shows_the_scores():
    shown = report_of(ROWS, CELLS)._repr_html_()
    assert "<td>micro</td><td>0.4000</td><td>0.5000</td><td>0.4444</td><td>4</td>" in shown
    assert "<td>head</td><td>–</td><td>–</td><td>–</td><td>–</td>" in shown
    assert "<td>relations of a document</td>" in shown
    assert "of a document" not in report_of(ROWS, [], kind="whole")._repr_html_()
