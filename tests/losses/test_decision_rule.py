import keras
import numpy as np
import pytest

from mrca.errors import MrcaError
from mrca.losses import FixedThreshold, SegmentThresholds, decision_rule_from_config


def labels(rule, outputs):
    return keras.ops.convert_to_numpy(rule.labels(outputs)).tolist()


def test_holds_at_the_threshold_exactly():
    below = float(np.nextafter(np.float32(0.5), np.float32(0)))
    assert labels(FixedThreshold(), np.array([[below, 0.5]], "float32")) == [[False, True]]


def test_one_threshold_per_relation():
    rule = FixedThreshold([0.1, 0.9])
    assert labels(rule, np.array([[0.5, 0.5], [0.0, 0.95]], "float32")) == [
        [True, False],
        [False, True],
    ]
    assert decision_rule_from_config(rule.get_config()).get_config() == rule.get_config()


def test_numpy_thresholds_become_json_numbers():
    rule = FixedThreshold(np.array([0.25, 0.5]))
    assert rule.get_config()["threshold"] == [0.25, 0.5]
    assert FixedThreshold(np.float32(0.5)).get_config()["threshold"] == 0.5


def test_sigmoid_scores_are_probabilities():
    scores = FixedThreshold(0.5, "sigmoid").scores(np.array([[-1e4, 0.0, 1e4]], "float32"))
    assert keras.ops.convert_to_numpy(scores).tolist() == [[0.0, 0.5, 1.0]]


def test_python_lists_and_half_precision_are_taken():
    assert labels(FixedThreshold(), [[0.4, 0.6]]) == [[False, True]]
    assert labels(FixedThreshold(), np.array([[0.4, 0.6]], "float16")) == [[False, True]]


def test_a_rule_of_a_newer_version_says_to_upgrade():
    with pytest.raises(MrcaError, match=r"'adaptive'.*upgrade"):
        decision_rule_from_config({"rule": "adaptive"})


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"threshold": 0.5},
        {"rule": "fixed_threshold", "activation": "tanh"},
        {"rule": "fixed_threshold", "cutoff": 0.5},
        {"rule": "fixed_threshold", "threshold": "half"},
        {"rule": "fixed_threshold", "threshold": None},
        {"rule": "fixed_threshold", "threshold": [0.5, None]},
        {"rule": ["fixed_threshold"]},
        ["fixed_threshold"],
        None,
    ],
    ids=str,
)
def test_a_damaged_description_is_one_readable_error(config):
    with pytest.raises(MrcaError):
        decision_rule_from_config(config)


def test_at_most_so_many_relations_of_a_row():
    outputs = np.float32([[0.9, 0.8, 0.7, 0.1], [0.2, 0.6, 0.1, 0.3]])
    for activation, threshold in (("linear", 0.5), ("sigmoid", 0.55)):
        rule = FixedThreshold(threshold, activation, top_k=2)
        assert labels(rule, outputs) == [
            [True, True, False, False],
            [False, True, False, activation == "sigmoid"],
        ]
    # It stays, whatever threshold is chosen; of equal ones all are predicted.
    assert labels(rule.with_threshold(0.0), [[3.0, 2.0, 2.0, 1.0]]) == [[True, True, True, False]]
    assert labels(rule.with_top_k(None), [[3.0] * 4]) == [[True] * 4]
    with pytest.raises(MrcaError, match="top_k"):
        rule.with_top_k(0)


def test_segments_are_ranked_by_how_far_they_are_above_their_thresholds():
    rule = SegmentThresholds([0, 1, 1], top_k=1)
    outputs = np.float32([[0, 5, 2, 6, 4]])
    assert labels(rule, outputs) == [[True, False, False]]
    assert labels(rule.with_top_k(2), outputs) == [[True, True, False]]
    assert labels(rule.with_top_k(2).with_threshold(-1), outputs) == [[True, True, False]]
    assert decision_rule_from_config(rule.get_config()).get_config() == rule.get_config()


@pytest.mark.parametrize("segments", [[], [0, 2], [1, 1], [-1, 0], ["a"], None])
def test_segments_are_numbered_without_a_gap(segments):
    with pytest.raises(MrcaError, match="segments"):
        SegmentThresholds(segments)
