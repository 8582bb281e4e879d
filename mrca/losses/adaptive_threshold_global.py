"""Adaptive-threshold global loss."""

from typing import Any

import keras
from keras import ops

from mrca.losses import arguments
from mrca.losses.logarithms import log_sum_exp_beside
from mrca.losses.threshold_column_loss import ThresholdColumnLoss, split, sum_where


@keras.saving.register_keras_serializable(package="mrca")
class AdaptiveThresholdGlobal(ThresholdColumnLoss):
    """Adaptive-threshold global loss (ATGL) over logits `s` with the threshold t in column 0.

        Z = log(sum over all columns, TH among them, of exp(s))
        loss = (Z - t) + alpha sum over positives r of (Z - s_r)

    One softmax over the threshold class and all relations: TH is a label of every row, with weight
    1, and each positive one with weight alpha. Negatives are pushed down by the normaliser alone.
    A row without relations lifts TH above all of them.

    Positives compete with each other and with TH, and where all is learnt, one of k positives has
    the share alpha / (1 + k alpha) of the softmax and TH 1 / (1 + k alpha): a positive is above TH
    by log alpha, so that alpha is the margin, in which precision is traded for recall.

    Args:
        alpha: weight of a positive, above 0; default 16.5 (authors' scripts for Re-DocRED,
            `p_weight`).
        top_k: predict at most this many relations of a row; `None` (default) for no limit.
        reduction, name, dtype: see `MultiLabelLoss`.

    Raises:
        MrcaError: if an argument is out of its range.

    Source: ATGL (ACL 2026) and its code, `losses.py` of xhm-code/ATGL, which agree.
    """

    def __init__(
        self,
        alpha: float = 16.5,
        top_k: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        name: str = "adaptive_threshold_global",
        dtype: Any = None,
    ) -> None:
        super().__init__(top_k, name=name, reduction=reduction, dtype=dtype)
        self.alpha = arguments.number(self, "alpha", alpha, above=0)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Labels and logits `(batch, relations + 1)` to losses `(batch,)`."""
        positive, scores, threshold = split(y_true, y_pred)
        every = ops.ones_like(positive)
        total = log_sum_exp_beside(threshold, every, scores)
        return (total - threshold)[:, 0] + self.alpha * sum_where(positive, total - scores)
