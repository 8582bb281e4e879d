"""RC-Dice, the loss of MRCA."""

from typing import Any

import keras
from keras import ops

from mrca.losses import arguments
from mrca.losses.decision_rule import DecisionRule, FixedThreshold
from mrca.losses.multi_label_loss import row_means
from mrca.losses.overlap_loss import OverlapLoss


@keras.saving.register_keras_serializable(package="mrca")
class RCDice(OverlapLoss):
    """RC-Dice over raw scores `p` (linear outputs) and 0/1 labels `y`.

    In batch form (`mode="batch"`, the default; the authors' code, which made the published
    numbers), with sums over every cell of the batch and `k` the `exponent`:

        S = sum(p^k) + sum(y^k) + smooth
        easy  = smooth^2 / S                            where y = 0 and p < threshold
        other = 1 - (2 sum(p y) + smooth) / S           everywhere else

    and a row's loss is the mean of its cells. In elementwise form (`mode="elementwise"`, the
    paper's equation 3.5, k = 2) the same with each cell's own `S = p^2 + y^2 + smooth` and
    `p y`.

    The elementwise form is kept for study and is **not trainable** on its own: a negative cell
    with p < threshold has a slope below 1e-3 everywhere and of the wrong sign for p > 0 (descent
    moves p away from 0), and a positive cell that starts below -1 runs off to minus infinity. In
    batch form negatives are pulled to 0 through the shared S.

    The batch form is one pair of scalars per batch: its value depends on how rows are batched
    (do not compare values across batch sizes; under data parallelism each replica has its own),
    and `sample_weight` scales a row's share of the mean without taking the row out of the sums.

    Args:
        smooth: gamma of the paper, default 1e-6 (paper, section 3.2).
        exponent: an even integer, default 2 (authors' code, `gama`). An odd one would let
            negative scores lower the denominator.
        threshold: where a negative cell stops being easy, and the decision: a relation is predicted
            where `p >= threshold`. Default 0.5 (paper, equation 3.5).
        mode: `"batch"` or `"elementwise"`.
        reduction, name, dtype: see `MultiLabelLoss`.

    Raises:
        MrcaError: if an argument is out of its range.

    Example:
        >>> loss = RCDice()
        >>> float(loss([[1.0, 0.0]], [[1.0, 0.0]])) < 1e-6
        True

    Source: MRCA, section 3.2, equation 3.5, and the authors' `RC_DiceLoss`.
    """

    def __init__(
        self,
        smooth: float = 1e-6,
        exponent: int = 2,
        threshold: float = 0.5,
        mode: str = "batch",
        reduction: str | None = "sum_over_batch_size",
        name: str = "rc_dice",
        dtype: Any = None,
    ) -> None:
        super().__init__(smooth, mode, name=name, reduction=reduction, dtype=dtype)
        self.exponent = arguments.even_integer(self, "exponent", exponent)
        self.threshold = arguments.number(self, "threshold", threshold)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Labels and scores `(batch, relations)` to losses `(batch,)`."""
        size = self.total(y_pred**self.exponent) + self.total(y_true**self.exponent) + self.smooth
        other = 1 - (2 * self.total(y_pred * y_true) + self.smooth) / size
        easy = ops.logical_and(ops.equal(y_true, 0), ops.less(y_pred, self.threshold))
        cells = ops.where(easy, self.smooth**2 / size, other)
        return row_means(cells)

    @property
    def decision_rule(self) -> DecisionRule:
        """A relation is predicted where its score is at least `threshold`."""
        return FixedThreshold(self.threshold, "linear")
