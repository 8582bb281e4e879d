"""What the separate thresholding losses share."""

from typing import Any

from keras import ops

from mrca.losses import arguments
from mrca.losses.threshold_column_loss import ThresholdColumnLoss


class SeparateThresholdingLoss(ThresholdColumnLoss):
    """A loss that compares each relation with the threshold class on its own.

    Args:
        epsilon: added to each probability inside the logarithm, at least 0.
        top_k, **kwargs: see `ThresholdColumnLoss`.
    """

    def __init__(self, epsilon: float, top_k: int | None, **kwargs: Any) -> None:
        super().__init__(top_k, **kwargs)
        self.epsilon = arguments.number(self, "epsilon", epsilon, at_least=0)

    def terms(self, distance: Any) -> Any:
        """Margins `(batch, R + 1)` to -log(sigmoid(margin) + epsilon)."""
        log_p = ops.log_sigmoid(distance)
        return -ops.log(ops.exp(log_p) + self.epsilon) if self.epsilon else -log_p
