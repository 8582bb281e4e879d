import keras
import numpy as np
import pytest

from mrca.losses import SelfAdjustingDice

# That a large alpha is warned of is tested at the end.
pytestmark = pytest.mark.filterwarnings("ignore:SelfAdjustingDice with alpha")

GENERATOR = np.random.default_rng(11)
LABELS = (GENERATOR.random((4, 3)) < 0.4).astype("float32")
LOGITS = GENERATOR.normal(0, 2, (4, 3)).astype("float32")
MODES = {
    "elementwise": lambda cells: cells,
    "batch": lambda cells: np.full_like(cells, cells.sum()),
    "mixed": lambda cells: np.tile(cells.sum(axis=0), (4, 1)),
}


def logit(p):
    return np.log(p / (1 - p))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("activation", ["sigmoid", "softmax"])
@pytest.mark.parametrize("squared", [False, True])
def test_is_the_formula_of_its_docstring(mode, activation, squared):
    z = LOGITS.astype("float64")
    p = 1 / (1 + np.exp(-z))
    if activation == "softmax":
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    f = (1 - p) ** 0.2 * p
    power = 2 if squared else 1
    size = MODES[mode](f**power) + MODES[mode](LABELS.astype("float64") ** power)
    overlap = f * LABELS if mode == "mixed" else MODES[mode](f * LABELS)
    expected = (1 - (2 * overlap + 0.5) / (size + 0.5)).mean(axis=1)
    loss = SelfAdjustingDice(0.2, 0.5, squared, activation, mode, reduction=None)
    rows = keras.ops.convert_to_numpy(loss(LABELS, LOGITS))
    np.testing.assert_allclose(rows, expected, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("alpha", [0.01, 0.5, 1.0])
def test_turns_round_beyond_its_peak(alpha, values_and_gradients):
    """A positive beyond p = 1 / (1 + alpha) is pushed back, a negative there rewarded."""
    peak = logit(1 / (1 + alpha))
    logits = np.float32([[peak - 1, peak, peak + 1]])
    loss = SelfAdjustingDice(alpha)
    for label, sign in ((1, 1), (0, -1)):
        labels = np.full((1, 3), label, "float32")
        _, [gradient] = values_and_gradients(
            lambda z, labels=labels: [loss(labels, z)],
            [logits],
        )
        before, at, after = sign * gradient[0]
        assert before < 0 < after
        assert at == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("activation", ["sigmoid", "softmax"])
@pytest.mark.parametrize("alpha", [0.01, 0.5])
def test_the_slope_is_finite_where_a_probability_rounds_to_1(
    alpha, activation, values_and_gradients
):
    loss = SelfAdjustingDice(alpha, activation=activation)
    labels = np.float32([[1, 0], [0, 1], [1, 0]])
    logits = np.float32([[100, -100], [100, -100], [20, 0]])
    [value], [gradient] = values_and_gradients(lambda z: [loss(labels, z)], [logits])
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


def test_a_softmax_is_decided_by_its_largest_score():
    outputs = np.float32([[-3, -1, -2]])
    for activation, expected in (("softmax", [False, True, False]), ("sigmoid", [False] * 3)):
        holds = SelfAdjustingDice(activation=activation).decision_rule.labels(outputs)
        assert keras.ops.convert_to_numpy(holds).tolist() == [expected]


@pytest.mark.parametrize("alpha", [0.3, 1.0])
def test_an_alpha_that_rewards_mistakes_is_warned_of(alpha):
    with pytest.warns(UserWarning, match="rewards a confident false positive"):
        SelfAdjustingDice(alpha=alpha)
