import json

import keras
import numpy as np
import pytest
from sklearn.metrics import f1_score

from mrca.losses import FixedThreshold
from mrca.metrics import MacroF1


@pytest.mark.parametrize("seed", range(3))
def test_equals_scikit_learn_over_batches(seed):
    generator = np.random.default_rng(seed)
    labels = generator.random((90, 7)) < [0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 0]
    outputs = generator.normal(0.2, 0.5, labels.shape).astype("float32")
    outputs[:, 6] = 0  # neither stated nor predicted: counts 0
    metric = MacroF1()
    for rows in np.split(np.arange(90), [1, 8, 40]):
        metric.update_state(labels[rows].astype("float32"), outputs[rows])
    expected = f1_score(
        labels.astype(int), (outputs >= 0.5).astype(int), average="macro", zero_division=0
    )
    assert float(metric.result()) == pytest.approx(expected, rel=1e-6)


def test_reset_forgets():
    metric = MacroF1(FixedThreshold(0.0))
    assert float(metric.result()) == 0
    metric.update_state(np.ones((1, 2), "float32"), np.ones((1, 2), "float32"))
    assert float(metric.result()) == 1
    metric.reset_state()
    assert float(metric.result()) == 0


def test_keras_reports_it_under_its_name():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    jit = keras.backend.backend() == "jax"
    model.compile("sgd", "mse", metrics=[MacroF1()], jit_compile=jit)
    history = model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0, epochs=2)
    assert len(history.history["macro_f1"]) == 2


def test_config_is_json_and_comes_back():
    metric = MacroF1(FixedThreshold(0.25))
    config = json.loads(json.dumps(metric.get_config()))
    assert MacroF1.from_config(config).get_config() == metric.get_config()
