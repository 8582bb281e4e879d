import keras
import numpy as np
import pytest

from mrca.encoding import EncodedExamples, PairedBatches

LENGTHS = np.array([3, 1, 5, 2, 4, 7, 1])
FIRST, SECOND = np.array([6, 5, 4, 3, 2, 1, 0]), np.array([0, 0, 0, 5, 5, 1, 2])


@pytest.fixture
def batches():
    rows = len(LENGTHS)
    examples = EncodedExamples(
        {"words": np.repeat(np.arange(1, rows + 1, dtype="int32"), LENGTHS)},
        np.concatenate([[0], np.cumsum(LENGTHS)]),
    )
    labels = np.eye(rows, dtype="uint8")
    return PairedBatches(
        examples,
        labels,
        3,
        draws=lambda epoch: (np.roll(FIRST, epoch), np.roll(SECOND, epoch)),
        weights=lambda epoch, rows: np.full(rows, epoch + 1, np.float32),
        padding="masked",
        max_length=7,
        seed=2,
    )


def as_keras_takes_them(batches):
    data = batches.for_keras()
    if keras.backend.backend() == "tensorflow":
        return list(data.as_numpy_iterator())
    return [data[number] for number in range(len(data))]


def test_the_two_halves_are_the_two_draws_in_pairs(batches):
    epoch = as_keras_takes_them(batches)
    assert len(epoch) == len(batches) == 3
    pairs = []
    for inputs, labels, weights in epoch:
        rows = inputs["words"][:, 0] - 1
        np.testing.assert_array_equal(labels, np.eye(7)[rows])
        assert len(rows) % 2 == 0
        assert weights.tolist() == [1.0] * len(rows)
        half = len(rows) // 2
        pairs += zip(rows[:half].tolist(), rows[half:].tolist(), strict=True)
        np.testing.assert_array_equal(inputs["lengths"], LENGTHS[rows])
    assert sorted(pairs) == sorted(zip(FIRST.tolist(), SECOND.tolist(), strict=True))


def test_weights_and_draws_follow_the_epoch(batches):
    first = [inputs["words"] for inputs, _, _ in batches]
    batches.epoch = 2
    later = list(batches)
    assert all((weights == 3).all() for _, _, weights in later)
    assert any(
        one.shape != two["words"].shape or (one != two["words"]).any()
        for one, (two, _, _) in zip(first, later, strict=True)
    )
