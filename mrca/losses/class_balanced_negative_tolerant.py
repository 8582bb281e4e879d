"""Negative-tolerant focal loss with class-balanced weights."""

from collections.abc import Sequence
from typing import Any

import keras

from mrca.losses.class_counts import ClassCounts
from mrca.losses.class_weights import ClassWeights
from mrca.losses.negative_tolerance import NegativeTolerance
from mrca.losses.sigmoid_focal_loss import SigmoidFocalLoss


@keras.saving.register_keras_serializable(package="mrca")
class ClassBalancedNegativeTolerant(SigmoidFocalLoss):
    """Class-balanced weights on negative-tolerant focal terms (CB-NTR).

        w_i = (1 - beta) / (1 - beta^n_i)
        nu_i = kappa log(M / n_i - 1)
        y = 1:  w_i (1 - q)^gamma (-log q),        q = sigmoid(z - nu_i)
        y = 0:  w_i q^gamma (-log(1 - q)) / lam,   q = sigmoid(lam (z - nu_i))

    with n_i the training rows of relation i and M all training rows; a row's loss is the mean over
    its relations. Labels are decided on the plain sigmoid(z). A summary of the paper misprints
    w_i: see `class_balanced_focal`.

    The published numbers come from the authors' code: `focal_alpha=0.5, loss_weight=10`.
    `n_i / M` is kept within `[1 / 2M, 1 - 1 / 2M]`, and a relation without training rows counts as
    one row.

    Args:
        class_counts: training rows of each relation, in column order.
        num_samples: M, training rows.
        beta, weighting, class_mode: see `ClassBalancedFocal`.
        kappa, lam: see `NegativeTolerantFocal`.
        inverse_scale: whether negatives are divided by `lam` (default, paper and authors' code).
        gamma, focal_alpha, loss_weight: see `Focal`.
        reduction, name, dtype: see `MultiLabelLoss`.

    Raises:
        MrcaError: if an argument is out of its range, or outputs have another number of columns.

    Source: Huang et al. 2021, section 3 (CB-NTR); equations 4, 6 and 7.
    """

    def __init__(
        self,
        class_counts: Sequence[float],
        num_samples: int,
        beta: float = 0.9,
        weighting: str = "effective_number",
        class_mode: str = "by_class",
        kappa: float = 0.05,
        lam: float = 2.0,
        inverse_scale: bool = True,
        gamma: float = 2.0,
        focal_alpha: float | None = None,
        loss_weight: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "class_balanced_negative_tolerant",
        dtype: Any = None,
    ) -> None:
        counts = ClassCounts(self, class_counts, num_samples)
        weights = ClassWeights(self, counts, beta, weighting, class_mode)
        tolerance = NegativeTolerance(self, counts, kappa, lam, inverse_scale)
        super().__init__(
            gamma,
            focal_alpha,
            loss_weight,
            weights=weights,
            tolerance=tolerance,
            name=name,
            reduction=reduction,
            dtype=dtype,
        )
        self.class_counts = counts.class_counts
        self.num_samples = counts.num_samples
        self.beta = weights.beta
        self.weighting = weights.weighting
        self.class_mode = weights.class_mode
        self.kappa = tolerance.kappa
        self.lam = tolerance.lam
        self.inverse_scale = tolerance.inverse_scale
