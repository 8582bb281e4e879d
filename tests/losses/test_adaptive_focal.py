import keras
import numpy as np
import pytest

from mrca.losses import AdaptiveFocal

GENERATOR = np.random.default_rng(18)
LABELS = (GENERATOR.random((6, 5)) < 0.4).astype("float32")
LABELS[0], LABELS[1] = 0, 1
LOGITS = GENERATOR.normal(0, 2, (6, 6)).astype("float32")


def rows(labels=LABELS, **options):
    return keras.ops.convert_to_numpy(AdaptiveFocal(reduction=None, **options)(labels, LOGITS))


def oracle(gamma, offset):
    z = LOGITS.astype("float64")
    p = 1 / (1 + np.exp(z[:, :1] - z[:, 1:]))
    lifts = (LABELS * (offset + (1 - p) ** gamma) * -np.log(p)).sum(axis=1)
    threshold = np.exp(z[:, 0])
    return lifts + np.log(((1 - LABELS) * np.exp(z[:, 1:])).sum(axis=1) + threshold) - z[:, 0]


@pytest.mark.parametrize("offset", [0.0, 1.0])
@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0])
def test_is_the_formula_of_its_docstring(gamma, offset):
    found = rows(gamma=gamma, offset=offset)
    np.testing.assert_allclose(found, oracle(gamma, offset), rtol=2e-5, atol=1e-6)
    stopped = rows(gamma=gamma, offset=offset, stop_gradient_weights=True)
    np.testing.assert_array_equal(stopped, found)


def test_the_offset_lies_between_plain_crossentropy_and_twice_that():
    plain = oracle(gamma=0, offset=0)
    assert (rows(offset=1) >= plain - 1e-5).all()
    assert (rows(offset=1) <= 2 * plain + 1e-5).all()
    assert (rows(offset=0) <= plain + 1e-5).all()
    np.testing.assert_allclose(rows(offset=0, gamma=0), plain, rtol=1e-5)


def test_positives_do_not_compete(values_and_gradients):
    """However far one is above the threshold, no other gets less of a lift."""
    labels = np.float32([[1, 1, 0]])
    near, far = (np.float32([[0, height, -1, -2]]) for height in (0.5, 9))
    for offset in (0.0, 1.0):
        loss = AdaptiveFocal(offset=offset)
        _, gradients = values_and_gradients(
            lambda a, b, loss=loss: [loss(labels, a), loss(labels, b)], [near, far]
        )
        assert gradients[0][0, 2] == gradients[1][0, 2] < 0
        assert (gradients[1][0, 1:3] <= 0).all()


def test_a_stopped_factor_only_scales_the_gradient(values_and_gradients):
    labels, logits = np.float32([[1, 0]]), np.float32([[0, -1, -2]])
    q = 1 / (1 + np.exp(-1))  # 1 - P
    expected = {True: -(1 + q) * q, False: -(1 + q) * q - q * (1 - q) * np.log1p(np.exp(1))}
    for stop, slope in expected.items():
        loss = AdaptiveFocal(stop_gradient_weights=stop)
        _, [gradient] = values_and_gradients(lambda z, loss=loss: [loss(labels, z)], [logits])
        assert gradient[0, 1] == pytest.approx(slope, rel=1e-5)


@pytest.mark.parametrize("gamma", [0.1, 0.5])
def test_the_slope_is_finite_where_a_positive_is_quite_right(gamma, values_and_gradients):
    labels, logits = np.float32([[1, 0]] * 2), np.float32([[0, 200, 0], [-100, 17, 0]])
    _, [gradient] = values_and_gradients(
        lambda z: [AdaptiveFocal(gamma, offset=0)(labels, z)], [logits]
    )
    assert np.isfinite(gradient).all()
