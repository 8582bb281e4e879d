"""A trained classifier's weight vectors made more alike in length."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mrca.errors import MrcaError


def tau_normalised(kernel: ArrayLike, tau: float) -> NDArray[np.floating]:
    """Each column of a linear classifier divided by a power of its length.

        w_i / ||w_i||^tau

    A classifier that was trained on a long tail has longer weight vectors for frequent relations,
    which so win more often. tau = 0 changes nothing, tau = 1 makes all vectors unit vectors. The
    bias of the classifier is to be dropped, as in the authors' code; `mrca.evaluation.tau_search`
    finds tau on validation rows.

    Args:
        kernel: `(features, columns)`, as Keras has it.
        tau: a finite number of at least 0; the paper searches (0, 1), its code 0 to 2.

    Returns:
        The new kernel, same shape and float type. A column of zeros stays one.

    Raises:
        MrcaError: if the kernel is no matrix, or tau is out of its range.

    Source: Kang et al. 2020 and their code (`tau_norm.py`).

    Example:
        >>> tau_normalised([[3.0, 0.0], [4.0, 0.0]], tau=1).tolist()
        [[0.6, 0.0], [0.8, 0.0]]
    """
    weights = np.asarray(kernel)
    if weights.ndim != 2:
        raise MrcaError(
            f"tau-normalisation needs a kernel of shape (features, columns). Received shape "
            f"{weights.shape}."
        )
    if not math.isfinite(tau) or tau < 0:
        raise MrcaError(f"tau must be a finite number of at least 0. Received: {tau!r}.")
    if not np.issubdtype(weights.dtype, np.floating):
        weights = weights.astype(np.float64)
    norms = np.linalg.norm(weights.astype(np.float64), axis=0)
    norms[norms == 0] = 1
    return (weights / norms**tau).astype(weights.dtype)
