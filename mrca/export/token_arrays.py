"""Documents as arrays of words."""

from collections.abc import Sequence

import numpy as np

from mrca.text import Document

# Role codes of words.
SUBJECT, OBJECT, BOTH = 1, -1, 2


def token_arrays(documents: Sequence[Document]) -> dict[str, np.ndarray]:
    """Documents as the signature `tokens` takes them, padded to the longest.

    Returns:
        `tokens` object and `role` int32, both `(rows, time)`: 1 subject, -1 object, 2 both, 0
        neither. An entity whose role is not known is a subject, as it is to a network.
    """
    shape = (len(documents), max((len(document.tokens) for document in documents), default=0))
    tokens, role = np.full(shape, "", object), np.zeros(shape, np.int32)
    for row, document in enumerate(documents):
        tokens[row, : len(document.tokens)] = document.tokens
        for start, end in document.spans("object") if document.roles == "given" else ():
            role[row, start:end] = OBJECT
        for start, end in document.spans("subject"):
            also_object = np.isin(role[row, start:end], (OBJECT, BOTH))
            role[row, start:end] = np.where(also_object, BOTH, SUBJECT)
    return {"tokens": tokens, "role": role}
