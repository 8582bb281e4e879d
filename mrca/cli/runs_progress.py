"""Many runs as a person watches them: bars of one after another, or a table of all at once."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mrca.cli.live_table import LiveTable
from mrca.cli.progress import TrainingProgress, duration_text, score_text
from mrca.errors import counted

# Rows of the table: those under way, the last that ended, the next that wait.
_SHOWN = 16


def runs_progress(
    console: Console, patience: int, workers: int | None, ray: str | None
) -> "RunsInTurn | RunsAtOnce":
    """What suits the place where runs are trained.

    Args:
        console: where to draw.
        patience: after how many epochs without a better one a training stops, to say so.
        workers: how many are trained at the same time; None for one after another in this process.
        ray: the address of a cluster.
    """
    here = workers is None and ray is None
    return RunsInTurn(console, patience) if here else RunsAtOnce(console)


class RunsInTurn(TrainingProgress):
    """A `mrca.experiments.RunsReporter` of runs in this process: a bar and lines for each."""

    _number = 0
    _runs = 0

    def runs_start(self, names: Sequence[str], places: int) -> None:
        """So many are to come."""
        self._number, self._runs = 0, len(names)

    def run_starts(self, name: str, epochs: int) -> None:
        """A note."""
        self._number += 1
        self.message(f"training {name} ({self._number} of {self._runs}).")

    def run_advances(self, name: str, epoch: int, best: float) -> None:
        """Of a run in this process each epoch has its line."""

    def run_ends(self, name: str) -> None:
        """Its last epoch has been told."""

    def runs_end(self) -> None:
        """Nothing is left to draw."""


@dataclass
class _Run:
    """A run of the table."""

    state: str = "waits"
    epochs: int = 0
    epoch: int = 0
    best: float | None = None
    start: float = 0.0
    seconds: float = 0.0


class RunsAtOnce(LiveTable):
    """A `mrca.experiments.RunsReporter` of runs in other processes, as a table (stderr).

    Args:
        console: where to draw.
    """

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._runs: dict[str, _Run] = {}
        self._places = 1

    def runs_start(self, names: Sequence[str], places: int) -> None:
        """Draw the table."""
        self._runs = {name: _Run() for name in names}
        self._places = places
        self._draw()

    def run_starts(self, name: str, epochs: int) -> None:
        """It is under way."""
        run = self._runs[name]
        run.state, run.epochs, run.start = "runs", epochs, time.monotonic()
        self._line(f"{name} starts")

    def run_advances(self, name: str, epoch: int, best: float) -> None:
        """Its epoch and score."""
        run = self._runs[name]
        if epoch == run.epoch:
            return
        run.epoch, run.best = epoch, best
        self._line(
            f"{name}: epoch {epoch} of {run.epochs}, best validation score {score_text(best)}"
        )

    def run_ends(self, name: str) -> None:
        """Its time."""
        run = self._runs[name]
        run.state, run.seconds = "finished", time.monotonic() - run.start
        self._line(f"{name} is finished after {duration_text(run.seconds)}; {self._summary()}")

    def runs_end(self) -> None:
        """The table stays as it is."""
        self._leave()

    def training_starts(self, epochs: int, first_epoch: int, batches: int) -> None:
        """Not told of runs in other processes."""

    def batch_ends(self, batch: int) -> None:
        """Not told of runs in other processes."""

    def epoch_ends(self, row: dict[str, Any], best: dict[str, Any]) -> None:
        """Not told of runs in other processes."""

    def training_ends(self) -> None:
        """Not told of runs in other processes."""

    def _table(self) -> Table:
        table = Table("run", "", "epochs", "best validation score", "time")
        for name, run in self._in_view().items():
            waits = run.state == "waits"
            seconds = time.monotonic() - run.start if run.state == "runs" else run.seconds
            table.add_row(
                escape(name),
                run.state,
                f"{run.epoch}/{run.epochs}" if run.epochs else "",
                "" if waits else score_text(run.best),
                "" if waits else duration_text(seconds),
                style={"runs": "cyan", "waits": "dim"}.get(run.state),
            )
        return table

    def _in_view(self) -> dict[str, _Run]:
        """What fits: all that are under way, then the last that ended, then those that wait."""
        by_state: dict[str, list[str]] = {"runs": [], "finished": [], "waits": []}
        for name, run in self._runs.items():
            by_state[run.state].append(name)
        room = max(0, _SHOWN - len(by_state["runs"]))
        waiting = by_state["waits"][: max(2, room - len(by_state["finished"]))]
        finished = by_state["finished"][-max(2, room - len(waiting)) :]
        return {name: self._runs[name] for name in (*finished, *by_state["runs"], *waiting)}

    def _summary(self) -> str:
        finished = [run.seconds for run in self._runs.values() if run.state == "finished"]
        left = len(self._runs) - len(finished)
        said = f"{len(finished)} of {counted(len(self._runs), 'run')} finished"
        if finished and left:
            said += f"; about {duration_text(self._seconds_left(fmean(finished), left))} left"
        return said

    def _seconds_left(self, of_a_run: float, runs: int) -> float:
        """If those that have not ended take as long as those that have."""
        now = time.monotonic()
        under_way = [now - run.start for run in self._runs.values() if run.state == "runs"]
        done = sum(min(seconds, of_a_run) for seconds in under_way)
        return (of_a_run * runs - done) / min(runs, self._places)
