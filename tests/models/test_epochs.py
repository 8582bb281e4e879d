"""What a training's epochs show, and what changes from one to the next."""

import keras
import numpy as np
import pytest
from keras import ops

from mrca.config import RunConfig
from mrca.encoding import EncodedDocuments, Sampler, row_starts
from mrca.layers.bilateral_branch import BilateralBranch, cumulative_weight
from mrca.models.epochs import EpochStart, follows_epochs, training_batches

ROWS = 30
LABELS = (np.random.default_rng(0).random((ROWS, 3)) < [0.6, 0.2, 0.05]).astype("uint8")
SETTINGS = {"training.epochs": 4, "training.batch_size": 7, "training.seed": 3}


def batches(classifier, **settings):
    named = {f"training.{name}": value for name, value in settings.items()}
    config = RunConfig().changed({**SETTINGS, **named})
    states = np.arange(ROWS, dtype="float32")[:, None]  # each row is its number
    documents = EncodedDocuments({"states": states}, row_starts([1] * ROWS))
    return config, training_batches(
        documents, LABELS, LABELS, config, classifier, padding="masked", max_length=1
    )


def rows_of(epoch):
    return np.concatenate([inputs["states"][:, 0, 0] for inputs, *_ in epoch]).astype(int).tolist()


def test_by_default_every_row_is_shown_once():
    _, found = batches(keras.layers.Dense(3))
    assert sorted(rows_of(found)) == list(range(ROWS))


def test_a_sampler_decides_what_an_epoch_shows():
    _, found = batches(keras.layers.Dense(3), sampler="progressively_balanced")
    sampler = Sampler("progressively_balanced", LABELS, seed=3, epochs=4)
    for epoch in range(4):
        found.epoch = epoch
        assert sorted(rows_of(found)) == sorted(sampler.draw(epoch).tolist())


def test_two_branches_have_batches_from_two_samplers_weighed_by_the_epoch():
    _, found = batches(BilateralBranch(3, 4))
    rare = Sampler("reversed", LABELS, seed=3, epochs=4)
    for epoch in range(4):
        found.epoch = epoch
        halves = [], []
        for inputs, labels, weights in found:
            rows = inputs["states"][:, 0, 0].astype(int)
            half = len(rows) // 2
            halves[0].extend(rows[:half].tolist())
            halves[1].extend(rows[half:].tolist())
            np.testing.assert_array_equal(labels, LABELS[rows])
            assert weights[0] == pytest.approx(2 * cumulative_weight(epoch, 4))
        assert sorted(halves[0]) == list(range(ROWS))
        assert sorted(halves[1]) == sorted(rare.draw(epoch).tolist())


def test_which_trainings_follow_the_number_of_epochs():
    config = RunConfig()
    assert not follows_epochs(config)
    assert follows_epochs(config.changed({"training.sampler": "progressively_balanced"}))
    assert follows_epochs(config.changed({"classifier.name": "bilateral_branch"}))
    assert follows_epochs(config.changed({"training.schedule": "linear"}))
    assert follows_epochs(config.changed({"training.warm_up": 0.1}))
    assert not follows_epochs(config.changed({"training.schedule": "step"}))


def started(**settings):
    """What is left of an epoch 3 (from 0) of a model compiled with a rate of 0.5: the logs."""
    classifier = BilateralBranch(3, 4)
    model = keras.Sequential([keras.Input((5,)), classifier])
    model.compile(keras.optimizers.Adam(0.5), "mse", jit_compile=False)
    config, found = batches(classifier, learning_rate=0.1, **settings)
    start, logs = EpochStart(found, config, classifier), {}
    start.set_model(model)
    start.on_epoch_begin(3)
    start.on_epoch_end(3, logs)
    assert found.epoch == 3
    assert logs["seconds"] >= 0
    assert float(classifier.mixing) == pytest.approx(cumulative_weight(3, 4))
    assert logs["learning_rate"] == pytest.approx(float(model.optimizer.learning_rate))
    return logs


def test_an_epoch_starts_with_its_batches_its_rate_and_its_share():
    assert started(learning_rate_decay=0.01)["learning_rate"] == 0.07


def test_a_rate_that_does_not_fall_is_the_optimisers():
    assert started(learning_rate_decay=0.0)["learning_rate"] == 0.5


def test_a_rate_that_falls_in_steps():
    assert started(schedule="step", decay_epochs=2, decay_rate=0.5)["learning_rate"] == 0.05


@pytest.mark.parametrize(("of", "regularised"), [("classifier", [1]), ("all", [0, 1])])
def test_squared_matrices_are_added_to_the_loss(of, regularised):
    layers = [keras.layers.Dense(4), keras.layers.Dense(3)]
    model = keras.Sequential([keras.Input((1,)), *layers])
    model.compile("sgd", "mse", jit_compile=keras.backend.backend() == "jax")
    config, found = batches(layers[1], l2=0.25, l2_of=of)
    inputs, targets = np.ones((2, 1), "float32"), np.ones((2, 3), "float32")
    before = model.evaluate(inputs, targets, verbose=0)
    start = EpochStart(found, config, layers[1])
    start.set_model(model)
    start.on_train_begin()
    model.compile("sgd", "mse", jit_compile=keras.backend.backend() == "jax")
    kernels = [np.array(ops.convert_to_numpy(layers[each].kernel)) for each in regularised]
    added = 0.25 * sum(np.square(kernel).sum() for kernel in kernels)
    assert model.evaluate(inputs, targets, verbose=0) == pytest.approx(before + added, rel=1e-5)


def test_a_logged_rate_has_the_decimals_that_were_set():
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3)])
    model.compile(keras.optimizers.Adam(1e-3), "mse", jit_compile=False)
    config, found = batches(model.layers[-1])
    start, logs = EpochStart(found, config, model.layers[-1]), {}
    start.set_model(model)
    start.on_epoch_end(0, logs)
    assert logs["learning_rate"] == 1e-3
