"""Focal loss with negative-tolerant regularisation."""

from collections.abc import Sequence
from typing import Any

import keras

from mrca.losses.class_counts import ClassCounts
from mrca.losses.negative_tolerance import NegativeTolerance
from mrca.losses.sigmoid_focal_loss import SigmoidFocalLoss


@keras.saving.register_keras_serializable(package="mrca")
class NegativeTolerantFocal(SigmoidFocalLoss):
    """Negative-tolerant focal loss (NTR-FL): logits shifted by their prior, negatives sharpened.

        nu_i = kappa log(M / n_i - 1)
        y = 1:  (1 - q)^gamma (-log q),            q = sigmoid(z - nu_i)
        y = 0:  q^gamma (-log(1 - q)) / lam,       q = sigmoid(lam (z - nu_i))

    with n_i the training rows of relation i and M all training rows; a row's loss is the mean over
    its relations. Labels are decided on the plain sigmoid(z): neither nu nor lam is applied then.

    The published numbers come from the authors' code, which leaves out the 1 / lam of this loss
    (`inverse_scale=False`; there negatives weigh lam times more) and multiplies by
    `focal_alpha=0.5`, and for PubMed by `loss_weight=0.5`. `n_i / M` is kept within
    `[1 / 2M, 1 - 1 / 2M]`, and a relation without training rows counts as one row.

    Args:
        class_counts: training rows of each relation, in column order.
        num_samples: M, training rows.
        kappa: scale of the shift, default 0.05 (paper).
        lam: scale of negatives, default 2 (paper).
        inverse_scale: whether negatives are divided by `lam` (default, paper) or not.
        gamma, focal_alpha, loss_weight: see `Focal`.
        reduction, name, dtype: see `MultiLabelLoss`.

    Raises:
        MrcaError: if an argument is out of its range, or outputs have another number of columns.

    Source: Huang et al. 2021, equations 6 and 7; Wu et al. 2020.
    """

    def __init__(
        self,
        class_counts: Sequence[float],
        num_samples: int,
        kappa: float = 0.05,
        lam: float = 2.0,
        inverse_scale: bool = True,
        gamma: float = 2.0,
        focal_alpha: float | None = None,
        loss_weight: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "negative_tolerant_focal",
        dtype: Any = None,
    ) -> None:
        counts = ClassCounts(self, class_counts, num_samples)
        tolerance = NegativeTolerance(self, counts, kappa, lam, inverse_scale)
        super().__init__(
            gamma,
            focal_alpha,
            loss_weight,
            tolerance=tolerance,
            name=name,
            reduction=reduction,
            dtype=dtype,
        )
        self.class_counts = counts.class_counts
        self.num_samples = counts.num_samples
        self.kappa = tolerance.kappa
        self.lam = tolerance.lam
        self.inverse_scale = tolerance.inverse_scale
