"""Files that are on the disk, whole, before they have their name."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4


@contextmanager
def durable_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write, which is on the disk and gets its name when all went well.

    It differs from `whole_file` in two ways: a machine that loses its power does not lose the
    content, and several processes may write the same file, of which the last one stands. So a
    killed process leaves a file that nobody writes again, `.<name>.<letters>.partial`.

    Args:
        path: the file to make or replace, in a folder that exists.

    Yields:
        The open file.

    Raises:
        OSError: if it cannot be written.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "names.txt"
        >>> with durable_file(path) as file:
        ...     _ = file.write(b"Ada")
        >>> path.read_text(encoding="utf-8"), [file.name for file in path.parent.iterdir()]
        ('Ada', ['names.txt'])
    """
    temporary = path.with_name(f".{path.name}.{uuid4().hex[:12]}.partial")
    try:
        with temporary.open("xb") as file:  # never one that is there, nor where a link leads
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Have the new name on the disk, too, where folders can be synced."""
    with suppress(OSError):  # not on Windows
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
