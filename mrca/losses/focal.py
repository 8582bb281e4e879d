"""Focal loss over independent sigmoids."""

from typing import Any

import keras

from mrca.losses.sigmoid_focal_loss import SigmoidFocalLoss


@keras.saving.register_keras_serializable(package="mrca")
class Focal(SigmoidFocalLoss):
    """Focal loss (FL) over logits `z` and 0/1 labels `y`, with p = sigmoid(z).

        y = 1:  (1 - p)^gamma (-log p)
        y = 0:  p^gamma (-log(1 - p))

    A row's loss is the mean over its relations. Cells that are right already count less.

    The authors' code of the balanced losses multiplies positives by `focal_alpha=0.5` and
    negatives by `1 - 0.5`, which halves the loss; the paper does not.

    Args:
        gamma: focusing exponent, at least 0, default 2 (paper and authors' code).
        focal_alpha: factor of positives, negatives get `1 - focal_alpha`; `None` (default,
            paper): neither. Authors' code, which made the published numbers: 0.5.
        loss_weight: a constant factor, default 1.
        reduction, name, dtype: see `MultiLabelLoss`.

    Raises:
        MrcaError: if an argument is out of its range.

    Source: Huang et al. 2021, equation 2; Lin et al. 2017.
    """

    def __init__(
        self,
        gamma: float = 2.0,
        focal_alpha: float | None = None,
        loss_weight: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "focal",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            gamma, focal_alpha, loss_weight, name=name, reduction=reduction, dtype=dtype
        )
