"""Logarithms of sums and complements whose gradients are finite everywhere."""

from typing import Any

import keras
import numpy as np
from keras import ops


def log_complement(log_p: Any) -> Any:
    """log(1 - p) from log p, elementwise; of p = 1, the logarithm of the smallest number."""
    tiny = float(np.finfo(keras.backend.standardize_dtype(log_p.dtype)).tiny)
    # Not `minimum`, which rounds float64 to float32 on PyTorch.
    return ops.log(-ops.expm1(ops.where(log_p < -tiny, log_p, -tiny)))


def masked_log_sum_exp(mask: Any, logits: Any) -> Any:
    """Log-sum-exp of each row's logits in the mask, `(batch, 1)`; no row's mask may be empty.

    The gradient is a ratio of exponentials of differences from the largest logit, exact to the
    last digit where that of a library's log-sum-exp carries the logits' own rounding.
    """
    kept = ops.where(mask, logits, -np.inf)
    largest = ops.stop_gradient(ops.max(kept, axis=-1, keepdims=True, initial=-np.inf))
    return ops.log(ops.sum(ops.exp(kept - largest), axis=-1, keepdims=True)) + largest
