"""Files and folders that are written atomically: whole or not at all."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mrca.errors import MrcaError


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give the name to write to, and rename that file to `path` when all went well.

    On an error what was written is removed, and a file that was at `path` before stays. The
    temporary name, `.<name>.partial` in the same folder, is always the same one: a killed process
    leaves at most one such file, which the next attempt replaces.

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
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.partial")
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
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".partial-") as temporary:
            target = Path(temporary, folder.name)
            yield target
            replace_folder(target, folder)
    except OSError as error:
        raise MrcaError(
            f"Cannot save {what} in {folder}: {error.strerror or error}. Free some room there, or "
            "choose another folder."
        ) from error


def replace_folder(temporary: Path, folder: Path) -> None:
    """Rename `temporary` to `folder`; what was there before goes only once the new one stands.

    Args:
        temporary: a finished folder next to `folder`.
        folder: the name it is to have; the caller has seen to it that it may be replaced.

    Raises:
        OSError: if a rename fails; the old folder is then back in its place.
    """
    old = folder.with_name(f".{folder.name}.replaced")
    if folder.exists():
        shutil.rmtree(old, ignore_errors=True)  # left by a process that was killed here
        folder.rename(old)
    try:
        temporary.rename(folder)
    except OSError:
        if old.exists():
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


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
