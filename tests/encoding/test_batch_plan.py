import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrca.encoding import BatchLimits, plan_batches
from mrca.encoding.batch_plan import number_of_batches

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


# === Budgets of tokens and candidates ===

candidates = st.lists(st.integers(0, 30), max_size=200).map(np.array)


@given(
    candidates,
    st.integers(1, 20),
    st.integers(8, 400),
    st.integers(1, 60),
    st.integers(100, 9000),
    seeds,
    epochs,
)
def test_no_batch_is_larger_than_its_limits_but_for_a_row_alone(
    counts, rows, tokens, most, scores, seed, epoch
):
    lengths = np.random.default_rng(len(counts)).integers(0, MAX_LENGTH, len(counts))
    limits = BatchLimits(rows, tokens, most, scores)
    plan = plan_batches(lengths, limits, candidates=counts, seed=seed, epoch=epoch)
    assert sorted(row for batch in plan for row in batch.rows.tolist()) == (
        np.flatnonzero(counts).tolist()  # rows that ask nothing are in none
    )
    for batch in plan:
        assert len(batch.rows) <= rows
        assert batch.length >= lengths[batch.rows].max()
        if len(batch.rows) > 1:
            assert len(batch.rows) * batch.length <= tokens
            assert counts[batch.rows].sum() <= most
            assert len(batch.rows) * batch.length * counts[batch.rows].sum() <= scores


def test_drawn_rows_without_candidates_are_left_out():
    counts = np.array([2, 0, 1])
    plan = plan_batches(
        np.array([3, 4, 5]), 2, candidates=counts, seed=1, drawn=np.array([1, 2, 0, 1, 2])
    )
    assert sorted(row for batch in plan for row in batch.rows.tolist()) == [0, 2, 2]


@given(corpora.filter(len), batch_sizes, st.integers(0, 99), st.integers(1, 60))
def test_the_same_rows_in_another_number_of_batches(lengths, batch_size, seed, number):
    plan = plan_batches(lengths, batch_size, seed=seed)
    number = min(number, len(lengths))
    changed = number_of_batches(plan, number)
    assert len(changed) == number
    assert sorted(row for batch in changed for row in batch.rows.tolist()) == (
        list(range(len(lengths)))
    )
    assert all(len(batch.rows) for batch in changed)
    assert all(lengths[batch.rows].max() <= batch.length for batch in changed)


def test_as_many_batches_as_there_are_stay_as_they_are():
    plan = plan_batches(np.arange(1, 30), 4, seed=2)
    assert as_lists(number_of_batches(plan, len(plan))) == as_lists(plan)


def test_fewer_rows_than_batches_are_repeated():
    plan = plan_batches(np.arange(1, 4), 2, seed=2)
    changed = number_of_batches(plan, 8)
    assert [len(batch.rows) for batch in changed] == [1] * 8
    assert {row for batch in changed for row in batch.rows.tolist()} == {0, 1, 2}


def test_long_documents_with_many_pairs_stand_alone_and_sentences_do_not():
    sentences = plan_batches(np.full(64, 100), 32, candidates=np.full(64, 20))
    assert [len(batch.rows) for batch in sentences] == [32, 32]
    documents = plan_batches(np.full(8, 4096), 8, max_length=4096, candidates=np.full(8, 1000))
    assert [len(batch.rows) for batch in documents] == [2, 2, 2, 2]


def test_attention_between_tokens_is_limited():
    lengths = np.array([8] * 100 + [256] * 10 + [2000])
    limits = BatchLimits(64, attention=1 << 18)
    plan = plan_batches(lengths, limits, max_length=None)
    assert sorted(row for batch in plan for row in batch.rows.tolist()) == list(range(111))
    for rows, length in plan:
        assert len(rows) * length**2 <= 1 << 18 or len(rows) == 1
    assert [len(rows) for rows, length in plan if length == 256] == [4, 4, 2]


def test_without_a_longest_rows_are_as_long_as_they_are():
    lengths = np.array([13, 999])
    assert [batch.length for batch in plan_batches(lengths, 1, max_length=None)] == [16, 1000]
