"""Work as a person watches it: bars on stderr, a line for each epoch, the time left."""

from collections.abc import Callable
from functools import partial
from typing import Any, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from mrca.errors import counted

_OTHER_SCORES = {"macro_f1": "macro F1", "tuned_micro_f1": "tuned micro F1"}


class StageProgress:
    """A bar on stderr for each stage of getting a file ready; there is none before the first call.

    To be used in a `with` block, so that the bar goes whatever happens.

    Args:
        console: where to draw; by default stderr.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._progress: Progress | None = None
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        """Move the bar of a stage to `done` of `total` (bytes or lines; `None` if unknown)."""
        if self._progress is None:
            self._progress = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TaskProgressColumn(),
                TimeRemainingColumn(),
                console=self._console,
                transient=True,
            )
            self._progress.start()
        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(escape(stage), total=total)
        self._progress.update(self._tasks[stage], completed=done, total=total)

    def of(self, stage: str) -> Callable[[int, int | None], None]:
        """The same for one stage."""
        return partial(self, stage)

    def stop(self) -> None:
        """Take the bars away; the next call draws anew."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None
            self._tasks.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Notes:
    """What reporters on a console share: notes, and bars for getting files ready.

    Args:
        console: where to draw.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._stages = StageProgress(console)

    def message(self, text: str) -> None:
        """A note above what is drawn."""
        self._stages.stop()
        self._console.print(
            f"[yellow]Note:[/yellow] {escape(text)}", highlight=False, soft_wrap=True
        )

    def preparing(self, stage: str, done: int, total: int | None) -> None:
        """A bar for a download or an import."""
        self._stages(stage, done, total)


class TrainingProgress(Notes):
    """A `mrca.training.Reporter` that draws on a console (stderr).

    To be used in a `with` block, so that no bar outlives an error.

    Args:
        console: where to draw.
        patience: after how many epochs without a better one training stops, to say so.
    """

    def __init__(self, console: Console, patience: int) -> None:
        super().__init__(console)
        self._patience = patience
        self._progress: Progress | None = None
        self._batches = 0
        self._epoch = 0  # whole ones that are done
        self._epochs = 0

    def training_starts(self, epochs: int, first_epoch: int, batches: int) -> None:
        """Draw the bar; it is for all epochs, and so is the time left."""
        self._stages.stop()
        self._epoch, self._batches, self._epochs = first_epoch, batches, epochs
        if first_epoch:
            self.message(f"resumed after epoch {first_epoch}.")
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("at most"),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=self._console,
            transient=True,
        )
        self._task = self._progress.add_task(
            self._place(0), total=batches * epochs, completed=batches * first_epoch
        )
        self._progress.start()

    def batch_ends(self, batch: int) -> None:
        """Move the bar."""
        assert self._progress is not None
        done = self._batches * self._epoch + batch
        self._progress.update(self._task, description=self._place(batch), completed=done)

    def epoch_ends(self, row: dict[str, Any], best: dict[str, Any]) -> None:
        """A line that stays."""
        assert self._progress is not None
        epoch = self._epoch = row["epoch"]
        is_best = " [green]best[/green]" if best["epoch"] == epoch else ""
        # The score that chooses, where it is another than micro F1.
        score = next((name for name in _OTHER_SCORES if f"val_{name}" in row), "micro_f1")
        name = _OTHER_SCORES.get(score, "micro F1")
        self._console.print(
            f"epoch {epoch:>3}/{self._epochs}  {row['seconds']:6.1f} s  loss {row['loss']:.5f}  "
            f"validation {name} [bold]{row[f'val_{score}']:.4f}[/bold]{is_best}",
            highlight=False,
        )
        if epoch < self._epochs and epoch - best["epoch"] >= self._patience:
            self._console.print(
                f"stopped: no better validation score for {counted(self._patience, 'epoch')}",
                highlight=False,
            )

    def training_ends(self) -> None:
        """Take the bar away."""
        if self._progress is not None:
            self._progress.stop()

    def _place(self, batch: int) -> str:
        return f"epoch {self._epoch + 1}/{self._epochs}, batch {batch}/{self._batches}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stages.stop()
        self.training_ends()


def score_text(score: float | None) -> str:
    """A score in a table.

    Example:
        >>> score_text(0.25), score_text(None)
        ('0.2500', '-')
    """
    return "-" if score is None else f"{score:.4f}"


def duration_text(seconds: float) -> str:
    """How long, as precisely as one wants to know.

    Example:
        >>> duration_text(80), duration_text(600), duration_text(9000)
        ('80 s', '10 min', '2.5 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
