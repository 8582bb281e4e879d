import keras
import numpy as np
import pytest

from mrca.losses import BinaryCrossentropy, Focal

GENERATOR = np.random.default_rng(2)
LABELS = (GENERATOR.random((5, 7)) < 0.3).astype("float32")
LOGITS = GENERATOR.normal(0, 3, (5, 7)).astype("float32")


def rows(loss):
    return keras.ops.convert_to_numpy(loss(LABELS, LOGITS))


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0, 5.0])
@pytest.mark.parametrize("focal_alpha", [None, 0.25])
def test_is_the_formula_of_its_docstring(gamma, focal_alpha):
    p = 1 / (1 + np.exp(-LOGITS.astype("float64")))
    right = np.where(LABELS == 1, p, 1 - p)
    cells = (1 - right) ** gamma * -np.log(right)
    if focal_alpha:
        cells *= np.where(LABELS == 1, focal_alpha, 1 - focal_alpha)
    loss = Focal(gamma, focal_alpha, loss_weight=3, reduction=None)
    np.testing.assert_allclose(rows(loss), 3 * cells.mean(axis=1), rtol=2e-5)


def test_gamma_0_is_binary_crossentropy():
    plain = rows(BinaryCrossentropy(reduction=None))
    np.testing.assert_allclose(rows(Focal(0, reduction=None)), plain, rtol=1e-6)


def test_the_authors_focal_alpha_halves_the_loss():
    plain = rows(Focal(reduction=None))
    np.testing.assert_allclose(rows(Focal(focal_alpha=0.5, reduction=None)), plain / 2, rtol=1e-6)


def test_an_easy_cell_counts_less_and_a_hard_one_hardly():
    plain, focal = BinaryCrossentropy(), Focal()
    easy, hard = (float(focal([[1]], [[z]])) / float(plain([[1]], [[z]])) for z in (3.0, -3.0))
    assert easy < 0.003
    assert 0.9 < hard < 1


@pytest.mark.parametrize("gamma", [0.1, 0.5, 2.0])
def test_the_slope_is_finite_where_a_cell_is_quite_right(gamma, values_and_gradients):
    """A power below 1 of 1 - p would have an infinite one."""
    labels, logits = np.float32([[1, 0, 1, 0]]), np.float32([[30, -30, 1000, -1000]])
    _, [gradient] = values_and_gradients(lambda z: [Focal(gamma)(labels, z)], [logits])
    assert np.isfinite(gradient).all()
    assert np.abs(gradient).max() < 0.1
