"""Which documents form which batch, padded to which length."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

Padding = Literal["masked", "fixed"]

# Padded lengths are multiples of these, so that a compiled model meets few distinct shapes. Sorted
# rows leave so little to pad that the finer step shows.
_SHUFFLED_STEP = 8
_SORTED_STEP = 4
# Rows are sorted by length within pools of this many batches: long enough to waste little on
# padding, short enough that every batch stays a nearly random draw.
_POOL_BATCHES = 24


class Batch(NamedTuple):
    """Row numbers of one batch, and the number of tokens it is padded to."""

    rows: np.ndarray
    length: int


@dataclass(frozen=True)
class BatchLimits:
    """How large a batch may be; one row alone may be larger.

    Attributes:
        rows: documents.
        tokens: padded ones, rows times the longest.
        candidates: entity pairs.
        scores: padded tokens times entity pairs, which attention scores with one another.
        attention: padded tokens times the longest, which is what a head of an encoder in the model
            attends between; `None` for no such limit.
    """

    rows: int
    tokens: int = 1 << 15
    candidates: int = 1 << 13
    scores: int = 1 << 24
    attention: int | None = None


def plan_batches(
    lengths: np.ndarray,
    limits: BatchLimits | int,
    *,
    padding: Padding = "masked",
    max_length: int | None = 100,
    candidates: np.ndarray | None = None,
    seed: int | None = None,
    epoch: int = 0,
    drawn: np.ndarray | None = None,
) -> list[Batch]:
    """One epoch's batches, the same for the same arguments on every machine.

    With a seed, rows are shuffled by (seed, epoch), sorted by length within pools, cut into
    batches, and the batches shuffled. Without one, rows are sorted by length and nothing is
    shuffled: for evaluation.

    Args:
        lengths: tokens of each row, shape `(n,)`, each from 0 to `max_length`.
        limits: of a batch, or its number of rows; the last one formed may hold fewer.
        padding: `"masked"` pads a batch to its longest row, rounded up to a multiple of 8
            (of 4 where nothing is shuffled); `"fixed"` pads every batch to `max_length`.
        max_length: what `"fixed"` pads to, and the most that `"masked"` does; `None` for no limit,
            with `"masked"`.
        candidates: of each row, shape `(n,)`; rows without any are left out. `None` for one each.
        seed: of the shuffle; `None` for a fixed order.
        epoch: mixed into the seed.
        drawn: with a seed, the rows that a sampler has drawn for the epoch, in random order;
            `None` for each row once.

    Returns:
        Batches that hold every row with a candidate exactly once, or the drawn ones.
    """
    if isinstance(limits, int):
        limits = BatchLimits(limits)
    step = _SORTED_STEP if seed is None else _SHUFFLED_STEP
    asked = np.arange(len(lengths)) if candidates is None else np.flatnonzero(candidates)
    counts = np.ones(len(lengths), np.int64) if candidates is None else candidates

    def padded(row: int) -> int:
        if padding == "fixed" and max_length is not None:
            return max_length
        rounded = math.ceil(max(lengths[row], 1) / step) * step
        return rounded if max_length is None else min(rounded, max_length)

    if seed is None:
        pools = [asked[np.argsort(lengths[asked], kind="stable")]]
    else:
        generator = np.random.default_rng((seed, epoch))
        if drawn is None:
            order = asked[generator.permutation(len(asked))]
        else:
            order = drawn[counts[drawn] > 0]
        size = limits.rows * _POOL_BATCHES
        pools = [
            pool[np.argsort(lengths[pool], kind="stable")]
            for pool in (order[start : start + size] for start in range(0, len(order), size))
        ]
    batches = [
        Batch(rows, padded(rows[-1]))  # the longest
        for pool in pools
        for rows in _cut(pool, limits, padded, counts)
    ]
    if seed is not None:
        generator.shuffle(batches)
    return batches


def number_of_batches(batches: list[Batch], number: int) -> list[Batch]:
    """The same rows in so many batches: the largest are halved, or the smallest joined.

    Keras counts the batches of the first epoch only; where candidates and tokens are limited, or a
    sampler draws rows without candidates, the plans of other epochs may have a few more or fewer.
    Joined batches may exceed the limits. Where there are fewer rows than batches, batches of one
    row are repeated.
    """
    batches = list(batches)
    while len(batches) > max(number, 1):
        first, second = sorted(range(len(batches)), key=lambda each: len(batches[each].rows))[:2]
        joined = Batch(
            np.concatenate([batches[first].rows, batches[second].rows]),
            max(batches[first].length, batches[second].length),
        )
        batches[first] = joined
        del batches[second]
    while len(batches) < number:
        largest = max(range(len(batches)), key=lambda each: len(batches[each].rows))
        rows, length = batches[largest]
        if len(rows) == 1:  # and so all have one
            batches += batches[: number - len(batches)]
            continue
        half = len(rows) // 2
        batches[largest : largest + 1] = [Batch(rows[:half], length), Batch(rows[half:], length)]
    return batches


def _cut(
    rows: np.ndarray, limits: BatchLimits, padded: Callable[[int], int], counts: np.ndarray
) -> Iterator[np.ndarray]:
    """Runs of rows, sorted by length, that keep to the limits."""
    start = asked = 0
    for end, row in enumerate(rows):
        size = end - start
        length = padded(row)
        tokens, pairs = (size + 1) * length, asked + int(counts[row])
        if size and (
            size == limits.rows
            or tokens > limits.tokens
            or pairs > limits.candidates
            or tokens * pairs > limits.scores
            or (limits.attention is not None and tokens * length > limits.attention)
        ):
            yield rows[start:end]
            start, asked = end, 0
        asked += int(counts[row])
    if start < len(rows):
        yield rows[start:]
