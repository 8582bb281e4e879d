import keras
import numpy as np
import pytest

from mrca.encoding import EncodedExamples, EpochBatches
from mrca.models import MRCA


@pytest.fixture
def batches():
    generator = np.random.default_rng(0)
    lengths = generator.integers(1, 29, 53)
    tokens = int(lengths.sum())
    examples = EncodedExamples(
        {
            # Each row repeats its own number, so that it can be told in a batch.
            "words": np.repeat(np.arange(1, 54), lengths).astype("int32"),
            "case": generator.choice([-1, 1], tokens).astype("int8"),
            "role": generator.integers(-1, 2, tokens).astype("int8"),
        },
        np.concatenate([[0], np.cumsum(lengths)]),
    )
    labels = np.stack([np.arange(53) % 2, np.arange(53) % 3 == 0], axis=1).astype("uint8")
    return EpochBatches(examples, labels, 8, padding="masked", max_length=28, seed=3)


def keras_pass(data):
    """One epoch as Keras takes it, in NumPy."""
    if keras.backend.backend() == "tensorflow":
        return list(data.as_numpy_iterator())
    return [data[number] for number in range(len(data))]


def rows_in(epoch):
    return [row for inputs, _ in epoch for row in inputs["words"][:, 0].tolist()]


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
        rows = inputs["words"][:, 0] - 1
        assert labels.dtype == "float32"
        np.testing.assert_array_equal(labels, batches.labels[rows])


def test_lengths_differ_between_batches(batches):
    widths = {inputs["words"].shape[1] for inputs, _ in batches}
    assert len(widths) > 1
    assert widths <= {8, 16, 24, 28}


def test_fixed_padding(batches):
    batches.padding = "fixed"
    for inputs, _ in batches:
        assert inputs["words"].shape[1] == 28
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
    model = MRCA(60, 2, 1.0, columns=2, units=2, max_length=100)
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
