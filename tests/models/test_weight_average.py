import keras
import numpy as np
import pytest
from keras import ops

from mrca.models.optimizer import ScheduledAdam
from mrca.models.weight_average import AverageInUse, average_in_use

JIT = keras.backend.backend() == "jax"
INPUTS = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
TARGETS = np.random.default_rng(1).normal(size=(8, 2)).astype("float32")


def make_model(optimizer):
    keras.utils.set_random_seed(5)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile(optimizer, "mse", jit_compile=JIT)
    return model


def weights(model):
    return [np.array(ops.convert_to_numpy(each)) for each in model.trainable_variables]


def averages(model):
    return [np.array(ops.convert_to_numpy(each)) for each in model.optimizer.averages]


def test_the_average_is_that_of_the_weights_after_each_step():
    model = make_model(ScheduledAdam(0.05, average=0.6))
    model.optimizer.build(model.trainable_variables)
    expected = weights(model)
    for step in range(1, 21):
        model.train_on_batch(INPUTS, TARGETS)
        kept = min(0.6, (1 + step) / (10 + step))
        expected = [
            kept * old + (1 - kept) * new for old, new in zip(expected, weights(model), strict=True)
        ]
        for average, wanted in zip(averages(model), expected, strict=True):
            np.testing.assert_allclose(average, wanted, rtol=1e-5, atol=1e-6)
    assert np.abs(averages(model)[0] - weights(model)[0]).max() > 1e-3


def test_training_is_adams():
    averaged, plain = (
        make_model(ScheduledAdam(0.05, average=0.998)),
        make_model(keras.optimizers.Adam(0.05)),
    )
    for _ in range(5):
        for model in (averaged, plain):
            model.train_on_batch(INPUTS, TARGETS)
    for ours, theirs in zip(weights(averaged), weights(plain), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_its_whole_state_is_in_its_variables():
    """What was saved after a step and restored resumes bit for bit, averages too."""
    whole, other = (make_model(ScheduledAdam(0.05, average=0.6)) for _ in range(2))
    for _ in range(3):
        whole.train_on_batch(INPUTS, TARGETS)
    other.optimizer.build(other.trainable_variables)
    for kept, into in (
        (whole.variables, other.variables),
        (whole.optimizer.variables, other.optimizer.variables),
    ):
        for value, variable in zip(kept, into, strict=True):
            variable.assign(ops.convert_to_numpy(value))
    for model in (whole, other):
        model.train_on_batch(INPUTS, TARGETS)
    for part in (weights, averages):
        for one, two in zip(part(whole), part(other), strict=True):
            np.testing.assert_array_equal(one, two)


def test_the_average_is_in_use_for_a_while():
    model = make_model(ScheduledAdam(0.05, average=0.6))
    model.train_on_batch(INPUTS, TARGETS)
    own, average = weights(model), averages(model)
    with average_in_use(model):
        for now, wanted in zip(weights(model), average, strict=True):
            np.testing.assert_array_equal(now, wanted)
    with pytest.raises(RuntimeError), average_in_use(model):
        raise RuntimeError
    for now, wanted in zip([*weights(model), *averages(model)], [*own, *average], strict=True):
        np.testing.assert_array_equal(now, wanted)


class See(keras.callbacks.Callback):
    """What is in the model and beside it when something has happened."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def _see(self, what):
        self.seen.append((what, weights(self.model)[0], averages(self.model)[0]))

    def on_train_batch_end(self, batch, logs=None):
        self._see("trained")

    def on_test_batch_end(self, batch, logs=None):
        self._see("validated")

    def on_epoch_end(self, epoch, logs=None):
        self._see("ended")


def test_what_is_validated_is_the_average_and_stays_until_training_goes_on():
    model, see = make_model(ScheduledAdam(0.05, average=0.6)), See()
    model.fit(
        *(INPUTS, TARGETS),
        validation_data=(INPUTS, TARGETS),
        epochs=2,
        verbose=0,
        callbacks=[AverageInUse(), see],
    )
    assert [what for what, *_ in see.seen] == ["trained", "validated", "ended"] * 2
    for trained, validated, ended in (see.seen[:3], see.seen[3:]):
        for found in (validated, ended):
            np.testing.assert_array_equal(found[1], trained[2])
            np.testing.assert_array_equal(found[2], trained[1])
    plain = make_model(keras.optimizers.Adam(0.05))
    plain.fit(INPUTS, TARGETS, epochs=2, verbose=0)
    np.testing.assert_allclose(see.seen[3][1], weights(plain)[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(weights(model)[0], see.seen[3][2])  # left in at the end


def test_the_best_weights_that_a_callback_restores_are_those_that_were_validated():
    class Losses(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["best"] = float(epoch != 1)  # the second epoch is the best

    model, see = make_model(ScheduledAdam(0.05, average=0.6)), See()
    stop = keras.callbacks.EarlyStopping("best", mode="min", patience=2, restore_best_weights=True)
    model.fit(
        *(INPUTS, TARGETS),
        validation_data=(INPUTS, TARGETS),
        epochs=4,
        verbose=0,
        callbacks=[AverageInUse(), see, Losses(), stop],
    )
    validated = [found for what, found, _ in see.seen if what == "validated"]
    np.testing.assert_array_equal(weights(model)[0], validated[1])


def test_what_is_loaded_after_a_training_is_what_the_next_starts_from():
    model = make_model(ScheduledAdam(0.0, average=0.998))
    model.fit(INPUTS, TARGETS, verbose=0, callbacks=[AverageInUse()])
    loaded = [each + 1 for each in model.get_weights()]
    model.set_weights(loaded)
    see = See()
    model.fit(INPUTS, TARGETS, verbose=0, callbacks=[AverageInUse(), see])
    np.testing.assert_allclose(see.seen[0][1], loaded[0])


def test_the_weights_are_in_use_for_a_while():
    model = make_model(ScheduledAdam(0.05, average=0.6))
    model.train_on_batch(INPUTS, TARGETS)
    own, average = weights(model), averages(model)
    with average_in_use(model):
        with average_in_use(model, average=False):
            np.testing.assert_array_equal(weights(model)[0], own[0])
        np.testing.assert_array_equal(weights(model)[0], average[0])
    np.testing.assert_array_equal(weights(model)[0], own[0])


def test_other_optimisers_have_no_average():
    model = make_model(keras.optimizers.Adam(0.05))
    before = weights(model)
    with average_in_use(model):
        for now, wanted in zip(weights(model), before, strict=True):
            np.testing.assert_array_equal(now, wanted)


def test_under_a_loss_scale_the_average_is_found():
    inner = ScheduledAdam(0.05, average=0.6)
    model = make_model(keras.optimizers.LossScaleOptimizer(inner))
    model.train_on_batch(INPUTS, TARGETS)
    average = [np.array(ops.convert_to_numpy(each)) for each in inner.averages]
    with average_in_use(model):
        np.testing.assert_array_equal(weights(model)[0], average[0])
