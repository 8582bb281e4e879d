"""Softmax cross-entropy."""

from typing import Any

import keras
from keras import ops

from mrca.losses.softmax_loss import SoftmaxLoss


@keras.saving.register_keras_serializable(package="mrca")
class CategoricalCrossentropy(SoftmaxLoss):
    """Softmax cross-entropy over logits `z` and one-hot labels `y`, or class indices.

        loss = sum_r y_r (log sum_k exp(z_k) - z_r)

    For one label per row: the class with the largest logit is predicted. In a row with several
    labels each adds its term; a row without any has loss 0.

    Args:
        reduction, name, dtype: see `MultiLabelLoss`.

    Source: Yu et al. 2020, equation 1.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """One-hot labels and logits `(batch, classes)` to losses `(batch,)`."""
        return -ops.sum(y_true * ops.log_softmax(y_pred, axis=-1), axis=-1)
