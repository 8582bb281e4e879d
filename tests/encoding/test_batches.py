import keras
import numpy as np
import pytest
from scipy.sparse import csr_array

from mrca.datasets import CandidateSelection
from mrca.encoding import (
    BatchLimits,
    EncodedDocuments,
    EncodedEntities,
    EpochBatches,
    PairedBatches,
    row_starts,
)
from mrca.models import RelationNetwork
from mrca.text import Document, Entity, Span


@pytest.fixture
def batches():
    generator = np.random.default_rng(0)
    lengths = generator.integers(1, 29, 53)
    tokens = int(lengths.sum())
    documents = EncodedDocuments(
        {
            # Each row repeats its own number, so that it can be told in a batch.
            "states": np.repeat(np.arange(1, 54), lengths)[:, None].astype("float32"),
            "case": generator.choice([-1, 1], tokens).astype("int8"),
            "role": generator.integers(-1, 2, tokens).astype("int8"),
        },
        row_starts(lengths),
    )
    labels = np.stack([np.arange(53) % 2, np.arange(53) % 3 == 0], axis=1).astype("uint8")
    return EpochBatches(documents, labels, 8, padding="masked", max_length=28, seed=3)


def keras_pass(data):
    """One epoch as Keras takes it, in NumPy."""
    if keras.backend.backend() == "tensorflow":
        return list(data.as_numpy_iterator())
    return [data[number] for number in range(len(data))]


def rows_in(epoch):
    return [row for inputs, _ in epoch for row in inputs["states"][:, 0, 0].astype(int).tolist()]


def test_keras_gets_every_row_once_an_epoch_and_in_another_order_the_next(batches):
    data = batches.for_keras()
    assert len(data) == len(batches) == 7
    orders = []
    for epoch in range(2):
        batches.epoch = epoch
        given = keras_pass(data)
        assert len(given) == len(batches)
        orders.append(rows_in(given))
        assert sorted(orders[-1]) == list(range(1, 54))
        for (inputs, labels), (planned, planned_labels) in zip(given, batches, strict=True):
            assert inputs.keys() == planned.keys()
            for name, array in planned.items():
                np.testing.assert_array_equal(inputs[name], array)
                assert inputs[name].dtype == array.dtype
            np.testing.assert_array_equal(labels, planned_labels)
    assert orders[0] != orders[1]
    batches.epoch = 0
    assert rows_in(keras_pass(data)) == orders[0]


def test_labels_go_with_their_rows(batches):
    for inputs, labels in batches:
        rows = inputs["states"][:, 0, 0].astype(int) - 1
        assert labels.dtype == "float32"
        np.testing.assert_array_equal(labels, batches.labels[rows])


def test_sparse_labels_are_filled_up_batch_by_batch(batches):
    rows = np.arange(len(batches.documents.lengths))
    sparse = EpochBatches(
        batches.documents,
        csr_array(batches.labels[rows].astype("uint8")),
        8,
        padding="masked",
        max_length=28,
        seed=3,
    )
    for (_, labels), (_, expected) in zip(sparse, batches, strict=True):
        assert labels.dtype == "float32"
        np.testing.assert_array_equal(labels, expected)


def test_lengths_differ_between_batches(batches):
    widths = {inputs["states"].shape[1] for inputs, _ in batches}
    assert len(widths) > 1
    assert widths <= {8, 16, 24, 28}


def test_fixed_padding(batches):
    batches.padding = "fixed"
    for inputs, _ in batches:
        assert inputs["states"].shape[1] == 28
        assert (inputs["lengths"] == 28).all()


def test_fit_follows_the_plan_of_each_epoch(batches):
    """Also where training is resumed: Keras looks at a batch before the first epoch begins."""
    passes = []

    class Logged(EpochBatches):
        def __iter__(self):
            passes.append(self.epoch)
            yield from super().__iter__()

    class NextEpoch(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            batches.epoch = epoch

    batches.__class__ = Logged
    model = RelationNetwork(1, 1.0, columns=2, units=2, max_length=100)
    model.compile("sgd", "mse", metrics=["mae"], jit_compile=False)
    history = model.fit(
        batches.for_keras(),
        initial_epoch=5,
        epochs=7,
        shuffle=False,
        verbose=0,
        callbacks=[NextEpoch()],
    )
    assert history.epoch == [5, 6]
    assert passes[-2:] == [5, 6]


# === Two samplers ===

LENGTHS = np.array([3, 1, 5, 2, 4, 7, 1])
FIRST, SECOND = np.array([6, 5, 4, 3, 2, 1, 0]), np.array([0, 0, 0, 5, 5, 1, 2])


@pytest.fixture
def paired():
    rows = len(LENGTHS)
    documents = EncodedDocuments(
        {"words": np.repeat(np.arange(1, rows + 1, dtype="int32"), LENGTHS)},
        row_starts(LENGTHS),
    )
    labels = np.eye(rows, dtype="uint8")
    return PairedBatches(
        documents,
        labels,
        3,
        draws=lambda epoch: (np.roll(FIRST, epoch), np.roll(SECOND, epoch)),
        weights=lambda epoch, rows: np.full(rows, epoch + 1, np.float32),
        padding="masked",
        max_length=7,
        seed=2,
    )


def test_the_two_halves_are_the_two_draws_in_pairs(paired):
    epoch = keras_pass(paired.for_keras())
    assert len(epoch) == len(paired) == 3
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


def test_weights_and_draws_follow_the_epoch(paired):
    first = [inputs["words"] for inputs, _, _ in paired]
    paired.epoch = 2
    later = list(paired)
    assert all((weights == 3).all() for _, _, weights in later)
    assert any(
        one.shape != two["words"].shape or (one != two["words"]).any()
        for one, (two, _, _) in zip(first, later, strict=True)
    )


# === Pairs of entities ===


def of_pairs(sizes):
    """Documents of so many words, each of them an entity; what is asked, and labels."""
    documents = [
        Document(
            tuple("w" * (number + 1) for _ in range(size)),
            tuple(Entity((Span(i, i + 1),)) for i in range(size)),
        ).with_unknown_roles()
        for number, size in enumerate(sizes)
    ]
    candidates = CandidateSelection("pairs").select(documents)
    states = np.repeat(np.arange(len(sizes)), sizes)[:, None].astype("float32")
    encoded = EncodedDocuments(
        {"states": states},
        row_starts(sizes),
        EncodedEntities.of(candidates, lambda row, span: range(*span)),
    )
    labels = np.stack([candidates.rows, candidates.subjects, candidates.objects], axis=1)
    return encoded, labels


def asked(inputs):
    """Document, subject and object of each pair of a batch, read from its inputs."""
    rows = inputs["entity_rows"][inputs["pairs"][:, 0]]
    documents = inputs["states"][rows, 0, 0]
    places = inputs["entities"][inputs["pairs"], 0]
    return np.column_stack([documents, places]).astype(int)


def test_labels_go_with_their_pairs_and_keras_counts_every_epoch_alike():
    encoded, labels = of_pairs([3, 1, 4, 2, 5, 0, 2, 3])
    batches = EpochBatches(
        encoded,
        labels,
        BatchLimits(3, candidates=14),
        padding="masked",
        max_length=8,
        seed=1,
    )
    for epoch in range(4):
        batches.epoch = epoch
        given = keras_pass(batches.for_keras())
        assert len(given) == len(batches)
        for inputs, found in given:
            np.testing.assert_array_equal(asked(inputs), found)
        rows = np.concatenate([found for _, found in given])
        assert sorted(map(tuple, rows)) == sorted(map(tuple, labels))


def test_halves_of_pairs_have_as_many_candidates_each():
    encoded, labels = of_pairs([3, 1, 4, 2, 5])
    first, second = np.array([0, 1, 2, 3, 4]), np.array([4, 4, 3, 2, 0])
    paired = PairedBatches(
        encoded,
        labels,
        2,
        draws=lambda epoch: (first, second),
        weights=lambda epoch, rows: np.ones(rows, np.float32),
        padding="masked",
        max_length=8,
        seed=2,
    )
    of_first = []
    for inputs, found, weights in keras_pass(paired.for_keras()):
        assert len(found) == len(inputs["pairs"]) == len(weights)
        assert len(found) % 2 == 0
        np.testing.assert_array_equal(asked(inputs), found)
        of_first += found[: len(found) // 2].astype(int).tolist()
    # A document without pairs is dropped; every candidate of the first sampler's is there.
    assert len(of_first) == len(set(map(tuple, of_first)))
    assert {row[0] for row in of_first} <= {0, 2, 3, 4}
