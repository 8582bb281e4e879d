"""A validation split taken from training rows."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from mrca.errors import MrcaError
from mrca.text import Example


def hold_out(
    examples: Sequence[Example], count: int, seed: int
) -> tuple[list[Example], list[Example]]:
    """Draw validation rows, leaving every label at least one training row.

    Rows are drawn one by one; a row that is the last one of any of its labels stays where it is.

    Args:
        examples: the training rows.
        count: how many to hold out.
        seed: of the draw.

    Returns:
        The rows that are kept and those held out, both in their old order.

    Raises:
        MrcaError: if so many rows cannot be held out.
    """
    left = Counter(label for example in examples for label in example.labels)
    held: set[int] = set()
    for index in np.random.default_rng(seed).permutation(len(examples)):
        if len(held) == count:
            break
        labels = examples[index].labels
        if all(left[label] > 1 for label in labels):
            held.add(int(index))
            left.subtract(labels)
    if len(held) < count:
        raise MrcaError(
            f"Cannot hold out {count:,} of {len(examples):,} training rows for validation: each of "
            f"{len(left):,} labels must keep one. At most {len(held):,} can be held out."
        )
    return (
        [example for index, example in enumerate(examples) if index not in held],
        [example for index, example in enumerate(examples) if index in held],
    )
