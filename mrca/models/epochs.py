"""The batches of training epochs, and what changes from one to the next."""

import time
from typing import Any

import keras
import numpy as np
from keras import ops

from mrca.config import RunConfig
from mrca.encoding import (
    BatchLimits,
    EncodedDocuments,
    EpochBatches,
    Padding,
    PairedBatches,
    Sampler,
    SideBySide,
)
from mrca.layers.bilateral_branch import BilateralBranch, cumulative_weight, sample_weights


def training_batches(
    documents: EncodedDocuments,
    targets: np.ndarray | SideBySide,
    of_documents: np.ndarray,
    config: RunConfig,
    classifier: keras.layers.Layer,
    *,
    padding: Padding,
    max_length: int,
) -> EpochBatches:
    """The batches of a training, as its configuration has them.

    Args:
        documents: the training documents.
        targets: what their candidates are trained on, `(candidates, columns)`.
        of_documents: the relations that each document states, which its sampler goes by,
            `(documents, relations)`.
        config: its `training` section.
        classifier: the last layer; one with two branches has batches from two samplers.
        padding: how batches are padded.
        max_length: to how many tokens at most.
    """
    settings = config.training
    sampler = Sampler(settings.sampler, of_documents, seed=settings.seed, epochs=settings.epochs)
    if isinstance(classifier, BilateralBranch):
        rare = sampler.named("reversed")
        return PairedBatches(
            documents,
            targets,
            settings.batch_size,
            draws=lambda epoch: (sampler.draw(epoch), rare.draw(epoch)),
            weights=lambda epoch, rows: sample_weights(
                rows, cumulative_weight(epoch, settings.epochs)
            ),
            padding=padding,
            max_length=max_length,
            seed=settings.seed,
        )
    return EpochBatches(
        documents,
        targets,
        BatchLimits(settings.batch_size),
        padding=padding,
        max_length=max_length,
        seed=settings.seed,
        # Every row once is what a plan without a sampler does.
        draw=None if sampler.name == "instance_balanced" else sampler.draw,
    )


def follows_epochs(config: RunConfig) -> bool:
    """Whether the number of all epochs decides what each of them trains on."""
    return (
        config.training.sampler == "progressively_balanced"
        or config.classifier.name == "bilateral_branch"
    )


class EpochStart(keras.callbacks.Callback):
    """Starts each epoch: its batches, its learning rate, the weight of a classifier's branches.

    Everything follows from the epoch's number, so that a training can be resumed exactly. Adds the
    learning rate and the seconds to the logs; put it before callbacks that read them.

    Args:
        batches: of the training.
        config: its `training` section.
        classifier: the last layer.
    """

    def __init__(
        self, batches: EpochBatches, config: RunConfig, classifier: keras.layers.Layer
    ) -> None:
        super().__init__()
        self._batches = batches
        self._settings = config.training
        self._classifier = classifier
        self._started = 0.0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Set what depends on the epoch (from 0)."""
        self._started = time.perf_counter()
        self._batches.epoch = epoch
        settings = self._settings
        if settings.learning_rate_decay:  # or the rate is the optimiser's, and of other callbacks
            rate = settings.learning_rate - settings.learning_rate_decay * epoch
            self.model.optimizer.learning_rate.assign(rate)
        if isinstance(self._classifier, BilateralBranch):
            self._classifier.mixing.assign(cumulative_weight(epoch, settings.epochs))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Add the learning rate and the seconds."""
        if logs is not None:
            # By way of its shortest decimals: 0.001, and not 0.0010000000474974513.
            rate = np.float32(ops.convert_to_numpy(self.model.optimizer.learning_rate))
            logs["learning_rate"] = float(str(rate))
            logs["seconds"] = time.perf_counter() - self._started
