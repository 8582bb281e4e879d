"""Fitting a network epoch by epoch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from mrca import losses
from mrca.config import RunConfig
from mrca.datasets import Corpus
from mrca.features import EncodedExamples, EpochBatches, Padding, PairedBatches
from mrca.heads.bilateral_branch import cumulative_weight, sample_weights
from mrca.metrics import MicroF1
from mrca.samplers import Sampler
from mrca.text import Example
from mrca.training.checkpoint import Checkpoint
from mrca.training.combinations import BILATERAL_BRANCH
from mrca.training.distillation import targets
from mrca.training.epoch_setup import EpochSetup
from mrca.training.reporter import Reporter, ReporterCallback
from mrca.training.run import Run
from mrca.training.tensorboard import tensorboard_callback

_VALIDATION_BATCH_SIZE = 128


@dataclass(frozen=True)
class Fit:
    """What is fitted, and what it is fitted on.

    Attributes:
        model: a Keras model of raw outputs.
        classifier: its last layer.
        encode: examples to its inputs.
        padding, max_length: how their batches are padded.
        frozen_variables: variables that never change, and are kept elsewhere.
    """

    model: keras.Model
    classifier: keras.layers.Layer
    encode: Callable[[Sequence[Example]], EncodedExamples]
    padding: Padding
    max_length: int
    frozen_variables: Sequence[Any] = ()


def fit(
    what: Fit,
    loss: losses.MultiLabelLoss,
    config: RunConfig,
    corpus: Corpus,
    teacher: Run | None,
    sampler: Sampler,
    checkpoint: Checkpoint,
    reporter: Reporter,
) -> None:
    """Train until the last epoch or until patience runs out; the best weights are put back.

    Args:
        what: the model and its inputs.
        loss: what is minimised.
        config: its `training` section.
        corpus: the training and validation rows.
        teacher: of a distillation.
        sampler: which training rows an epoch shows.
        checkpoint: keeps every epoch; goes on from the last one that it has.
        reporter: told about progress.
    """
    settings = config.training
    backend = keras.backend.backend()
    what.model.compile(
        optimizer=keras.optimizers.Adam(settings.learning_rate),
        loss=loss,
        metrics=[MicroF1(loss.decision_rule)],
        # XLA makes the recurrence slower on TensorFlow (on a GPU it has no cuDNN either way); JAX
        # has nothing else.
        jit_compile="auto" if backend == "jax" else False,
    )
    checkpoint.watch(what.model, what.frozen_variables)
    checkpoint.restore()
    if checkpoint.finished:
        checkpoint.restore_best()
        return
    batches = {
        split: (
            what.encode(corpus.splits[split]),
            targets(corpus.splits[split], corpus.relations, teacher),
        )
        for split in ("train", "valid")
    }
    train = _training_batches(what, *batches["train"], config, sampler)
    valid = EpochBatches(
        *batches["valid"],
        _VALIDATION_BATCH_SIZE,
        padding=what.padding,
        max_length=what.max_length,
    )
    callbacks = [
        EpochSetup(train, settings.learning_rate, settings.learning_rate_decay),
        checkpoint,
        ReporterCallback(reporter, checkpoint),
    ]
    if isinstance(train, PairedBatches):
        callbacks.insert(0, _Mixing(what.classifier, settings.epochs))
    if settings.tensorboard:
        callbacks.append(tensorboard_callback(checkpoint.folder))
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


def _training_batches(
    what: Fit, examples: EncodedExamples, labels: np.ndarray, config: RunConfig, sampler: Sampler
) -> EpochBatches:
    settings = config.training
    if config.classifier.name == BILATERAL_BRANCH:
        rare = sampler.named("reversed")
        return PairedBatches(
            examples,
            labels,
            settings.batch_size,
            draws=lambda epoch: (sampler.draw(epoch), rare.draw(epoch)),
            weights=lambda epoch, rows: sample_weights(
                rows, cumulative_weight(epoch, settings.epochs)
            ),
            padding=what.padding,
            max_length=what.max_length,
            seed=settings.seed,
        )
    return EpochBatches(
        examples,
        labels,
        settings.batch_size,
        padding=what.padding,
        max_length=what.max_length,
        seed=settings.seed,
        # Every row once is what a plan without a sampler does.
        draw=None if sampler.name == "instance_balanced" else sampler.draw,
    )


class _Mixing(keras.callbacks.Callback):
    """Sets how much each branch counts in an epoch."""

    def __init__(self, classifier: Any, epochs: int) -> None:
        super().__init__()
        self._classifier = classifier
        self._epochs = epochs

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Follow the cumulative schedule."""
        self._classifier.mixing.assign(cumulative_weight(epoch, self._epochs))
