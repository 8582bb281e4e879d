"""One process at a time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mrca.errors import MrcaError


@contextmanager
def only_process(lock: Path, otherwise: str) -> Iterator[None]:
    """Keep what a file stands for to this process, as far as the system can.

    Args:
        lock: the file; it is made if missing, and its content stays as it is.
        otherwise: what to say if another process has it.

    Raises:
        MrcaError: if another process has it.
        OSError: if the file cannot be made, or is a link.
    """
    # A link could lead to a file that is nobody's to open.
    opened = os.open(lock, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
    try:
        with suppress(ImportError):  # not on Windows
            import fcntl

            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise MrcaError(otherwise) from None
        yield
    finally:
        os.close(opened)
