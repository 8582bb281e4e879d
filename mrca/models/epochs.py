"""The batches of training epochs, and what changes from one to the next."""

import time
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import ops

from mrca.config import RunConfig
from mrca.encoding import (
    EPOCH_SAMPLERS,
    EncodedDocuments,
    EpochBatches,
    Padding,
    PairedBatches,
    Sampler,
    SideBySide,
)
from mrca.layers import heads
from mrca.layers.bilateral_branch import BilateralBranch, cumulative_weight, sample_weights
from mrca.losses import DecisionRule
from mrca.metrics import MacroF1, MicroF1, TunedMicroF1
from mrca.models.optimizer import inner_optimizer, is_matrix, rate_of_epoch

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def training_batches(
    documents: EncodedDocuments,
    targets: "csr_array | SideBySide",
    of_documents: "csr_array",
    config: RunConfig,
    classifier: keras.layers.Layer,
    *,
    padding: Padding,
    max_length: int | None,
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
        max_length: to how many tokens at most; `None` for no limit.
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
        documents.limits(settings.batch_size),
        padding=padding,
        max_length=max_length,
        seed=settings.seed,
        # Every row once is what a plan without a sampler does.
        draw=None if sampler.name == "instance_balanced" else sampler.draw,
    )


def follows_epochs(config: RunConfig) -> bool:
    """Whether the number of all epochs decides what each of them trains on, and how fast."""
    return (
        config.training.sampler in EPOCH_SAMPLERS
        or heads.follows_epochs(config.classifier.name)
        or config.training.follows_steps
    )


def epoch_metrics(config: RunConfig, rule: DecisionRule) -> list[keras.metrics.Metric]:
    """What is measured in each epoch beside the loss: micro F1, and what the best is chosen by."""
    others = {"macro_f1": MacroF1, "tuned_micro_f1": TunedMicroF1}
    chosen_by = others.get(config.training.monitor)
    return [MicroF1(rule), *([chosen_by(rule)] if chosen_by else [])]


class EpochStart(keras.callbacks.Callback):
    """Starts each epoch: its batches, its learning rate, the weight of a classifier's branches.

    Everything follows from the epoch's number, so that a training can be resumed exactly. Adds the
    learning rate and the seconds to the logs; put it before callbacks that read them. The model
    gets the configuration's L2 regularisation before the first epoch.

    Args:
        batches: of the training.
        config: its `training` section.
        classifier: the last layer.
        sets_rate: whether the learning rate is the configuration's, or else the optimiser's own.
    """

    def __init__(
        self,
        batches: EpochBatches,
        config: RunConfig,
        classifier: keras.layers.Layer,
        *,
        sets_rate: bool = True,
    ) -> None:
        super().__init__()
        self._batches = batches
        self._settings = config.training
        self._classifier = classifier
        self._sets_rate = sets_rate
        self._started = 0.0

    def on_train_begin(self, logs: Any = None) -> None:
        """Regularise matrices."""
        if not self._settings.l2:
            return
        of = self.model if self._settings.l2_of == "all" else self._classifier
        for variable in of.trainable_variables:
            if is_matrix(variable):
                variable.regularizer = keras.regularizers.L2(self._settings.l2)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Set what depends on the epoch (from 0)."""
        self._started = time.perf_counter()
        self._batches.epoch = epoch
        settings = self._settings
        if self._sets_rate:
            if (rate := rate_of_epoch(settings, epoch)) is not None:
                self.model.optimizer.learning_rate = rate
            if settings.follows_steps:
                inner = inner_optimizer(self.model)
                inner.plan_steps(epoch, settings.epochs, len(self._batches))
        if isinstance(self._classifier, BilateralBranch):
            self._classifier.mixing.assign(cumulative_weight(epoch, settings.epochs))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Add the learning rate and the seconds."""
        if logs is not None:
            # By way of its shortest decimals: 0.001, and not 0.0010000000474974513.
            rate = np.float32(ops.convert_to_numpy(self.model.optimizer.learning_rate))
            logs["learning_rate"] = float(str(rate))
            logs["seconds"] = time.perf_counter() - self._started
