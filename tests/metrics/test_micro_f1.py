import json

import keras
import numpy as np
import pytest
from sklearn.metrics import f1_score

from mrca.errors import MrcaError
from mrca.losses import FixedThreshold, LargestScore, ThresholdColumn
from mrca.metrics import MicroF1


@pytest.mark.parametrize("seed", range(5))
def test_equals_scikit_learn_over_batches(seed):
    generator = np.random.default_rng(seed)
    labels = generator.random((90, 7)) < 0.2
    outputs = generator.normal(0.2, 0.5, labels.shape).astype("float32")
    metric = MicroF1()
    for rows in np.split(np.arange(90), [1, 8, 40]):
        metric.update_state(labels[rows].astype("float32"), outputs[rows])
    expected = f1_score(labels.astype(int), (outputs >= 0.5).astype(int), average="micro")
    assert float(metric.result()) == pytest.approx(expected, rel=1e-6)


def test_one_half_exactly_holds():
    below = np.nextafter(np.float32(0.5), np.float32(0))
    metric = MicroF1()
    metric.update_state(np.ones((1, 4), "float32"), np.array([[0.5, 0.5, 0.5, below]], "float32"))
    assert float(metric.result()) == pytest.approx(6 / 7)


def test_decides_as_its_rule_says():
    outputs = np.array([[-0.1, 0.1]], "float32")
    for rule, expected in ((FixedThreshold(0.5), 0.0), (FixedThreshold(0.5, "sigmoid"), 2 / 3)):
        metric = MicroF1(rule)
        metric.update_state(np.ones((1, 2), "float32"), outputs)
        assert float(metric.result()) == pytest.approx(expected)


def test_is_zero_where_undefined():
    metric = MicroF1()
    assert float(metric.result()) == 0
    metric.update_state(np.zeros((3, 2), "float32"), np.zeros((3, 2), "float32"))
    assert float(metric.result()) == 0


def test_reset_forgets():
    metric = MicroF1()
    metric.update_state(np.ones((1, 2), "float32"), np.ones((1, 2), "float32"))
    assert float(metric.result()) == 1
    metric.reset_state()
    assert float(metric.result()) == 0


def test_counts_exactly_beyond_what_float32_holds():
    metric = MicroF1()
    metric.true_positives.assign(2**24)
    metric.update_state(np.ones((1, 1), "float32"), np.ones((1, 1), "float32"))
    assert int(metric.true_positives.numpy()) == 2**24 + 1


def test_sample_weights_are_refused():
    with pytest.raises(ValueError, match="sample weights"):
        MicroF1().update_state(np.ones((1, 1)), np.ones((1, 1)), sample_weight=np.ones(1))


def test_config_is_json_and_comes_back():
    metric = MicroF1(FixedThreshold([0.25, 0.75], "sigmoid"), name="valid_f1")
    stored = json.loads(json.dumps(keras.metrics.serialize(metric)))
    back = keras.metrics.deserialize(stored)
    assert isinstance(back, MicroF1)
    assert back.name == "valid_f1"
    assert back.decision_rule.get_config() == metric.decision_rule.get_config()
    assert back.get_config() == metric.get_config()


def test_is_exact_during_fit():
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(50, 3)).astype("float32")
    labels = (generator.random((50, 4)) < 0.4).astype("float32")
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])
    model.compile(loss="mse", metrics=[MicroF1()], jit_compile=keras.backend.backend() == "jax")
    logged = model.evaluate(inputs, labels, batch_size=8, verbose=0, return_dict=True)["micro_f1"]
    predicted = model.predict(inputs, verbose=0) >= 0.5
    expected = f1_score(labels.astype(int), predicted.astype(int), average="micro")
    assert logged == pytest.approx(expected, rel=1e-6)


def test_class_indices_are_labels_too():
    outputs = np.float32([[2, 0, 1], [0, 1, 2], [0, 3, 0], [1, 0, 0]])
    for indices in (np.array([0, 2, 0, 1]), np.array([[0], [2], [0], [1]])):
        metric = MicroF1(LargestScore())
        metric.update_state(indices, outputs)
        assert float(metric.result()) == pytest.approx(0.5)


def test_only_the_last_columns_are_relations():
    outputs = np.float32([[0, 1, -1], [0, -1, 1]])  # a threshold column, and two relations
    relations = np.float32([[1, 0], [1, 1]])
    teacher = np.full((2, 3), 7.0, "float32")
    for labels in (relations, np.concatenate([teacher, relations], axis=1)):
        metric = MicroF1(ThresholdColumn())
        metric.update_state(labels, outputs)
        assert float(metric.result()) == pytest.approx(0.8)


def test_labels_with_too_few_columns_are_told():
    with pytest.raises(MrcaError, match=r"at least 3 columns.*\(2, 2\)"):
        MicroF1().update_state(np.zeros((2, 2)), np.zeros((2, 3), "float32"))
