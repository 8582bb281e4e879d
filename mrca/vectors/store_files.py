"""The files of a vector store: how each is read, checked and made."""

import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mrca.errors import MrcaError

FORMAT = "mrca-vectors"
VERSION = 1


def is_store(folder: Path) -> bool:
    """Whether the folder looks like a vector store (it may still be damaged)."""
    return (folder / "meta.json").is_file() and (folder / "vectors.npy").is_file()


def read_meta(path: Path) -> dict[str, Any]:
    """The content of meta.json, each field of the right type; `MrcaError` where one is not."""
    try:
        meta = json.loads(path.read_text("utf-8"))
    except RecursionError as error:
        raise MrcaError("meta.json is nested too deeply.") from error
    if not isinstance(meta, dict) or meta.get("format") != FORMAT:
        raise MrcaError(f'meta.json does not say "format": "{FORMAT}".')
    if meta.get("format_version") != VERSION:
        raise MrcaError(
            f"meta.json has the format version {meta.get('format_version')!r}; this version of "
            f"mrca reads {VERSION}."
        )
    for field, least in (("rows", 1), ("dim", 1), ("duplicates", 0)):
        value = meta.get(field)
        if type(value) is not int or value < least:
            raise MrcaError(f"meta.json, field {field!r}: received {value!r}.")
    for field in ("name", "fingerprint"):
        value = meta.get(field)
        if not isinstance(value, str) or not value.isprintable():
            raise MrcaError(f"meta.json, field {field!r}: received {value!r}.")
    max_entry = meta.get("max_entry")
    if not isinstance(max_entry, int | float) or not math.isfinite(max_entry):
        raise MrcaError(f"meta.json, field 'max_entry': received {max_entry!r}.")
    return meta


def map_array(path: Path, dtype: type[np.generic], shape: tuple[int, ...]) -> np.memmap:
    """Map an array read-only; `MrcaError` if it is not of this type and shape."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError:
        raise
    except Exception as error:  # NumPy raises whatever it meets in a header, that of a zip too
        raise MrcaError(f"{path.name} is no array: {error}.") from error
    if not isinstance(array, np.memmap) or array.dtype != dtype or array.shape != shape:
        raise MrcaError(
            f"{path.name} should hold {np.dtype(dtype).name} of shape {shape}; it holds "
            f"{getattr(array, 'dtype', '?')} of shape {getattr(array, 'shape', '?')}."
        )
    if not array.flags.c_contiguous:
        raise MrcaError(f"{path.name} should be in C order.")
    return array


def index_words(words: list[str]) -> tuple[bytes, NDArray[np.int64], NDArray[np.int32]]:
    """The content of words.txt, offsets.npy and order.npy."""
    if not words:
        raise MrcaError("A vector store needs at least one word. Received: none.")
    encoded: list[bytes] = []
    for row, word in enumerate(words):
        try:
            encoded.append(word.encode("utf-8"))
        except UnicodeEncodeError as error:
            raise MrcaError(f"Word {row} is not valid Unicode: {word!r}.") from error
        if not word or "\n" in word:
            raise MrcaError(
                f"Word {row} is {word!r}. Expected at least one character and no line break."
            )
    order = np.array(sorted(range(len(words)), key=encoded.__getitem__), dtype=np.int32)
    for before, after in pairwise(order):
        if encoded[before] == encoded[after]:
            raise MrcaError(
                f"Words must be unique. {words[before]!r} is word {before} and word {after}."
            )
    offsets = np.zeros(len(words) + 1, dtype=np.int64)
    np.cumsum([len(word) + 1 for word in encoded], out=offsets[1:])
    return b"\n".join(encoded) + b"\n", offsets, order
