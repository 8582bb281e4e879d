"""Optimisers: Keras's, with the schedules, rates and averages that Keras lacks."""

import math
from collections.abc import Sequence
from typing import Any, Literal

import keras
from keras import ops

from mrca.config import RunConfig
from mrca.config.run_config import TrainingConfig
from mrca.models.adam import Adam

StepSchedule = Literal["constant", "linear", "cosine"]


class ScheduledOptimizer(keras.optimizers.Optimizer):
    """What is added to an optimiser of Keras; see `ScheduledAdam` and `ScheduledSGD`.

    At step t (from 0) of T, with W = floor(warm_up T) of them to warm up, a variable is updated by

        rate = learning_rate * ratio * f(t)
        f(t) = t / W                                    t < W
               1                                        t >= W, schedule "constant"
               (T - t) / (T - W)                        t >= W, schedule "linear"
               (1 + cos(pi (t - W) / (T - W))) / 2      t >= W, schedule "cosine"

    where `ratio` is 1 but for variables that `scale_rate` was told of. Before that, matrices lose
    `decay * rate` of themselves; biases and the scales of normalisations do not (AdamW: Loshchilov
    and Hutter 2019). After step t an average is kept beside the weights (Polyak and Juditsky):

        average = m average + (1 - m) weights           m = min(`average`, (2 + t) / (11 + t))

    so that the first weights do not weigh for long. Training continues with the weights themselves;
    `AverageInUse` puts the average in their place where the model is used.

    Where gradients are accumulated over batches, a step is what is done with all of them.

    Args:
        learning_rate: of the optimiser.
        schedule: how the rate changes after the warm-up; until `plan_steps` has told where it is,
            it stays as it is.
        warm_up: share of all steps, in [0, 1).
        decay: decoupled weight decay; 0 for none.
        average: how much of the average stays at a step, in [0, 1); 0 for no average.
        **kwargs: the optimiser's other arguments.

    Source: warm-up and linear decay as transformers' `get_linear_schedule_with_warmup`, which the
    authors' code of ATLOP (Zhou et al. 2021) calls.
    """

    def __init__(
        self,
        learning_rate: float = 1e-3,
        *,
        schedule: StepSchedule = "constant",
        warm_up: float = 0.0,
        decay: float = 0.0,
        average: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.schedule = schedule
        self.warm_up = warm_up
        self.decay = decay
        self.average = average
        self.average_in_model = False  # then the weights are in `averages`
        self._scaled: dict[int, float] = {}
        self.follows_steps = schedule != "constant" or warm_up > 0
        if self.follows_steps:
            # Added to `iterations`: a training may begin later, or be one of several.
            self._first, self._warm, self._total = (
                self.add_variable((), dtype="int", name=name)
                for name in ("first_step", "warm_steps", "total_steps")
            )

    def scale_rate(self, variables: Sequence[Any], ratio: float) -> None:
        """Give some variables a rate of their own, so many times the others'. Before `build`."""
        self._scaled = {id(variable): ratio for variable in variables}

    def plan_steps(self, epoch: int, epochs: int, batches: int) -> None:
        """Say that so many epochs of so many batches are trained, and that one (from 0) begins."""
        each = self.gradient_accumulation_steps or 1
        total = epochs * batches // each
        self._first.assign(epoch * batches // each - int(ops.convert_to_numpy(self.iterations)))
        self._warm.assign(int(self.warm_up * total))
        self._total.assign(total)

    @property
    def learning_rate(self) -> Any:
        """The present one, of variables without a ratio; what is set is that without f(t)."""
        rate = super().learning_rate
        return rate * self._factor() if self.follows_steps else rate

    @learning_rate.setter
    def learning_rate(self, rate: Any) -> None:
        keras.optimizers.Optimizer.learning_rate.fset(self, rate)

    def _factor(self) -> Any:
        """f(t)."""
        step, warm, total = (
            ops.cast(steps, "float32")
            for steps in (self.iterations + self._first, self._warm, self._total)
        )
        left = ops.clip((total - step) / ops.maximum(total - warm, 1.0), 0.0, 1.0)
        after = {
            "constant": ops.ones_like(left),
            "linear": left,
            "cosine": (1.0 - ops.cos(math.pi * left)) / 2.0,
        }[self.schedule]
        factor = ops.where(step < warm, step / ops.maximum(warm, 1.0), after)
        return ops.where(total > 0, factor, 1.0)

    def build(self, variables: list[Any]) -> None:
        """Make what is kept beside the weights; averages begin as the weights are."""
        if self.built:
            return
        super().build(variables)
        self._ratios = [self._scaled.get(id(variable), 1.0) for variable in variables]
        self._decays = [self.decay if is_matrix(each) else 0.0 for each in variables]
        if self.average:
            self.averages = [
                self.add_variable_from_reference(variable, name="average") for variable in variables
            ]
            for average, variable in zip(self.averages, variables, strict=True):
                average.assign(ops.copy(variable))  # JAX would share the memory

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Update one variable, and its average after it."""
        place = self._get_variable_index(variable)
        ratio, decay = self._ratios[place], self._decays[place]
        rate = learning_rate if ratio == 1 else learning_rate * ratio
        if decay:
            self.assign_sub(variable, variable * ops.cast(decay * rate, variable.dtype))
        super().update_step(gradient, variable, rate)
        if self.average:
            step = ops.cast(self.iterations + 1, "float32")
            average = self.averages[place]
            kept = ops.cast(ops.minimum(self.average, (1 + step) / (10 + step)), average.dtype)
            self.assign(average, kept * average + (1 - kept) * ops.cast(variable, average.dtype))

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument."""
        names = ("schedule", "warm_up", "decay", "average")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


@keras.saving.register_keras_serializable(package="mrca")
class ScheduledAdam(ScheduledOptimizer, Adam):
    """Adam, or with `decay` AdamW, with what `ScheduledOptimizer` adds."""


@keras.saving.register_keras_serializable(package="mrca")
class ScheduledSGD(ScheduledOptimizer, keras.optimizers.SGD):
    """Stochastic gradient descent with what `ScheduledOptimizer` adds."""


def make_optimizer(config: RunConfig, model: keras.Model) -> keras.optimizers.Optimizer:
    """The optimiser of a configuration's `training` section, with no more than that needs.

    Args:
        config: of the training.
        model: what it trains; a trained encoder in it may have a rate of its own.
    """
    settings = config.training
    options: dict[str, Any] = {
        "learning_rate": settings.learning_rate,
        "global_clipnorm": settings.clip_norm or None,
        "gradient_accumulation_steps": settings.accumulate if settings.accumulate > 1 else None,
    }
    added: dict[str, Any] = {"average": settings.weight_average, "warm_up": settings.warm_up}
    if settings.schedule in ("linear", "cosine"):
        added["schedule"] = settings.schedule
    plain, scheduled = Adam, ScheduledAdam
    if settings.optimizer == "sgd":
        plain, scheduled = keras.optimizers.SGD, ScheduledSGD
        options["momentum"] = settings.momentum
    if settings.optimizer == "adamw":
        added["decay"] = settings.weight_decay
    encoder = getattr(model, "encoder_layer", None) if settings.encoder_learning_rate else None
    if encoder is None and not any(added.values()):
        return plain(**options)
    optimizer = scheduled(**options, **added)
    if encoder is not None:
        ratio = settings.encoder_learning_rate / settings.learning_rate
        optimizer.scale_rate(encoder.trainable_variables, ratio)
    return optimizer


def rate_of_epoch(settings: TrainingConfig, epoch: int) -> float | None:
    """The learning rate that an epoch (from 0) sets; `None` where it stays the optimiser's.

    Schedule "subtract" takes `learning_rate_decay` off after each epoch (the main paper),
    "step" multiplies by `decay_rate` after every `decay_epochs` (Yu et al. 2020).
    """
    if settings.schedule == "subtract" and settings.learning_rate_decay:
        return settings.learning_rate - settings.learning_rate_decay * epoch
    if settings.schedule == "step":
        return settings.learning_rate * settings.decay_rate ** (epoch // settings.decay_epochs)
    return None


def is_matrix(variable: Any) -> bool:
    """Whether a weight is what decay and L2 are of: no bias, no scale of a normalisation.

    Keras's attention has biases of two axes, heads and their widths.
    """
    return len(variable.shape) > 1 and variable.name != "bias"


def inner_optimizer(model: keras.Model) -> Any:
    """The optimiser of a model, without the loss scale that mixed precision puts around it."""
    optimizer = getattr(model, "optimizer", None)
    return getattr(optimizer, "inner_optimizer", optimizer)
