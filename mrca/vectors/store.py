"""Word vectors on disk: opened in milliseconds, read page by page, never held whole."""

import hashlib
import json
import math
import mmap
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import mrca
from mrca.errors import MrcaError
from mrca.files import replace_folder, require_room, temporary_folder
from mrca.vectors.store_files import (
    FORMAT,
    VERSION,
    index_words,
    is_store,
    map_array,
    read_meta,
)


class VectorStore:
    """A folder with one vector per word. Make one with `open` or `write`.

    The folder holds `vectors.npy` (float32, `(rows, dim)`), `words.txt` (UTF-8, one word per line,
    in row order), `offsets.npy` (int64, `rows + 1`: the byte where each word starts),
    `order.npy` (int32, `rows`: the rows in the order of their words' UTF-8 bytes) and `meta.json`.
    All but the last are memory-mapped: a word is found by bisection in the mapped files, so that
    nothing grows with the vocabulary. Words are matched exactly; see `word_vectors` for the look-up
    that a model uses.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp()) / "tiny"
        >>> store = VectorStore.write(folder, ["a", "cat"], [[0.5, 1.0], [2.5, -3.0]], name="tiny")
        >>> len(store), store.dim, store.feature_value, store.row("cat"), "dog" in store
        (2, 2, 3.0, 1, False)
    """

    def __init__(
        self,
        folder: Path,
        meta: dict[str, Any],
        vectors: np.memmap,
        words: mmap.mmap,
        offsets: NDArray[np.int64],
        order: NDArray[np.int32],
    ) -> None:
        self.folder = folder
        self.vectors = vectors
        self._meta = meta
        self._words = words
        self._offsets = offsets
        self._order = order

    @classmethod
    def open(cls, folder: Path | str) -> "VectorStore":
        """Map a store's files and check that they belong together.

        Args:
            folder: what `write` made.

        Raises:
            MrcaError: if the folder is no store, is of a later version, or is damaged.
        """
        folder = Path(folder)
        if not is_store(folder):
            raise MrcaError(
                f"{folder} is not a vector store: it has no meta.json of one. Expected a folder "
                "made by `mrca vectors import FILE` or `mrca vectors fetch NAME`."
            )
        try:
            return cls._open_checked(folder)
        except (OSError, ValueError, OverflowError, EOFError) as error:  # MrcaError is a ValueError
            raise MrcaError(
                f"The vector store {folder} is damaged: {error} "
                "Import it again with `mrca vectors import FILE --overwrite`."
            ) from error

    @classmethod
    def _open_checked(cls, folder: Path) -> "VectorStore":
        meta = read_meta(folder / "meta.json")
        rows, dim = meta["rows"], meta["dim"]
        vectors = map_array(folder / "vectors.npy", np.float32, (rows, dim))
        offsets = np.asarray(map_array(folder / "offsets.npy", np.int64, (rows + 1,)))
        order = np.asarray(map_array(folder / "order.npy", np.int32, (rows,)))
        size = (folder / "words.txt").stat().st_size
        if offsets[0] != 0 or offsets[-1] != size or np.diff(offsets).min() < 2:
            raise MrcaError(f"offsets.npy does not fit words.txt, which has {size:,} bytes.")
        if order.min() < 0 or order.max() >= rows:
            raise MrcaError(f"order.npy names rows outside 0 to {rows - 1}.")
        with (folder / "words.txt").open("rb") as file:
            words = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return cls(folder, meta, vectors, words, offsets, order)

    @classmethod
    def write(
        cls,
        folder: Path | str,
        words: Iterable[str],
        matrix: Sequence[Sequence[float]] | NDArray[Any],
        name: str,
        *,
        overwrite: bool = False,
        duplicates: int = 0,
    ) -> "VectorStore":
        """Write a store, atomically, and open it.

        Args:
            folder: where to; its parents are made.
            words: one per row, without repeats, none empty, none with a line break.
            matrix: finite numbers, `(rows, dim)`; kept as float32.
            name: what the vectors are called in reports, such as `"glove-wiki-gigaword-300"`.
            overwrite: whether a store that is already there is replaced.
            duplicates: how many repeated words the source had that are left out here.

        Raises:
            MrcaError: if the words or the matrix are not as above, if the name cannot be shown, if
                `folder` exists, or if the disk has no room.
        """
        folder = Path(folder)
        if not name.isprintable():
            raise MrcaError(
                f"{name!r} cannot be the name of vectors: it has characters that cannot be shown."
            )
        blob, offsets, order = index_words(list(words))
        try:
            with np.errstate(over="ignore"):  # what overflows float32 is reported as not finite
                values = np.ascontiguousarray(matrix, dtype=np.float32)
        except (TypeError, ValueError) as error:
            raise MrcaError(f"The matrix is not one of numbers: {error}.") from error
        if values.ndim != 2 or values.shape[0] != len(order) or values.shape[1] == 0:
            raise MrcaError(
                f"A vector store needs a matrix of shape ({len(order)}, dim), one row per word. "
                f"Received the shape {values.shape}."
            )
        max_entry = float(values.max())
        if not (math.isfinite(max_entry) and math.isfinite(float(values.min()))):
            row = int(np.flatnonzero(~np.isfinite(values).all(axis=1))[0])
            raise MrcaError(f"Row {row} of the matrix holds a value that is not finite in float32.")
        digest = hashlib.sha256(blob)
        digest.update(values.data)
        meta = {
            "format": FORMAT,
            "format_version": VERSION,
            "name": name,
            "rows": values.shape[0],
            "dim": values.shape[1],
            "max_entry": max_entry,
            "duplicates": duplicates,
            "fingerprint": f"sha256:{digest.hexdigest()}",
            "created_by": f"mrca {mrca.__version__}",
        }
        if folder.exists() and not overwrite:
            raise MrcaError(
                f"{folder} already exists. Choose another name or folder, or replace it with "
                "--overwrite (overwrite=True)."
            )
        if folder.exists() and not is_store(folder):
            raise MrcaError(f"{folder} is not a vector store; it is not replaced. Remove it first.")
        try:
            with temporary_folder(folder) as aside:
                needed = values.nbytes + len(blob) + 12 * len(order)
                require_room(aside, needed, "the vectors")
                made = aside / folder.name
                made.mkdir()
                np.save(made / "vectors.npy", values, allow_pickle=False)
                (made / "words.txt").write_bytes(blob)
                np.save(made / "offsets.npy", offsets, allow_pickle=False)
                np.save(made / "order.npy", order, allow_pickle=False)
                (made / "meta.json").write_text(json.dumps(meta, indent=2) + "\n", "utf-8")
                replace_folder(made, folder)
        except OSError as error:
            raise MrcaError(
                f"Cannot write the vector store {folder}: {error.strerror or error}."
            ) from error
        return cls.open(folder)

    @property
    def name(self) -> str:
        """What the vectors are called in reports."""
        return self._meta["name"]

    @property
    def dim(self) -> int:
        """Length of one vector."""
        return self._meta["dim"]

    @property
    def max_entry(self) -> float:
        """The largest entry of the whole matrix."""
        return self._meta["max_entry"]

    @property
    def feature_value(self) -> float:
        """`v = ceil(max_entry)`, the size of the case and role features (MRCA, equation 3.2)."""
        return float(math.ceil(self.max_entry))

    @property
    def duplicates(self) -> int:
        """How many repeated words of the source were left out."""
        return self._meta["duplicates"]

    @property
    def fingerprint(self) -> str:
        """`sha256:…` of the words and the matrix, as they were written."""
        return self._meta["fingerprint"]

    def __len__(self) -> int:
        return self._meta["rows"]

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and self.row(word) is not None

    def __repr__(self) -> str:
        return f"VectorStore({self.name!r}, {len(self)} x {self.dim}, {str(self.folder)!r})"

    def row(self, word: str) -> int | None:
        """Row of exactly this word, or `None`."""
        # Text from JSON may hold lone surrogates: no store has them, and they must not raise.
        target = word.encode("utf-8", "surrogatepass")
        place = bisect_left(self._order, target, key=self._word_bytes)
        if place == len(self):
            return None
        row = int(self._order[place])
        return row if self._word_bytes(row) == target else None

    def rows(self, words: Iterable[str]) -> NDArray[np.int64]:
        """Row of each word, `(n,)`; -1 where the store does not have it."""
        found = (self.row(word) for word in words)
        return np.fromiter((-1 if row is None else row for row in found), dtype=np.int64)

    def take(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """A copy of some rows, `(n, dim)`; all must be rows of the store.

        It reads the file from front to back instead of indexing `vectors`: the pages of a mapping
        stay in the process, and a few rows here and there would soon be the whole matrix.

        Raises:
            MrcaError: if the file can no longer be read.
        """
        taken = np.empty((len(rows), self.dim), dtype=np.float32)
        try:
            with (self.folder / "vectors.npy").open("rb", buffering=0) as file:
                for place in np.argsort(rows):
                    file.seek(self.vectors.offset + int(rows[place]) * 4 * self.dim)
                    if file.readinto(taken[place].data) != 4 * self.dim:
                        raise MrcaError(f"{self.folder / 'vectors.npy'} has become shorter.")
        except OSError as error:
            raise MrcaError(f"Cannot read {self.folder}: {error.strerror or error}.") from error
        return taken

    def words(self) -> Iterator[str]:
        """Every word, in row order."""
        for row in range(len(self)):
            yield self._word_bytes(row).decode("utf-8", "replace")

    def _word_bytes(self, row: int) -> bytes:
        return self._words[self._offsets[row] : self._offsets[row + 1] - 1]
