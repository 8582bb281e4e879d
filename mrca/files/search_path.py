"""Where corpora and vectors are looked for, and where downloads are kept."""

import os
from pathlib import Path
from typing import Literal

import platformdirs

from mrca.errors import MrcaError

Kind = Literal["data", "vectors"]

_VARIABLE: dict[Kind, str] = {"data": "MRCA_DATA_DIR", "vectors": "MRCA_VECTORS_DIR"}
_LOCAL: dict[Kind, tuple[str, ...]] = {"data": ("data",), "vectors": ("data/vectors", "data")}


def search_folders(kind: Kind, explicit: Path | None = None) -> list[Path]:
    """Folders to look in, best first, without repeats; they need not exist.

    The order is: `explicit` (what `--data-dir` says), the environment variable `MRCA_DATA_DIR` or
    `MRCA_VECTORS_DIR`, `data/` of the current folder (for vectors `data/vectors/`, then `data/`),
    and the user's cache.

    Args:
        kind: `"data"` for corpora, `"vectors"` for word vectors.
        explicit: a folder that goes before all others.
    """
    folders: list[Path] = []
    if explicit is not None:
        folders.append(explicit.expanduser())
    if from_environment := os.environ.get(_VARIABLE[kind]):
        folders.append(Path(from_environment).expanduser())
    folders.extend(Path(local) for local in _LOCAL[kind])
    folders.append(cache_folder(kind))
    return list(dict.fromkeys(folders))


def cache_folder(kind: Kind | Literal["states"]) -> Path:
    """The folder that downloads or stored states are kept in; it need not exist yet.

    `$MRCA_CACHE_DIR/<kind>` where that variable is set, else the operating system's place for a
    user's caches (`~/.cache/mrca/<kind>` on Linux).

    Raises:
        MrcaError: if the user has no home folder.
    """
    if from_environment := os.environ.get("MRCA_CACHE_DIR"):
        return Path(from_environment).expanduser() / kind
    try:
        return platformdirs.user_cache_path("mrca") / kind
    except RuntimeError as error:
        raise MrcaError(
            "This user has no home folder, in which files would be kept. Set MRCA_CACHE_DIR to a "
            "folder that can be written to."
        ) from error
