"""Soft Dice."""

from typing import Any

import keras

from mrca.errors import MrcaError
from mrca.losses import arguments
from mrca.losses.decision_rule import DecisionRule, FixedThreshold
from mrca.losses.overlap_loss import OverlapLoss


@keras.saving.register_keras_serializable(package="mrca")
class Dice(OverlapLoss):
    """Soft Dice over scores `p` and 0/1 labels `y`.

        loss = 1 - (2 sum(p y) + smooth) / (sum(p^2) + sum(y^2) + smooth)

    With `mode="batch"` (V-Net, U-Net) the sums run over every cell of the batch and each row gets
    the same value; with `mode="elementwise"` (MRCA, equation 3.4) each cell has its own and a
    row's loss is the mean of its cells. `squared=False` drops the squares of the denominator.

    Elementwise and with a small `smooth`, a negative cell's loss is 1 almost everywhere (0.9999 at
    p = 0.1) with next to no slope, which is what RC-Dice sets out to mend; it trains only with
    `smooth` near 1. The batch form depends on how rows are batched, and `sample_weight` scales a
    row's share of the mean without taking the row out of the sums.

    Args:
        smooth: added above and below the line, default 1e-6 (MRCA, section 3.2).
        squared: whether the denominator sums squares (V-Net), default true.
        activation: `"linear"`: scores as they are (MRCA); `"sigmoid"`: outputs are logits.
        mode: `"batch"` or `"elementwise"`.
        reduction, name, dtype: see `MultiLabelLoss`.

    Raises:
        MrcaError: if an argument is out of its range.

    Source: MRCA, equation 3.4; Milletari et al. 2016 (V-Net) for the batch form.
    """

    def __init__(
        self,
        smooth: float = 1e-6,
        squared: bool = True,
        activation: str = "linear",
        mode: str = "batch",
        reduction: str | None = "sum_over_batch_size",
        name: str = "dice",
        dtype: Any = None,
    ) -> None:
        super().__init__(smooth, mode, name=name, reduction=reduction, dtype=dtype)
        self.squared = arguments.boolean(self, "squared", squared)
        self.activation = arguments.choice(self, "activation", activation, ("linear", "sigmoid"))
        if not squared and activation == "linear":
            raise MrcaError(
                "Dice with `squared=False` needs `activation='sigmoid'`: raw scores may be "
                "negative and would cancel in the denominator."
            )

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Labels and outputs `(batch, relations)` to losses `(batch,)`."""
        return self.dice(self.decision_rule.scores(y_pred), y_true, self.squared)

    @property
    def decision_rule(self) -> DecisionRule:
        """A relation is predicted where its score is at least 0.5."""
        return FixedThreshold(0.5, self.activation)
