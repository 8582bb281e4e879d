import json

import numpy as np
import pytest

from mrca.datasets import group_limits
from mrca.errors import MrcaError
from mrca.evaluation import compare_methods, evaluate
from mrca.text import RelationSet


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
    comparison = three_methods(documents=np.repeat(np.arange(30), 10))
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
