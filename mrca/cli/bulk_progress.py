"""Many rows being scored, as a person watches it: rows, shards, speed, the time left."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from mrca.cli.progress import duration_text
from mrca.errors import counted

if TYPE_CHECKING:
    from mrca.bulk.score_shard import Record

# Seconds between two lines, where there is no terminal.
_BETWEEN = 10.0


class BulkProgress:
    """A `mrca.bulk.Reporter` that draws on a console (stderr).

    On a terminal it is a bar; elsewhere a line now and then. To be used in a `with` block.

    Args:
        console: where to draw.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            BarColumn(),
            TextColumn("{task.description}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("reading", total=None)
        self._sizes: Sequence[int] = ()
        self._shards = self._bytes = 0  # that are done
        self._new_bytes = self._new_rows = self._bad = self._failed = 0  # of this command
        self._under_way = 0  # rows of a shard that is not done
        self._start, self._said = time.monotonic(), -_BETWEEN
        self._told: tuple[int, ...] = ()

    def cutting(self, file: int, files: int) -> None:
        """Which file is looked at."""
        text = f"looking where lines end: file {file + 1:,} of {files:,}"
        self._progress.update(self._task, description=text)

    def starts(self, shards: Sequence[int], done: Sequence[int]) -> None:
        """How much there is to do."""
        self._sizes = shards
        self._shards, self._bytes = len(done), sum(shards[number] for number in done)
        self._start = time.monotonic()
        if done:
            self._console.print(
                f"{counted(len(done), 'shard')} of {len(shards):,} done before.", highlight=False
            )
        self._progress.update(self._task, total=max(1, sum(shards)))
        self.tick()

    def rows(self, number: int) -> None:
        """Rows of the shard that is under way."""
        self._under_way += number
        self.tick()

    def shard_ends(self, number: int, record: "Record | None") -> None:
        """A shard more."""
        self._under_way = 0
        self._bytes += self._sizes[number]
        self._new_bytes += self._sizes[number]
        if record is None:
            self._failed += 1
        else:
            self._shards += 1
            self._new_rows += record.rows
            self._bad += record.bad

    def tick(self) -> None:
        """Say where it is."""
        text = self._text()
        self._progress.update(self._task, description=text, completed=self._bytes)
        now, news = time.monotonic(), (self._shards, self._failed, self._under_way)
        if self._console.is_terminal or news == self._told or now - self._said < _BETWEEN:
            return
        self._said, self._told = now, news
        self._console.print(text, highlight=False, soft_wrap=True)

    def stop(self) -> None:
        """Take the bar away."""
        self._progress.stop()

    def _text(self) -> str:
        seconds = time.monotonic() - self._start
        rows = self._new_rows + self._under_way
        parts = [f"{self._shards:,} of {counted(len(self._sizes), 'shard')}", counted(rows, "row")]
        if self._bad:
            parts.append(f"{self._bad:,} bad")
        if self._failed:
            parts.append(f"{self._failed:,} failed")
        if rows and seconds:
            parts.append(f"{rows / seconds:,.0f} rows/s")
        left = sum(self._sizes) - self._bytes
        if self._new_bytes and left:
            parts.append(f"about {duration_text(left * seconds / self._new_bytes)} left")
        return ", ".join(parts)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
