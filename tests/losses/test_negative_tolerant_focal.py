import keras
import numpy as np
import pytest

from mrca.losses import Focal, NegativeTolerantFocal

COUNTS = [1000, 500, 30, 4, 0]
GENERATOR = np.random.default_rng(8)
LABELS = (GENERATOR.random((6, 5)) < 0.4).astype("float32")
LOGITS = GENERATOR.normal(0, 2, (6, 5)).astype("float32")


def rows(loss, labels=LABELS):
    return keras.ops.convert_to_numpy(loss(labels, LOGITS))


@pytest.mark.parametrize("inverse_scale", [True, False])
@pytest.mark.parametrize(("kappa", "lam"), [(0.05, 2.0), (0.5, 5.0)])
def test_is_the_formula_of_its_docstring(kappa, lam, inverse_scale):
    share = np.clip(np.maximum(COUNTS, 1) / 1000, 1 / 2000, 1 - 1 / 2000)
    shifted = LOGITS.astype("float64") - kappa * np.log(1 / share - 1)
    q = 1 / (1 + np.exp(-np.where(LABELS == 1, shifted, lam * shifted)))
    right = np.where(LABELS == 1, q, 1 - q)
    cells = (1 - right) ** 2 * -np.log(right)
    if inverse_scale:
        cells /= np.where(LABELS == 1, 1, lam)
    loss = NegativeTolerantFocal(COUNTS, 1000, kappa, lam, inverse_scale, reduction=None)
    np.testing.assert_allclose(rows(loss), cells.mean(axis=1), rtol=5e-5)


def test_without_shift_and_scale_it_is_focal():
    loss = NegativeTolerantFocal(COUNTS, 1000, kappa=0, lam=1, reduction=None)
    np.testing.assert_allclose(rows(loss), rows(Focal(reduction=None)), rtol=1e-6)


def test_the_code_s_negatives_weigh_lam_times_more():
    paper, code = (
        NegativeTolerantFocal(COUNTS, 1000, lam=2, inverse_scale=scale, reduction=None)
        for scale in (True, False)
    )
    none, all_of_them = 0 * LABELS, 0 * LABELS + 1
    np.testing.assert_allclose(rows(code, none), 2 * rows(paper, none), rtol=1e-6)
    np.testing.assert_array_equal(rows(code, all_of_them), rows(paper, all_of_them))


def test_decides_on_the_plain_logit():
    rule = NegativeTolerantFocal([0, 1000], 1000, kappa=5).decision_rule
    holds = rule.labels(np.float32([[0.01, -0.01]]))
    assert keras.ops.convert_to_numpy(holds).tolist() == [[True, False]]
