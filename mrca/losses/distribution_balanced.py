"""Distribution-balanced loss."""

from collections.abc import Sequence
from typing import Any

import keras

from mrca.losses.class_counts import ClassCounts
from mrca.losses.negative_tolerance import NegativeTolerance
from mrca.losses.rebalanced_weights import RebalancedWeights
from mrca.losses.sigmoid_focal_loss import SigmoidFocalLoss


@keras.saving.register_keras_serializable(package="mrca")
class DistributionBalanced(SigmoidFocalLoss):
    """Distribution-balanced loss (DB): rebalanced weights on negative-tolerant focal terms.

        r_i = (1 / n_i) / sum over positives j of (1 / n_j)
        w_i = alpha + sigmoid(beta (r_i - mu))
        nu_i = kappa log(M / n_i - 1)
        y = 1:  w_i (1 - q)^gamma (-log q),        q = sigmoid(z - nu_i)
        y = 0:  w_i q^gamma (-log(1 - q)) / lam,   q = sigmoid(lam (z - nu_i))

    with n_i the training rows of relation i and M all training rows; a row's loss is the mean over
    its relations. With gamma = 0 it is DB-0FL, `distribution_balanced_crossentropy`. A row without
    positives has w = alpha + 1. Labels are decided on the plain sigmoid(z). A summary of the paper
    misprints w_i: see `rebalanced_focal`.

    The published numbers come from the authors' code: `focal_alpha=0.5`. `n_i / M` is kept within
    `[1 / 2M, 1 - 1 / 2M]`, and a relation without training rows counts as one row.

    Args:
        class_counts: training rows of each relation, in column order.
        num_samples: M, training rows.
        alpha, beta, mu, weight_norm: see `RebalancedFocal`.
        kappa, lam: see `NegativeTolerantFocal`.
        inverse_scale: whether negatives are divided by `lam` (default, paper and authors' code).
        gamma, focal_alpha, loss_weight: see `Focal`.
        reduction, name, dtype: see `MultiLabelLoss`.

    Raises:
        MrcaError: if an argument is out of its range, or outputs have another number of columns.

    Source: Huang et al. 2021, equation 8; Wu et al. 2020.
    """

    def __init__(
        self,
        class_counts: Sequence[float],
        num_samples: int,
        alpha: float = 0.1,
        beta: float = 10.0,
        mu: float = 0.9,
        weight_norm: str | None = None,
        kappa: float = 0.05,
        lam: float = 2.0,
        inverse_scale: bool = True,
        gamma: float = 2.0,
        focal_alpha: float | None = None,
        loss_weight: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "distribution_balanced",
        dtype: Any = None,
    ) -> None:
        counts = ClassCounts(self, class_counts, num_samples)
        weights = RebalancedWeights(self, counts, alpha, beta, mu, weight_norm)
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
        self.alpha = weights.alpha
        self.beta = weights.beta
        self.mu = weights.mu
        self.weight_norm = weights.weight_norm
        self.kappa = tolerance.kappa
        self.lam = tolerance.lam
        self.inverse_scale = tolerance.inverse_scale

    @property
    def depends_on_batch(self) -> bool:
        """Whether a row's loss depends on the other rows of its batch."""
        return self.weight_norm == "by_batch"
