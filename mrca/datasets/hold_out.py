"""A validation split taken from training rows."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from mrca.errors import MrcaError
from mrca.text import Document


def hold_out(
    documents: Sequence[Document], count: int, seed: int
) -> tuple[list[Document], list[Document]]:
    """Draw validation rows, leaving every label at least one training row.

    Rows are drawn one by one; a row that is the last one of any of its labels stays where it is.

    Args:
        documents: the training rows.
        count: how many to hold out.
        seed: of the draw.

    Returns:
        The rows that are kept and those held out, both in their old order.

    Raises:
        MrcaError: if so many rows cannot be held out.
    """
    left = Counter(label for document in documents for label in document.labels)
    held: set[int] = set()
    for index in np.random.default_rng(seed).permutation(len(documents)):
        if len(held) == count:
            break
        labels = documents[index].labels
        if all(left[label] > 1 for label in labels):
            held.add(int(index))
            left.subtract(labels)
    if len(held) < count:
        raise MrcaError(
            f"Cannot hold out {count:,} of {len(documents):,} training rows for validation: each "
            f"of {len(left):,} labels must keep one. At most {len(held):,} can be held out."
        )
    return (
        [document for index, document in enumerate(documents) if index not in held],
        [document for index, document in enumerate(documents) if index in held],
    )
