"""Rows that are longer than an encoder reads, in windows that overlap."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="mrca")
class Windows(keras.layers.Layer):
    """The states of rows of any length, by an encoder that reads so many pieces at a time.

    A row of L pieces, L at most `window`, is read at once. A longer one is read in

        n = 1 + ceil((L - window) / stride)        s_j = floor(j (L - window) / (n - 1))

    windows, j from 0 to n - 1: the fewest whose starts are at most `stride` pieces apart, spread
    evenly from its beginning to its end. Window j is `[CLS]`, the pieces s_j + 1 to
    s_j + window - 2 of the row, `[SEP]`. Of those special pieces the row keeps the first `[CLS]`
    and the last `[SEP]`. Two windows are ATLOP's two.

    * A piece's state is the mean of its states in the windows that it stands in.
    * A piece's attention is that of the encoder's last layer, summed over the windows that it
      stands in, each as far as it goes to pieces that the row keeps, and divided by its sum.

    Args:
        states: a layer from pieces and lengths to states, such as `KerasHubStates`.
        window: pieces that it reads at a time, `[CLS]` and `[SEP]` among them; at least 3.
        stride: pieces between the starts of two windows, at most; from 1 to `window - 2`.

    Call arguments:
        pieces: int32 `(batch, time)`, from `[CLS]` to `[SEP]`; what follows is padding.
        lengths: int32 `(batch,)`, pieces of each row.
        return_attention_scores: whether to return the attention too; for encoders that give it.

    Returns:
        float32 `(batch, time, dim)`, zeros on padding; with attention a pair of these and of
        float32 `(batch, heads, time, time)`, whose rows (queries) sum to 1 over their columns
        (keys). Rows and columns of padding are zeros.

    Attributes:
        dim: length of a state.

    Source: ATLOP (Zhou et al. 2021), `long_seq.py`, which reads up to two windows.
    """

    def __init__(self, states: Any, window: int, stride: int, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.states = states
        self.window = window
        self.stride = stride
        self.dim = int(states.dim)
        self.built = True

    def call(
        self,
        pieces: Any,
        lengths: Any,
        training: bool | None = None,
        return_attention_scores: bool = False,
    ) -> Any:
        """See the class."""
        pieces, lengths = ops.cast(pieces, "int32"), ops.cast(lengths, "int32")
        time = ops.shape(pieces)[1]
        width = _least(time, self.window)
        number = 1 - _least(self.window - time, 0) // self.stride  # of the longest row
        # === Windows: how many a row has, and where they start, (batch, number) ===
        beyond = ops.maximum(lengths - self.window, 0)
        count = ops.expand_dims(1 + (beyond + self.stride - 1) // self.stride, 1)
        window = ops.arange(number, dtype="int32")
        starts = window * ops.expand_dims(beyond, 1) // ops.maximum(count - 1, 1)
        # Of a row with fewer windows than others the rest is a [CLS] that nobody looks at.
        there = window < count
        sizes = ops.where(there, ops.expand_dims(ops.minimum(lengths, self.window), 1), 1)
        found = self.states(
            ops.reshape(self._read(pieces, lengths, starts, width), (-1, width)),
            ops.reshape(sizes, (-1,)),
            training=training,
            **({"return_attention_scores": True} if return_attention_scores else {}),
        )
        # === Where a piece stands in each window, and whether it does, (batch, number, time) ===
        # All windows but the first leave their [CLS] out, and all but the last their [SEP].
        column = ops.arange(time, dtype="int32")
        place = column - ops.expand_dims(starts, 2)
        first = ops.where(window == 0, 0, 1)
        last = self.window - ops.where(window == count - 1, 1, 2)
        seen = ops.logical_and(
            place >= ops.expand_dims(first, 1), place <= ops.expand_dims(last, 2)
        )
        seen = ops.logical_and(seen, ops.expand_dims(there, 2))
        real = column < ops.expand_dims(lengths, 1)
        seen = ops.logical_and(seen, ops.expand_dims(real, 1))
        place = ops.clip(place, 0, width - 1)
        if not return_attention_scores:
            return self._states(found, place, seen)
        return self._states(found[0], place, seen), self._attention(found[1], place, seen)

    def _read(self, pieces: Any, lengths: Any, starts: Any, width: Any) -> Any:
        """The pieces of the windows, `(batch, number, width)`."""
        rows, time = ops.shape(pieces)
        flat = ops.reshape(pieces, (-1,))
        row_starts = ops.arange(rows, dtype="int32") * time
        local = ops.arange(width, dtype="int32")
        places = ops.minimum(ops.expand_dims(starts, 2) + local, time - 1)
        read = ops.take(flat, ops.reshape(row_starts, (-1, 1, 1)) + places, axis=0)
        cls = ops.take(flat, row_starts, axis=0)
        sep = ops.take(flat, row_starts + ops.maximum(lengths - 1, 0), axis=0)
        read = ops.where(local == 0, ops.reshape(cls, (-1, 1, 1)), read)
        return ops.where(local == self.window - 1, ops.reshape(sep, (-1, 1, 1)), read)

    def _states(self, states: Any, place: Any, seen: Any) -> Any:
        """The mean state of each piece: `(windows, width, dim)` to `(batch, time, dim)`."""
        rows, number, time = ops.shape(place)
        states = _taken(states, ops.reshape(place, (-1, time)))
        states = ops.reshape(states, (rows, number, time, self.dim))
        total = ops.sum(ops.where(ops.expand_dims(seen, 3), states, 0.0), axis=1)
        times = ops.sum(ops.cast(seen, "float32"), axis=1)
        return total / ops.expand_dims(ops.maximum(times, 1.0), 2)

    def _attention(self, attention: Any, place: Any, seen: Any) -> Any:
        """The mean attention of each piece: `(windows, heads, width, width)` to
        `(batch, heads, time, time)`."""
        rows, number, time = ops.shape(place)
        heads, width = attention.shape[1], ops.shape(attention)[2]
        of_heads = ops.repeat(ops.reshape(place, (-1, 1, time)), heads, axis=1)
        of_heads = ops.reshape(of_heads, (-1, time))
        attention = _taken(ops.reshape(attention, (-1, width, width)), of_heads)
        attention = _taken(ops.transpose(attention, (0, 2, 1)), of_heads)
        attention = ops.reshape(attention, (rows, number, heads, time, time))
        attention = ops.transpose(attention, (0, 1, 2, 4, 3))
        both = ops.logical_and(ops.expand_dims(seen, 2), ops.expand_dims(seen, 3))
        attention = ops.sum(ops.where(ops.expand_dims(both, 2), attention, 0.0), axis=1)
        total = ops.sum(attention, axis=-1, keepdims=True)
        return attention / ops.where(total > 0, total, 1.0)

    def compute_output_shape(self, pieces_shape: Any, lengths_shape: Any = None) -> Any:
        """`(batch, time, dim)`."""
        return (*pieces_shape, self.dim)

    @property
    def fingerprint(self) -> str:
        """The encoder's, and how it reads."""
        return f"{self.states.fingerprint} {self.window} {self.stride}"

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument."""
        return {
            **super().get_config(),
            "states": keras.saving.serialize_keras_object(self.states),
            "window": self.window,
            "stride": self.stride,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Windows":
        """The layer that `get_config` described."""
        states = keras.saving.deserialize_keras_object(config["states"])
        return cls(**{**config, "states": states})


def _least(first: Any, second: Any) -> Any:
    """The smaller of two sizes, a number where both are."""
    if isinstance(first, int) and isinstance(second, int):
        return min(first, second)
    return ops.minimum(first, second)


def _taken(values: Any, places: Any) -> Any:
    """Of each row of `(rows, length, width)` those at `(rows, n)`: `(rows, n, width)`."""
    rows, length, width = ops.shape(values)
    starts = ops.expand_dims(ops.arange(rows, dtype="int32") * length, 1)
    return ops.take(ops.reshape(values, (-1, width)), starts + places, axis=0)
