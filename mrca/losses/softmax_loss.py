"""What the losses over a softmax share."""

from typing import Any

from keras import ops

from mrca.losses.decision_rule import DecisionRule, LargestScore
from mrca.losses.multi_label_loss import MultiLabelLoss


class SoftmaxLoss(MultiLabelLoss):
    """A loss of one label per row, over a softmax of all columns.

    Labels are one-hot `(batch, classes)`, or class indices `(batch,)` or `(batch, 1)`; an index
    that no column has is no label. In a row with several labels each of them adds its term, but
    only one can be decided for; a row without any has loss 0.
    """

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The reduced loss; labels may be class indices too."""
        labels, outputs = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
        if labels.shape[1:] == (1,) and outputs.shape[1:] != (1,):
            labels = labels[:, 0]
        if len(labels.shape) == 1 and len(outputs.shape) == 2:
            labels = ops.one_hot(ops.cast(labels, "int32"), outputs.shape[-1], dtype=outputs.dtype)
        return super().__call__(labels, outputs, sample_weight)

    @property
    def decision_rule(self) -> DecisionRule:
        """The relation with the largest logit is predicted."""
        return LargestScore()
