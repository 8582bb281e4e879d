"""What a frozen encoder makes of word pieces, computed once and kept on disk."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from mrca.encoding import EncodedDocuments, plan_batches
from mrca.errors import MrcaError
from mrca.files import cache_folder, replace_folder, require_room
from mrca.layers import StatePooling

_BATCH_SIZE = 32
_FILE = "states.npy"
_PARTIAL = ".partial-"
_LIMIT = "MRCA_STATES_GB"
_DEFAULT_LIMIT = 20.0


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
            states = stored_states(self._key(pieces), shape, lambda to: self._compute(pieces, to))
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


def stored_states(
    key: str, shape: tuple[int, int], compute: Callable[[np.ndarray], None]
) -> np.ndarray:
    """States that were computed before, or are computed now and kept.

    They lie in `<cache>/states/<key>/`, in half precision, and are opened memory-mapped. What was
    not used for longest makes room where all together would take more than `$MRCA_STATES_GB`
    gigabytes (20 if it is not set); `mrca`'s cache can be deleted at any time.

    Args:
        key: names the encoder and the tokens; equal keys must mean equal states.
        shape: tokens and length of a state.
        compute: fills a float16 array of that shape.

    Returns:
        float16, read only, memory-mapped.

    Raises:
        MrcaError: if these states alone are larger than the limit, or cannot be written.
    """
    folder = cache_folder("states") / key
    states = _open(folder / _FILE, shape)
    if states is None:
        _compute(folder, shape, compute)
        states = _open(folder / _FILE, shape)
    if states is None:
        raise MrcaError(f"The encoder's states in {folder} were deleted while they were computed.")
    return states


def _open(path: Path, shape: tuple[int, int]) -> np.ndarray | None:
    """Kept states; `None` if there are none, or they are damaged."""
    try:
        states: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
        os.utime(path)
    except (OSError, ValueError, EOFError):
        return None
    return states if states.shape == shape and states.dtype == np.float16 else None


def _compute(folder: Path, shape: tuple[int, int], compute: Callable[[np.ndarray], None]) -> None:
    needed = 2 * shape[0] * shape[1]
    _make_room(folder.parent, needed)
    partial = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=_PARTIAL, dir=folder.parent))
        require_room(partial, needed, f"the encoder's states in {folder.parent}")
        states = np.lib.format.open_memmap(
            partial / _FILE, mode="w+", dtype=np.float16, shape=shape
        )
        compute(states)
        states.flush()
        replace_folder(partial, folder)  # another process's states are the same
    except OSError as error:
        raise MrcaError(
            f"Cannot keep the encoder's states in {folder.parent}: {error.strerror or error}. Set "
            "MRCA_CACHE_DIR to a folder that can be written to."
        ) from error
    finally:
        if partial is not None:
            shutil.rmtree(partial, ignore_errors=True)


def _make_room(folder: Path, needed: int) -> None:
    limit = _limit()
    if needed > limit:
        raise MrcaError(
            f"The encoder's states take {needed / 1e9:.1f} GB, more than the {limit / 1e9:.1f} GB "
            f"that are kept. Set {_LIMIT} higher, lower features.max_length, or take a pooling of "
            "one vector (model.pooling=mean, model.units=0)."
        )
    files = (path for path in folder.glob(f"*/{_FILE}") if not path.parent.name.startswith("."))
    kept = sorted(files, key=lambda path: path.stat().st_mtime)
    used = sum(path.stat().st_size for path in kept)
    for path in kept:
        if used + needed <= limit:
            return
        used -= path.stat().st_size
        shutil.rmtree(path.parent, ignore_errors=True)


def _limit() -> float:
    text = os.environ.get(_LIMIT, "")
    try:
        limit = float(text) if text else _DEFAULT_LIMIT
    except ValueError:
        limit = -1.0
    if not 0 <= limit < float("inf"):
        raise MrcaError(f"{_LIMIT} is {text!r}. Expected a number of gigabytes, such as 20.")
    return limit * 1e9
