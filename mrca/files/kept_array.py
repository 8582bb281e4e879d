"""Large arrays that are computed once and kept on disk."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from mrca.errors import MrcaError
from mrca.files.search_path import cache_folder
from mrca.files.whole_file import replace_folder, require_room, temporary_folder

_FILE = "states.npy"
_LIMIT = "MRCA_STATES_GB"
_DEFAULT_LIMIT = 20.0


def kept_array(
    key: str,
    shape: tuple[int, int],
    compute: Callable[[np.ndarray], None],
    dtype: DTypeLike,
    *,
    what: str,
) -> np.ndarray:
    """An array that was computed before, or is computed now and kept.

    It lies in `<cache>/states/<key>/` and is opened memory-mapped. What was not used for longest
    makes room where all together would take more than `$MRCA_STATES_GB` gigabytes (20 if it is not
    set); the cache can be deleted at any time.

    Args:
        key: names what it is computed from; equal keys must mean equal numbers.
        shape: rows and columns.
        compute: fills an array of that shape.
        dtype: of its numbers.
        what: it is, for errors, such as "the encoder's states".

    Returns:
        Read only, memory-mapped.

    Raises:
        MrcaError: if it alone is larger than the limit, or cannot be written.
    """
    folder = cache_folder("states") / key
    number = np.dtype(dtype)
    found = _open(folder / _FILE, shape, number)
    if found is None:
        _compute(folder, shape, compute, number, what)
        found = _open(folder / _FILE, shape, number)
    if found is None:
        raise MrcaError(f"In {folder}, {what} were deleted while they were computed.")
    return found


def _open(path: Path, shape: tuple[int, int], dtype: np.dtype[Any]) -> np.ndarray | None:
    """A kept array; `None` if there is none, or it is damaged."""
    try:
        found: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
        os.utime(path)
    except Exception:  # NumPy raises whatever it meets in a damaged header
        return None
    return found if found.shape == shape and found.dtype == dtype else None


def _compute(
    folder: Path,
    shape: tuple[int, int],
    compute: Callable[[np.ndarray], None],
    dtype: np.dtype[Any],
    what: str,
) -> None:
    needed = dtype.itemsize * shape[0] * shape[1]
    _make_room(folder.parent, needed, what)
    try:
        with temporary_folder(folder) as temporary:
            require_room(temporary, needed, f"{what} in {folder.parent}")
            made = temporary / folder.name
            made.mkdir()
            filled = np.lib.format.open_memmap(made / _FILE, mode="w+", dtype=dtype, shape=shape)
            compute(filled)
            filled.flush()
            replace_folder(made, folder)  # another process's numbers are the same
    except OSError as error:
        raise MrcaError(
            f"Cannot keep {what} in {folder.parent}: {error.strerror or error}. Set "
            "MRCA_CACHE_DIR to a folder that can be written to."
        ) from error


def _make_room(folder: Path, needed: int, what: str) -> None:
    limit = _limit()
    if needed > limit:
        raise MrcaError(
            f"{what.capitalize()} take {needed / 1e9:.1f} GB, more than the {limit / 1e9:.1f} GB "
            f"that are kept. Set {_LIMIT} higher, or read fewer or shorter documents."
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
