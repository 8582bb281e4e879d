"""How many runs tell whoever looks on how far they are."""

from collections.abc import Sequence
from typing import Protocol

from mrca.training import Reporter, SilentReporter


class RunsReporter(Reporter, Protocol):
    """Someone who looks on at several runs.

    Of runs in this process, one after another, the batches and epochs are told too, as `Reporter`
    has them; of others only `run_advances`.
    """

    def runs_start(self, names: Sequence[str], places: int) -> None:
        """These runs are going to be trained, at most `places` of them at the same time."""

    def run_starts(self, name: str, epochs: int) -> None:
        """One of them has its place, for at most so many epochs (0 of an SVM)."""

    def run_advances(self, name: str, epoch: int, best: float) -> None:
        """It has done `epoch` epochs; `best` is the best validation score that it chooses by.

        Told again and again, also where nothing has changed.
        """

    def run_ends(self, name: str) -> None:
        """It is finished."""

    def runs_end(self) -> None:
        """All are finished, or what is left was stopped."""


class SilentRunsReporter(SilentReporter):
    """Looks on and says nothing."""

    def runs_start(self, names: Sequence[str], places: int) -> None:
        """Ignored."""

    def run_starts(self, name: str, epochs: int) -> None:
        """Ignored."""

    def run_advances(self, name: str, epoch: int, best: float) -> None:
        """Ignored."""

    def run_ends(self, name: str) -> None:
        """Ignored."""

    def runs_end(self) -> None:
        """Ignored."""
