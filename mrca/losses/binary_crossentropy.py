"""Binary cross-entropy over independent sigmoids."""

from typing import Any

import keras
from keras import ops

from mrca.losses.decision_rule import DecisionRule, FixedThreshold
from mrca.losses.multi_label_loss import MultiLabelLoss, row_means


@keras.saving.register_keras_serializable(package="mrca")
class BinaryCrossentropy(MultiLabelLoss):
    """Binary cross-entropy over logits `z` and 0/1 labels `y`, the mean over a row's relations.

        loss = y log(1 + exp(-z)) + (1 - y) log(1 + exp(z))

    A relation is predicted where sigmoid(z) >= 0.5. It is the loss of MRCA-Sigmoid-BCE.

    Args:
        reduction, name, dtype: see `MultiLabelLoss`.

    Source: MRCA, section 4.4, table 7; Huang et al. 2021, equation 1.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Labels and logits `(batch, relations)` to losses `(batch,)`."""
        # log_sigmoid, since softplus is cut off at 20 on PyTorch.
        return -row_means(
            y_true * ops.log_sigmoid(y_pred) + (1 - y_true) * ops.log_sigmoid(-y_pred)
        )

    @property
    def decision_rule(self) -> DecisionRule:
        """A relation is predicted where its probability is at least 0.5."""
        return FixedThreshold(0.5, "sigmoid")
