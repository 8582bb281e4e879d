"""Focal loss over a softmax."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from mrca.errors import MrcaError
from mrca.losses import arguments
from mrca.losses.logarithms import log_complement
from mrca.losses.softmax_loss import SoftmaxLoss


@keras.saving.register_keras_serializable(package="mrca")
class CategoricalFocal(SoftmaxLoss):
    """Focal loss (FCL) over a softmax of logits and one-hot labels `y`, or class indices.

        loss = sum_r y_r alpha_r (1 - p_r)^gamma (-log p_r),   p = softmax(z)

    The gradient goes through (1 - p)^gamma, as Lin et al. differentiate it and ShannonAI's code
    does; DeepKE's code takes the factor as constant (`stop_gradient=True`). For one label per row:
    the class with the largest logit is predicted. The paper of Yu et al. 2020 gives neither its
    gamma nor code.

    Args:
        gamma: focusing exponent, at least 0, default 2 (Lin et al.).
        alpha: a factor for each class, or `None` (default) for none.
        stop_gradient: whether the factor (1 - p)^gamma is taken as constant.
        reduction, name, dtype: see `MultiLabelLoss`.

    Raises:
        MrcaError: if an argument is out of its range, or `alpha` has another length than outputs
            have columns.

    Source: Lin et al. 2017; Yu et al. 2020, table 2 (FCL).
    """

    def __init__(
        self,
        gamma: float = 2.0,
        alpha: Sequence[float] | None = None,
        stop_gradient: bool = False,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_focal",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.gamma = arguments.number(self, "gamma", gamma, at_least=0)
        self.alpha = alpha
        if alpha is not None:
            self.alpha = arguments.numbers(self, "alpha", alpha, at_least=0)
        self.stop_gradient = arguments.boolean(self, "stop_gradient", stop_gradient)

    def check_shapes(self, labels: tuple[int | None, ...], outputs: tuple[int | None, ...]) -> None:
        """As every loss, and with a value of alpha for each column."""
        super().check_shapes(labels, outputs)
        if self.alpha is not None and len(self.alpha) != outputs[1]:
            raise MrcaError(
                f"CategoricalFocal was made with {len(self.alpha)} values of alpha. Expected one "
                f"for each column of the outputs. Received {outputs[1]} columns."
            )

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """One-hot labels and logits `(batch, classes)` to losses `(batch,)`."""
        log_p = ops.log_softmax(y_pred, axis=-1)
        cells = -log_p
        if self.gamma:
            # In logarithms: a power of 1 - p has an infinite slope at p = 1.
            factor = ops.exp(self.gamma * log_complement(log_p))
            cells = (ops.stop_gradient(factor) if self.stop_gradient else factor) * cells
        weights = y_true
        if self.alpha is not None:
            weights = weights * ops.convert_to_tensor(self.alpha, dtype=y_true.dtype)
        return ops.sum(weights * cells, axis=-1)
