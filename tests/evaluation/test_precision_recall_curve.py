import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics

from mrca.errors import MrcaError
from mrca.evaluation.precision_recall_curve import (
    average_precision,
    precision_and_recall_where_it_rises,
    precision_recall_curve,
)

cells = st.tuples(st.integers(1, 10), st.integers(1, 5)).flatmap(
    lambda shape: st.tuples(
        hnp.arrays(bool, shape),
        # few distinct values, so that ties are common
        hnp.arrays(np.float32, shape, elements=st.sampled_from([-2.5, -1, 0, 0.5, 0.75, 3])),
    )
)


@given(cells)
def test_curve_and_area_equal_scikit_learn(pair):
    labels, scores = pair
    if not labels.any():
        labels[0, 0] = True
    precision, recall, thresholds = precision_recall_curve(labels, scores)
    expected = metrics.precision_recall_curve(labels.ravel(), scores.ravel())
    # scikit-learn goes from the lowest threshold up and adds the point (1, 0) at the end
    np.testing.assert_allclose(precision, expected[0][-2::-1])
    np.testing.assert_allclose(recall, expected[1][-2::-1])
    np.testing.assert_array_equal(thresholds, expected[2][::-1])
    assert average_precision(labels, scores) == pytest.approx(
        metrics.average_precision_score(labels.ravel(), scores.ravel())
    )


def test_every_point_is_what_its_threshold_gives():
    labels = np.array([[1, 0, 1], [0, 1, 0]], dtype=bool)
    scores = np.array([[0.9, 0.9, 0.2], [0.1, 0.6, 0.6]])
    for precision, recall, threshold in zip(*precision_recall_curve(labels, scores), strict=True):
        predicted = scores >= threshold
        assert precision == (predicted & labels).sum() / predicted.sum()
        assert recall == (predicted & labels).sum() / labels.sum()


def test_integer_and_extreme_scores_are_ranked():
    assert average_precision([[1, 0]], [[3, 2]]) == 1.0
    huge = np.finfo(np.float32).max
    assert average_precision([[1, 0]], np.array([[huge, -huge]], dtype=np.float32)) == 1.0


@pytest.mark.parametrize(
    ("labels", "scores", "message"),
    [
        ([[0, 0]], [[0.1, 0.2]], "no positive label"),
        (np.zeros((0, 2), bool), np.zeros((0, 2)), "no positive label"),
        ([[1, 0]], [[0.1], [0.2]], r"labels \(1, 2\), scores \(2, 1\)"),
        ([[1, 0]], [[0.1, np.nan]], r"nan in row 0, relation column 1 \(and 0 more\)"),
        ([[1, 0]], [[np.inf, 0.1]], "Scores must be finite"),
    ],
)
def test_what_has_no_curve_is_refused(labels, scores, message):
    with pytest.raises(MrcaError, match=message):
        precision_recall_curve(labels, scores)


@given(cells, st.integers(0, 3))
def test_what_is_drawn_are_the_ends_of_each_rise(pair, missed):
    labels, scores = pair
    if not labels.any():
        labels[0, 0] = True
    precision, recall, _ = precision_recall_curve(labels, scores, missed)
    rises = np.diff(recall) > 0
    kept = np.append(True, rises) | np.append(rises, True)
    expected = set(zip(recall[kept].tolist(), precision[kept].tolist(), strict=True))
    drawn = precision_and_recall_where_it_rises(labels, scores, missed)
    found = set(zip(drawn[1].tolist(), drawn[0].tolist(), strict=True))
    assert found <= set(zip(recall.tolist(), precision.tolist(), strict=True))
    # Before the first rise all points are at (0, 0).
    assert {point for point in expected if point[0]} == {point for point in found if point[0]}
    assert (np.diff(drawn[1]) >= 0).all()
