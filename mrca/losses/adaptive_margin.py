"""Adaptive margin loss."""

from typing import Any

import keras
from keras import ops

from mrca.losses import arguments
from mrca.losses.threshold_column_loss import ThresholdColumnLoss, split


@keras.saving.register_keras_serializable(package="mrca")
class AdaptiveMargin(ThresholdColumnLoss):
    """Adaptive margin loss (AML): hinge loss against the threshold t in column 0.

        d_r = s_r - t for positives, t - s_r for negatives
        loss = sum over relations r of  max(0, margin - d_r)

    Args:
        margin: above 0, default 1 (authors' code; the paper gives no value).
        top_k: predict at most this many relations of a row; `None` (default) for no limit,
            authors' code 4.
        reduction, name, dtype: see `MultiLabelLoss`.

    Raises:
        MrcaError: if an argument is out of its range.

    Source: SagDRE (Wei and Li 2022) as HingeABL gives it, equation 12, and HingeABL's code, which
    agree.
    """

    def __init__(
        self,
        margin: float = 1.0,
        top_k: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        name: str = "adaptive_margin",
        dtype: Any = None,
    ) -> None:
        super().__init__(top_k, name=name, reduction=reduction, dtype=dtype)
        self.margin = arguments.number(self, "margin", margin, above=0)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Labels and logits `(batch, relations + 1)` to losses `(batch,)`."""
        return ops.sum(ops.relu(self.margin - split(y_true, y_pred).margins), axis=-1)
