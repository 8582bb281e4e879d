import keras
import numpy as np
import pytest

from mrca import losses
from mrca.errors import MrcaError
from mrca.losses.curve import decision_point, loss_curve

SCORES = np.linspace(-6, 6, 61)
SIGMOID = 1 / (1 + np.exp(-SCORES))
# JAX rounds to float32 unless told otherwise.
EXACT = keras.backend.backend() != "jax"
DTYPE = "float64" if EXACT else "float32"
TOLERANCE = {"rtol": 1e-7, "atol": 1e-8} if EXACT else {"rtol": 1e-3, "atol": 1e-3}


def made(name, **options):
    counts = [50, 950] if name == "reweighted_crossentropy" else [50]
    return losses.for_corpus(name, {"dtype": DTYPE, **options}, counts, 1000)


def assert_curve(loss, label, values, slopes):
    found = loss_curve(loss, SCORES, label)
    np.testing.assert_allclose(found[0], values, **TOLERANCE)
    np.testing.assert_allclose(found[1], slopes, **TOLERANCE)


@pytest.mark.parametrize(
    "name",
    [
        *("binary_crossentropy", "adaptive_thresholding", "separate_adaptive_thresholding"),
        *("mean_separate_adaptive_thresholding", "categorical_crossentropy"),
    ],
)
def test_the_cross_entropies_are_one_curve(name):
    assert_curve(made(name), True, np.log1p(np.exp(-SCORES)), SIGMOID - 1)
    assert_curve(made(name), False, np.log1p(np.exp(SCORES)), SIGMOID)


def test_balanced_softmax_has_its_other_class_beside():
    beside = np.log(2)  # "no relation", with logit 0
    assert_curve(made("balanced_softmax"), True, np.log1p(np.exp(-SCORES)) + beside, SIGMOID - 1)


def test_weights_come_from_the_counts():
    # M / (R n) = 1000 / (2 * 50)
    assert_curve(
        made("reweighted_crossentropy"), True, 10 * np.log1p(np.exp(-SCORES)), 10 * (SIGMOID - 1)
    )


def test_distillation_has_a_teacher_that_is_right():
    # the mean of two columns; the threshold's logits are equal
    assert_curve(made("distillation_mse"), True, (SCORES - 1) ** 2 / 2, SCORES - 1)
    assert_curve(made("distillation_mse"), False, (SCORES + 1) ** 2 / 2, SCORES + 1)


@pytest.mark.parametrize("label", [True, False])
@pytest.mark.parametrize("name", losses.LOSSES)
def test_every_row_is_a_batch_of_its_own(name, label):
    loss = made(name)
    whole = loss_curve(loss, SCORES, label)
    single = [loss_curve(loss, SCORES[[row]], label) for row in (0, 29, 33, 60)]
    for values, alone in zip(whole, zip(*single, strict=True), strict=True):
        assert values.shape == SCORES.shape
        assert np.isfinite(values).all()
        np.testing.assert_allclose(values[[0, 29, 33, 60]], np.ravel(alone), rtol=1e-4, atol=1e-4)


def test_rc_dice():
    # 1 - (2 p + smooth) / (p^2 + 1 + smooth)
    smooth = 1e-6
    expected = 1 - (2 * SCORES + smooth) / (SCORES**2 + 1 + smooth)
    values, _ = loss_curve(made("rc_dice"), SCORES, True)
    np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-6)


def test_jumps_and_kinks_have_the_slope_of_their_flatter_side():
    _, slopes = loss_curve(made("rc_dice"), np.array([0.4, 0.5, 0.6]), False)
    assert np.abs(slopes).max() < 0.01
    _, slopes = loss_curve(made("adaptive_margin"), np.array([0.9, 1.0, 1.1]), True)
    np.testing.assert_allclose(slopes, [-1, 0, 0], atol=1e-3)
    _, slopes = loss_curve(made("dice"), np.array([0.0]), False)
    assert slopes.tolist() == [0]


@pytest.mark.parametrize("name", losses.LOSSES)
def test_decision_point(name):
    expected = 0.5 if name in ("rc_dice", "dice") else 0
    assert decision_point(made(name), -6, 6) == pytest.approx(expected, abs=2e-6)


def test_decision_point_out_of_range():
    assert decision_point(made("rc_dice"), -6, 0.4) is None
    assert decision_point(made("rc_dice"), 0.6, 6) is None
    assert decision_point(losses.RCDice(threshold=-1.5), -6, 6) == pytest.approx(-1.5, abs=2e-6)


def test_counts_for_another_number_of_relations_are_named():
    with pytest.raises(MrcaError, match="2 class_counts"):
        loss_curve(losses.ClassBalancedFocal(class_counts=[5, 9]), SCORES, True)
