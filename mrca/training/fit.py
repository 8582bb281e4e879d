"""Fitting a network epoch by epoch."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from mrca import losses
from mrca.config import RunConfig
from mrca.encoding import EpochBatches
from mrca.models.classifier import configured_rule
from mrca.models.epochs import EpochStart, epoch_metrics
from mrca.models.optimizer import make_optimizer
from mrca.models.weight_average import AverageInUse
from mrca.training.checkpoint import Checkpoint
from mrca.training.reporter import Reporter, ReporterCallback

TENSORBOARD = "tensorboard"


@dataclass(frozen=True)
class Fit:
    """What is fitted, and what it is fitted on.

    Attributes:
        model: a Keras model of raw outputs.
        classifier: its last layer.
        batches: gives the training's and the validation's, encoded when it is called.
    """

    model: keras.Model
    classifier: keras.layers.Layer
    batches: Callable[[], tuple[EpochBatches, EpochBatches]]


def fit(
    what: Fit,
    loss: losses.MultiLabelLoss,
    config: RunConfig,
    checkpoint: Checkpoint,
    reporter: Reporter,
) -> None:
    """Train until the last epoch or until patience runs out; the best weights are put back.

    Args:
        what: the model and its batches.
        loss: what is minimised.
        config: its `training` section.
        checkpoint: keeps every epoch; resumes after the last one that it has.
        reporter: told about progress.
    """
    settings = config.training
    jit = "auto" if keras.backend.backend() == "jax" else False  # see RelationClassifier.compile
    what.model.compile(
        optimizer=make_optimizer(config, what.model),
        loss=loss,
        metrics=epoch_metrics(config, configured_rule(config, loss)),
        jit_compile=jit,
    )
    checkpoint.watch(what.model)
    checkpoint.restore()
    if checkpoint.finished:
        checkpoint.restore_best()
        return
    train, valid = what.batches()
    callbacks = [
        EpochStart(train, config, what.classifier),
        AverageInUse(),
        checkpoint,
        ReporterCallback(reporter, checkpoint),
    ]
    if settings.tensorboard:
        callbacks.append(_tensorboard(checkpoint.folder))
    reporter.training_starts(settings.epochs, checkpoint.next_epoch, len(train))
    try:
        what.model.fit(
            train.for_keras(),
            validation_data=valid.for_keras(),
            initial_epoch=checkpoint.next_epoch,
            epochs=settings.epochs,
            callbacks=callbacks,
            shuffle=False,  # the plan has shuffled
            verbose=0,
        )
    finally:
        reporter.training_ends()
    checkpoint.restore_best()


def _tensorboard(folder: Path) -> Any:
    """Keras's callback, writing below the run's folder."""
    return keras.callbacks.TensorBoard(log_dir=folder / TENSORBOARD, write_graph=False)
