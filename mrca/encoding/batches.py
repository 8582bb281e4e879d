"""Planned batches as something that Keras can fit, evaluate and predict on."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from mrca.encoding.batch_plan import (
    Batch,
    BatchLimits,
    Padding,
    number_of_batches,
    plan_batches,
)
from mrca.encoding.encoded_documents import EncodedDocuments

if TYPE_CHECKING:
    from scipy.sparse import csr_array


class SideBySide:
    """Matrices with a row for each candidate, put side by side where rows are taken.

    So a matrix that lies on a disk is never read as a whole, and of a sparse one only a batch's
    rows are ever filled up.

    Args:
        matrices: each `(candidates, columns)`, an array or a sparse matrix.
    """

    def __init__(self, *matrices: "np.ndarray | csr_array") -> None:
        self._matrices = matrices
        self.shape = (matrices[0].shape[0], sum(matrix.shape[1] for matrix in matrices))

    def __getitem__(self, rows: Any) -> np.ndarray:
        taken = [
            part if isinstance(part, np.ndarray) else part.toarray()
            for part in (matrix[rows] for matrix in self._matrices)
        ]
        return np.concatenate(taken, axis=1, dtype=np.float32)


class EpochBatches:
    """One epoch's batches at a time, of inputs and labels.

    Args:
        documents: the rows.
        labels: of their candidates, 0/1, `(candidates, columns)`, an array or a sparse matrix; for
            a distillation with the teacher's outputs before them.
        limits: see `plan_batches`.
        padding, max_length, seed: the same.
        draw: an epoch's number to the rows that it shows, as many as there are in all; `None` for
            each row once.

    Attributes:
        epoch: which epoch's plan the next pass follows; a callback moves it on.
        weighted: whether candidates have weights, after inputs and labels.
    """

    weighted = False

    def __init__(
        self,
        documents: EncodedDocuments,
        labels: "np.ndarray | csr_array | SideBySide",
        limits: BatchLimits | int,
        *,
        padding: Padding,
        max_length: int | None,
        seed: int | None = None,
        draw: Callable[[int], np.ndarray] | None = None,
    ) -> None:
        self.documents = documents
        self.labels = labels if isinstance(labels, SideBySide) else SideBySide(labels)
        self.limits = limits
        self.padding = padding
        self.max_length = max_length
        self.seed = seed
        self.draw = draw
        self.epoch = 0
        self._number = len(self._plan())

    def __len__(self) -> int:
        return self._number

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        for batch in number_of_batches(self._plan(), self._number):
            yield self._batch(batch)

    def _plan(self) -> list[Batch]:
        return plan_batches(
            self.documents.lengths,
            self.limits,
            padding=self.padding,
            max_length=self.max_length,
            candidates=self.documents.candidates,
            seed=self.seed,
            epoch=self.epoch,
            drawn=None if self.draw is None else self.draw(self.epoch),
        )

    def _batch(self, batch: Batch) -> tuple[Any, ...]:
        """Inputs and labels."""
        labels = self.labels[self.documents.candidates_of(batch.rows)]
        return self.documents.batch(batch, self.padding), labels

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

        inputs = {
            name: tf.TensorSpec(shape, dtype)
            for name, (shape, dtype) in self.documents.inputs.items()
        }
        labels = tf.TensorSpec((None, self.labels.shape[1]), tf.float32)
        signature: tuple[Any, ...] = (inputs, labels)
        if self.weighted:
            signature = (*signature, tf.TensorSpec((None,), tf.float32))
        dataset = tf.data.Dataset.from_generator(lambda: iter(self), output_signature=signature)
        return dataset.apply(tf.data.experimental.assert_cardinality(len(self))).prefetch(2)


class PairedBatches(EpochBatches):
    """One epoch's batches of B rows from one sampler, then B from another, with weights.

    The candidates of the second half are as many as those of the first: what is too many is left
    out, what is too few is repeated.

    Args:
        documents, labels: as for `EpochBatches`.
        pairs: B; a batch holds 2B rows.
        draws: an epoch's number to its rows from the first and from the second sampler, as many
            from either, in random order.
        weights: an epoch's number and a number of candidates to their weights, `(candidates,)`.
        padding, max_length, seed: see `plan_batches`.
    """

    weighted = True

    def __init__(
        self,
        documents: EncodedDocuments,
        labels: "np.ndarray | csr_array | SideBySide",
        pairs: int,
        *,
        draws: Callable[[int], tuple[np.ndarray, np.ndarray]],
        weights: Callable[[int, int], np.ndarray],
        padding: Padding,
        max_length: int | None,
        seed: int,
    ) -> None:
        self.draws = draws
        self.weights = weights
        super().__init__(
            documents, labels, pairs, padding=padding, max_length=max_length, seed=seed
        )

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        self._first, self._second = self._drawn()
        return super().__iter__()

    def _drawn(self) -> tuple[np.ndarray, np.ndarray]:
        """The epoch's rows from either sampler, those without candidates left out."""
        first, second = self.draws(self.epoch)
        counts = self.documents.candidates
        if counts is None:
            return first, second
        first, second = first[counts[first] > 0], second[counts[second] > 0]
        size = min(len(first), len(second))
        return first[:size], second[:size]

    def _plan(self) -> list[Batch]:
        """Batches of pairs of rows, by their number."""
        first, second = self._drawn()
        lengths = self.documents.lengths
        return plan_batches(
            np.maximum(lengths[first], lengths[second]),
            self.limits,
            padding=self.padding,
            max_length=self.max_length,
            seed=self.seed,
            epoch=self.epoch,
            drawn=np.arange(len(first)),
        )

    def _batch(self, batch: Batch) -> tuple[Any, ...]:
        first, second = self._first[batch.rows], self._second[batch.rows]
        rows = np.concatenate([first, second])
        inputs, labels = super()._batch(Batch(rows, batch.length))
        if self.documents.entities is not None:
            asked, others = (len(self.documents.candidates_of(each)) for each in (first, second))
            kept = np.concatenate([np.arange(asked), asked + np.resize(np.arange(others), asked)])
            inputs["pairs"], labels = inputs["pairs"][kept], labels[kept]
        return inputs, labels, self.weights(self.epoch, len(labels))


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
