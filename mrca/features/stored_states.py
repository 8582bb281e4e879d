"""A frozen encoder's states, computed once and kept on disk."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mrca.errors import MrcaError
from mrca.resources import cache_folder, replace_folder, require_room

_FILE = "states.npy"
_PARTIAL = ".partial-"
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
