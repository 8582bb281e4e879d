"""Training as a person watches it: a bar, a line per epoch, the time left."""

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)


class TrainingProgress:
    """A `mrca.training.Reporter` that draws on a console (stderr)."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress: Progress | None = None
        self._preparation: Progress | None = None
        self._stages: dict[str, TaskID] = {}
        self._batches = 0
        self._epochs = 0

    def message(self, text: str) -> None:
        """A note above the bar."""
        self._end_preparing()
        self._console.print(
            f"[yellow]Note:[/yellow] {escape(text)}", highlight=False, soft_wrap=True
        )

    def preparing(self, stage: str, done: int, total: int | None) -> None:
        """A bar for a download or an import."""
        if self._preparation is None:
            self._preparation = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TaskProgressColumn(),
                TimeRemainingColumn(),
                console=self._console,
                transient=True,
            )
            self._preparation.start()
        if stage not in self._stages:
            self._stages[stage] = self._preparation.add_task(escape(stage), total=total)
        self._preparation.update(self._stages[stage], completed=done, total=total)

    def _end_preparing(self) -> None:
        if self._preparation is not None:
            self._preparation.stop()
            self._preparation = None
            self._stages.clear()

    def training_starts(self, epochs: int, first_epoch: int, batches: int) -> None:
        """Draw the bar; it counts batches over all epochs, so that the time left is for the run."""
        self._end_preparing()
        self._batches, self._epochs = batches, epochs
        if first_epoch:
            self.message(f"resumed after epoch {first_epoch}.")
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("batches, at most"),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=self._console,
            transient=True,
        )
        self._task = self._progress.add_task(
            f"epoch {first_epoch + 1}/{epochs}",
            total=batches * epochs,
            completed=batches * first_epoch,
        )
        self._first_batch = batches * first_epoch
        self._progress.start()

    def batch_ends(self, batch: int) -> None:
        """Move the bar."""
        assert self._progress is not None
        self._progress.update(self._task, completed=self._first_batch + batch)

    def epoch_ends(self, row: dict[str, Any], best: dict[str, Any]) -> None:
        """A line that stays."""
        assert self._progress is not None
        epoch = row["epoch"]
        self._first_batch = self._batches * epoch
        is_best = " [green]best[/green]" if best["epoch"] == epoch else ""
        self._console.print(
            f"epoch {epoch:>3}/{self._epochs}  {row['seconds']:6.1f} s  loss {row['loss']:.5f}  "
            f"validation micro F1 [bold]{row['val_micro_f1']:.4f}[/bold]{is_best}",
            highlight=False,
        )
        self._progress.update(
            self._task,
            description=f"epoch {min(epoch + 1, self._epochs)}/{self._epochs}",
            completed=self._first_batch,
        )

    def training_ends(self) -> None:
        """Take the bar away."""
        if self._progress is not None:
            self._progress.stop()
