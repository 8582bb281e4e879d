import pytest

from mrca.datasets.readers.one_pair import one_pair_document
from mrca.text import Fact, Span


def document(label, **options):
    return one_pair_document(["Ada", "met", "Bo"], [Span(0, 1)], [Span(2, 3)], label, **options)


def test_the_first_entity_is_the_subject():
    read = document("met", types=("PER", ""), ids=("Q1", ""), id="7")
    assert [entity[1:] for entity in read.entities] == [("PER", "Q1", "Ada"), ("", "", "Bo")]
    assert (read.facts, read.labels, read.roles) == ((Fact(0, "met", 1),), ("met",), "given")
    assert (read.subjects, read.objects, read.id) == ((0,), (1,), "7")


@pytest.mark.parametrize(
    "label, facts",
    [
        ("r(e1,e2)", (Fact(0, "r", 1),)),
        ("per:r(e2,e1)", (Fact(1, "per:r", 0),)),
        ("r(e1)", (Fact(0, "r(e1)", 1),)),
    ],
)
def test_a_direction_belongs_to_the_fact_and_not_to_its_name(label, facts):
    assert document(label).facts == facts


@pytest.mark.parametrize("label", ["NA", "no_relation", "Other", "None"])
def test_a_label_for_no_relation_has_no_fact(label):
    assert (document(label).labels, document(label).facts) == ((label,), ())


def test_where_labels_have_directions_roles_give_nothing_away():
    rows = [document(label, directed=True) for label in ("r(e1,e2)", "r(e2,e1)", "Other")]
    assert {(row.subjects, row.objects, row.roles) for row in rows} == {((0, 1), (0, 1), "unknown")}
    assert document(None).labels == ()
