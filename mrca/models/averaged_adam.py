"""Adam with a moving average of the weights, which is what is validated and kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
from keras import ops

from mrca.config import RunConfig


@keras.saving.register_keras_serializable(package="mrca")
class AveragedAdam(keras.optimizers.Adam):
    """Adam that also keeps an exponential moving average of what it trains (Polyak and Juditsky).

        average = m average + (1 - m) weights        m = min(momentum, (1 + t) / (10 + t))

    after step t, so that the first weights do not weigh for long. Training continues with the
    weights themselves; `AverageInUse` puts the average in their place where the model is used.

    Args:
        learning_rate: Adam's.
        momentum: how much of the average stays at a step, in [0, 1).
        **kwargs: Adam's other arguments.
    """

    def __init__(self, learning_rate: float = 1e-3, momentum: float = 0.998, **kwargs: Any) -> None:
        super().__init__(learning_rate, **kwargs)
        self.momentum = momentum
        self.average_in_model = False  # then the weights are in `averages`

    def build(self, variables: list[Any]) -> None:
        """Make the averages beside Adam's moments; they begin as the weights are."""
        if self.built:
            return
        super().build(variables)
        self._averaged = list(variables)
        self.averages = [
            self.add_variable_from_reference(variable, name="average") for variable in variables
        ]
        for average, variable in zip(self.averages, variables, strict=True):
            average.assign(variable)

    def apply(self, grads: list[Any], trainable_variables: list[Any] | None = None) -> Any:
        """One step, and the averages after it."""
        done = super().apply(grads, trainable_variables)
        step = ops.cast(self.iterations, "float32")
        momentum = ops.minimum(self.momentum, (1 + step) / (10 + step))
        for average, variable in zip(self.averages, self._averaged, strict=True):
            kept = ops.cast(momentum, average.dtype)
            self.assign(average, kept * average + (1 - kept) * ops.cast(variable, average.dtype))
        return done

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument."""
        return {**super().get_config(), "momentum": self.momentum}


class AverageInUse(keras.callbacks.Callback):
    """Puts the average of an `AveragedAdam` in the place of the weights to validate and to keep.

    It stays in the model from a validation to the next epoch, so that callbacks which keep the best
    weights keep those that were validated, and after training. Put it before such callbacks. Does
    nothing with other optimisers.
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
    """While it lasts, the average of an `AveragedAdam` is in the place of the model's weights.

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


def _averaging(model: keras.Model) -> AveragedAdam | None:
    optimizer = getattr(model, "optimizer", None)
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)  # of a loss scale
    return optimizer if isinstance(optimizer, AveragedAdam) else None


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


def make_optimizer(config: RunConfig) -> keras.optimizers.Adam:
    """The optimiser of a configuration's `training` section."""
    settings = config.training
    if settings.weight_average:
        return AveragedAdam(settings.learning_rate, settings.weight_average)
    return keras.optimizers.Adam(settings.learning_rate)
