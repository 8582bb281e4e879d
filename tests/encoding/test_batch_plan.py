import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrca.encoding import plan_batches

MAX_LENGTH = 100
corpora = st.lists(st.integers(1, MAX_LENGTH), max_size=200).map(np.array)
batch_sizes = st.integers(1, 40)
seeds = st.none() | st.integers(0, 2**32 - 1)
epochs = st.integers(0, 60)


def as_lists(plan):
    return [(batch.rows.tolist(), batch.length) for batch in plan]


@given(corpora, batch_sizes, seeds, epochs)
def test_every_row_stands_in_exactly_one_batch(lengths, batch_size, seed, epoch):
    plan = plan_batches(lengths, batch_size, seed=seed, epoch=epoch)
    rows = [row for batch in plan for row in batch.rows.tolist()]
    assert sorted(rows) == list(range(len(lengths)))
    sizes = sorted((len(batch.rows) for batch in plan), reverse=True)
    assert all(size == batch_size for size in sizes[:-1])
    assert len(plan) == -(-len(lengths) // batch_size)


@given(corpora, batch_sizes, seeds, epochs)
def test_padding_holds_every_row_and_few_distinct_lengths(lengths, batch_size, seed, epoch):
    for batch in plan_batches(lengths, batch_size, seed=seed, epoch=epoch):
        longest = lengths[batch.rows].max()
        assert longest <= batch.length < longest + 8
        assert batch.length % (4 if seed is None else 8) == 0 or batch.length == MAX_LENGTH


@given(corpora, batch_sizes, seeds)
def test_fixed_padding_is_always_the_longest(lengths, batch_size, seed):
    plan = plan_batches(lengths, batch_size, padding="fixed", max_length=150, seed=seed)
    assert all(batch.length == 150 for batch in plan)


@given(corpora, batch_sizes, seeds, epochs)
def test_same_arguments_same_plan(lengths, batch_size, seed, epoch):
    first, second = (plan_batches(lengths, batch_size, seed=seed, epoch=epoch) for _ in range(2))
    assert as_lists(first) == as_lists(second)


@pytest.mark.parametrize("batch_size", [1, 8, 32])
def test_epochs_and_seeds_differ(batch_size):
    lengths = np.random.default_rng(0).integers(1, 90, 300)
    plans = [
        str(as_lists(plan_batches(lengths, batch_size, seed=seed, epoch=epoch)))
        for seed in (1, 2)
        for epoch in (0, 1)
    ]
    assert len(set(plans)) == 4


def test_without_a_seed_rows_are_sorted_by_length():
    lengths = np.random.default_rng(0).integers(1, 90, 50)
    plan = plan_batches(lengths, 8, epoch=3)
    order = np.concatenate([lengths[batch.rows] for batch in plan])
    assert (np.diff(order) >= 0).all()
    assert as_lists(plan) == as_lists(plan_batches(lengths, 8, epoch=4))


def test_bucketing_saves_most_of_the_padding():
    generator = np.random.default_rng(0)
    lengths = np.clip(generator.gamma(4, 6, 2000).astype(int), 1, MAX_LENGTH)
    plan = plan_batches(lengths, 32, seed=1)
    padded = sum(len(batch.rows) * batch.length for batch in plan)
    assert padded < 1.25 * lengths.sum()


def test_a_long_batch_does_not_stand_at_the_end():
    """Batches are shuffled: an epoch does not run from short to long."""
    lengths = np.arange(1, 97).repeat(10)
    padded = [batch.length for batch in plan_batches(lengths, 10, seed=1)]
    assert padded != sorted(padded)
    assert abs(np.corrcoef(np.arange(len(padded)), padded)[0, 1]) < 0.4


def test_drawn_rows_are_batched_as_often_as_they_were_drawn():
    lengths = np.arange(1, 51)
    drawn = np.random.default_rng(0).integers(0, 50, 50)
    plan = plan_batches(lengths, 8, seed=1, epoch=2, drawn=drawn)
    rows = [row for batch in plan for row in batch.rows.tolist()]
    assert sorted(rows) == sorted(drawn.tolist())
    assert as_lists(plan) == as_lists(plan_batches(lengths, 8, seed=1, epoch=2, drawn=drawn))
    assert all(lengths[batch.rows].max() <= batch.length for batch in plan)
