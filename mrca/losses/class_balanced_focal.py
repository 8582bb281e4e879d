"""Focal loss with class-balanced weights."""

from collections.abc import Sequence
from typing import Any

import keras

from mrca.losses.class_counts import ClassCounts
from mrca.losses.class_weights import ClassWeights
from mrca.losses.sigmoid_focal_loss import SigmoidFocalLoss


@keras.saving.register_keras_serializable(package="mrca")
class ClassBalancedFocal(SigmoidFocalLoss):
    """Class-balanced focal loss (CB): focal loss weighed by the effective number of samples.

        w_i = (1 - beta) / (1 - beta^n_i)
        y = 1:  w_i (1 - p)^gamma (-log p)
        y = 0:  w_i p^gamma (-log(1 - p))

    with p = sigmoid(z) and n_i the training rows of relation i; a row's loss is the mean over its
    relations. With beta = 0.9 the weight hardly changes above n = 44 (0.101 there, 0.100 at 1000);
    larger values tell frequent relations apart too.

    A summary of the paper in Chinese has w_i = (1 + beta) / (1 + beta^n_i) as equation 3. That is
    a misprint: it grows with n (1.19 at n = 5 and 1.90 at n = 1000, in place of 0.244 and 0.100),
    and the authors' code and Cui et al. have it as above.

    The published numbers come from the authors' code: `focal_alpha=0.5` and `loss_weight=10`
    (Reuters) or 5 (PubMed). A relation without training rows counts as one row.

    Args:
        class_counts: training rows of each relation, in column order.
        num_samples: training rows; needed by the inverse weightings only.
        beta: in [0, 1), default 0.9 (paper).
        weighting: `"effective_number"` (default, paper), `"inverse"`, M / n_i, or
            `"sqrt_inverse"`, sqrt(M / n_i), with M the training rows (options of the authors'
            code).
        class_mode: `"by_class"` (default, paper): each relation has its own weight;
            `"average_n"`, `"average_w"`, `"min_n"`: one weight per row from the mean count, the
            mean weight or the smallest count of its positives (options of the authors' code; rows
            without positives, NaN there, get the weight of an endless count: 1 - beta, or 0 with
            the inverse weightings).
        gamma, focal_alpha, loss_weight: see `Focal`.
        reduction, name, dtype: see `MultiLabelLoss`.

    Raises:
        MrcaError: if an argument is out of its range, or outputs have another number of columns.

    Source: Huang et al. 2021, equations 3 and 4; Cui et al. 2019.
    """

    def __init__(
        self,
        class_counts: Sequence[float],
        num_samples: int | None = None,
        beta: float = 0.9,
        weighting: str = "effective_number",
        class_mode: str = "by_class",
        gamma: float = 2.0,
        focal_alpha: float | None = None,
        loss_weight: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "class_balanced_focal",
        dtype: Any = None,
    ) -> None:
        counts = ClassCounts(self, class_counts, num_samples)
        weights = ClassWeights(self, counts, beta, weighting, class_mode)
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
        self.beta = weights.beta
        self.weighting = weights.weighting
        self.class_mode = weights.class_mode
