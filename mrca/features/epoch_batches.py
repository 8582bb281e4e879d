"""Planned batches as something that Keras can fit, evaluate and predict on."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from mrca.features.batch_plan import Batch, Padding, plan_batches
from mrca.features.encoded_examples import EncodedExamples, input_dtype


class EpochBatches:
    """One epoch's batches at a time, of inputs and labels.

    Args:
        examples: the rows.
        labels: 0/1 matrix `(rows, columns)`.
        batch_size, padding, max_length, seed: see `plan_batches`.
        draw: an epoch's number to the rows that it shows, as many as there are in all; `None` for
            each row once.

    Attributes:
        epoch: which epoch's plan the next pass follows; a callback moves it on.
        weighted: whether rows have weights, after inputs and labels.
    """

    weighted = False

    def __init__(
        self,
        examples: EncodedExamples,
        labels: np.ndarray,
        batch_size: int,
        *,
        padding: Padding,
        max_length: int,
        seed: int | None = None,
        draw: Callable[[int], np.ndarray] | None = None,
    ) -> None:
        self.examples = examples
        self.labels = labels
        self.batch_size = batch_size
        self.padding = padding
        self.max_length = max_length
        self.seed = seed
        self.draw = draw
        self.epoch = 0

    def __len__(self) -> int:
        return math.ceil(len(self.examples) / self.batch_size)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        plan = plan_batches(
            self.examples.lengths,
            self.batch_size,
            padding=self.padding,
            max_length=self.max_length,
            seed=self.seed,
            epoch=self.epoch,
            drawn=None if self.draw is None else self.draw(self.epoch),
        )
        for batch in plan:
            yield self._batch(batch)

    def _batch(self, batch: Batch) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Inputs and labels."""
        labels = self.labels[batch.rows].astype(np.float32)
        return self.examples.batch(batch, self.padding), labels

    def for_keras(self) -> Any:
        """These batches in the form that the Keras backend takes.

        TensorFlow gets a `tf.data.Dataset` with an explicit signature, since Keras would infer a
        fixed length from the first batches; other backends get a `PyDataset`.
        """
        if keras.backend.backend() == "tensorflow":
            return self._tensorflow_dataset()
        return _PyBatches(self)

    def _tensorflow_dataset(self) -> Any:
        import tensorflow as tf

        arrays = self.examples.arrays
        inputs = {
            name: tf.TensorSpec((None, None, *array.shape[1:]), input_dtype(array))
            for name, array in arrays.items()
        }
        inputs["lengths"] = tf.TensorSpec((None,), tf.int32)
        labels = tf.TensorSpec((None, self.labels.shape[1]), tf.float32)
        signature: tuple[Any, ...] = (inputs, labels)
        if self.weighted:
            signature = (*signature, tf.TensorSpec((None,), tf.float32))
        dataset = tf.data.Dataset.from_generator(lambda: iter(self), output_signature=signature)
        return dataset.apply(tf.data.experimental.assert_cardinality(len(self))).prefetch(2)


class _PyBatches(keras.utils.PyDataset):
    """The same batches by number. Keras asks for them in order, one epoch after another."""

    def __init__(self, batches: EpochBatches) -> None:
        super().__init__(workers=1, use_multiprocessing=False, max_queue_size=2)
        self._batches = batches
        self._pass: Iterator[Any] = iter(())

    def __len__(self) -> int:
        return len(self._batches)

    def __getitem__(self, index: int) -> Any:
        if index == 0:
            self._pass = iter(self._batches)
        return next(self._pass)
