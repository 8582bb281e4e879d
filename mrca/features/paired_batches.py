"""Batches of rows from two samplers side by side."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from mrca.features.batch_plan import Batch, Padding, plan_batches
from mrca.features.encoded_examples import EncodedExamples
from mrca.features.epoch_batches import EpochBatches


class PairedBatches(EpochBatches):
    """One epoch's batches of B rows from one sampler, then B from another, with row weights.

    Args:
        examples, labels: as for `EpochBatches`.
        pairs: B; a batch holds 2B rows.
        draws: an epoch's number to its rows from the first and from the second sampler, as many
            from either, in random order.
        weights: an epoch's number and a number of rows to their weights, `(rows,)`.
        padding, max_length, seed: see `plan_batches`.
    """

    weighted = True

    def __init__(
        self,
        examples: EncodedExamples,
        labels: np.ndarray,
        pairs: int,
        *,
        draws: Callable[[int], tuple[np.ndarray, np.ndarray]],
        weights: Callable[[int, int], np.ndarray],
        padding: Padding,
        max_length: int,
        seed: int,
    ) -> None:
        super().__init__(examples, labels, pairs, padding=padding, max_length=max_length, seed=seed)
        self.draws = draws
        self.weights = weights

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        first, second = self.draws(self.epoch)
        lengths = self.examples.lengths
        plan = plan_batches(
            np.maximum(lengths[first], lengths[second]),
            self.batch_size,
            padding=self.padding,
            max_length=self.max_length,
            seed=self.seed,
            epoch=self.epoch,
            drawn=np.arange(len(first)),
        )
        for pairs, length in plan:
            rows = np.concatenate([first[pairs], second[pairs]])
            yield *self._batch(Batch(rows, length)), self.weights(self.epoch, len(rows))
