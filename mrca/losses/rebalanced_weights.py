"""Rebalanced weights: what a relation would get if its rows were resampled, smoothed."""

from typing import Any

from keras import ops

from mrca.losses import arguments
from mrca.losses.class_counts import ClassCounts

WEIGHT_NORMS = (None, "by_instance", "by_batch")


class RebalancedWeights:
    """A weight for each cell from how much class-balanced sampling would over-draw its row.

        r_i = (1 / n_i) / sum over positives j of (1 / n_j)
        weight = alpha + sigmoid(beta (r_i - mu))

    A row without positives takes the limit r -> infinity, `alpha + 1`, as the authors' code does.

    Args:
        owner: the loss, for error messages.
        counts: training counts.
        alpha: what every weight has at least, at least 0.
        beta: how steep the smoothing is, above 0.
        mu: where it is half way.
        weight_norm: `None` (paper), or divide by the largest weight of the row (`"by_instance"`)
            or of the batch (`"by_batch"`), as the authors' code can.

    Source: Huang et al. 2021, equation 5; Wu et al. 2020.
    """

    def __init__(
        self,
        owner: object,
        counts: ClassCounts,
        alpha: float,
        beta: float,
        mu: float,
        weight_norm: str | None,
    ) -> None:
        self.alpha = arguments.number(owner, "alpha", alpha, at_least=0)
        self.beta = arguments.number(owner, "beta", beta, above=0)
        self.mu = arguments.number(owner, "mu", mu)
        self.weight_norm = arguments.choice(owner, "weight_norm", weight_norm, WEIGHT_NORMS)
        self._inverse = 1 / counts.counts

    def __call__(self, labels: Any) -> Any:
        """Labels `(batch, relations)` to weights of the same shape."""
        inverse = ops.convert_to_tensor(self._inverse, dtype=labels.dtype)
        rate = ops.sum(labels * inverse, axis=-1, keepdims=True)
        none = ops.equal(rate, 0)
        ratio = inverse / ops.where(none, 1.0, rate)
        smooth = ops.sigmoid(self.beta * (ratio - self.mu))
        weights = self.alpha + ops.where(none, 1.0, smooth)
        if self.weight_norm is None:
            return weights
        axis = -1 if self.weight_norm == "by_instance" else None
        largest = ops.max(weights, axis=axis, keepdims=True, initial=0.0)
        return weights / ops.where(ops.equal(largest, 0), 1.0, largest)
