"""What the losses over a softmax share."""

from typing import Any

from keras import ops

from mrca.errors import MrcaError
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
        if not hasattr(y_true, "toarray"):  # SciPy's has a column for each class
            labels = ops.convert_to_tensor(y_true, sparse=False)
            outputs = ops.convert_to_tensor(y_pred)
            if labels.shape[1:] == (1,) and outputs.shape[1:] != (1,):
                labels = labels[:, 0]
            if len(labels.shape) == 1 and len(outputs.shape) == 2:
                numbers = ops.cast(labels, "int32")
                y_true = ops.one_hot(numbers, outputs.shape[-1], dtype=outputs.dtype)
        return super().__call__(y_true, y_pred, sample_weight)

    def check_shapes(self, labels: tuple[int | None, ...], outputs: tuple[int | None, ...]) -> None:
        """As every loss; and there must be a choice."""
        super().check_shapes(labels, outputs)
        if outputs[1] == 1:
            raise MrcaError(
                f"{type(self).__name__} decides for one of several relations, and there is one "
                "only, whose share is always 1: nothing would be learnt. Take another loss, such "
                "as binary_crossentropy."
            )

    @property
    def decision_rule(self) -> DecisionRule:
        """The relation with the largest logit is predicted."""
        return LargestScore()
