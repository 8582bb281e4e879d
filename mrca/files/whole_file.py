"""Files and folders that are written atomically: whole or not at all."""

import ctypes
import errno
import glob
import os
import platform
import re
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mrca.errors import MrcaError

# Of Linux's renameat2: relative to the current folder; and the two names change places.
_AT_CURRENT, _EXCHANGE = -100, 2


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give the name to write to, and rename that file to `path` when all went well.

    On an error what was written is removed, and a file that was at `path` before stays.

    Args:
        path: the file to make or replace; its folder is made if missing.

    Yields:
        Where to write the content.

    Raises:
        OSError: if the file cannot be written.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "new" / "names.txt"
        >>> with whole_file(path) as temporary:
        ...     _ = temporary.write_text("Ada", encoding="utf-8")
        >>> path.read_text(encoding="utf-8"), [file.name for file in path.parent.iterdir()]
        ('Ada', ['names.txt'])
    """
    temporary = _place_beside(path)
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(folder: Path, what: str) -> Iterator[Path]:
    """Give a temporary folder to write to, which becomes `folder` when all went well.

    Args:
        folder: the folder to make or replace.
        what: what it holds, for the message, such as `"the encoder"`.

    Raises:
        MrcaError: if it cannot be written.
    """
    try:
        with temporary_folder(folder) as temporary:
            target = temporary / folder.name
            yield target
            replace_folder(target, folder)
    except OSError as error:
        raise MrcaError(
            f"Cannot save {what} in {folder}: {error.strerror or error}. Free some room there, or "
            "choose another folder."
        ) from error


@contextmanager
def temporary_folder(place: Path) -> Iterator[Path]:
    """A folder on the same disk as a place, for what is to be renamed to it.

    It goes when the block ends.

    Args:
        place: a file or folder to be; the folder that it stands in is made if missing.

    Raises:
        OSError: if that folder cannot be written.
    """
    temporary = _place_beside(place)
    temporary.mkdir()
    try:
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def replace_folder(temporary: Path, folder: Path) -> None:
    """Rename `temporary` to `folder`; what was there before goes only once the new one stands.

    Killed at any moment the old one or the new one has the name, where the system can exchange two
    names (Linux); elsewhere none of them may, between two renames.

    Args:
        temporary: a finished folder next to `folder`.
        folder: the name it is to have; the caller has seen to it that it may be replaced.

    Raises:
        OSError: if a rename fails; the old folder is then back in its place.
    """
    if folder.exists() and temporary.is_dir() and _exchange(temporary, folder):
        shutil.rmtree(temporary, ignore_errors=True)
        return
    with temporary_folder(folder) as aside:
        old = aside / folder.name
        if folder.exists():
            folder.rename(old)
        try:
            temporary.rename(folder)
        except OSError:
            if old.exists():
                old.rename(folder)
            raise


def _exchange(one: Path, other: Path) -> bool:
    """Let two paths change places at once, if the system and the disk can."""
    if sys.platform != "linux":
        return False
    try:
        rename = ctypes.CDLL(None).renameat2
    except (OSError, AttributeError):
        return False
    names = os.fsencode(one), os.fsencode(other)
    return bool(rename(_AT_CURRENT, names[0], _AT_CURRENT, names[1], _EXCHANGE) == 0)


def _place_beside(place: Path) -> Path:
    """A free name for a file or folder that is to be renamed to a place.

    The name, `.<name>.<machine>.<process>-<random>.partial`, cannot be guessed, so nothing can lie
    there already that writing would follow. What killed processes of this machine have left in that
    folder goes, whatever it was for.
    """
    if not place.name:
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(place))
    place.parent.mkdir(parents=True, exist_ok=True)
    machine = platform.node()
    left_behind = re.compile(rf"\..*\.{re.escape(machine)}\.(\d+)-\w+\.partial", re.DOTALL)
    for left in place.parent.glob(f".*.{glob.escape(machine)}.*-*.partial"):
        found = left_behind.fullmatch(left.name)
        if found and not _is_alive(int(found[1])):
            shutil.rmtree(left, ignore_errors=True)  # neither a file nor a link
            with suppress(OSError):
                left.unlink()  # of a link, not what it leads to
    name = f".{place.name}.{machine}.{os.getpid()}-{secrets.token_hex(4)}.partial"
    return place.with_name(name)


def _is_alive(process: int) -> bool:
    """Whether there is such a process on this machine, as far as can be told."""
    if sys.platform == "win32":
        return True  # where asking would end it
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def require_room(folder: Path, needed: int, what: str) -> None:
    """Check that the disk of `folder` has `needed` bytes free.

    Args:
        folder: a folder that exists.
        needed: in bytes.
        what: what needs them, for the message, such as `"the vectors"`.

    Raises:
        MrcaError: if fewer are free.
        OSError: if the folder does not exist.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise MrcaError(
            f"Not enough room in {folder} for {what}: {needed / 1e6:,.0f} MB are needed, "
            f"{free / 1e6:,.0f} MB are free. Make room there, or choose another place."
        )
