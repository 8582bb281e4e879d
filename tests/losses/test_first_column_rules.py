import json

import keras
import numpy as np
import pytest

from mrca.errors import MrcaError
from mrca.losses import LargestScore, ThresholdColumn, ZeroThreshold, decision_rule_from_config

FIRST_COLUMN_RULES = pytest.mark.parametrize("kind", [ThresholdColumn, ZeroThreshold])


def numbers(tensor):
    return keras.ops.convert_to_numpy(tensor)


def labels(rule, outputs):
    return numbers(rule.labels(outputs)).tolist()


def test_a_relation_must_be_strictly_above_the_threshold():
    above = np.nextafter(np.float32(1), np.float32(2))
    assert labels(ThresholdColumn(), [[1.0, 0.9, 1.0, above]]) == [[False, False, True]]
    assert labels(ZeroThreshold(), [[9.0, -0.1, 0.0, 0.1]]) == [[False, False, True]]


def test_only_the_threshold_column_moves_with_its_row():
    outputs = np.float32([[-3, -2, -4], [3, 4, 2]])
    assert labels(ThresholdColumn(), outputs) == [[True, False]] * 2
    assert labels(ZeroThreshold(), outputs) == [[False, False], [True, True]]


def test_scores_are_one_half_at_the_threshold_and_do_not_overflow():
    outputs = np.float32([[2, 2, 1e4, -1e4]])
    assert numbers(ThresholdColumn().scores(outputs)).tolist() == [[0.5, 1, 0]]
    outputs = np.float32([[2, 0, 1e4, -1e4]])
    assert numbers(ZeroThreshold().scores(outputs)).tolist() == [[0.5, 1, 0]]


@FIRST_COLUMN_RULES
def test_top_k_keeps_the_largest(kind):
    outputs = np.float32([[0, 3, 1, 4, 2], [0, 3, -1, -2, -3]])
    assert labels(kind(2), outputs) == [[True, False, True, False], [True, False, False, False]]


@FIRST_COLUMN_RULES
def test_more_than_top_k_hold_where_scores_are_equal(kind):
    assert labels(kind(2), np.float32([[0, 3, 2, 2, 1]])) == [[True, True, True, False]]
    assert labels(kind(1), np.float32([[0, 2, 2, 2, 2]])) == [[True] * 4]


def test_no_relation_takes_one_of_the_top_k_places_and_a_threshold_does_not():
    outputs = np.float32([[5, 3, 2, 1]])
    assert labels(ZeroThreshold(2), outputs) == [[True, False, False]]
    assert labels(ZeroThreshold(1), outputs) == [[False] * 3]
    below = ThresholdColumn(2).with_threshold(-5.0)
    assert labels(below, outputs) == [[True, True, False]]


@FIRST_COLUMN_RULES
def test_top_k_of_all_columns_or_more_is_no_limit(kind):
    outputs = np.random.default_rng(26).normal(0, 1, (20, 5)).astype("float32")
    for top_k in (5, 6, 1000):
        assert labels(kind(top_k), outputs) == labels(kind(), outputs)


@FIRST_COLUMN_RULES
def test_no_output_at_all_holds_where_it_is_not_a_number(kind):
    outputs = np.full((2, 4), np.nan, "float32")
    assert labels(kind(), outputs) == [[False] * 3] * 2
    assert labels(kind(2), outputs) == [[False] * 3] * 2


def test_the_first_of_the_largest_scores_holds():
    outputs = np.float32([[1, 3, 3], [2, 2, 2], [-1, -9, 0]])
    assert labels(LargestScore(), outputs) == [
        [False, True, False],
        [True, False, False],
        [False, False, True],
    ]
    scores = numbers(LargestScore().scores(outputs))
    np.testing.assert_allclose(scores.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(scores[1], 1 / 3, rtol=1e-6)


@pytest.mark.parametrize(
    "rule",
    [ThresholdColumn(), ThresholdColumn(4), ZeroThreshold(3), LargestScore()],
    ids=lambda rule: f"{rule.name}-{rule.get_config().get('top_k')}",
)
def test_survives_json(rule):
    back = decision_rule_from_config(json.loads(json.dumps(rule.get_config())))
    assert type(back) is type(rule)
    assert back.get_config() == rule.get_config()
    outputs = np.random.default_rng(27).normal(0, 1, (9, 6)).astype("float32")
    assert labels(back, outputs) == labels(rule, outputs)


@FIRST_COLUMN_RULES
@pytest.mark.parametrize("top_k", [0, -1, 1.5, 2.0, "4", [4]])
def test_a_wrong_top_k_is_named(kind, top_k):
    with pytest.raises(MrcaError, match=f"`top_k` of {kind.__name__}.*at least 1"):
        kind(top_k)
    with pytest.raises(MrcaError, match="top_k"):
        decision_rule_from_config({"rule": kind.name, "top_k": top_k})
