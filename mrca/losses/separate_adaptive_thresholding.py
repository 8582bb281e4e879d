"""Separate adaptive thresholding loss."""

from typing import Any

import keras
from keras import ops

from mrca.losses.separate_thresholding_loss import SeparateThresholdingLoss
from mrca.losses.threshold_column_loss import split


@keras.saving.register_keras_serializable(package="mrca")
class SeparateAdaptiveThresholding(SeparateThresholdingLoss):
    """Separate adaptive thresholding loss (SAT): each relation against the threshold t on its own.

        d_r = s_r - t for positives, t - s_r for negatives
        loss = sum over relations r of  log(1 + exp(-d_r))

    The authors' code, which made the published numbers, computes -log(P + 1e-30) with
    P = exp(s) / (exp(s) + exp(t)): the same while d > -69, constant below, and not a number where
    a logit is above 88 in float32. `epsilon=1e-30` gives its clamp, without the overflow.

    Args:
        epsilon: added to P inside the logarithm, default 0 (paper); authors' code 1e-30.
        top_k: predict at most this many relations of a row; `None` (default) for no limit,
            authors' code 4.
        reduction, name, dtype: see `MultiLabelLoss`.

    Raises:
        MrcaError: if an argument is out of its range.

    Source: HingeABL (Wang et al. 2023), equations 7 and 8, and its code.
    """

    def __init__(
        self,
        epsilon: float = 0.0,
        top_k: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        name: str = "separate_adaptive_thresholding",
        dtype: Any = None,
    ) -> None:
        super().__init__(epsilon, top_k, name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Labels and logits `(batch, relations + 1)` to losses `(batch,)`."""
        return ops.sum(self.terms(split(y_true, y_pred).margins), axis=-1)
