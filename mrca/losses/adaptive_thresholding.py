"""Adaptive thresholding loss."""

from typing import Any

import keras
from keras import ops

from mrca.losses.logarithms import log_sum_exp_beside
from mrca.losses.threshold_column_loss import ThresholdColumnLoss, split, sum_where


@keras.saving.register_keras_serializable(package="mrca")
class AdaptiveThresholding(ThresholdColumnLoss):
    """Adaptive thresholding loss (ATL) over logits `s` with the threshold t in column 0.

        L1 = sum over positives r of  log(sum over P and TH of exp(s)) - s_r
        L2 = log(sum over N and TH of exp(s)) - t
        loss = L1 + L2

    with P the row's positive and N its negative relations. L1 lifts positives above the threshold,
    L2 the threshold above negatives. A row without relations has L1 = 0, one with all L2 = 0.

    Positives compete: with k of them, one whose softmax over P and TH is above 1 / k is pushed
    *down*. It is inherent; `AdaptiveFocal` and `SeparateAdaptiveThresholding` are without it.

    Args:
        top_k: predict at most this many relations of a row; `None` (default) for no limit,
            authors' code 4.
        reduction, name, dtype: see `MultiLabelLoss`.

    Raises:
        MrcaError: if an argument is out of its range.

    Source: ATLOP (Zhou et al. 2021) and its code, which agree; HingeABL, equations 3 to 5.
    """

    def __init__(
        self,
        top_k: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        name: str = "adaptive_thresholding",
        dtype: Any = None,
    ) -> None:
        super().__init__(top_k, name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Labels and logits `(batch, relations + 1)` to losses `(batch,)`."""
        positive, scores, threshold = split(y_true, y_pred)
        above = log_sum_exp_beside(threshold, positive, scores)
        below = log_sum_exp_beside(threshold, ops.logical_not(positive), scores)
        return sum_where(positive, above - scores) + (below - threshold)[:, 0]
