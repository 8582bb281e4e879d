"""Weights of relations by how often they occur in training."""

from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from mrca.losses import arguments
from mrca.losses.class_counts import ClassCounts

WEIGHTINGS = ("effective_number", "inverse", "sqrt_inverse")
CLASS_MODES = ("by_class", "average_n", "average_w", "min_n")


class ClassWeights:
    """A factor for each relation that falls with its training count `n`.

        effective_number:  f(n) = (1 - beta) / (1 - beta^n)
        inverse:           f(n) = M / n
        sqrt_inverse:      f(n) = sqrt(M / n)

    With `class_mode="by_class"` a cell's weight is that of its relation. In the other modes each
    row has one weight, made from its positive relations: f of their mean count (`average_n`), the
    mean of f (`average_w`) or f of their smallest count (`min_n`); a row without positives gets
    f's limit for a large count, `1 - beta` or, inverse, 0 (the authors' code gives it NaN in the
    first two).

    Args:
        owner: the loss, for error messages.
        counts: training counts; the inverse weightings need `num_samples` in them.
        beta: at least 0 and below 1; 0 gives every relation the same weight.
        weighting: one of the three above.
        class_mode: one of the four above.

    Source: Cui et al. 2019; Huang et al. 2021, equation 4 (by class); the other modes
    and weightings are the authors' code's.
    """

    def __init__(
        self, owner: object, counts: ClassCounts, beta: float, weighting: str, class_mode: str
    ) -> None:
        self.beta = arguments.number(owner, "beta", beta, at_least=0, below=1)
        self.weighting = arguments.choice(owner, "weighting", weighting, WEIGHTINGS)
        self.class_mode = arguments.choice(owner, "class_mode", class_mode, CLASS_MODES)
        self._rows = 0 if weighting == "effective_number" else counts.rows(owner)
        self._counts = counts.counts
        self.per_class: NDArray[np.float64] = self._of(counts.counts, np)

    def __call__(self, labels: Any) -> Any:
        """Labels `(batch, relations)` to weights `(relations,)` or `(batch, 1)`."""
        per_class = ops.convert_to_tensor(self.per_class, dtype=labels.dtype)
        if self.class_mode == "by_class":
            return per_class
        none = ops.logical_not(ops.any(ops.greater(labels, 0), axis=-1, keepdims=True))
        if self.class_mode == "min_n":  # f falls, so the smallest count has the largest weight
            weights = ops.max(labels * per_class, axis=-1, keepdims=True, initial=0.0)
        else:
            # Not `maximum`, which rounds float64 to float32 on PyTorch.
            size = ops.where(none, 1.0, ops.sum(labels, axis=-1, keepdims=True))
            if self.class_mode == "average_w":
                weights = ops.sum(labels * per_class, axis=-1, keepdims=True) / size
            else:
                counts = ops.convert_to_tensor(self._counts, dtype=labels.dtype)
                mean = ops.sum(labels * counts, axis=-1, keepdims=True) / size
                weights = self._of(ops.where(none, 1.0, mean), ops)
        limit = 1 - self.beta if self.weighting == "effective_number" else 0.0
        return ops.where(none, limit, weights)

    def _of(self, count: Any, library: Any) -> Any:
        """The function f, in NumPy or `keras.ops`."""
        if self.weighting == "effective_number":
            if self.beta == 0:
                return library.ones_like(count)
            return -(1 - self.beta) / library.expm1(count * float(np.log(self.beta)))
        if self.weighting == "inverse":
            return self._rows / count
        return library.sqrt(self._rows / count)
