import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics

from mrca.datasets import GROUP_LIMITS, GroupLimits
from mrca.errors import MrcaError
from mrca.evaluation.report import evaluate
from mrca.evaluation.scores import Score, micro_score
from mrca.text import RelationSet

RELATIONS = RelationSet(["often", "sometimes", "rare", "absent"])
COUNTS = [101, 100, 19, 0]
LABELS = np.array([[1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]], dtype=bool)
PREDICTIONS = np.array([[1, 1, 0, 0], [1, 0, 0, 1], [0, 0, 0, 0], [1, 0, 0, 0]], dtype=bool)

splits = st.tuples(st.integers(0, 8), st.integers(1, 9)).flatmap(
    lambda shape: st.tuples(
        hnp.arrays(bool, shape),
        hnp.arrays(bool, shape),
        hnp.arrays(np.float32, shape, elements=st.floats(-5, 5, width=32)),
        st.lists(st.integers(0, 200), min_size=shape[1], max_size=shape[1]),
    )
)


def numbers_in(value):
    if isinstance(value, dict):
        for entry in value.values():
            yield from numbers_in(entry)
    elif isinstance(value, int | float):
        yield value


def test_a_worked_example():
    report = evaluate(LABELS, PREDICTIONS, RELATIONS, COUNTS)
    assert report.rows == 4
    assert report.micro == Score(3 / 5, 3 / 4, 2 / 3, 4)
    assert report.macro.f1 == pytest.approx((0.8 + 1 + 0 + 0) / 4)
    assert report.macro_present.f1 == pytest.approx((0.8 + 1 + 0) / 3)
    assert report.exact_match == 1 / 4
    assert report.average_precision is None

    often = report.relations["often"]
    assert (often.score.support, often.predicted, often.train_count) == (2, 3, 101)
    assert often.score.f1 == pytest.approx(0.8)
    absent = report.relations["absent"]
    assert (absent.score.support, absent.predicted, absent.train_count) == (0, 1, 0)
    assert absent.score.f1 == 0.0


def test_groups_follow_the_training_counts_and_not_the_split():
    report = evaluate(LABELS, PREDICTIONS, RELATIONS, COUNTS)
    assert [entry.group for entry in report.relations.values()] == [
        "head",
        "medium",
        "tail",
        "tail",
    ]
    tail = report.groups["tail"]
    assert (tail.relations, tail.present) == (2, 1)
    assert tail.micro == micro_score(LABELS[:, 2:], PREDICTIONS[:, 2:])
    assert report.groups["head"].macro.f1 == pytest.approx(0.8)
    moved = evaluate(
        LABELS, PREDICTIONS, RELATIONS, COUNTS, limits=GroupLimits("my", 50, 10, (0, 1))
    )
    assert [entry.group for entry in moved.relations.values()] == [
        "head",
        "head",
        "medium",
        "tail",
    ]


def test_a_group_without_a_positive_has_no_score_instead_of_zero():
    report = evaluate(LABELS[:2], PREDICTIONS[:2], RELATIONS, COUNTS).to_dict()
    assert report["groups"]["tail"] is None  # two relations, no positive here
    all_head = evaluate(LABELS, PREDICTIONS, RELATIONS, [500] * 4).to_dict()
    assert all_head["groups"]["medium"] is None  # no relation at all
    assert all_head["groups"]["head"]["micro"] == all_head["micro"]


def test_rows_are_grouped_by_their_number_of_gold_relations():
    wide = RelationSet([f"r{i}" for i in range(7)])
    labels = np.array([[i < count for i in range(7)] for count in (0, 1, 3, 5, 6, 7)])
    predictions = labels.copy()
    predictions[0, 4] = True
    predictions[5, 0] = False
    table = evaluate(labels, predictions, wide, [30] * 7).by_relation_count
    assert {count: entry.rows for count, entry in table.items()} == {
        "0": 1,
        "1": 1,
        "2": 0,
        "3": 1,
        "4": 0,
        "5+": 3,
    }
    assert (table["0"].false_positives, table["0"].micro) == (1, None)
    assert (table["2"].micro, table["2"].exact_match) == (None, None)
    assert table["5+"].micro == Score(1.0, 17 / 18, 34 / 35, 18)
    assert table["5+"].exact_match == pytest.approx(2 / 3)
    # the relations 0 to 6 are found but for one row's 0: 2/3 recall; all are present
    assert table["5+"].macro.f1 == table["5+"].macro_present.f1 == pytest.approx((6 + 0.8) / 7)
    assert table["3"].macro.f1 == pytest.approx(3 / 7)
    assert (table["3"].macro_present.f1, table["0"].macro, table["0"].macro_present) == (
        1,
        None,
        None,
    )


def test_reuters_and_pubmed_are_grouped_as_in_their_paper():
    relations = RelationSet([f"r{i}" for i in range(20)])
    counts = [50, 49, 36, 35, 34, 16, 15, 9, 8, 0] + [100] * 10
    labels = np.array([[i < number for i in range(20)] for number in (0, 1, 2, 9, 10, 14, 15, 20)])
    reuters, pubmed = (
        evaluate(labels, labels, relations, counts, limits=GROUP_LIMITS[name])
        for name in ("reuters", "pubmed")
    )
    group_of = {
        report.limits.name: [e.group for e in report.relations.values()][:10]
        for report in (reuters, pubmed)
    }
    assert group_of["reuters"] == ["head"] * 4 + ["medium"] * 4 + ["tail"] * 2
    assert group_of["pubmed"] == ["head"] + ["medium"] * 5 + ["tail"] * 4
    rows = [{n: e.rows for n, e in r.by_relation_count.items()} for r in (reuters, pubmed)]
    assert rows == [{"0": 1, "1": 1, "2+": 6}, {"0": 1, "1-9": 3, "10-14": 2, "15+": 2}]
    assert any(
        "head: 35 or more training rows; medium: 9 to 34; tail: 8 or fewer" in note
        for note in reuters.notes
    )
    assert reuters.to_dict()["limits"] == {
        "name": "reuters",
        "head_above": 34,
        "tail_below": 9,
        "row_starts": [0, 1, 2],
        "most_frequent": 0,
    }


@given(splits)
def test_every_report_is_json_without_nan_and_its_parts_add_up(split):
    labels, predictions, scores, counts = split
    relations = RelationSet([f"r{i}" for i in range(labels.shape[1])])
    report = evaluate(labels, predictions, relations, counts, scores)
    text = json.dumps(report.to_dict(), allow_nan=False)
    data = json.loads(text)

    assert all(value >= 0 for value in numbers_in(data))
    assert list(data["relations"]) == list(relations)
    assert sum(entry["support"] for entry in data["relations"].values()) == labels.sum()
    assert sum(entry["predicted"] for entry in data["relations"].values()) == predictions.sum()
    assert sum(entry["rows"] for entry in data["by_relation_count"].values()) == len(labels)
    false_positives = sum(e["false_positives"] for e in data["by_relation_count"].values())
    assert false_positives == (predictions & ~labels).sum()
    in_groups = sum(group["micro"]["support"] for group in data["groups"].values() if group)
    assert in_groups == labels.sum()
    if len(labels):
        expected = (labels == predictions).all(axis=1).mean()
        assert data["exact_match"] == pytest.approx(expected)
    if labels.any():
        assert data["average_precision"] == pytest.approx(
            metrics.average_precision_score(labels.ravel(), scores.ravel())
        )
    else:
        assert data["average_precision"] is None
        assert data["macro_present"] is None


def test_the_dict_has_the_documented_shape():
    data = evaluate(LABELS, PREDICTIONS, RELATIONS, COUNTS, PREDICTIONS.astype(float)).to_dict()
    for average in ("micro", "macro", "macro_present"):
        assert {"precision", "recall", "f1"} <= set(data[average])
    assert set(data["relations"]["often"]) == {
        "precision",
        "recall",
        "f1",
        "support",
        "predicted",
        "train_count",
        "group",
    }
    assert data["limits"]["name"] == "default"
    assert data["confused"] == []
    swapped = evaluate(LABELS, LABELS[:, [0, 2, 1, 3]], RELATIONS, COUNTS).to_dict()
    assert swapped["confused"] == [
        {"missed": "sometimes", "predicted": "rare", "rows": 1, "rows_missed": 1},
        {"missed": "rare", "predicted": "sometimes", "rows": 1, "rows_missed": 1},
    ]
    assert any("zero_division=0" in note for note in data["notes"])
    assert any("all 4 relations" in note and "the 3 with" in note for note in data["notes"])


@pytest.mark.parametrize(
    ("labels", "relations", "counts", "message"),
    [
        (LABELS[:, :3], RELATIONS, COUNTS, "labels .4, 3., predictions .4, 4."),
        (LABELS, RelationSet(["a", "b"]), COUNTS, "2 relations, 4 columns, 4 counts"),
        (LABELS, RELATIONS, COUNTS[:2], "4 relations, 4 columns, 2 counts"),
        (LABELS.astype(float), RELATIONS, COUNTS, "labels as bool"),
    ],
)
def test_inputs_that_do_not_fit_together_are_refused(labels, relations, counts, message):
    with pytest.raises(MrcaError, match=message):
        evaluate(labels, PREDICTIONS, relations, counts)


def test_ignored_relations_are_left_out_of_everything():
    relations = RelationSet(["a", "none", "b"])
    gold = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0]])
    predicted = np.array([[1, 0, 0], [0, 1, 0], [0, 1, 0], [1, 0, 0]])
    report = evaluate(gold, predicted, relations, [5, 9, 5], ignored=["none"])
    # As TACRED's official score: 1 of 2 predictions of a real relation, 1 of 2 real ones.
    assert (report.micro.precision, report.micro.recall) == (0.5, 0.5)
    assert list(report.relations) == ["a", "b"]
    with pytest.raises(MrcaError, match="Unknown relation 'nothing'"):
        evaluate(gold, predicted, relations, [5, 9, 5], ignored=["nothing"])
