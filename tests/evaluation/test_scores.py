import warnings

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse import coo_array, csc_array, csr_array
from sklearn.metrics import precision_recall_fscore_support

from mrca.errors import MrcaError
from mrca.evaluation.scores import (
    Score,
    binary_matrix,
    confusion_counts,
    ign_precision_recall_f1,
    macro_score,
    micro_score,
    precision_recall_f1,
)

# one column would be another kind of problem to scikit-learn
shapes = st.tuples(st.integers(0, 12), st.integers(2, 6))
pairs = shapes.flatmap(
    lambda shape: st.tuples(hnp.arrays(bool, shape), hnp.arrays(bool, shape)),
)


def sklearn_score(labels, predictions, average, columns=None):
    if not len(labels):  # scikit-learn refuses to score no rows
        return 0.0, 0.0, 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return precision_recall_fscore_support(
            labels.astype(int),
            predictions.astype(int),
            labels=columns,
            average=average,
            zero_division=0,
        )[:3]


def as_tuple(score):
    return score.precision, score.recall, score.f1


@given(pairs)
def test_micro_and_macro_equal_scikit_learn(pair):
    labels, predictions = pair
    expected_micro = sklearn_score(labels, predictions, "micro")
    expected_macro = sklearn_score(labels, predictions, "macro")
    assert as_tuple(micro_score(labels, predictions)) == pytest.approx(expected_micro)
    assert as_tuple(macro_score(labels, predictions)) == pytest.approx(expected_macro)


@given(pairs)
def test_macro_over_present_relations_equals_scikit_learn_on_their_columns(pair):
    labels, predictions = pair
    present = np.flatnonzero(labels.any(axis=0))
    score = macro_score(labels, predictions, present_only=True)
    assert (score is None) == (not len(present))
    assume(score is not None)
    expected = sklearn_score(labels, predictions, "macro", columns=present)
    assert as_tuple(score) == pytest.approx(expected)
    assert score.support == labels.sum()


def test_a_worked_example():
    labels = [[1, 1, 0], [1, 0, 0], [0, 0, 0]]
    predictions = [[1, 0, 0], [1, 0, 1], [1, 0, 0]]
    assert [list(counts) for counts in confusion_counts(labels, predictions)] == [
        [2, 0, 0],
        [1, 0, 1],
        [0, 1, 0],
    ]
    assert micro_score(labels, predictions) == Score(0.5, 2 / 3, 4 / 7, 3)
    macro = macro_score(labels, predictions)
    assert as_tuple(macro) == pytest.approx((2 / 9, 1 / 3, 0.8 / 3))
    # the third relation has no positive: it drops out here, and counts 0 above
    present = macro_score(labels, predictions, present_only=True)
    assert as_tuple(present) == pytest.approx((1 / 3, 1 / 2, 0.4))


@pytest.mark.parametrize(
    ("tp", "fp", "fn", "expected"),
    [
        (0, 0, 0, (0, 0, 0)),
        (0, 3, 0, (0, 0, 0)),
        (0, 0, 3, (0, 0, 0)),
        (4, 0, 0, (1, 1, 1)),
        (3, 1, 2, (0.75, 0.6, 2 / 3)),
    ],
)
def test_undefined_measures_are_zero(tp, fp, fn, expected):
    assert as_tuple(Score.from_counts(tp, fp, fn)) == pytest.approx(expected)
    assert Score.from_counts(tp, fp, fn).support == tp + fn


def test_measures_of_arrays_keep_their_shape():
    precision, recall, f1 = precision_recall_f1([[1, 0]], [[1, 0]], [[0, 0]])
    assert precision.tolist() == [[0.5, 0.0]]
    assert recall.tolist() == [[1.0, 0.0]]
    assert f1.tolist() == [[pytest.approx(2 / 3), 0.0]]


def test_ign_scores_leave_what_is_known_out_of_precision_alone():
    # Six of eight facts are found among ten predictions; of the six, 0, 2 and 6 are known.
    precision, recall, f1 = ign_precision_recall_f1([6] * 3, [10] * 3, [8] * 3, [0, 2, 6])
    np.testing.assert_allclose(precision, [6 / 10, 4 / 8, 0], atol=1e-5)
    assert recall.tolist() == [0.75] * 3
    np.testing.assert_allclose(f1, [2 / 3, 0.6, 0], atol=1e-5)
    assert [float(value) for value in ign_precision_recall_f1(0, 0, 0, 0)] == [0, 0, 0]


def test_scores_instead_of_labels_are_refused_not_cut():
    with pytest.raises(MrcaError, match=r"predictions as bool.*decision rule"):
        micro_score([[1, 0]], [[0.9, 0.1]])


@pytest.mark.parametrize(
    ("labels", "predictions", "message"),
    [
        ([[1, 0]], [[1], [0]], r"labels \(1, 2\), predictions \(2, 1\)"),
        ([1, 0], [1, 0], r"labels of shape \(rows, relations\)"),
        ([[2, 0]], [[1, 0]], "labels as bool or as integers 0 and 1"),
        ([["a"]], [[1]], "labels as bool"),
    ],
)
def test_what_is_no_label_matrix_is_refused(labels, predictions, message):
    with pytest.raises(MrcaError, match=message):
        confusion_counts(labels, predictions)


def test_a_score_is_json_ready():
    assert Score.from_counts(1, 1, 0).to_dict() == {
        "precision": 0.5,
        "recall": 1.0,
        "f1": pytest.approx(2 / 3),
        "support": 1,
    }


@given(pairs)
def test_sparse_matrices_are_measured_as_arrays_are(pair):
    expected = confusion_counts(*pair)
    for kind in (csr_array, csc_array, coo_array):
        for dtype in (bool, np.uint8):
            found = confusion_counts(*(kind(each.astype(dtype)) for each in pair))
            for counts, same in zip(found, expected, strict=True):
                np.testing.assert_array_equal(counts, same)
    assert confusion_counts(csr_array(pair[0]), pair[1])[0].tolist() == expected[0].tolist()


def test_zeros_that_a_sparse_matrix_keeps_are_zeros():
    kept = csr_array(([1, 0], ([0, 0], [0, 1])), shape=(1, 3), dtype=np.uint8)
    assert kept.nnz == 2
    assert binary_matrix("labels", kept).toarray().tolist() == [[True, False, False]]
    assert binary_matrix("labels", kept).nnz == 1


@pytest.mark.parametrize("value, dtype", [(0.5, float), (1.0, float), (2, int)])
def test_a_sparse_matrix_of_anything_but_0_and_1_is_refused(value, dtype):
    with pytest.raises(MrcaError, match="Expected labels as bool or as integers 0 and 1"):
        binary_matrix("labels", csr_array([[value, 0]], dtype=dtype))
