"""Separate adaptive thresholding loss with a mean for each side."""

from typing import Any

import keras
from keras import ops

from mrca.losses import arguments
from mrca.losses.separate_thresholding_loss import SeparateThresholdingLoss
from mrca.losses.threshold_column_loss import split, sum_where


@keras.saving.register_keras_serializable(package="mrca")
class MeanSeparateAdaptiveThresholding(SeparateThresholdingLoss):
    """Mean separate adaptive thresholding loss (MeanSAT): SAT, with positives and negatives even.

        d_r = s_r - t for positives, t - s_r for negatives
        loss = mean over positives of log(1 + exp(-d_r)) + mean over negatives of log(1 + exp(-d_r))

    A side without relations counts 0. The authors' code, which made the published numbers on 96
    relations, takes `96 - |P|` for the number of negatives whatever there are (`num_relations=96`)
    and adds 1e-30 inside the logarithm (`epsilon`).

    Args:
        num_relations: `None` (default): count them; or what the authors' code has for it.
        epsilon: see `SeparateAdaptiveThresholding`.
        top_k: predict at most this many relations of a row; `None` (default) for no limit,
            authors' code 4.
        reduction, name, dtype: see `MultiLabelLoss`.

    Raises:
        MrcaError: if an argument is out of its range.

    Source: HingeABL (Wang et al. 2023), equation 11, and its code.
    """

    def __init__(
        self,
        num_relations: int | None = None,
        epsilon: float = 0.0,
        top_k: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_separate_adaptive_thresholding",
        dtype: Any = None,
    ) -> None:
        super().__init__(epsilon, top_k, name=name, reduction=reduction, dtype=dtype)
        self.num_relations = num_relations
        if num_relations is not None:
            self.num_relations = arguments.positive_integer(self, "num_relations", num_relations)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Labels and logits `(batch, relations + 1)` to losses `(batch,)`."""
        batch = split(y_true, y_pred)
        cells = self.terms(batch.margins)
        positives = ops.sum(ops.cast(batch.positive, cells.dtype), axis=-1)
        negatives = (self.num_relations or batch.scores.shape[-1]) - positives
        negative = ops.logical_not(batch.positive)
        return _mean(batch.positive, cells, positives) + _mean(negative, cells, negatives)


def _mean(mask: Any, cells: Any, count: Any) -> Any:
    # Not `maximum`, which rounds float64 to float32 on PyTorch.
    return sum_where(mask, cells) / ops.where(ops.greater(count, 0), count, 1.0)
