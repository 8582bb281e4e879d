"""A search as a person watches it: its trials, the best so far, the time left."""

import time
from collections.abc import Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mrca.cli.live_table import LiveTable
from mrca.cli.progress import duration_text, score_text
from mrca.errors import counted

if TYPE_CHECKING:
    from mrca.experiments.search import Trial

# Ended trials that the table shows beside the best one and those under way.
_SHOWN = 8


class _Running(NamedTuple):
    """A trial under way: so many epochs of its run are done, the best with this micro F1."""

    settings: dict[str, Any]
    epochs: int
    start: float
    run: int = 1
    epoch: int = 0
    best: float | None = None


class SearchProgress(LiveTable):
    """A `mrca.experiments.search.trials.SearchReporter` that draws on a console (stderr).

    Args:
        console: where to draw.
    """

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._total = 0
        self._end: float | None = None
        self._ended: list[Trial] = []
        self._new: list[Trial] = []
        self._running: dict[str, _Running] = {}

    def search_starts(self, total: int, seconds: float | None, trials: "Sequence[Trial]") -> None:
        """Draw the table."""
        self._total = total
        self._end = None if seconds is None else time.monotonic() + seconds
        self._ended = list(trials)
        if trials:
            self.message(f"{counted(len(trials), 'trial')} ended before.")
        self._draw()

    def trial_starts(self, trial_id: str, settings: dict[str, Any], epochs: int) -> None:
        """A row of the table."""
        self._running[trial_id] = _Running(settings, epochs, time.monotonic())
        self._line(f"trial {trial_id}: {short_settings(settings)}")

    def trial_advances(self, trial_id: str, run: int, epoch: int, best: float) -> None:
        """Its epoch and score."""
        running = self._running[trial_id]
        self._running[trial_id] = running._replace(run=run, epoch=epoch, best=best)
        self._line(
            f"trial {trial_id}:{f' run {run},' if run > 1 else ''} epoch {epoch} of "
            f"{running.epochs}, micro F1 so far {score_text(best)}"
        )

    def trial_ends(self, trial: "Trial") -> None:
        """Its score."""
        self._running.pop(trial.id, None)
        self._ended.append(trial)
        self._new.append(trial)
        error = f" ({trial.error.splitlines()[0]})" if trial.error else ""
        self._line(
            f"trial {trial.id} {_status(trial)}: {score_text(trial.score)}{error}, "
            f"{trial.seconds:.0f} s; {self._summary()}"
        )

    def _table(self) -> Table:
        table = Table("trial", "settings", "epochs", "score", "")
        best = self._best()
        recent = self._ended[-_SHOWN:]
        for trial in [best] if best is not None and best not in recent else []:
            _add(table, trial, is_best=True)
        for trial in recent:
            _add(table, trial, is_best=trial is best)
        for trial_id, running in list(self._running.items()):
            seconds = time.monotonic() - running.start
            table.add_row(
                trial_id,
                escape(short_settings(running.settings)),
                f"{running.epoch}/{running.epochs}"
                + (f" of run {running.run}" if running.run > 1 else ""),
                score_text(running.best),
                f"running, {duration_text(seconds)}",
                style="cyan",
            )
        return table

    def _best(self) -> "Trial | None":
        from mrca.experiments.search import best_first

        best = next(iter(best_first(self._ended)), None)
        return None if best is None or best.score is None else best

    def _summary(self) -> str:
        best = self._best()
        ended = sum(trial.status != "too_large" for trial in self._ended)
        parts = [f"{ended} of at most {counted(self._total, 'trial')}"]
        if best is not None:
            parts.append(f"best so far {score_text(best.score)} (trial {best.id})")
        left = self._seconds_left(self._total - ended) if ended < self._total else None
        if left is not None:
            parts.append(f"about {duration_text(left)} left")
        return "; ".join(parts)

    def _seconds_left(self, trials: int) -> float | None:
        """By the mean of the trials that this process has seen, and not beyond the budget."""
        guesses = []
        trained = [trial.seconds for trial in self._new if trial.status != "too_large"]
        if trained:
            guesses.append(fmean(trained) * trials / max(1, len(self._running)))
        if self._end is not None:
            guesses.append(max(0.0, self._end - time.monotonic()))
        return min(guesses, default=None)


def short_settings(settings: dict[str, Any]) -> str:
    """Settings in one line, each by the end of its name that tells it apart.

    Example:
        >>> short_settings({"model.units": 300, "loss.name": "focal", "loss.options.gamma": 2.5})
        'units=300 loss=focal gamma=2.5'
    """
    from mrca.experiments.search.setting_names import setting_text, short_names

    names = short_names(list(settings))
    return " ".join(f"{names[field]}={setting_text(value)}" for field, value in settings.items())


def _add(table: Table, trial: "Trial", is_best: bool) -> None:
    epochs = str(max(map(len, trial.history), default=0) or "")
    table.add_row(
        trial.id,
        escape(short_settings(trial.settings)),
        epochs,
        score_text(trial.score),
        "best" if is_best else _status(trial),
        style="green" if is_best else "red" if trial.status == "failed" else None,
    )


def _status(trial: "Trial") -> str:
    return trial.status.replace("_", " ")
