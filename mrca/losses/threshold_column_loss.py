"""What the losses against a threshold column share."""

from typing import Any

import numpy as np
from keras import ops

from mrca.losses import arguments
from mrca.losses.decision_rule import DecisionRule, ThresholdColumn
from mrca.losses.logarithms import masked_log_sum_exp
from mrca.losses.multi_label_loss import MultiLabelLoss


class ThresholdColumnLoss(MultiLabelLoss):
    """A loss over logits whose column 0 is the threshold class TH, learnt beside the relations.

    Labels have a column for each relation `(batch, R)`, or one before them `(batch, R + 1)` whose
    value does not matter (the papers' codes mark rows without relations there).

    Args:
        top_k: see `ThresholdColumn`.
        **kwargs: see `MultiLabelLoss`.

    Raises:
        MrcaError: if an argument is out of its range.
    """

    def __init__(self, top_k: int | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.top_k = None if top_k is None else arguments.positive_integer(self, "top_k", top_k)

    def columns(self, num_relations: int) -> int:
        """One more than there are relations."""
        return num_relations + 1

    def label_columns(self, columns: int) -> tuple[int, ...]:
        """With the threshold's column or without."""
        return (columns - 1, columns)

    @property
    def decision_rule(self) -> DecisionRule:
        """A relation holds where its logit is strictly above the threshold class's."""
        return ThresholdColumn(self.top_k)

    def sides(self, labels: Any, outputs: Any) -> tuple[Any, Any]:
        """Where relations are positive and where negative, booleans `(batch, R + 1)`.

        Column 0 is in neither.
        """
        if labels.shape[-1] != outputs.shape[-1]:
            labels = ops.pad(labels, [[0, 0], [1, 0]])
        relation = np.arange(outputs.shape[-1]) > 0
        positive = ops.logical_and(ops.greater(labels, 0.5), relation)
        return positive, ops.logical_and(ops.logical_not(positive), relation)


def margins(positive: Any, outputs: Any) -> Any:
    """How far each logit is on its side of the threshold class's, `(batch, R + 1)`."""
    distance = outputs - outputs[:, :1]
    return ops.where(positive, distance, -distance)


def sum_where(mask: Any, cells: Any) -> Any:
    """Row sums of the cells in the mask, `(batch,)`."""
    return ops.sum(ops.where(mask, cells, 0.0), axis=-1)


def log_sum_with_threshold(mask: Any, outputs: Any) -> Any:
    """Log-sum-exp of the masked logits and the threshold class's, `(batch, 1)`."""
    threshold = np.arange(outputs.shape[-1]) == 0
    return masked_log_sum_exp(ops.logical_or(mask, threshold), outputs)
