"""Long rows in windows. Runs on every backend."""

import keras
import numpy as np
import pytest
from keras import ops

from mrca.encoders.keras_hub_states import KerasHubStates
from mrca.encoders.windows import Windows

WINDOW, STRIDE, TIME, DIM = 12, 6, 32, 8
LENGTHS = [29, 12, 13, 5, 30, 3, 22, 18]
CLS, SEP = 7, 8


@pytest.fixture(scope="module")
def states(vocabulary):
    """A tiny random BERT whose attention is far from uniform."""
    keras_hub = pytest.importorskip("keras_hub", reason="needs the extra mrca[keras-hub]")
    backbone = keras_hub.models.BertBackbone(
        len(vocabulary), 2, 2, DIM, 16, dropout=0.3, max_sequence_length=WINDOW
    )
    generator = np.random.default_rng(1)
    for weight in backbone.weights:
        weight.assign(0.5 * generator.normal(size=weight.shape))
    return KerasHubStates(backbone)


def rows(lengths=LENGTHS, time=TIME):
    lengths = np.array(lengths, "int32")
    pieces = np.random.default_rng(2).integers(10, 60, (len(lengths), time))
    pieces = np.where(np.arange(time) < lengths[:, None], pieces, 0).astype("int32")
    pieces[:, 0] = CLS
    pieces[np.arange(len(lengths)), lengths - 1] = SEP
    return pieces, lengths


def called(layer, *arguments, **options):
    found = layer(*arguments, **options)
    return [ops.convert_to_numpy(each) for each in (found if isinstance(found, tuple) else [found])]


def slow(states, pieces, length):
    """One row's states and attention, a window at a time."""
    beyond = max(length - WINDOW, 0)
    number = 1 + -(-beyond // STRIDE)
    total, times, attention = np.zeros((TIME, DIM)), np.zeros(TIME), np.zeros((2, TIME, TIME))
    for window in range(number):
        start, size = window * beyond // max(number - 1, 1), min(length, WINDOW)
        read = pieces[start : start + size].copy()
        read[0], read[-1] = CLS, SEP
        found, scores = called(
            states, read[None], np.array([size], "int32"), return_attention_scores=True
        )
        kept = slice(int(window > 0), size - int(window < number - 1))
        at = slice(start + kept.start, start + kept.stop)
        total[at] += found[0, kept]
        times[at] += 1
        attention[:, at, at] += scores[0][:, kept, kept]
    sums = attention.sum(-1, keepdims=True)
    assert times[:length].all()
    return total / np.maximum(times, 1)[:, None], attention / np.where(sums > 0, sums, 1)


def test_states_and_attention_equal_the_definition(states):
    pieces, lengths = rows()
    layer = Windows(states, WINDOW, STRIDE)
    found, attention = called(layer, pieces, lengths, return_attention_scores=True)
    assert (found.dtype, attention.dtype) == ("float32", "float32")
    assert attention.shape == (len(LENGTHS), 2, TIME, TIME)
    for row, length in enumerate(LENGTHS):
        expected = slow(states, pieces[row], length)
        np.testing.assert_allclose(found[row], expected[0], atol=1e-5)
        np.testing.assert_allclose(attention[row], expected[1], atol=1e-6)
    (alone,) = called(layer, pieces, lengths)
    np.testing.assert_allclose(alone, found, atol=1e-5)


def test_attention_is_a_distribution_over_the_real_pieces(states):
    pieces, lengths = rows()
    layer = Windows(states, WINDOW, STRIDE)
    _, attention = called(layer, pieces, lengths, return_attention_scores=True)
    real = np.arange(TIME) < lengths[:, None]
    sums = attention.sum(-1)
    np.testing.assert_allclose(sums, np.broadcast_to(real[:, None], sums.shape), atol=1e-6)
    assert not attention[~np.broadcast_to(real[:, None, None], attention.shape)].any()
    # Of two windows none saw these two together.
    assert not attention[LENGTHS.index(22), :, 1, 20].any()


@pytest.mark.parametrize("time", [12, 8])
def test_rows_that_fit_into_a_window_are_read_at_once(states, time):
    pieces, lengths = rows([time, 5, 3], time)
    layer = Windows(states, WINDOW, STRIDE)
    found, attention = called(layer, pieces, lengths, return_attention_scores=True)
    expected, scores = called(states, pieces, lengths, return_attention_scores=True)
    for row, length in enumerate(lengths):
        np.testing.assert_allclose(found[row, :length], expected[row, :length], atol=1e-5)
        np.testing.assert_allclose(
            attention[row, :, :length, :length], scores[row, :, :length, :length], atol=1e-6
        )


@pytest.mark.parametrize("stride", [1, 10])
def test_any_stride_leaves_no_piece_out(states, stride):
    pieces, lengths = rows()
    (found,) = called(Windows(states, WINDOW, stride), pieces, lengths)
    real = np.arange(TIME) < lengths[:, None]
    assert np.abs(found[real]).sum(-1).min() > 0
    assert not found[~real].any()


class Both(keras.Model):
    """The sum of states and the largest attention of each row."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def call(self, inputs, training=None):
        found, attention = self.layer(
            inputs["pieces"], inputs["lengths"], training=training, return_attention_scores=True
        )
        return ops.stack([ops.sum(found, (1, 2)), ops.max(attention, (1, 2, 3))], axis=-1)


def test_training_goes_through_states_and_attention(states):
    trained = KerasHubStates.from_config(states.get_config())
    trained = KerasHubStates(trained.backbone, trainable=True)
    trained.backbone.set_weights(states.backbone.get_weights())
    before = [ops.convert_to_numpy(weight) for weight in trained.trainable_weights]
    pieces, lengths = rows()
    model = Both(Windows(trained, WINDOW, STRIDE))
    model.compile("sgd", "mse", jit_compile=keras.backend.backend() == "jax")
    inputs = {"pieces": pieces, "lengths": lengths}
    model.fit(inputs, np.ones((len(lengths), 2)), epochs=1, batch_size=4, verbose=0)
    after = [ops.convert_to_numpy(weight) for weight in trained.trainable_weights]
    assert all(np.isfinite(weight).all() for weight in after)
    # The bias of keys moves no attention.
    moved = [np.abs(one - other).max() > 0 for one, other in zip(before, after, strict=True)]
    assert sum(moved) >= len(moved) - 2


def test_it_is_made_anew_from_its_config(states):
    layer = Windows(states, WINDOW, STRIDE)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    again.states.backbone.set_weights(states.backbone.get_weights())
    pieces, lengths = rows()
    np.testing.assert_array_equal(called(again, pieces, lengths), called(layer, pieces, lengths))
    assert again.fingerprint == layer.fingerprint
    assert Windows(states, WINDOW, 5).fingerprint != layer.fingerprint
