"""Errors in a trial that are not the trial's own."""

import errno
from pathlib import Path

from keras_tuner.errors import FatalError

from mrca.errors import MrcaError
from mrca.search.search_folder import check_unchanged, describe_search
from mrca.search.search_reporter import SilentSearchReporter
from mrca.search.search_space import SearchSpace

# The exit code of a worker that met one.
UNAVAILABLE = 4
# What is wrong with the disk and not with what is read or written.
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.ESTALE}


class UnavailableError(FatalError, MrcaError):
    """What every trial needs is not there, so the search is to stop and the trial to wait.

    KerasTuner counts any other exception than its own fatal one as the trial's failure.
    """


def check_available(
    error: Exception,
    space: SearchSpace,
    folder: Path,
    data_dir: Path | None,
    vectors_dir: Path | None,
) -> None:
    """See whether a trial that ended with an error could have done otherwise.

    Args:
        error: what ended it.
        space: the search's.
        folder: the search's.
        data_dir: a folder of corpora to look in first.
        vectors_dir: a folder of word vectors to look in first.

    Raises:
        UnavailableError: if the disk is full or fails, or the corpus, what it is read with, or the
            code is no longer what the search was started with.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in _DISK:
            place = f" ({cause.filename})" if cause.filename else ""
            raise _unavailable(f"{cause.strerror}{place}.") from error
        cause = cause.__cause__ or cause.__context__
    try:
        check_unchanged(
            folder, describe_search(space, data_dir, vectors_dir, SilentSearchReporter())
        )
    except MrcaError as reason:
        raise _unavailable(str(reason)) from error


def _unavailable(reason: str) -> UnavailableError:
    return UnavailableError(
        f"A trial could not go on, for no fault of its own, and waits: {reason} Put that right, "
        "and go on with --resume."
    )
