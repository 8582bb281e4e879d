"""One process at a time."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from mrca.errors import MrcaError


@contextmanager
def only_process(lock: Path, otherwise: str) -> Iterator[None]:
    """Keep what a file stands for to this process, as far as the system can.

    A process that ends, however it does, gives it back.

    Args:
        lock: the file; it is made if missing, with its folder, and goes when the block ends.
        otherwise: what to say if another process has it.

    Raises:
        MrcaError: if another process has it.
        OSError: if the file cannot be made, or is a link.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    # A link could lead to a file that is nobody's to open.
    opened = os.open(lock, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
    try:
        if not _holds(opened, lock):
            raise MrcaError(otherwise)
        try:
            yield
        finally:
            with suppress(OSError):  # Windows removes no file that is open
                lock.unlink()
    finally:
        os.close(opened)


@contextmanager
def only_writer(lock: Path, what: str, otherwise: str) -> Iterator[None]:
    """As `only_process`, for what is to be written.

    Args:
        lock: see `only_process`.
        what: it is, for the message, such as `"the run saved_models/nyt"`.
        otherwise: see `only_process`.

    Raises:
        MrcaError: if another process has it, or the file cannot be made.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(only_process(lock, otherwise))
        except OSError as error:
            raise MrcaError(f"Cannot write {what}: {error.strerror or error}.") from error
        yield


def _holds(opened: int, lock: Path) -> bool:
    """Whether this process has the file now, and it is still the one of that name."""
    try:
        import fcntl
    except ImportError:  # Windows
        return True
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(opened), lock.stat())
    except (BlockingIOError, FileNotFoundError):
        return False
    except OSError:  # a disk without locks
        return True
