"""What ends a trial before its last epoch: hopelessness, the search's end, what it cannot help."""

import errno
import statistics
from collections.abc import Callable, Sequence
from typing import Any

from mrca.errors import MrcaError
from mrca.experiments.search.trials import Trial
from mrca.training import SilentReporter, StopTraining
from mrca.training.checkpoint import MICRO_F1

# The median says little before so many trials and epochs.
_TRIALS = 5
_EPOCHS = 2
# What is wrong with the disk and not with what is read or written.
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.ESTALE}


class Paused(Exception):  # noqa: N818 - it is no error
    """The time is up; the trial is left unfinished, and a resumed search resumes it."""


class UnavailableError(MrcaError):
    """What every trial needs is not there, so the search is to stop and the trial to wait."""


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


def trouble_of_the_disk(error: BaseException | None) -> str:
    """What the disk has to do with an error, in words; empty for nothing."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _DISK:
            return f"{error.strerror}{f' ({error.filename})' if error.filename else ''}."
        error = error.__cause__ or error.__context__
    return ""


class TrialWatch(SilentReporter):
    """A `mrca.training.Reporter` of one run of a trial.

    Args:
        advances: told the epochs that are done and the best validation micro F1 so far.
        is_late: asked after each epoch whether the search is to stop.
        is_hopeless: asked after each epoch, with the same two, whether the run is to end.

    Attributes:
        first_epoch: how many epochs were done before this process resumed the run.
    """

    def __init__(
        self,
        advances: Callable[[int, float], None],
        is_late: Callable[[], bool],
        is_hopeless: Callable[[int, float], bool],
    ) -> None:
        self.first_epoch = 0
        self._epochs = 0
        self._advances = advances
        self._is_late = is_late
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
        if self._is_late():
            raise Paused
        if self._is_hopeless(epoch, score):
            raise StopTraining
