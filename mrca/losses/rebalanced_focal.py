"""Focal loss with rebalanced weights."""

from collections.abc import Sequence
from typing import Any

import keras

from mrca.losses.class_counts import ClassCounts
from mrca.losses.rebalanced_weights import RebalancedWeights
from mrca.losses.sigmoid_focal_loss import SigmoidFocalLoss


@keras.saving.register_keras_serializable(package="mrca")
class RebalancedFocal(SigmoidFocalLoss):
    """Rebalanced focal loss (R-FL): focal loss weighed against labels that come together.

        r_i = (1 / n_i) / sum over positives j of (1 / n_j)
        w_i = alpha + sigmoid(beta (r_i - mu))
        y = 1:  w_i (1 - p)^gamma (-log p)
        y = 0:  w_i p^gamma (-log(1 - p))

    with p = sigmoid(z) and n_i the training rows of relation i; a row's loss is the mean over its
    relations. A row without positives has r = infinity and so the largest weight, alpha + 1. With
    mu = 0.9 weights are near alpha unless r > 0.5; with mu = 0.05 they vary from 0.48 to 1.1.

    A summary of the paper in Chinese smooths with sigmoid(beta + (r_i - mu)). That is a misprint:
    with these values it is above 0.9998 for every r, so that all weights would be alpha + 1, and
    the authors' code has it as above.

    The published numbers come from the authors' code: `focal_alpha=0.5`. A relation without
    training rows counts as one row.

    Args:
        class_counts: training rows of each relation, in column order.
        num_samples: training rows; not needed here.
        alpha: what every weight has at least, default 0.1 (paper).
        beta: steepness, default 10 (paper).
        mu: the ratio that is half way, default 0.9 (paper, Reuters; PubMed 0.05).
        weight_norm: `None` (default, paper), `"by_instance"` or `"by_batch"`: divide by the
            largest weight of the row or of the batch (options of the authors' code; the last one
            makes a row's loss depend on its batch).
        gamma, focal_alpha, loss_weight: see `Focal`.
        reduction, name, dtype: see `MultiLabelLoss`.

    Raises:
        MrcaError: if an argument is out of its range, or outputs have another number of columns.

    Source: Huang et al. 2021, equation 5; Wu et al. 2020.
    """

    def __init__(
        self,
        class_counts: Sequence[float],
        num_samples: int | None = None,
        alpha: float = 0.1,
        beta: float = 10.0,
        mu: float = 0.9,
        weight_norm: str | None = None,
        gamma: float = 2.0,
        focal_alpha: float | None = None,
        loss_weight: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "rebalanced_focal",
        dtype: Any = None,
    ) -> None:
        counts = ClassCounts(self, class_counts, num_samples)
        weights = RebalancedWeights(self, counts, alpha, beta, mu, weight_norm)
        super().__init__(
            gamma,
            focal_alpha,
            loss_weight,
            weights=weights,
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

    @property
    def depends_on_batch(self) -> bool:
        """Whether a row's loss depends on the other rows of its batch."""
        return self.weight_norm == "by_batch"
