"""Training as a person watches it: a bar, a line per epoch, the time left."""

from typing import Any, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mrca.cli.stage_progress import StageProgress


class TrainingProgress:
    """A `mrca.training.Reporter` that draws on a console (stderr).

    To be used in a `with` block, so that no bar outlives an error.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress: Progress | None = None
        self._stages = StageProgress(console)
        self._batches = 0
        self._epochs = 0

    def message(self, text: str) -> None:
        """A note above the bar."""
        self._stages.stop()
        self._console.print(
            f"[yellow]Note:[/yellow] {escape(text)}", highlight=False, soft_wrap=True
        )

    def preparing(self, stage: str, done: int, total: int | None) -> None:
        """A bar for a download or an import."""
        self._stages(stage, done, total)

    def training_starts(self, epochs: int, first_epoch: int, batches: int) -> None:
        """Draw the bar; it counts batches over all epochs, so that the time left is for the run."""
        self._stages.stop()
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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stages.stop()
        self.training_ends()
