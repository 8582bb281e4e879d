import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mrca.errors import MrcaError
from mrca.evaluation.scores import micro_score
from mrca.evaluation.threshold import tune_threshold


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
