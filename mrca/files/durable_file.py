"""Files that are on the disk, whole, before they have their name."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from mrca.files.whole_file import whole_file


@contextmanager
def durable_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write as `whole_file` does, which is also on the disk before it has its name.

    So a machine that loses its power does not lose the content.

    Args:
        path: the file to make or replace.

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
    with whole_file(path) as temporary, temporary.open("xb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
    with suppress(OSError):  # not on Windows
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the name, too
        finally:
            os.close(folder)
