import math

import keras
import numpy as np
import pytest

from mrca import losses
from mrca.errors import MrcaError
from mrca.losses import RCDice


def oracle(labels, scores, smooth=1e-6, exponent=2, threshold=0.5, elementwise=False):
    """Cell by cell, straight from the docstring."""
    cells = np.zeros(scores.shape)
    for place in np.ndindex(scores.shape):
        part = place if elementwise else ...
        size = np.sum(scores[part] ** exponent) + np.sum(labels[part] ** exponent) + smooth
        overlap = np.sum(scores[part] * labels[part])
        easy = labels[place] == 0 and scores[place] < threshold
        cells[place] = smooth**2 / size if easy else 1 - (2 * overlap + smooth) / size
    return cells.mean(axis=1)


@pytest.mark.parametrize("mode", ["batch", "elementwise"])
@pytest.mark.parametrize(
    "options",
    [{}, {"smooth": 0.5}, {"exponent": 4, "smooth": 0.1}, {"threshold": -0.2, "smooth": 1.0}],
    ids=str,
)
def test_is_the_formula_of_its_docstring(mode, options):
    generator = np.random.default_rng(3)
    labels = (generator.random((4, 6)) < 0.3).astype("float64")
    scores = generator.normal(0.2, 0.8, (4, 6)).astype("float32")
    loss = RCDice(mode=mode, reduction=None, **options)
    expected = oracle(
        labels, scores.astype("float64"), elementwise=mode == "elementwise", **options
    )
    rows = keras.ops.convert_to_numpy(loss(labels, scores))
    np.testing.assert_allclose(rows, expected, rtol=2e-5, atol=1e-9)


def test_a_negative_at_the_threshold_is_not_easy():
    loss = RCDice(smooth=0.01, mode="elementwise")
    below, at = (
        float(loss([[0.0]], [[score]])) for score in (np.nextafter(0.5, 0, dtype="f"), 0.5)
    )
    assert below < 0.001 < 0.9 < at


def test_perfect_scores_cost_next_to_nothing():
    assert float(RCDice()([[1.0, 0.0]], [[1.0, 0.0]])) < 1e-6


def test_batch_form_pulls_negatives_to_zero_and_positives_up(values_and_gradients):
    labels = np.array([[1.0, 0, 0, 0], [0, 1, 0, 0]], "float32")
    scores = np.array([[0.3, 0.4, -0.4, 0.7], [0.2, 0.3, 0.1, -0.1]], "float32")
    _, [gradient] = values_and_gradients(lambda tensor: [RCDice()(labels, tensor)], [scores])
    assert (gradient[labels == 1] < 0).all()
    assert (np.sign(gradient[labels == 0]) == np.sign(scores[labels == 0])).all()


def test_elementwise_form_gives_easy_negatives_no_useful_slope(values_and_gradients):
    scores = np.linspace(-1, 0.49, 40, dtype="float32")[None]
    loss = RCDice(mode="elementwise", reduction="sum")
    _, [gradient] = values_and_gradients(lambda tensor: [loss(0 * scores, tensor)], [scores])
    assert np.abs(gradient * scores.size).max() < 1e-3
    assert (gradient[scores > 0] <= 0).all()


def test_decides_at_its_own_threshold():
    rule = RCDice(threshold=0.25).decision_rule
    assert rule.get_config() == {
        "rule": "fixed_threshold",
        "threshold": 0.25,
        "activation": "linear",
        "top_k": None,
    }


def test_all_arguments_survive_serialisation():
    loss = RCDice(0.1, 4, 0.3, "elementwise", reduction="sum", name="mine", dtype="float64")
    back = keras.losses.deserialize(keras.losses.serialize(loss))
    assert back.get_config() == loss.get_config()
    assert (back.smooth, back.exponent, back.threshold, back.mode) == (0.1, 4, 0.3, "elementwise")
    assert (back.reduction, back.name, back.dtype) == ("sum", "mine", "float64")


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("smooth", 0),
        ("smooth", -1e-6),
        ("smooth", math.nan),
        ("smooth", "small"),
        ("exponent", 1),
        ("exponent", 3),
        ("exponent", 0),
        ("exponent", 2.5),
        ("exponent", math.nan),
        ("exponent", math.inf),
        ("exponent", "two"),
        ("threshold", "half"),
        ("threshold", math.nan),
        ("threshold", None),
        ("mode", "rows"),
    ],
)
def test_arguments_out_of_range_are_named(argument, value):
    with pytest.raises(MrcaError, match=argument):
        losses.get("rc_dice", **{argument: value})
