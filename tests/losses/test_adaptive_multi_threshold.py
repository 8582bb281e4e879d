import keras
import numpy as np
import pytest

from mrca.errors import MrcaError
from mrca.losses import AdaptiveMultiThreshold, AdaptiveThresholding

GENERATOR = np.random.default_rng(29)
# Ranked 1, 4, 0, 3, 2: of equal counts the first comes first.
COUNTS = [30, 400, 1, 30, 200]
LABELS = (GENERATOR.random((6, 5)) < 0.4).astype("float32")
LOGITS = GENERATOR.normal(0, 2, (6, 7)).astype("float32")
TWO = {"class_counts": COUNTS, "segments": [2, 3]}
SEGMENTS = [[1, 4], [0, 3, 2]]


def numbers(tensor):
    return keras.ops.convert_to_numpy(tensor)


def test_is_the_mean_of_the_segments_adaptive_thresholding_losses():
    loss = AdaptiveMultiThreshold(**TWO, lam=3.0, reduction=None)
    threshold = LOGITS[:, :2].sum(axis=1, keepdims=True) / 3
    parts = [
        numbers(
            AdaptiveThresholding(reduction=None)(
                LABELS[:, members], np.hstack([threshold, LOGITS[:, 2:][:, members]])
            )
        )
        for members in SEGMENTS
    ]
    np.testing.assert_allclose(numbers(loss(LABELS, LOGITS)), np.mean(parts, axis=0), rtol=1e-5)


def test_every_threshold_column_has_the_same_gradient(values_and_gradients):
    loss = AdaptiveMultiThreshold(**TWO)
    [_], [gradient] = values_and_gradients(lambda z: [loss(LABELS, z)], [LOGITS])
    np.testing.assert_array_equal(gradient[:, 0], gradient[:, 1])
    assert gradient.all()


def test_a_relation_is_decided_by_its_own_segments_column_or_by_the_mixed_one():
    own = AdaptiveMultiThreshold(**TWO).decision_rule
    assert own.segments == [1, 0, 1, 1, 0]
    outputs = np.float32([[1, 3, *[2, 2, 2, 2, 0]]])
    assert numbers(own.labels(outputs)).tolist() == [[False, True, False, False, False]]
    np.testing.assert_array_equal(numbers(own.margins(outputs)), [[-1, 1, -1, -1, -1]])
    mixed = AdaptiveMultiThreshold(**TWO, lam=2.5, decision="mixed").decision_rule
    assert numbers(mixed.labels(outputs)).tolist() == [[True, True, True, True, False]]
    np.testing.assert_allclose(numbers(mixed.margins(outputs)), [[0.4, 0.4, 0.4, 0.4, -1.6]])


@pytest.mark.parametrize(
    ("relations", "columns"), [(96, 100), (12, 16), (5, 9), (2, 4), (1, 2), (960, 964)]
)
def test_segments_are_shares_of_however_many_relations(relations, columns):
    loss = AdaptiveMultiThreshold(class_counts=list(range(1, relations + 1)))
    assert loss.columns(relations) == columns
    segments = loss.decision_rule.segments
    assert len(segments) == relations
    assert segments == sorted(segments, reverse=True)  # the last relations are the most frequent
    if relations == 96:
        assert [segments.count(number) for number in range(4)] == [10, 20, 46, 20]


def test_arguments_are_checked():
    for bad in ({"segments": []}, {"segments": [3, 0]}, {"lam": 0}, {"decision": "each"}):
        with pytest.raises(MrcaError, match=next(iter(bad))):
            AdaptiveMultiThreshold(class_counts=COUNTS, **bad)
