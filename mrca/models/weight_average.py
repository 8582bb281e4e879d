"""The average of the weights in the place of the weights: what is validated and kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
from keras import ops

from mrca.models.optimizer import ScheduledOptimizer, inner_optimizer


class AverageInUse(keras.callbacks.Callback):
    """Puts the average of the weights in their place, to validate and to keep them.

    It stays in the model from a validation to the next epoch, so that callbacks which keep the best
    weights keep those that were validated, and after training. Put it before such callbacks. Does
    nothing with an optimiser that keeps none.
    """

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Weights back in."""
        _put(self.model, average=False)

    def on_test_begin(self, logs: Any = None) -> None:
        """Average in."""
        _put(self.model, average=True)

    def on_train_end(self, logs: Any = None) -> None:
        """Average in, for good: whatever is trained next starts from it."""
        _put(self.model, average=True)
        if (optimizer := _averaging(self.model)) is not None:
            optimizer.average_in_model = False


@contextmanager
def average_in_use(model: keras.Model, average: bool = True) -> Iterator[None]:
    """While it lasts, the average of a `ScheduledOptimizer` is in the place of the model's weights.

    Args:
        model: any; with another optimiser nothing happens.
        average: whether the average is to be in the model, or the weights that are trained.
    """
    optimizer = _averaging(model)
    before = optimizer is not None and optimizer.average_in_model
    _put(model, average)
    try:
        yield
    finally:
        _put(model, before)


def _averaging(model: keras.Model) -> ScheduledOptimizer | None:
    optimizer = inner_optimizer(model)
    averages = isinstance(optimizer, ScheduledOptimizer) and optimizer.average
    return optimizer if averages else None


def _put(model: keras.Model, average: bool) -> None:
    """Exchange weights and average unless the one that is asked for is in the model."""
    optimizer = _averaging(model)
    if optimizer is None or optimizer.average_in_model == average:
        return
    for mean, variable in zip(optimizer.averages, model.trainable_variables, strict=True):
        weights = ops.convert_to_numpy(variable)
        variable.assign(mean)
        mean.assign(weights)
    optimizer.average_in_model = average
