import numpy as np
import pytest

from mrca.datasets import CandidateSelection, load_corpus
from mrca.errors import MrcaError
from mrca.evaluation import evaluate, evaluate_candidates
from mrca.experiments.search.objective import (
    OBJECTIVES,
    check_defined,
    check_objective,
    objective_value,
)
from mrca.text import Document, Entity, Fact, RelationSet, Span


def test_every_objective_is_a_measure_of_a_report():
    document = Document(
        ("a", "b"),
        (Entity((Span(0, 1),)), Entity((Span(1, 2),))),
        (Fact(0, "a", 1), Fact(0, "c", 1)),
    ).with_unknown_roles()
    relations = RelationSet("abc")
    candidates = CandidateSelection("pairs").select([document]).labelled(relations)
    scores = np.array([[0.9, 0, 0.2], [0, 0, 0]])
    report = evaluate_candidates(
        candidates, scores > 0.5, scores, relations, [200, 50, 3]
    ).to_dict()
    values = {name: objective_value(report, name) for name in OBJECTIVES}
    assert values["micro.recall"] == 0.5
    assert values["groups.head.micro.f1"] == 1.0
    assert values["groups.medium.micro.f1"] is None  # without a positive
    assert values["groups.tail.micro.f1"] == 0.0
    assert values["exact_match"] == 0.5
    assert values["related.f1"] == 1.0
    assert values["ign.f1"] is None  # it is not said what training states


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("relations.a.f1", 1.0),
        ("relations.people.born.in.recall", 0.0),  # its name has dots
        ("by_relation_count.2.micro.precision", 1.0),
        ("by_relation_count.2.exact_match", 0.0),
        ("by_relation_count.0.micro.f1", None),
    ],
)
def test_a_corpuss_own_parts_of_a_report_are_objectives(name, value):
    check_objective(name)
    relations = RelationSet(["a", "b", "people.born.in"])
    report = evaluate([[1, 0, 1]], [[1, 0, 0]], relations, [200, 50, 3])
    assert objective_value(report.to_dict(), name) == value


def test_what_validation_does_not_define_is_refused_before_training(
    sample_slice, tiny_config, tiny_pairs_config
):
    corpus = load_corpus("sample", sample_slice)
    for config in (tiny_config, tiny_pairs_config):
        check_defined("micro.f1", corpus, config)
        with pytest.raises(MrcaError, match=r"no measure 'relations\.nosuch\.f1'"):
            check_defined("relations.nosuch.f1", corpus, config)
        absent = "by_relation_count.0.micro.f1"
        with pytest.raises(MrcaError, match=f"{absent} is undefined on the validation .*: no row"):
            check_defined(absent, corpus, config)


def test_sets_of_relations_are_a_measure_where_pairs_are_asked_about(
    sample_slice, tiny_config, tiny_pairs_config
):
    corpus = load_corpus("sample", sample_slice)
    check_objective("documents.relations.employer.f1")
    check_defined("documents.micro.f1", corpus, tiny_pairs_config)
    with pytest.raises(MrcaError, match=r"undefined .*: whole documents are asked about"):
        check_defined("documents.micro.f1", corpus, tiny_config)
    with pytest.raises(MrcaError, match=r"no measure 'documents\.micro'"):
        check_objective("documents.micro")


def test_another_name_is_refused():
    with pytest.raises(MrcaError, match=r"no measure 'micro.f2'\. Did you mean 'micro.f1'\?"):
        check_objective("micro.f2")
