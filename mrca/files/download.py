"""Files fetched from mirrors: resumed, verified, and put in place atomically."""

import shutil
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from mrca.errors import MrcaError
from mrca.files.digest import file_digest, has_digest
from mrca.files.whole_file import whole_file

Progress = Callable[[int, int | None], None]

_TIMEOUT = (10.0, 30.0)  # seconds to connect, seconds without a byte
_CHUNK = 1 << 16


@dataclass(frozen=True)
class RemoteFile:
    """A file that several servers hold.

    Attributes:
        name: the file's name in the folder that it is put in.
        urls: where to get it, tried in this order.
        digest: what its content must be: `git-blob:…`, `sha256:…` or `md5:…`.
        size: its size in bytes where known; only for progress and for messages.
    """

    name: str
    urls: tuple[str, ...]
    digest: str
    size: int | None = None


class _AttemptError(Exception):
    """One attempt on one mirror failed; the message says why."""


def fetch(
    remote: RemoteFile, folder: Path, progress: Progress | None = None, *, offline_hint: str = ""
) -> Path:
    """Return the file in `folder`, downloading it if it is not there or not as it should be.

    A download goes to `<name>.part` and is resumed where it stopped, in this call or a later one.
    Each mirror is tried in turn. Only a file with the right digest gets its final name.

    Args:
        remote: what to fetch.
        folder: where to put it; made if missing.
        progress: called with the bytes so far and the bytes in all (`None` where unknown).
        offline_hint: what to do without a connection, for the error message: which file to bring
            and the command that takes it.

    Raises:
        MrcaError: if every mirror failed (each URL is listed with its reason), or if the disk
            cannot take the file.
    """
    target = folder / remote.name
    try:
        if target.is_file() and has_digest(target, remote.digest):
            return target
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(target.name + ".part")
        reasons: list[str] = []
        for url in remote.urls:
            try:
                _download_verified(url, remote, part, progress)
            except _AttemptError as failure:
                reasons.append(f"  {url}\n    {failure}")
            else:
                part.replace(target)
                return target
    except OSError as error:
        raise MrcaError(
            f"Cannot store {remote.name} in {folder}: {_os_reason(error)}. "
            "Free some room there or choose another folder."
        ) from error
    listing = "\n".join(reasons) or "  (no address is known for it)"
    hint = f"\n{offline_hint}" if offline_hint else ""
    raise MrcaError(f"Could not download {remote.name}. Tried:\n{listing}{hint}")


def adopt(source: Path, remote: RemoteFile, folder: Path) -> Path:
    """Copy a file that the user brought into `folder`, if it is the right one.

    Args:
        source: the user's file, of any name.
        remote: what it must be.
        folder: where to put it; made if missing.

    Raises:
        MrcaError: if the file is missing, unreadable, or has another digest.
    """
    try:
        received = file_digest(source, remote.digest.partition(":")[0])
        if received != remote.digest:
            raise MrcaError(
                f"{source} is not {remote.name}. Expected the digest {remote.digest}, "
                f"received {received} ({source.stat().st_size:,} bytes). "
                f"Download it again from {remote.urls[0] if remote.urls else 'its publisher'}."
            )
        target = folder / remote.name
        with whole_file(target) as temporary:
            shutil.copyfile(source, temporary)
        return target
    except OSError as error:
        raise MrcaError(
            f"Cannot take {source} as {remote.name} into {folder}: {_os_reason(error)}."
        ) from error


def adopt_any(source: Path, remotes: Iterable[RemoteFile], folder: Path) -> Path:
    """Copy a file that the user brought as whichever of `remotes` has its digest.

    Args:
        source: the user's file, of any name.
        remotes: what it may be.
        folder: where to put it; made if missing.

    Raises:
        MrcaError: if the file is missing or unreadable, or is none of them.
    """
    candidates = list(remotes)
    try:
        for remote in candidates:
            if has_digest(source, remote.digest):
                return adopt(source, remote, folder)
        expected = "\n".join(f"  {remote.name}  {remote.digest}" for remote in candidates)
        raise MrcaError(
            f"{source} ({source.stat().st_size:,} bytes) is none of the expected files:\n{expected}"
        )
    except OSError as error:
        raise MrcaError(f"Cannot read {source}: {_os_reason(error)}.") from error


def _download_verified(url: str, remote: RemoteFile, part: Path, progress: Progress | None) -> None:
    """Bring `part` to the whole, verified content, or raise `_AttemptError`.

    While attempts bring bytes, the mirror gets another one: a dropped connection costs little. A
    wrong digest after resuming may be the old part's fault, so the mirror gets one from zero.
    """
    while True:
        before = _size(part)
        try:
            resumed = _download(url, remote, part, progress)
        except _AttemptError:
            if _size(part) > before:
                continue
            raise
        if has_digest(part, remote.digest):
            return
        received = _size(part)
        part.unlink()
        if not resumed:
            expected = f"{remote.size:,} bytes" if remote.size else "content"
            raise _AttemptError(
                f"wrong content: expected {expected} with the digest {remote.digest}, "
                f"received {received:,} bytes of something else"
            )


def _download(url: str, remote: RemoteFile, part: Path, progress: Progress | None) -> bool:
    """Append to `part` what it lacks, or write it anew; whether bytes from before were kept."""
    import requests

    have = _size(part)
    # Compressed transfer would make the byte positions of Range and Content-Length meaningless.
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT) as response:
            if have and response.status_code == 416:  # nothing follows: the part is whole, or wrong
                return True
            resumed = have > 0 and response.status_code == 206
            if resumed and not response.headers.get("Content-Range", "").startswith(
                f"bytes {have}-"
            ):
                part.unlink()
                raise _AttemptError("the server answered another range than the one asked for")
            if not resumed and response.status_code != 200:
                raise _AttemptError(f"HTTP {response.status_code} {response.reason or ''}".rstrip())
            done = have if resumed else 0
            length = response.headers.get("Content-Length", "")
            total = done + int(length) if length.isdecimal() else remote.size
            with part.open("ab" if resumed else "wb") as file:
                for chunk in response.iter_content(_CHUNK):
                    file.write(chunk)
                    done += len(chunk)
                    if progress is not None:
                        progress(done, total)
    except requests.RequestException as error:
        raise _AttemptError(request_reason(error)) from error
    if total is not None and done < total:
        raise _AttemptError(f"truncated: {done:,} of {total:,} bytes came")
    return resumed


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def request_reason(error: Exception) -> str:
    """Why a request failed, in one line that ends with a whole word.

    Args:
        error: what `requests` raised.
    """
    import requests

    if isinstance(error, requests.Timeout):
        return f"no answer within {_TIMEOUT[1]:.0f} seconds"
    cause: BaseException = error
    while cause.__context__ is not None:  # the first error of the chain names the real trouble
        cause = cause.__context__
    return f"{type(error).__name__}: {textwrap.shorten(str(cause), 200, placeholder=' …')}"


def _os_reason(error: OSError) -> str:
    return error.strerror or str(error)
