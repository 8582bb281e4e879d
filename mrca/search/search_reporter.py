"""How a search tells whoever looks on how far it is."""

from collections.abc import Sequence
from typing import Any, Protocol

from mrca.search.trials import Trial


class SearchReporter(Protocol):
    """Someone who looks on: the command line's table, a log file, a test."""

    def message(self, text: str) -> None:
        """Something worth knowing."""

    def preparing(self, stage: str, done: int, total: int | None) -> None:
        """A file is downloaded or imported: `done` of `total` (bytes or lines, if known)."""

    def search_starts(self, total: int, seconds: float | None, trials: Sequence[Trial]) -> None:
        """At most `total` trials and so many seconds, if limited; `trials` have ended before."""

    def trial_starts(self, trial_id: str, settings: dict[str, Any], epochs: int) -> None:
        """A trial of runs of at most `epochs` starts, or goes on after an interruption."""

    def trial_advances(self, trial_id: str, run: int, epoch: int, best: float) -> None:
        """So many epochs of a run of it (from 1) are done; `best` is its best micro F1 so far."""

    def trial_ends(self, trial: Trial) -> None:
        """A trial has ended in one of its ways."""


class SilentSearchReporter:
    """Looks on and says nothing."""

    def message(self, text: str) -> None:
        """Ignored."""

    def preparing(self, stage: str, done: int, total: int | None) -> None:
        """Ignored."""

    def search_starts(self, total: int, seconds: float | None, trials: Sequence[Trial]) -> None:
        """Ignored."""

    def trial_starts(self, trial_id: str, settings: dict[str, Any], epochs: int) -> None:
        """Ignored."""

    def trial_advances(self, trial_id: str, run: int, epoch: int, best: float) -> None:
        """Ignored."""

    def trial_ends(self, trial: Trial) -> None:
        """Ignored."""
