"""How far a run is: the epochs in its folder, also while another process trains it."""

import csv
from pathlib import Path

from mrca.runs.layout import HISTORY


def read_epochs(folder: Path) -> list[dict[str, float]]:
    """The rows of a run's history, one for each whole epoch; none before the first is done.

    Args:
        folder: the run folder, or the unfinished one, which may be renamed at this moment.

    Example:
        >>> read_epochs(Path("nowhere.unfinished"))
        []
    """
    try:
        with (folder / HISTORY).open(encoding="utf-8", newline="") as file:
            return [
                {name: float(value) for name, value in row.items()} for row in csv.DictReader(file)
            ]
    except (OSError, TypeError, ValueError):
        return []
