"""Where the windows of an average pooling stand."""

from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray


class PoolingWindows:
    """The windows of `AveragePooling1D(pool_size, strides, padding="same")` on `max_length` tokens.

    Args:
        pool_size: width of a window in tokens, at least `strides`.
        strides: distance between windows in tokens.
        max_length: how many tokens there are.

    Attributes:
        starts: first token of each window.
        ends: the token after its last, which is past no window's `max_length`.
    """

    def __init__(self, pool_size: int, strides: int, max_length: int) -> None:
        number = -(-max_length // strides)
        left = max((number - 1) * strides + pool_size - max_length, 0) // 2
        first = np.arange(number) * strides - left
        self.starts = np.maximum(first, 0)
        self.ends = np.minimum(first + pool_size, max_length)
        self._max_length = max_length

    def __len__(self) -> int:
        return len(self.starts)

    def weights(self) -> NDArray[np.float32]:
        """How much each token (column) counts in each window (row)."""
        token = np.arange(self._max_length)
        inside = (token >= self.starts[:, None]) & (token < self.ends[:, None])
        return (inside / inside.sum(axis=1, keepdims=True)).astype(np.float32)

    def cut(self, time: Any) -> tuple[Any, Any, Any]:
        """How the windows divide where only the first `time` tokens are there.

        Args:
            time: a number, or a scalar tensor in a graph whose shapes are not known.

        Returns:
            a, b and c: windows from a to b hold all of these tokens, those before a and from b to c
            some, and those from c on none.
        """
        first_whole = _count(self.ends < time)
        last_whole = int((self.starts == 0).sum())
        whole_end = (
            max(first_whole, last_whole)
            if isinstance(first_whole, int)
            else ops.maximum(first_whole, last_whole)
        )
        return first_whole, whole_end, _count(self.starts < time)


def _count(holds: Any) -> Any:
    """How often it is true: a number where it is known, which compilers need in a shape."""
    if isinstance(holds, np.ndarray):
        return int(holds.sum())
    return ops.sum(ops.cast(holds, "int32"))
