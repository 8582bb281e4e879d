"""What ends a trial before its last epoch: hopelessness, the search's end, what it cannot help."""

import errno
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from keras_tuner.errors import FatalError

from mrca.errors import MrcaError
from mrca.experiments.search.search_folder import check_unchanged, describe_search
from mrca.experiments.search.search_space import SearchSpace
from mrca.experiments.search.trials import SilentSearchReporter, Trial
from mrca.training import SilentReporter, StopTraining
from mrca.training.checkpoint import MICRO_F1

# The median says little before so many trials and epochs.
_TRIALS = 5
_EPOCHS = 2
# The exit code of a worker that met one.
UNAVAILABLE = 4
# What is wrong with the disk and not with what is read or written.
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.ESTALE}


class Paused(FatalError):  # noqa: N818 - it is no error
    """The search is to stop here; the trial is left unfinished, and a resumed search resumes it.

    KerasTuner counts any other exception as the trial's own failure.
    """


def is_hopeless(best: float, epoch: int, ended: Sequence[Trial]) -> bool:
    """The median rule: behind the median of what other trials had reached by the same epoch.

    A trial that was itself stopped counts with what it had reached, or else the median would rise
    with each stop until nearly every trial fell below it.

    Source: Golovin et al. 2017, Google Vizier, section 3.2.2.

    Args:
        best: validation micro F1 of the best epoch so far.
        epoch: how many are done.
        ended: trials that have ended; the first run of each counts.
    """
    others = [max(trial.history[0][:epoch]) for trial in ended if any(trial.history[:1])]
    return epoch >= _EPOCHS and len(others) >= _TRIALS and best < statistics.median(others)


class TrialWatch(SilentReporter):
    """A `mrca.training.Reporter` of one run of a trial.

    Args:
        advances: told the epochs that are done and the best validation micro F1 so far.
        is_paused: asked after each epoch whether the search is to stop.
        is_hopeless: asked after each epoch, with the same two, whether the run is to end.

    Attributes:
        first_epoch: how many epochs were done before this process resumed the run.
    """

    def __init__(
        self,
        advances: Callable[[int, float], None],
        is_paused: Callable[[], bool],
        is_hopeless: Callable[[int, float], bool],
    ) -> None:
        self.first_epoch = 0
        self._epochs = 0
        self._advances = advances
        self._is_paused = is_paused
        self._is_hopeless = is_hopeless

    def training_starts(self, epochs: int, first_epoch: int, batches: int) -> None:
        """Remember where it starts and ends."""
        self._epochs = epochs
        self.first_epoch = first_epoch

    def epoch_ends(self, row: dict[str, Any], best: dict[str, Any]) -> None:
        """Decide whether the run continues.

        Raises:
            Paused: if the search is to stop.
            StopTraining: if the run is hopeless.
        """
        epoch, score = row["epoch"], best[MICRO_F1]
        self._advances(epoch, score)
        if epoch == self._epochs:
            return
        if self._is_paused():
            raise Paused(f"paused after epoch {epoch}")
        if self._is_hopeless(epoch, score):
            raise StopTraining


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
    """Check whether a trial that ended with an error could have done otherwise.

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
        f"A trial could not continue, for no fault of its own, and waits: {reason} Put that right, "
        "and resume with --resume."
    )
