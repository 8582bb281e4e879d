"""Balanced softmax for several labels."""

from typing import Any

import keras
from keras import ops

from mrca.losses import arguments
from mrca.losses.decision_rule import DecisionRule, ThresholdColumn, ZeroThreshold
from mrca.losses.logarithms import log_sum_exp_beside
from mrca.losses.multi_label_loss import MultiLabelLoss


@keras.saving.register_keras_serializable(package="mrca")
class BalancedSoftmax(MultiLabelLoss):
    """Balanced softmax, a cross-entropy for several labels, over logits `s`.

        loss = log(1 + sum over negatives of exp(s)) + log(1 + sum over positives of exp(-s))

    over **all** columns. The threshold is the constant 0, and column 0 is an ordinary class, "no
    relation", which is positive in rows without relations. (The papers speak of a threshold class;
    its logit is this constant.) Labels have a column for each relation `(batch, R)`, and column 0
    is made from them, or one more for column 0 `(batch, R + 1)`.

    Args:
        threshold: `0` (default, papers and codes), or `"column0"`: the logit of column 0 is the
            threshold and no class, as in `AdaptiveThresholding`; this package's own variant.
        top_k: predict at most this many relations of a row; `None` (default) for no limit,
            DocuNet's code 3 or 4.
        reduction, name, dtype: see `MultiLabelLoss`.

    Raises:
        MrcaError: if an argument is out of its range.

    Source: DocuNet (Zhang et al. 2021) and its code; HingeABL, table 3.
    """

    def __init__(
        self,
        threshold: int | str = 0,
        top_k: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        name: str = "balanced_softmax",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.threshold = arguments.choice(self, "threshold", threshold, (0, "column0"))
        self.top_k = None if top_k is None else arguments.positive_integer(self, "top_k", top_k)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Labels and logits `(batch, relations + 1)` to losses `(batch,)`."""
        relations = y_pred.shape[-1] - 1
        positive = ops.greater(y_true, 0.5)
        if self.threshold == "column0":
            positive, y_pred, threshold = positive[:, -relations:], y_pred[:, 1:], y_pred[:, :1]
        else:
            threshold = ops.zeros_like(y_pred[:, :1])
            if y_true.shape[-1] == relations:
                none = ops.logical_not(ops.any(positive, axis=-1, keepdims=True))
                positive = ops.concatenate([none, positive], axis=-1)
        pushed = log_sum_exp_beside(threshold, ops.logical_not(positive), y_pred)
        lifted = log_sum_exp_beside(-threshold, positive, -y_pred)
        return (pushed + lifted)[:, 0]

    def columns(self, num_relations: int) -> int:
        """One more than there are relations."""
        return num_relations + 1

    def label_columns(self, columns: int) -> tuple[int, ...]:
        """With the column of "no relation" or without."""
        return (columns - 1, columns)

    @property
    def decision_rule(self) -> DecisionRule:
        """A relation is predicted where its logit is strictly above the threshold."""
        return ThresholdColumn(self.top_k) if self.threshold else ZeroThreshold(self.top_k)
