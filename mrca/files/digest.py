"""Digests of files, written as `algorithm:hexadecimal`."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mrca.errors import MrcaError

_ALGORITHMS: dict[str, Callable[[], Any]] = {
    "git-blob": hashlib.sha1,
    "sha256": hashlib.sha256,
    "md5": hashlib.md5,
}
_CHUNK = 1 << 20


def file_digest(path: Path, algorithm: str) -> str:
    """Digest of a file's content, such as `"sha256:9f86d0…"`.

    Args:
        path: the file; it is read in pieces.
        algorithm: `"sha256"`, `"md5"` or `"git-blob"` (the name Git gives to the content: SHA-1 of
            `blob <size>`, a zero byte and the content).

    Raises:
        MrcaError: if the algorithm is none of these.
        OSError: if the file cannot be read.
    """
    if algorithm not in _ALGORITHMS:
        raise MrcaError(
            f"Unknown digest algorithm {algorithm!r}. Expected one of {', '.join(_ALGORITHMS)}."
        )
    state = _ALGORITHMS[algorithm]()
    if algorithm == "git-blob":
        state.update(b"blob %d\0" % path.stat().st_size)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            state.update(chunk)
    return f"{algorithm}:{state.hexdigest()}"


def has_digest(path: Path, digest: str) -> bool:
    """Whether the file's content has this digest (`"sha256:9f86d0…"`)."""
    return file_digest(path, digest.partition(":")[0]) == digest.lower()
