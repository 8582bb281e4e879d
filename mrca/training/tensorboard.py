"""Optional logs for TensorBoard."""

import importlib.util
from pathlib import Path
from typing import Any

import keras

from mrca.errors import MrcaError

LOGS = "tensorboard"


def check_tensorboard() -> None:
    """See that TensorBoard is installed.

    Raises:
        MrcaError: if it is not.
    """
    if importlib.util.find_spec("tensorboard") is None:
        raise MrcaError(
            "training.tensorboard needs TensorBoard. Install it with: "
            "pip install 'mrca[tensorboard]'"
        )


def tensorboard_callback(folder: Path) -> Any:
    """Keras's callback, writing below the run's folder."""
    return keras.callbacks.TensorBoard(log_dir=folder / LOGS, write_graph=False)
