"""What changes from epoch to epoch."""

import time
from typing import Any

import keras

from mrca.features import EpochBatches


class EpochSetup(keras.callbacks.Callback):
    """Starts each epoch: its batches, its learning rate; and adds both its time and rate to logs.

    Runs before the checkpoint, so that the history has what it adds.
    """

    def __init__(self, batches: EpochBatches, learning_rate: float, decay: float) -> None:
        super().__init__()
        self._batches = batches
        self._learning_rate = learning_rate
        self._decay = decay
        self._started = 0.0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Everything that depends on the epoch follows from its number, so resuming is exact."""
        self._started = time.perf_counter()
        self._batches.epoch = epoch
        self.model.optimizer.learning_rate.assign(self._rate(epoch))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Add the learning rate and the seconds."""
        if logs is not None:
            logs["learning_rate"] = self._rate(epoch)
            logs["seconds"] = time.perf_counter() - self._started

    def _rate(self, epoch: int) -> float:
        return self._learning_rate - self._decay * epoch
