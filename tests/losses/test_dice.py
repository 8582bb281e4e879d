import math

import keras
import numpy as np
import pytest

from mrca import losses
from mrca.errors import MrcaError
from mrca.losses import Dice


def oracle(labels, scores, smooth, squared, elementwise):
    power = 2 if squared else 1
    cells = np.zeros(scores.shape)
    for place in np.ndindex(scores.shape):
        part = place if elementwise else ...
        size = np.sum(scores[part] ** power) + np.sum(labels[part] ** power) + smooth
        cells[place] = 1 - (2 * np.sum(scores[part] * labels[part]) + smooth) / size
    return cells.mean(axis=1)


@pytest.mark.parametrize("mode", ["batch", "elementwise"])
@pytest.mark.parametrize(
    ("activation", "squared"), [("linear", True), ("sigmoid", True), ("sigmoid", False)]
)
@pytest.mark.parametrize("smooth", [1e-3, 1.0])
def test_is_the_formula_of_its_docstring(mode, activation, squared, smooth):
    generator = np.random.default_rng(5)
    labels = (generator.random((4, 6)) < 0.3).astype("float64")
    outputs = generator.normal(0, 1, (4, 6)).astype("float32")
    loss = Dice(smooth, squared, activation, mode, reduction=None)
    scores = outputs.astype("float64")
    if activation == "sigmoid":
        scores = 1 / (1 + np.exp(-scores))
    rows = keras.ops.convert_to_numpy(loss(labels, outputs))
    expected = oracle(labels, scores, smooth, squared, mode == "elementwise")
    np.testing.assert_allclose(rows, expected, rtol=2e-5, atol=1e-6)


def test_decides_at_one_half_after_its_activation():
    outputs = np.array([[-0.1, 0.0, 0.4999, 0.5]], "float32")
    linear = Dice().decision_rule.labels(outputs)
    assert keras.ops.convert_to_numpy(linear).tolist() == [[False, False, False, True]]
    sigmoid = Dice(activation="sigmoid").decision_rule.labels(outputs)
    assert keras.ops.convert_to_numpy(sigmoid).tolist() == [[False, True, True, True]]


def test_all_arguments_survive_serialisation():
    loss = Dice(0.1, False, "sigmoid", "elementwise", "sum", "mine", "float64")
    back = keras.losses.deserialize(keras.losses.serialize(loss))
    assert back.get_config() == loss.get_config()
    assert (back.smooth, back.squared, back.activation) == (0.1, False, "sigmoid")
    assert (back.mode, back.reduction, back.name) == ("elementwise", "sum", "mine")


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("smooth", 0),
        ("smooth", math.nan),
        ("smooth", None),
        ("activation", "tanh"),
        ("mode", "rows"),
        ("squared", False),  # with raw scores, which may be negative
    ],
)
def test_arguments_out_of_range_are_named(argument, value):
    with pytest.raises(MrcaError, match=argument):
        losses.get("dice", **{argument: value})
