import json

import numpy as np
import pytest

from mrca.datasets import group_limits
from mrca.errors import MrcaError
from mrca.evaluation import (
    GoldFacts,
    KnownFacts,
    check_columns,
    compare_methods,
    evaluate,
    fact_scores,
    known_facts,
    predicted_facts,
)
from mrca.text import Document, Entity, Fact, RelationSet, Span


def test_the_best_the_marks_and_the_numbers(three_methods):
    comparison = three_methods()
    assert (comparison.first, comparison.best) == ("middling [x|y]", "good")
    assert [comparison.marks(name) for name in comparison.methods] == ["*", "†", "*†"]
    good = comparison.methods["good"]
    assert good.from_best is None
    assert good.from_first.difference > 0 > comparison.methods["bad"].from_first.difference
    f1 = good.f1["all"]
    assert f1.mean == pytest.approx(np.mean(f1.runs))
    assert f1.mean == pytest.approx(good.summary["macro"]["f1"]["mean"])
    assert f1.low < f1.mean < f1.high
    groups = good.summary["groups"]
    assert good.f1["tail"].mean == pytest.approx(groups["tail"]["macro"]["f1"]["mean"])
    assert good.f1["head"].mean > good.f1["tail"].mean  # one of the two tail relations is absent


def test_another_metric_and_other_limits(three_methods):
    micro = three_methods(metric="micro", limits=group_limits("reuters"))
    assert micro.methods["good"].f1["medium"] is None  # 9 to 34 training rows: none
    assert micro.methods["good"].summary["groups"]["medium"] is None
    assert micro.metric_name == "micro F1"
    present = three_methods(metric="macro_present")
    assert present.methods["good"].f1["all"].mean > three_methods().methods["good"].f1["all"].mean


def test_it_is_json(three_methods):
    comparison = three_methods(remarks=["Corpus: none."])
    values = json.loads(json.dumps(comparison.to_dict(), allow_nan=False))
    assert values["methods"]["bad"]["marks"] == "*†"
    assert values["methods"]["bad"]["summary"]["micro"]["f1"]["deviation"] > 0
    assert values["notes"][0] == "Corpus: none."
    assert any("not of training seeds" in note for note in values["notes"])


def test_where_rows_are_pairs_documents_are_drawn(three_methods):
    comparison = three_methods(
        pairs=np.column_stack([np.repeat(np.arange(30), 10), *np.zeros((2, 300), int)])
    )
    assert (comparison.rows, comparison.documents) == (300, 30)
    assert comparison.tested_on == "30 test documents"
    notes = " ".join(comparison.notes)
    assert "paired bootstrap over the 30 test documents with their 300 pairs" in notes
    assert "of the pairs without a relation" in notes
    by_rows = three_methods()
    assert (by_rows.documents, by_rows.tested_on) == (None, "300 test rows")
    for name, method in comparison.methods.items():
        assert method.summary == by_rows.methods[name].summary
        assert method.f1["all"].low != by_rows.methods[name].f1["all"].low


@pytest.fixture
def facts():
    """Pairs of 40 documents, (0, 1) and (1, 0) of each, with facts of two relations."""
    generator = np.random.default_rng(3)
    gold = generator.random((80, 2)) < [0.7, 0.2]
    pairs = np.array([(number // 2, number % 2, 1 - number % 2) for number in range(80)])
    entities = Entity((Span(0, 1),)), Entity((Span(2, 3),))
    documents = [
        Document(
            ("Ada", "met", f"Bob{number % 10}"),
            entities,
            tuple(
                Fact(subject, "ab"[column], 1 - subject)
                for subject in (0, 1)
                for column in np.flatnonzero(gold[2 * number + subject])
            ),
        ).with_unknown_roles()
        for number in range(40)
    ]
    known = KnownFacts(known_facts(documents, documents[:5]))
    return gold, pairs, GoldFacts.of(documents, RelationSet("ab"), known)


def test_facts_are_compared_by_what_papers_on_documents_measure(facts):
    gold, pairs, gold_facts = facts
    generator = np.random.default_rng(4)
    runs = {
        name: [gold & (generator.random(gold.shape) < kept) for _ in range(2)]
        for name, kept in (("good", 0.9), ("bad", 0.5))
    }
    comparison = compare_methods(
        gold,
        runs,
        RelationSet("ab"),
        [1, 2],
        metric="ign",
        pairs=pairs,
        gold_facts=gold_facts,
        columns=["related.recall", "confusion.missed_share"],
    )
    assert (comparison.best, comparison.metric_name) == ("good", "ign F1")
    assert comparison.marks("bad") == "*"
    for name, method in comparison.methods.items():
        found = [fact_scores(gold_facts, predicted_facts(pairs, run)) for run in runs[name]]
        mean = np.mean([each.ign.f1 for each in found])
        assert method.summary["ign"]["f1"]["mean"] == pytest.approx(mean)
        assert method.f1["all"].mean == pytest.approx(mean, abs=1e-6)
        assert method.f1["all"].runs == pytest.approx([each.ign.f1 for each in found])
        share = np.mean([each.confusion.share("missed") for each in found])
        assert method.summary["confusion"]["missed_share"]["mean"] == pytest.approx(share)
    values = json.loads(json.dumps(comparison.to_dict(), allow_nan=False))
    assert values["columns"] == ["related.recall", "confusion.missed_share"]


def test_known_facts_stand_where_their_pairs_do(facts):
    gold, pairs, gold_facts = facts
    order = np.random.default_rng(5).permutation(80)
    cells = gold_facts.known_cells(pairs[order])
    assert cells.any()
    assert (cells <= gold[order]).all()
    assert cells.sum() == gold_facts.known.sum()
    # Ada and the first five Bobs: every document with the number of one has its facts again.
    assert (gold_facts.known_cells(pairs)[:10] == gold[:10]).all()


def test_whole_documents_have_no_measure_of_facts(three_methods):
    summary = three_methods().methods["good"].summary
    assert summary["ign"] is None and summary["confusion"] is None
    with pytest.raises(MrcaError, match="The metric 'ign' leaves out what training states"):
        three_methods(metric="ign")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ign.f2", r"no measure 'ign\.f2'\. Did you mean 'ign\.f1'"),
        ("ign", "no measure 'ign'"),
        ("confusion.correct", "no measure 'confusion.correct'"),
        ("average_precision", "no measure"),  # decided labels have none
    ],
)
def test_a_column_is_a_measure(three_methods, name, said):
    check_columns(["by_relation_count.2.micro.f1", "empty_candidates.rate", "groups.tail.macro.f1"])
    with pytest.raises(MrcaError, match=said):
        three_methods(columns=["micro.f1", name])


def test_false_positives_of_rows_without_a_relation():
    gold = np.array([[1, 0], [0, 0], [0, 0], [0, 0], [0, 0]], bool)
    eager = gold.copy()
    eager[3, 1] = True
    runs = {"careful": [gold, gold], "eager": [eager, gold]}
    comparison = compare_methods(gold, runs, RelationSet("ab"), [1, 1])
    rates = [
        method.summary["empty_candidates"]["rate"]["mean"] for method in comparison.methods.values()
    ]
    assert comparison.has_empty_rows
    assert rates == [0.0, 0.125]
    full = compare_methods(gold[:1], {"a": [gold[:1]]}, RelationSet("ab"), [1, 1])
    assert not full.has_empty_rows
    assert not any("empty" in note for note in full.notes)


def test_one_mark_where_the_first_is_the_best():
    gold = np.eye(3, dtype=bool).repeat(40, axis=0)
    runs = {"first": [gold], "second": [gold & [True, True, False]]}
    comparison = compare_methods(gold, runs, RelationSet("abc"), [1, 2, 3])
    assert comparison.marks("second") == "*"
    assert not any("†" in note or "±" in note for note in comparison.notes)


def test_one_method_alone_has_numbers_and_nothing_to_differ_from():
    gold = np.eye(3, dtype=bool)
    comparison = compare_methods(gold, {"only": [gold]}, RelationSet("abc"), [1, 2, 3])
    report = evaluate(gold, gold, RelationSet("abc"), [1, 2, 3])
    assert comparison.methods["only"].summary["micro"]["f1"]["mean"] == report.micro.f1
    assert comparison.marks("only") == ""
    assert not any("differs" in note for note in comparison.notes)


@pytest.mark.parametrize(
    ("gold", "runs", "said"),
    [
        ([[1, 0]], {}, "Received: none"),
        ([[1, 0]], {"a": []}, r"'a' \(0 runs\)"),
        ([[0, 0]], {"a": [[[1, 0]]]}, "no positive label in the test rows"),
    ],
)
def test_what_cannot_be_compared_is_refused(gold, runs, said):
    with pytest.raises(MrcaError, match=said):
        compare_methods(gold, runs, RelationSet("ab"), [1, 2])


def test_a_notebook_shows_the_metric_and_the_marks(three_methods):
    comparison = three_methods()
    shown = comparison._repr_html_()
    assert "<th>macro F1, all</th><th>macro F1, head</th>" in shown
    assert f"<td>bad*†</td><td>{comparison.methods['bad'].f1['all'].mean:.4f}</td>" in shown
