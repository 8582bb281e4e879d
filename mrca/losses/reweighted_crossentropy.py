"""Softmax cross-entropy with weights against class imbalance."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from mrca.losses import arguments
from mrca.losses.class_counts import ClassCounts
from mrca.losses.softmax_loss import SoftmaxLoss


@keras.saving.register_keras_serializable(package="mrca")
class ReweightedCrossentropy(SoftmaxLoss):
    """Re-weighted softmax cross-entropy (RWL) over logits and one-hot labels `y`, or indices.

        w_r = M / (R n_r)
        loss = sum_r y_r w_r (log sum_k exp(z_k) - z_r)

    with n_r the training rows of class r, R the number of classes and M all training rows: the
    weights scikit-learn calls balanced. For one label per row: the class with the largest logit
    holds. The paper of Yu et al. 2020 names the loss without a formula, so the weights are our
    reading of it.

    A class without training rows counts as one row.

    Args:
        class_counts: training rows of each class, in column order.
        num_samples: M; default the sum of `class_counts`.
        power: q in (M / (R n_r))^q, default 1; less softens the weights.
        max_weight: no weight is larger than this; `None` (default) for no cap. A class with a
            single row has a weight of M / R without it.
        weight_reduction: `"batch_mean"` (default): the mean over rows, as Keras has it;
            `"weight_mean"`: the sum over the sum of the weights used, as PyTorch's `weight=`; a
            row's loss then depends on its batch.
        reduction, name, dtype: see `MultiLabelLoss`.

    Raises:
        MrcaError: if an argument is out of its range, or outputs have another number of columns.

    Source: Yu et al. 2020, section 3.2 and table 2 (RWL).
    """

    def __init__(
        self,
        class_counts: Sequence[float],
        num_samples: int | None = None,
        power: float = 1.0,
        max_weight: float | None = None,
        weight_reduction: str = "batch_mean",
        reduction: str | None = "sum_over_batch_size",
        name: str = "reweighted_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        counts = ClassCounts(self, class_counts, num_samples)
        self.class_counts = counts.class_counts
        self.num_samples = counts.num_samples
        self.power = arguments.number(self, "power", power, at_least=0)
        self.max_weight = max_weight
        if max_weight is not None:
            self.max_weight = arguments.number(self, "max_weight", max_weight, above=0)
        self.weight_reduction = arguments.choice(
            self, "weight_reduction", weight_reduction, ("batch_mean", "weight_mean")
        )
        total = counts.num_samples or counts.counts.sum()
        weights = (total / (len(counts.counts) * counts.counts)) ** self.power
        self._weights = np.minimum(weights, self.max_weight or np.inf)

    @property
    def depends_on_batch(self) -> bool:
        """Whether a row's loss depends on the other rows of its batch."""
        return self.weight_reduction == "weight_mean"

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """One-hot labels and logits `(batch, classes)` to losses `(batch,)`."""
        weights = y_true * ops.convert_to_tensor(self._weights, dtype=y_true.dtype)
        rows = -ops.sum(weights * ops.log_softmax(y_pred, axis=-1), axis=-1)
        if self.weight_reduction == "batch_mean":
            return rows
        used = ops.sum(weights)
        mean = ops.where(ops.equal(used, 0), 1.0, used) / ops.cast(ops.size(rows), rows.dtype)
        return rows / mean
