"""What the focal losses over independent sigmoids share."""

from collections.abc import Callable
from typing import Any

from keras import ops

from mrca.losses import arguments
from mrca.losses.decision_rule import DecisionRule, FixedThreshold
from mrca.losses.multi_label_loss import MultiLabelLoss, row_means
from mrca.losses.negative_tolerance import NegativeTolerance


class SigmoidFocalLoss(MultiLabelLoss):
    """Focal terms of logits, weighted, the mean over a row's relations.

        loss = loss_weight w (1 - p)^gamma (-log p)

    with `p` the probability that the logit gives to the label's value, and `w` the weight that a
    subclass gives to the cell.

    Args:
        gamma: focusing exponent, at least 0; 0 leaves the weighted cross-entropy.
        focal_alpha: `None`, or a factor for positives while negatives get `1 - focal_alpha`.
        loss_weight: a constant factor of the whole loss.
        weights: labels `(batch, relations)` to weights that broadcast with them.
        tolerance: what is done to logits before the sigmoid.
        **kwargs: see `MultiLabelLoss`.

    Raises:
        MrcaError: if an argument is out of its range.
    """

    def __init__(
        self,
        gamma: float,
        focal_alpha: float | None,
        loss_weight: float,
        *,
        weights: Callable[[Any], Any] | None = None,
        tolerance: NegativeTolerance | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.gamma = arguments.number(self, "gamma", gamma, at_least=0)
        self.focal_alpha = focal_alpha
        if focal_alpha is not None:
            self.focal_alpha = arguments.number(self, "focal_alpha", focal_alpha, above=0, below=1)
        self.loss_weight = arguments.number(self, "loss_weight", loss_weight, above=0)
        self._weights = weights
        self._tolerance = tolerance

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Labels 0 or 1 and logits `(batch, relations)` to losses `(batch,)`."""
        positive = ops.greater(y_true, 0.5)
        factors = (1.0, 1.0)
        if self.focal_alpha is not None:
            factors = (self.focal_alpha, 1 - self.focal_alpha)
        if self._tolerance is None:
            margins = ops.where(positive, y_pred, -y_pred)
        else:
            margins = self._tolerance.margins(positive, y_pred)
            factors = (factors[0], factors[1] * self._tolerance.negative_factor)
        cells = -ops.log_sigmoid(margins)
        if self.gamma:
            # In logarithms: a power of 1 - p has an infinite slope at p = 1.
            cells = ops.exp(self.gamma * ops.log_sigmoid(-margins)) * cells
        if self._weights is not None:
            cells = self._weights(y_true) * cells
        if factors[0] != factors[1]:
            cells = (factors[1] + (factors[0] - factors[1]) * y_true) * cells
            return self.loss_weight * row_means(cells)
        return self.loss_weight * factors[0] * row_means(cells)

    @property
    def decision_rule(self) -> DecisionRule:
        """A relation is predicted where the sigmoid of its plain logit is at least 0.5."""
        return FixedThreshold(0.5, "sigmoid")
