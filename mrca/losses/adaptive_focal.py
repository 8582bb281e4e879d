"""Adaptive focal loss."""

from typing import Any

import keras
from keras import ops

from mrca.losses import arguments
from mrca.losses.logarithms import log_sum_exp_beside
from mrca.losses.threshold_column_loss import ThresholdColumnLoss, split, sum_where


@keras.saving.register_keras_serializable(package="mrca")
class AdaptiveFocal(ThresholdColumnLoss):
    """Adaptive focal loss (AFL) over logits `s` with the threshold t in column 0.

        P_r = sigmoid(s_r - t)
        L1 = sum over positives r of  (offset + (1 - P_r)^gamma) (-log P_r)
        L2 = log(sum over N and TH of exp(s)) - t
        loss = L1 + L2

    with N the row's negative relations. The paper's equation 11 (whose minus signs are missing in
    print) has `offset=0`; the authors' code, which made the published numbers, has 1, so that an
    easy positive never counts less than in plain cross-entropy and a hard one up to twice as much.
    The code's `gamma_neg` is computed and not used.

    Args:
        gamma: focusing exponent, at least 0, default 1 (authors' scripts).
        offset: 1 (default, authors' code) or 0 (paper).
        stop_gradient_weights: whether the focal factor is taken as constant; the authors' code
            differentiates it (default).
        top_k: predict at most this many relations of a row; `None` (default) for no limit,
            authors' code 4.
        reduction, name, dtype: see `MultiLabelLoss`.

    Raises:
        MrcaError: if an argument is out of its range.

    Source: KD-DocRE (Tan et al. 2022), equations 9 to 11, and its code.
    """

    def __init__(
        self,
        gamma: float = 1.0,
        offset: float = 1.0,
        stop_gradient_weights: bool = False,
        top_k: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        name: str = "adaptive_focal",
        dtype: Any = None,
    ) -> None:
        super().__init__(top_k, name=name, reduction=reduction, dtype=dtype)
        self.gamma = arguments.number(self, "gamma", gamma, at_least=0)
        self.offset = arguments.number(self, "offset", offset, at_least=0)
        self.stop_gradient_weights = arguments.boolean(
            self, "stop_gradient_weights", stop_gradient_weights
        )

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Labels and logits `(batch, relations + 1)` to losses `(batch,)`."""
        batch = split(y_true, y_pred)
        margins = batch.margins
        cells = -ops.log_sigmoid(margins)
        # In logarithms: a power of 1 - P has an infinite slope at P = 1.
        weights = self.offset + ops.exp(self.gamma * ops.log_sigmoid(-margins))
        if self.stop_gradient_weights:
            weights = ops.stop_gradient(weights)
        negative = ops.logical_not(batch.positive)
        below = log_sum_exp_beside(batch.threshold, negative, batch.scores)
        return sum_where(batch.positive, weights * cells) + (below - batch.threshold)[:, 0]
