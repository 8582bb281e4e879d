"""Self-adjusting Dice."""

import warnings
from typing import Any

import keras
from keras import ops

from mrca.losses import arguments
from mrca.losses.decision_rule import DecisionRule, FixedThreshold, LargestScore
from mrca.losses.logarithms import log_complement
from mrca.losses.overlap_loss import OverlapLoss

# From this alpha on, negatives above 0.77 are pushed further up.
_REWARDS_MISTAKES = 0.3


@keras.saving.register_keras_serializable(package="mrca")
class SelfAdjustingDice(OverlapLoss):
    """Self-adjusting Dice (DSL) over logits and 0/1 labels `y`, with p = sigmoid(z).

        f = (1 - p)^alpha p
        loss = 1 - (2 f y + smooth) / (f + y + smooth)

    for each cell (`mode="elementwise"`, the paper's form), and a row's loss is the mean over its
    relations; with `mode="batch"` the products, f and y are summed over the whole batch first (the
    authors' code for one logit per row). The factor (1 - p)^alpha pushes easy cells aside.

    f has its peak at p = 1 / (1 + alpha). A positive beyond it is pushed *back*, and a negative
    beyond it, a confident false positive, is *rewarded*: with alpha = 1 every negative above 0.5.
    Keep alpha small; from 0.3 on there is a warning.

    The batch form depends on how rows are batched, and `sample_weight` scales a row's share of the
    mean without taking the row out of the sums; `mode="mixed"` depends on the batch too.

    Args:
        alpha: exponent, at least 0, default 0.01 (authors' scripts; their code's default is 0).
        smooth: added above and below the line, default 1 (authors' scripts; code 1e-4).
        squared: whether f and y are squared below the line; default false (paper, and the code's
            default; the scripts set it).
        activation: `"sigmoid"` (default) or `"softmax"`, for one label per row; labels are then
            decided by the largest score.
        mode: `"elementwise"` (default), `"batch"`, or `"mixed"`: each cell's own product over sums
            of its column, which is what the authors' code does for several classes without
            squares. Their code adds up the classes where this takes the mean.
        reduction, name, dtype: see `MultiLabelLoss`.

    Raises:
        MrcaError: if an argument is out of its range.

    Source: Li et al. 2020; named DSL in Yu et al. 2020, table 2.
    """

    modes = ("elementwise", "batch", "mixed")

    def __init__(
        self,
        alpha: float = 0.01,
        smooth: float = 1.0,
        squared: bool = False,
        activation: str = "sigmoid",
        mode: str = "elementwise",
        reduction: str | None = "sum_over_batch_size",
        name: str = "self_adjusting_dice",
        dtype: Any = None,
    ) -> None:
        super().__init__(smooth, mode, name=name, reduction=reduction, dtype=dtype)
        self.alpha = arguments.number(self, "alpha", alpha, at_least=0)
        if alpha >= _REWARDS_MISTAKES:
            warnings.warn(
                f"SelfAdjustingDice with alpha={alpha:g} rewards a confident false positive (a "
                f"probability above {1 / (1 + alpha):.2f}). Expected below {_REWARDS_MISTAKES}.",
                stacklevel=2,
            )
        self.squared = arguments.boolean(self, "squared", squared)
        self.activation = arguments.choice(self, "activation", activation, ("sigmoid", "softmax"))

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Labels and logits `(batch, relations)` to losses `(batch,)`."""
        # In logarithms: a power of 1 - p has an infinite slope at p = 1.
        if self.activation == "sigmoid":
            log_p, log_rest = ops.log_sigmoid(y_pred), ops.log_sigmoid(-y_pred)
        else:
            log_p = ops.log_softmax(y_pred, axis=-1)
            log_rest = log_complement(log_p)
        scores = ops.exp(self.alpha * log_rest + log_p)
        return self.dice(scores, y_true, self.squared)

    def size(self, cells: Any) -> Any:
        """What a denominator takes for the sum of cells."""
        if self.mode == "mixed":
            return ops.sum(cells, axis=0, keepdims=True)
        return super().size(cells)

    @property
    def decision_rule(self) -> DecisionRule:
        """Predict a relation whose probability is at least 0.5, or the row's largest."""
        if self.activation == "softmax":
            return LargestScore()
        return FixedThreshold(0.5, "sigmoid")
