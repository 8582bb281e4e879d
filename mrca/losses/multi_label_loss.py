"""The base of every loss in this package."""

from abc import ABC, abstractmethod
from typing import Any

import keras
from keras import ops

from mrca.losses.decision_rule import DecisionRule


def row_means(cells: Any) -> Any:
    """Cells `(batch, columns)` to the mean of each row, `(batch,)`.

    In the cells' own dtype, where `ops.mean` rounds float64 to float32 on JAX.
    """
    return ops.sum(cells, axis=-1) / ops.cast(ops.shape(cells)[-1], cells.dtype)


class MultiLabelLoss(keras.losses.Loss, ABC):
    """A loss over multi-hot labels that says how its outputs are decided.

    A subclass defines `decision_rule`, and `call(y_true, y_pred)` with labels and outputs of shape
    `(batch, columns)`, which returns one value per row, shape `(batch,)`, so that `sample_weight`
    of shape `(batch,)` works. Inputs arrive in the loss's own dtype: float32 even under mixed
    precision.

    Args:
        reduction: `"sum_over_batch_size"` (default: the mean over rows), `"sum"` or `None`.
        name: the loss's name in logs.
        dtype: the dtype to compute in; default `keras.config.floatx()`.
    """

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The reduced loss; labels and outputs may be nested lists too."""
        # Keras would take a list for a structure of scalars.
        labels, outputs = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
        return super().__call__(labels, outputs, sample_weight)

    def columns(self, num_relations: int) -> int:
        """How many output columns the model needs for `num_relations` relations."""
        return num_relations

    @property
    @abstractmethod
    def decision_rule(self) -> DecisionRule:
        """How outputs trained with this loss become labels."""

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument, as JSON values."""
        return {**super().get_config(), "dtype": self.dtype}
