"""Distribution-balanced loss without the focal factor."""

from collections.abc import Sequence
from typing import Any

import keras

from mrca.losses.distribution_balanced import DistributionBalanced


@keras.saving.register_keras_serializable(package="mrca")
class DistributionBalancedCrossentropy(DistributionBalanced):
    """Distribution-balanced loss without the focal factor (DB-0FL): that of gamma = 0.

        r_i = (1 / n_i) / sum over positives j of (1 / n_j)
        w_i = alpha + sigmoid(beta (r_i - mu))
        nu_i = kappa log(M / n_i - 1)
        y = 1:  w_i (-log q),              q = sigmoid(z - nu_i)
        y = 0:  w_i (-log(1 - q)) / lam,   q = sigmoid(lam (z - nu_i))

    with n_i the training rows of relation i and M all training rows; a row's loss is the mean over
    its relations. A row without positives has w = alpha + 1. Labels are decided on the plain
    sigmoid(z). A summary of the paper misprints w_i: see `rebalanced_focal`.

    The published numbers come from the authors' code: `loss_weight=0.5`. `n_i / M` is kept within
    `[1 / 2M, 1 - 1 / 2M]`, and a relation without training rows counts as one row.

    Args:
        class_counts: training rows of each relation, in column order.
        num_samples: M, training rows.
        alpha, beta, mu, weight_norm: see `RebalancedFocal`.
        kappa, lam: see `NegativeTolerantFocal`.
        inverse_scale: see `DistributionBalanced`.
        loss_weight: see `Focal`.
        reduction, name, dtype: see `MultiLabelLoss`.

    Raises:
        MrcaError: if an argument is out of its range, or outputs have another number of columns.

    Source: Huang et al. 2021, table 2 (DB-0FL); equation 8 with gamma = 0.
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
        loss_weight: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "distribution_balanced_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            class_counts,
            num_samples,
            alpha,
            beta,
            mu,
            weight_norm,
            kappa,
            lam,
            inverse_scale,
            gamma=0,
            loss_weight=loss_weight,
            reduction=reduction,
            name=name,
            dtype=dtype,
        )
