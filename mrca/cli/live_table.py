"""A table of work under way: on a terminal it changes, elsewhere things that happen have lines."""

from abc import ABC, abstractmethod
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from mrca.cli.progress import Notes


class LiveTable(Notes, ABC):
    """What reporters of many runs or trials share. To be used in a `with` block.

    Args:
        console: where to draw.
    """

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._live: Live | None = None

    @abstractmethod
    def _table(self) -> Table:
        """As it is now."""

    @abstractmethod
    def _summary(self) -> str:
        """A line below it."""

    def _draw(self) -> None:
        """From now on."""
        self._stages.stop()
        if self._console.is_terminal:
            self._live = Live(
                console=self._console, get_renderable=self._drawn, refresh_per_second=2
            )
            self._live.start()

    def _drawn(self) -> Group:
        return Group(self._table(), Text(self._summary()))

    def _line(self, text: str) -> None:
        """Say what has happened, where no table shows it."""
        if self._live is None:
            self._console.print(escape(text), highlight=False, soft_wrap=True)

    def _leave(self) -> None:
        """The table stays as it is."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stages.stop()
        self._leave()
