"""What a frozen encoder makes of word pieces."""

import hashlib
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from mrca.features import EncodedExamples, plan_batches, stored_states
from mrca.layers import StatePooling

_BATCH_SIZE = 32


def piece_inputs() -> dict[str, Any]:
    """Keras inputs of a batch of encoded word pieces."""
    return {
        "pieces": keras.Input((None,), dtype="int32", name="pieces"),
        "case": keras.Input((None,), dtype="int8", name="case"),
        "role": keras.Input((None,), dtype="int8", name="role"),
        "lengths": keras.Input((), dtype="int32", name="lengths"),
    }


class StateReader:
    """Turns rows of word pieces into rows of a frozen encoder's states, in half precision.

    Args:
        encoder: a frozen layer from pieces and lengths to states.
        pooling: one of `StatePooling`'s, to keep one vector of each row in place of a state of each
            piece; `None` for all states.
    """

    def __init__(self, encoder: Any, pooling: str | None = None) -> None:
        self._encoder = encoder
        self._pooling = None if pooling is None else StatePooling(pooling)
        inputs = piece_inputs()
        states = encoder(inputs["pieces"], inputs["lengths"])
        if self._pooling is not None:
            states = self._pooling(states, inputs["role"], inputs["lengths"])
        self._model = keras.Model(inputs, states)
        self.progress: Callable[[int, int], None] = lambda rows, total: None

    @property
    def width(self) -> int:
        """Numbers in a state or pooled vector."""
        dim: int = self._encoder.dim
        return dim if self._pooling is None else self._pooling.width(dim)

    def read(self, pieces: EncodedExamples, *, keep: bool = False) -> EncodedExamples:
        """States `(pieces, width)` with the pieces' marks; or a row of one pooled vector each.

        Args:
            pieces: rows of word pieces.
            keep: whether to look among the states kept on disk, and to keep them there.
        """
        rows = len(pieces)
        shape = (int(pieces.starts[-1]) if self._pooling is None else rows, self.width)
        if keep:
            states = stored_states(self._key(pieces), shape, lambda to: self._compute(pieces, to))
        else:
            states = np.empty(shape, np.float16)
            self._compute(pieces, states)
        if self._pooling is None:
            marks = {name: pieces.arrays[name] for name in ("case", "role")}
            return EncodedExamples({"states": states, **marks}, pieces.starts)
        marks = {name: np.zeros(rows, np.int8) for name in ("case", "role")}
        return EncodedExamples({"states": states, **marks}, np.arange(rows + 1))

    def _compute(self, pieces: EncodedExamples, target: np.ndarray) -> None:
        longest = int(pieces.lengths.max(initial=1))
        done = 0
        for batch in plan_batches(pieces.lengths, _BATCH_SIZE, max_length=longest):
            inputs = pieces.batch(batch, "masked")
            computed = ops.convert_to_numpy(self._model.predict_on_batch(inputs))
            if self._pooling is not None:
                target[batch.rows] = computed
            else:
                for row, states in zip(batch.rows, computed, strict=True):
                    start, end = pieces.starts[row : row + 2]
                    target[start:end] = states[: end - start]
            done += len(batch.rows)
            self.progress(done, len(pieces))

    def _key(self, pieces: EncodedExamples) -> str:
        pooling = "none" if self._pooling is None else self._pooling.pooling
        digest = hashlib.sha256(f"1 {self._encoder.fingerprint} {pooling}".encode())
        for array in (pieces.starts, pieces.arrays["pieces"], pieces.arrays["role"]):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()
