"""A large matrix a part at a time."""

from collections.abc import Iterator
from typing import Any

import numpy as np

# Cells of a block: few enough for a copy of them to be nothing beside the matrix of a long-tailed
# corpus (10,000 rows of 18,000 relations), enough for other matrices to be one block.
_CELLS = 2**22


def row_blocks(matrix: Any) -> Iterator[slice]:
    """Slices of the rows of an array or a matrix, some million cells each; none without rows."""
    rows = matrix.shape[0]
    step = max(1, _CELLS // max(1, int(np.prod(matrix.shape[1:]))))
    return (slice(start, min(start + step, rows)) for start in range(0, rows, step))
