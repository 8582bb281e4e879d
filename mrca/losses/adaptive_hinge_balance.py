"""Adaptive hinge balance loss."""

from typing import Any

import keras
from keras import ops

from mrca.losses import arguments
from mrca.losses.separate_thresholding_loss import SeparateThresholdingLoss
from mrca.losses.threshold_column_loss import split, sum_where


@keras.saving.register_keras_serializable(package="mrca")
class AdaptiveHingeBalance(SeparateThresholdingLoss):
    """Adaptive hinge balance loss (HingeABL): SAT, weighed by how far relations miss a margin.

        d_r = s_r - t for positives, t - s_r for negatives
        w_r = max(0, margin - d_r)
        normalize="joint":     loss = sum_r w_r log(1 + exp(-d_r)) / sum_r w_r
        normalize="separate":  the same for positives and for negatives on their own, added

    A side whose weights are all 0 counts 0. `"joint"` is the paper's equation 10. The authors'
    code, which made the published numbers, has `"separate"` and adds 1e-30 inside the logarithm
    (`epsilon`). They differ much: of 2 positives that miss (d = -2) and 94 negatives (d = 1), the
    positives hold 3.6 % of the joint weight and half of the separate one.

    The code differentiates the weights and their sum. Then a relation that is easier than the
    average is pushed towards the *wrong* side, because raising the weight of an easy one lowers
    the mean. `stop_gradient_weights=True` takes the weights as constant, is without this, and is
    the safer choice where published numbers need not be repeated.

    Args:
        margin: above 0, default 5 (paper, appendix B, and authors' code).
        normalize: `"separate"` (default, authors' code) or `"joint"` (paper).
        stop_gradient_weights: whether the weights are taken as constant.
        epsilon: see `SeparateAdaptiveThresholding`.
        top_k: predict at most this many relations of a row; `None` (default) for no limit,
            authors' code 4.
        reduction, name, dtype: see `MultiLabelLoss`.

    Raises:
        MrcaError: if an argument is out of its range.

    Source: HingeABL (Wang et al. 2023), equations 9 and 10, and its code `get_relu_sat_loss`.
    """

    def __init__(
        self,
        margin: float = 5.0,
        normalize: str = "separate",
        stop_gradient_weights: bool = False,
        epsilon: float = 0.0,
        top_k: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        name: str = "adaptive_hinge_balance",
        dtype: Any = None,
    ) -> None:
        super().__init__(epsilon, top_k, name=name, reduction=reduction, dtype=dtype)
        self.margin = arguments.number(self, "margin", margin, above=0)
        self.normalize = arguments.choice(self, "normalize", normalize, ("separate", "joint"))
        self.stop_gradient_weights = arguments.boolean(
            self, "stop_gradient_weights", stop_gradient_weights
        )

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Labels and logits `(batch, relations + 1)` to losses `(batch,)`."""
        batch = split(y_true, y_pred)
        margins = batch.margins
        weights = ops.relu(self.margin - margins)
        if self.stop_gradient_weights:
            weights = ops.stop_gradient(weights)
        cells = weights * self.terms(margins)
        if self.normalize == "joint":
            return _weighted_mean(True, weights, cells)
        negative = ops.logical_not(batch.positive)
        return _weighted_mean(batch.positive, weights, cells) + _weighted_mean(
            negative, weights, cells
        )


def _weighted_mean(mask: Any, weights: Any, cells: Any) -> Any:
    total = sum_where(mask, weights)
    # Divided by 1 where there is nothing to divide: x / (0 + tiny) has no finite gradient.
    return sum_where(mask, cells) / ops.where(ops.equal(total, 0), 1.0, total)
