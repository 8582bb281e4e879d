"""Label counts as the losses that need them take them."""

from typing import Any

import numpy as np

from mrca.errors import MrcaError
from mrca.losses import arguments


class ClassCounts:
    """How many training rows state each relation.

    A relation without any counts as one row, so that its weight is finite.

    Args:
        owner: the loss, for error messages.
        class_counts: one number per relation, in column order, at least 0.
        num_samples: training rows, `None` where the loss does not need them.

    Raises:
        MrcaError: if a count is negative, a share, no number or above `num_samples`, or that is not
            at least 1.
    """

    def __init__(self, owner: object, class_counts: Any, num_samples: Any = None) -> None:
        given = arguments.numbers(owner, "class_counts", class_counts, at_least=0)
        shares = [count for count in given if 0 < count < 1]
        if shares:
            raise MrcaError(
                f"Argument `class_counts` of {type(owner).__name__} must be numbers of training "
                f"rows, 0 or at least 1. Received: {shares[0]!r}, which looks like a share."
            )
        self.class_counts = [int(count) if count == int(count) else count for count in given]
        self.counts = np.maximum(np.asarray(given, np.float64), 1)
        self.num_samples = num_samples
        if num_samples is not None:
            self.num_samples = arguments.positive_integer(owner, "num_samples", num_samples)
            if max(given, default=0) > self.num_samples:
                raise MrcaError(
                    f"Argument `class_counts` of {type(owner).__name__} counts training rows, of "
                    f"which there are {self.num_samples:,} (`num_samples`). Received: {max(given)}."
                )

    def rows(self, owner: object) -> int:
        """The number of training rows.

        Raises:
            MrcaError: if `num_samples` was not given.
        """
        if self.num_samples is None:
            raise MrcaError(
                f"{type(owner).__name__} needs `num_samples`, the number of training rows, beside "
                "`class_counts`."
            )
        return self.num_samples
