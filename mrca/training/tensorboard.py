"""Optional logs for TensorBoard."""

from pathlib import Path
from typing import Any

import keras

LOGS = "tensorboard"


def tensorboard_callback(folder: Path) -> Any:
    """Keras's callback, writing below the run's folder."""
    return keras.callbacks.TensorBoard(log_dir=folder / LOGS, write_graph=False)
