import keras
import numpy as np
import pytest

from mrca.errors import MrcaError
from mrca.losses import ClassBalancedFocal, Focal

COUNTS = [900, 120, 30, 4, 0]
GENERATOR = np.random.default_rng(4)
LABELS = (GENERATOR.random((6, 5)) < 0.4).astype("float32")
LABELS[0] = 0
LOGITS = GENERATOR.normal(0, 2, (6, 5)).astype("float32")


def rows(loss):
    return keras.ops.convert_to_numpy(loss(LABELS, LOGITS))


def cells():
    """Unweighted focal losses of all cells, each asked for on its own."""
    loss = Focal(reduction=None)
    columns = [loss(LABELS[:, [place]], LOGITS[:, [place]]) for place in range(5)]
    return np.stack([keras.ops.convert_to_numpy(column) for column in columns], axis=1)


@pytest.mark.parametrize("beta", [0.5, 0.9, 0.999])
def test_weighs_each_relation_s_focal_loss(beta):
    weights = [(1 - beta) / (1 - beta ** max(count, 1)) for count in COUNTS]
    expected = (cells() * weights).mean(axis=1)
    np.testing.assert_allclose(
        rows(ClassBalancedFocal(COUNTS, beta=beta, reduction=None)), expected, rtol=1e-5
    )


def test_beta_0_is_focal():
    plain = rows(Focal(1.5, reduction=None))
    balanced = rows(ClassBalancedFocal(COUNTS, beta=0, gamma=1.5, reduction=None))
    np.testing.assert_allclose(balanced, plain, rtol=1e-6)


def test_the_authors_factors():
    """What Huang et al.'s code has for Reuters is five times the paper's loss."""
    paper = rows(ClassBalancedFocal(COUNTS, reduction=None))
    code = rows(ClassBalancedFocal(COUNTS, focal_alpha=0.5, loss_weight=10, reduction=None))
    np.testing.assert_allclose(code, 5 * paper, rtol=1e-5)


@pytest.mark.parametrize("class_mode", ["average_n", "average_w", "min_n"])
def test_rows_without_positives_weigh_little_instead_of_being_nan(class_mode):
    found = rows(ClassBalancedFocal(COUNTS, class_mode=class_mode, reduction=None))
    assert np.isfinite(found).all()
    assert found[0] == pytest.approx(0.1 * cells()[0].mean(), rel=1e-5)


def test_inverse_weightings_need_the_number_of_rows():
    with pytest.raises(MrcaError, match="ClassBalancedFocal needs `num_samples`"):
        ClassBalancedFocal(COUNTS, weighting="inverse")
    assert np.isfinite(rows(ClassBalancedFocal(COUNTS, 1000, weighting="inverse"))).all()
