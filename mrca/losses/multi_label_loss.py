"""The base of every loss in this package."""

from abc import ABC
from typing import Any

import keras

from mrca.losses.decision_rule import DecisionRule, FixedThreshold


class MultiLabelLoss(keras.losses.Loss, ABC):
    """A loss over multi-hot labels that says how its outputs are decided.

    A subclass defines `call(y_true, y_pred)` with labels and outputs of shape `(batch, columns)`
    and returns one value per row, shape `(batch,)`, so that `sample_weight` of shape `(batch,)`
    works. Inputs arrive in the loss's own dtype: float32 even under mixed precision.

    Args:
        reduction: `"sum_over_batch_size"` (default: the mean over rows), `"sum"` or `None`.
        name: the loss's name in logs.
        dtype: the dtype to compute in; default `keras.config.floatx()`.
    """

    def columns(self, num_relations: int) -> int:
        """How many output columns the model needs for `num_relations` relations."""
        return num_relations

    @property
    def decision_rule(self) -> DecisionRule:
        """How outputs trained with this loss become labels."""
        return FixedThreshold(0.5, "sigmoid")

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument, as JSON values."""
        config: dict[str, Any] = super().get_config()
        return config
