"""Logarithms of sums and complements whose gradients are finite everywhere."""

from typing import Any

import keras
import numpy as np
from keras import ops


def log_complement(log_p: Any) -> Any:
    """log(1 - p) from log p, elementwise; of p = 1, a large negative number."""
    half = keras.backend.standardize_dtype(log_p.dtype) == "float16"
    tiny = 1e-4 if half else 1e-37  # which every other float type can hold
    # Not `minimum`, which rounds float64 to float32 on PyTorch.
    return ops.log(-ops.expm1(ops.where(log_p < -tiny, log_p, -tiny)))


def log_sum_exp_beside(beside: Any, mask: Any, logits: Any) -> Any:
    """log(exp(beside) + sum of exp(logits) in the mask) of each row, `(batch, 1)`.

    The gradient is a ratio of exponentials of differences from the largest logit, exact to the
    last digit where that of a library's log-sum-exp carries the logits' own rounding.

    Args:
        beside: a logit that is always counted, `(batch, 1)`.
        mask: booleans `(batch, columns)`; a row may have none.
        logits: `(batch, columns)`.
    """
    kept = ops.where(mask, logits, -np.inf)
    largest = ops.max(kept, axis=-1, keepdims=True, initial=-np.inf)
    largest = ops.stop_gradient(ops.maximum(largest, beside))
    exponentials = ops.sum(ops.exp(kept - largest), axis=-1, keepdims=True)
    return ops.log(exponentials + ops.exp(beside - largest)) + largest
