"""Rows as one request to an exported model."""

from collections.abc import Sequence

import numpy as np

from mrca.export.token_arrays import token_arrays
from mrca.serving.width_class import width_class
from mrca.text import Document


def padded_tokens(documents: Sequence[Document]) -> dict[str, np.ndarray]:
    """Rows as the signature `tokens` takes them, as `token_arrays`, with more padding.

    They are padded to their `width_class`: TensorFlow Serving joins requests that come at the same
    time into one batch if they are of one width, and fails them all if they are not. The model cuts
    padding off before it computes.
    """
    arrays = token_arrays(documents)
    length = arrays["tokens"].shape[1]
    padding = ((0, 0), (0, width_class(length) - length))
    return {
        "tokens": np.pad(arrays["tokens"], padding, constant_values=""),
        "role": np.pad(arrays["role"], padding),
    }
