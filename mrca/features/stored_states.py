"""A frozen encoder's states, computed once and kept on disk."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mrca.errors import MrcaError
from mrca.resources import cache_folder, require_room

_FILE = "states.npy"
_LIMIT = "MRCA_STATES_GB"
_DEFAULT_LIMIT = 20.0


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
    path = folder / _FILE
    if not path.is_file():
        _compute(folder, shape, compute)
    os.utime(path)
    states: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
    return states


def _compute(folder: Path, shape: tuple[int, int], compute: Callable[[np.ndarray], None]) -> None:
    needed = 2 * shape[0] * shape[1]
    _make_room(folder.parent, needed)
    partial = folder.with_name(f".{folder.name}-{os.getpid()}")
    try:
        partial.mkdir(parents=True)
        require_room(partial, needed, f"the encoder's states in {folder.parent}")
        states = np.lib.format.open_memmap(
            partial / _FILE, mode="w+", dtype=np.float16, shape=shape
        )
        compute(states)
        states.flush()
        if not folder.exists():  # another process may have been first
            partial.rename(folder)
    except OSError as error:
        raise MrcaError(
            f"Cannot keep the encoder's states in {folder.parent}: {error.strerror or error}. Set "
            "MRCA_CACHE_DIR to a folder that can be written to."
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _make_room(folder: Path, needed: int) -> None:
    limit = _limit()
    if needed > limit:
        raise MrcaError(
            f"The encoder's states take {needed / 1e9:.1f} GB, more than the {limit / 1e9:.1f} GB "
            f"that are kept. Set {_LIMIT} higher, lower features.max_length, or take a pooling of "
            "one vector (model.pooling=mean, model.units=0)."
        )
    kept = sorted(folder.glob(f"*/{_FILE}"), key=lambda path: path.stat().st_mtime)
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
