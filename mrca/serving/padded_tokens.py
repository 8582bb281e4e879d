"""Rows as one request to an exported model."""

from collections.abc import Sequence

import numpy as np

from mrca.export.token_arrays import mention_arrays, token_arrays
from mrca.serving.width_class import width_class
from mrca.text import Document


def padded_tokens(documents: Sequence[Document], *, pairs: bool = False) -> dict[str, np.ndarray]:
    """Rows as the signature `tokens` takes them, with more padding.

    They are padded to their `width_class`: TensorFlow Serving joins requests that come at the same
    time into one batch if they are of one width, and fails them all if they are not. The model cuts
    padding off before it computes.

    Args:
        documents: the rows.
        pairs: whether the model is asked about entity pairs; see `mention_arrays`, `token_arrays`.
    """
    arrays = mention_arrays(documents) if pairs else token_arrays(documents)
    return {name: _padded(array) for name, array in arrays.items()}


def _padded(array: np.ndarray) -> np.ndarray:
    length = array.shape[1]
    padding = ((0, 0), (0, width_class(length) - length))
    return np.pad(array, padding, constant_values="" if array.dtype == object else 0)
