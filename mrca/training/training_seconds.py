"""What a run cost."""

import csv
import math
from pathlib import Path

from mrca.errors import MrcaError
from mrca.training.run_folder import HISTORY


def training_seconds(folder: Path) -> float | None:
    """Seconds that the epochs of a finished run took; None for one without epochs.

    Args:
        folder: the run folder. Its first stage or teacher has its own.

    Raises:
        MrcaError: if its history is damaged.
    """
    path = folder / HISTORY
    if not path.is_file():
        return None
    try:
        with path.open(encoding="utf-8", newline="") as file:
            seconds = math.fsum(float(row["seconds"]) for row in csv.DictReader(file))
        if not 0 <= seconds < math.inf:
            raise ValueError(f"{seconds} seconds")
    except (OSError, KeyError, TypeError, ValueError, OverflowError, csv.Error) as error:
        raise MrcaError(
            f"Cannot read the seconds of each epoch in {path}: {type(error).__name__}: {error}. "
            "The run is damaged: train it again."
        ) from None
    return seconds
