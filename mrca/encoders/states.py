"""What a frozen encoder makes of word pieces, computed once and kept on disk."""

import hashlib
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from mrca.encoding import EncodedDocuments, plan_batches
from mrca.files import kept_array
from mrca.layers import StatePooling

_BATCH_SIZE = 32


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
        inputs = {
            "pieces": keras.Input((None,), dtype="int32", name="pieces"),
            "role": keras.Input((None,), dtype="int8", name="role"),
            "lengths": keras.Input((), dtype="int32", name="lengths"),
        }
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

    def read(self, pieces: EncodedDocuments, *, keep: bool = False) -> EncodedDocuments:
        """States `(pieces, width)` with the pieces' marks; or a row of one pooled vector each.

        Args:
            pieces: rows of word pieces.
            keep: whether to look among the states kept on disk, and to keep them there.
        """
        rows = len(pieces)
        shape = (int(pieces.starts[-1]) if self._pooling is None else rows, self.width)
        if keep:
            states = kept_array(
                self._key(pieces),
                shape,
                lambda to: self._compute(pieces, to),
                np.float16,
                what="the encoder's states",
            )
        else:
            states = np.empty(shape, np.float16)
            self._compute(pieces, states)
        if self._pooling is not None:
            nothing = {name: np.zeros(rows, np.int8) for name in ("case", "role")}
            return EncodedDocuments({"states": states, **nothing}, np.arange(rows + 1))
        marks = {name: array for name, array in pieces.arrays.items() if name != "pieces"}
        return EncodedDocuments({"states": states, **marks}, pieces.starts, pieces.entities)

    def _compute(self, pieces: EncodedDocuments, target: np.ndarray) -> None:
        arrays = {name: pieces.arrays[name] for name in ("pieces", "role")}
        tokens = EncodedDocuments(arrays, pieces.starts)
        longest = int(pieces.lengths.max(initial=1))
        done = 0
        for batch in plan_batches(pieces.lengths, _BATCH_SIZE, max_length=longest):
            inputs = tokens.batch(batch, "masked")
            computed = ops.convert_to_numpy(self._model.predict_on_batch(inputs))
            if self._pooling is not None:
                target[batch.rows] = computed
            else:
                for row, states in zip(batch.rows, computed, strict=True):
                    start, end = pieces.starts[row : row + 2]
                    target[start:end] = states[: end - start]
            done += len(batch.rows)
            self.progress(done, len(pieces))

    def _key(self, pieces: EncodedDocuments) -> str:
        pooling = "none" if self._pooling is None else self._pooling.pooling
        digest = hashlib.sha256(f"1 {self._encoder.fingerprint} {pooling}".encode())
        for array in (pieces.starts, pieces.arrays["pieces"], pieces.arrays["role"]):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()
