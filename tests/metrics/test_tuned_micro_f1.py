import json

import numpy as np
import pytest
from sklearn.metrics import f1_score

from mrca.errors import MrcaError
from mrca.losses import FixedThreshold, LargestScore, ThresholdColumn
from mrca.metrics import MicroF1, TunedMicroF1


def batches(rows):
    return np.split(np.arange(rows), [1, 8, 40])


@pytest.mark.parametrize("seed", range(3))
def test_equals_the_best_of_the_thresholds_over_batches(seed):
    generator = np.random.default_rng(seed)
    labels = generator.random((90, 5)) < 0.2
    logits = (2 * labels - 3 + generator.normal(0, 1.5, labels.shape)).astype("float32")
    metric = TunedMicroF1(FixedThreshold(activation="sigmoid"))
    for rows in batches(90):
        metric.update_state(labels[rows].astype("float32"), logits[rows])
    chances = 1 / (1 + np.exp(-logits.astype(float)))
    expected = max(
        f1_score(labels, chances >= threshold, average="micro", zero_division=0)
        for threshold in np.arange(1, 200) / 200
    )
    assert float(metric.result()) == pytest.approx(expected, rel=1e-6)


def test_a_loss_that_decides_by_a_threshold_column_is_tuned_by_the_distance_to_it():
    labels = np.array([[1, 0], [0, 1], [0, 0]], "float32")
    outputs = np.array([[2.0, 1.5, -9], [2.0, -9, 1.0], [2.0, 0.1, 0.3]], "float32")
    metric, at_zero = TunedMicroF1(ThresholdColumn()), MicroF1(ThresholdColumn())
    metric.update_state(labels, outputs)
    at_zero.update_state(labels, outputs)
    assert (float(at_zero.result()), float(metric.result())) == (0, 1)


def test_what_is_not_among_the_top_k_is_missed_at_every_threshold():
    metric = TunedMicroF1(FixedThreshold(activation="sigmoid", top_k=1))
    metric.update_state(np.ones((1, 2), "float32"), np.array([[3.0, 2.0]], "float32"))
    assert float(metric.result()) == pytest.approx(2 / 3)


def test_nothing_stated_and_reset():
    metric = TunedMicroF1()
    assert float(metric.result()) == 0
    metric.update_state(np.zeros((2, 2), "float32"), np.zeros((2, 2), "float32"))
    assert float(metric.result()) == 0
    metric.update_state(np.ones((2, 2), "float32"), np.ones((2, 2), "float32"))
    assert float(metric.result()) == 1
    metric.reset_state()
    assert float(metric.result()) == 0


def test_a_rule_without_a_threshold_is_refused():
    with pytest.raises(MrcaError, match=r"tunes a threshold.*Take MicroF1"):
        TunedMicroF1(LargestScore())


def test_config_is_json_and_comes_back():
    metric = TunedMicroF1(FixedThreshold(0.25))
    config = json.loads(json.dumps(metric.get_config()))
    assert TunedMicroF1.from_config(config).get_config() == metric.get_config()
