import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mrca.errors import MrcaError
from mrca.evaluation.scores import Score, confusion_counts, micro_score
from mrca.evaluation.threshold import threshold_for_precision, tune_threshold


def cells(dtype, elements):
    return st.tuples(st.integers(1, 10), st.integers(1, 4)).flatmap(
        lambda shape: st.tuples(
            hnp.arrays(bool, shape), hnp.arrays(dtype, shape, elements=elements)
        )
    )


few_values = st.sampled_from([-2.5, -1.0, 0.0, 0.5, 0.75, 3.0])
any_float32 = st.floats(-1e6, 1e6, width=32)


def f1_at(labels, scores, threshold):
    return micro_score(labels, scores >= threshold).f1


def brute_force(labels, scores):
    return max(f1_at(labels, scores, threshold) for threshold in np.unique(scores))


@given(cells(np.float32, few_values) | cells(np.float32, any_float32) | cells(float, few_values))
def test_the_global_threshold_is_the_best_of_all(pair):
    labels, scores = pair
    if not labels.any():
        labels[0, 0] = True
    threshold = tune_threshold(labels, scores)
    assert isinstance(threshold, float)
    assert f1_at(labels, scores, threshold) == brute_force(labels, scores)
    # comparing in float64, as an exported rule may, decides the same
    assert f1_at(labels, scores.astype(np.float64), np.float64(threshold)) == brute_force(
        labels, scores
    )


@given(cells(np.float32, few_values), st.integers(0, 4))
def test_each_relation_gets_its_best_or_the_global_threshold(pair, min_positives):
    labels, scores = pair
    if not labels.any():
        labels[0, 0] = True
    everywhere = tune_threshold(labels, scores)
    tuned = tune_threshold(labels, scores, per_relation=True, min_positives=min_positives)
    assert len(tuned) == labels.shape[1]
    for column, threshold in enumerate(tuned):
        gold, ranked = labels[:, [column]], scores[:, [column]]
        if gold.sum() >= max(min_positives, 1):
            assert f1_at(gold, ranked, threshold) == brute_force(gold, ranked)
        else:
            assert threshold == everywhere


def test_the_middle_of_the_widest_best_gap_is_taken():
    # cutting under 0.9 gives F1 2/3 (P 1, R 1/2), cutting under 0.2 as well (P 1/2, R 1)
    labels = np.array([[1, 0, 0, 1, 0]], dtype=bool)
    scores = np.array([[0.9, 0.5, 0.3, 0.2, 0.1]])
    assert tune_threshold(labels, scores) == pytest.approx(0.7)
    scores = np.array([[0.9, 0.85, 0.3, 0.2, -1.0]])
    assert tune_threshold(labels, scores) == pytest.approx(-0.4)


def test_where_everything_is_positive_everything_is_predicted():
    assert tune_threshold([[1, 1]], [[0.25, 0.5]]) == 0.25


def test_neighbouring_floats_are_kept_apart():
    below = np.float32(0.3)
    above = np.nextafter(below, np.float32(1))
    threshold = tune_threshold([[1, 0]], np.array([[above, below]]))
    assert threshold == float(above)


@pytest.mark.parametrize(
    ("labels", "scores", "message"),
    [
        ([[0, 0]], [[0.1, 0.2]], "no positive label"),
        (np.zeros((0, 2), bool), np.zeros((0, 2)), "no positive label"),
        ([[1, 0]], [[0.1, float("nan")]], "Scores must be finite"),
        ([[1, 0]], [[0.1]], "one shape"),
    ],
)
def test_what_cannot_be_tuned_on_is_refused(labels, scores, message):
    with pytest.raises(MrcaError, match=message):
        tune_threshold(labels, scores)


wishes = st.sampled_from([0.01, 0.3, 0.5, 2 / 3, 0.75, 0.9, 1.0])


def precise_brute_force(labels, scores, wish):
    """The score with most recall, then precision, of those with the precision; if there is one."""
    tried = [micro_score(labels, scores >= threshold) for threshold in np.unique(scores)]
    precise = [score for score in tried if score.precision >= wish]
    if precise:
        return max(precise, key=lambda score: (score.recall, score.precision)), True
    return micro_score(labels, np.zeros_like(labels)), False


@given(
    cells(np.float32, few_values) | cells(np.float32, any_float32) | cells(float, few_values),
    wishes,
)
def test_the_global_threshold_has_the_wished_precision_or_says_that_none_has(pair, wish):
    labels, scores = pair
    if not labels.any():
        labels[0, 0] = True
    found = threshold_for_precision(labels, scores, wish)
    expected, possible = precise_brute_force(labels, scores, wish)
    assert found.score == expected
    assert found.reached == possible
    assert found.unreachable == found.without_own == []
    for dtype in (scores.dtype, float):
        decided = scores.astype(dtype) >= np.asarray(found.threshold, dtype)
        assert micro_score(labels, decided) == found.score


@given(cells(np.float32, few_values), wishes, st.integers(0, 3))
def test_each_relation_has_the_wished_precision_or_is_named(pair, wish, min_positives):
    labels, scores = pair
    if not labels.any():
        labels[0, 0] = True
    everywhere = threshold_for_precision(labels, scores, wish).threshold
    found = threshold_for_precision(labels, scores, wish, True, min_positives)
    decided = scores >= np.asarray(found.threshold, np.float32)
    assert found.score == micro_score(labels, decided)
    for column, threshold in enumerate(found.threshold):
        gold, ranked = labels[:, [column]], scores[:, [column]]
        assert found.relations[column] == micro_score(gold, decided[:, [column]])
        if gold.sum() < max(min_positives, 1):
            assert column in found.without_own
            assert column not in found.unreachable
            assert threshold == everywhere
            continue
        assert column not in found.without_own
        expected, possible = precise_brute_force(gold, ranked, wish)
        assert found.relations[column] == expected
        assert (column in found.unreachable) == (not possible)
        assert possible or not decided[:, column].any()


def test_the_lowest_boundary_is_taken_although_precision_falls_in_between():
    labels = np.array([[1, 0, 0, 1, 1, 1, 0, 0]], dtype=bool)
    scores = np.array([[0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.2, 0.1]])
    found = threshold_for_precision(labels, scores, 0.6)
    assert found.threshold == pytest.approx(0.3)
    assert (found.score.precision, found.score.recall) == (4 / 6, 1.0)


def test_a_relation_without_a_positive_may_spoil_the_precision_of_all():
    labels = np.array([[1, 0]] * 3 + [[0, 0]] * 3 + [[1, 0]], dtype=bool)
    scores = np.array([[0.6, 0.9]] * 3 + [[0.3, 0.9]] * 3 + [[0.1, 0.9]])
    found = threshold_for_precision(labels, scores, 0.3, per_relation=True)
    assert found.without_own == [1]
    # all cells together: 3 right of the 10 from 0.6 on
    assert found.threshold == pytest.approx([0.1, 0.45])
    assert [each.precision for each in found.relations] == [4 / 7, 0.0]
    assert found.score.precision == 4 / 14
    assert not found.reached
    # where no global threshold gives what is asked for, that relation is never predicted
    strict = threshold_for_precision(labels, scores, 0.5, per_relation=True)
    assert strict.threshold == [0.1, np.nextafter(0.9, 1)]
    assert strict.reached


def test_of_thresholds_with_as_much_recall_the_most_precise_is_taken():
    found = threshold_for_precision([[1], [1], [0], [0]], [[0.9], [0.8], [0.3], [0.1]], 0.5)
    assert found.threshold == pytest.approx(0.55)
    assert (found.score.precision, found.score.recall) == (1, 1)


def test_what_was_reached_goes_into_json():
    found = threshold_for_precision([[1, 0], [0, 1]], [[0.9, 0.8], [0.2, 0.6]], 1, True)
    written = json.loads(json.dumps(found.to_dict()))
    assert written["reached"] is True
    assert written["unreachable"] == [1]
    assert written["score"] == {"precision": 1.0, "recall": 0.5, "f1": 2 / 3, "support": 2}
    assert len(written["threshold"]) == len(written["relations"]) == 2


@pytest.mark.parametrize("wish", [0, -0.1, 1.01, float("nan"), float("inf"), "0.9", None])
def test_a_wish_that_is_no_precision_is_refused(wish):
    with pytest.raises(MrcaError, match="above 0 and at most 1"):
        threshold_for_precision([[1]], [[0.5]], wish)


def test_without_a_positive_no_precision_can_be_reached():
    with pytest.raises(MrcaError, match="no positive label"):
        threshold_for_precision([[0, 0]], [[0.1, 0.2]], 0.5)


# === What no threshold changes ===


@given(cells(np.float32, few_values), st.data())
def test_a_threshold_is_chosen_for_what_can_be_found(pair, data):
    labels, scores = pair
    allowed = data.draw(hnp.arrays(bool, labels.shape))
    labels[0, 0] = allowed[0, 0] = True
    missed = data.draw(hnp.arrays(int, labels.shape[1], elements=st.integers(0, 3)))

    def score_at(threshold, columns=slice(None)):
        predicted = (scores >= threshold) & allowed
        return Score.from_counts(
            *(count[columns].sum() for count in outside(labels, predicted, missed))
        )

    best = max(score_at(each).f1 for each in np.unique(scores))
    options = {"missed": missed, "allowed": allowed}
    assert score_at(tune_threshold(labels, scores, **options)).f1 == best
    tuned = tune_threshold(labels, scores, per_relation=True, min_positives=1, **options)
    for column in np.flatnonzero((labels & allowed).any(axis=0)):
        best = max(score_at(each, column).f1 for each in np.unique(scores))
        assert score_at(tuned[column], column).f1 == best
    for per_relation in (False, True):
        found = threshold_for_precision(labels, scores, 0.5, per_relation, **options)
        assert found.score == score_at(np.asarray(found.threshold, np.float32))


def outside(labels, predicted, missed):
    tp, fp, fn = confusion_counts(labels, predicted)
    return tp, fp, fn + missed


def test_where_the_cut_is_depends_on_what_can_be_predicted():
    # F1 of the first alone is 2 / (1 + 2), of all 4 / (5 + 2).
    labels, scores = [[1, 0, 0, 0, 1]], [[0.9, 0.8, 0.7, 0.6, 0.3]]
    assert tune_threshold(labels, scores) == pytest.approx(0.85)
    # With four more positives: 2 / (1 + 6), of all 4 / (5 + 6).
    missed = [4, 0, 0, 0, 0]
    assert tune_threshold(labels, scores, missed=missed) == pytest.approx(0.3)
    # Where only the first and the last are ever predicted: 4 / (2 + 2).
    allowed = [[1, 0, 0, 0, 1]]
    assert tune_threshold(labels, scores, allowed=allowed) == pytest.approx(0.3)
    found = threshold_for_precision(labels, scores, 0.4, missed=missed)
    assert (found.score.precision, found.score.recall) == (0.4, 2 / 6)


def test_only_forbidden_positives_are_as_good_as_none():
    with pytest.raises(MrcaError, match="no positive label"):
        tune_threshold([[1, 0]], [[0.9, 0.1]], allowed=[[False, True]])
