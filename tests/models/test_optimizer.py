"""Optimisers of a configuration: each schedule's rates, rates of parts, decay, accumulation."""

import json
import math

import keras
import numpy as np
import pytest
from keras import ops

from mrca.config import RunConfig
from mrca.models.adam import Adam
from mrca.models.optimizer import (
    ScheduledAdam,
    ScheduledSGD,
    inner_optimizer,
    make_optimizer,
    rate_of_epoch,
)

JIT = keras.backend.backend() == "jax"
INPUTS = np.random.default_rng(0).normal(size=(16, 3)).astype("float32")
TARGETS = np.random.default_rng(1).normal(size=(16, 2)).astype("float32")


def make_model(optimizer):
    keras.utils.set_random_seed(5)
    layers = [keras.layers.Dense(4, name="below"), keras.layers.Dense(2, name="above")]
    model = keras.Sequential([keras.Input((3,)), *layers])
    model.compile(optimizer, "mse", jit_compile=JIT)
    return model


def weights(model):
    return [np.array(ops.convert_to_numpy(each)) for each in model.trainable_variables]


def trained(optimizer, batches=8):
    """A model after steps on a few rows each, always the same."""
    model = make_model(optimizer)
    for batch in range(batches):
        rows = slice(batch % 4 * 4, batch % 4 * 4 + 4)
        model.train_on_batch(INPUTS[rows], TARGETS[rows])
    return model


def config(**settings):
    return RunConfig().changed({f"training.{name}": value for name, value in settings.items()})


def rates(optimizer, epochs, batches):
    """The rate of each batch."""
    model = make_model(optimizer)
    found = []
    for epoch in range(epochs):
        optimizer.plan_steps(epoch, epochs, batches)
        for _ in range(batches):
            found.append(float(ops.convert_to_numpy(optimizer.learning_rate)))
            model.train_on_batch(INPUTS, TARGETS)
    return found


# === Schedules ===


def test_a_line_up_then_a_line_to_zero():
    # As transformers' get_linear_schedule_with_warmup: 2 of 10 steps up, 8 down.
    found = rates(ScheduledAdam(0.5, schedule="linear", warm_up=0.2), epochs=2, batches=5)
    assert found == pytest.approx([0, 0.25, *(0.5 * left / 8 for left in range(8, 0, -1))])


def test_half_a_cosine_to_zero():
    found = rates(ScheduledSGD(0.5, schedule="cosine"), epochs=2, batches=4)
    assert found == pytest.approx([0.25 * (1 + math.cos(math.pi * t / 8)) for t in range(8)])


def test_a_warm_up_alone():
    found = rates(ScheduledSGD(0.5, warm_up=0.5), epochs=2, batches=2)
    assert found == pytest.approx([0, 0.25, 0.5, 0.5])


def test_steps_of_accumulated_batches_are_counted_once():
    # 9 batches are 4 steps of two, one of which has batches of both epochs.
    optimizer = ScheduledSGD(0.4, schedule="linear", gradient_accumulation_steps=2)
    found = rates(optimizer, epochs=3, batches=3)
    assert found == pytest.approx([0.4, 0.4, 0.3, 0.3, 0.2, 0.2, 0.1, 0.1, 0.0])


def test_another_training_with_the_same_optimiser_begins_anew():
    optimizer = ScheduledSGD(0.5, schedule="linear")
    model = make_model(optimizer)
    for _ in range(2):
        optimizer.plan_steps(0, 1, 2)
        found = []
        for _ in range(2):
            found.append(float(ops.convert_to_numpy(optimizer.learning_rate)))
            model.train_on_batch(INPUTS, TARGETS)
        assert found == [0.5, 0.25]


def test_without_a_plan_the_rate_stays():
    optimizer = ScheduledSGD(0.5, schedule="linear", warm_up=0.1)
    assert float(ops.convert_to_numpy(optimizer.learning_rate)) == 0.5
    optimizer.learning_rate = 0.25
    assert float(ops.convert_to_numpy(optimizer.learning_rate)) == 0.25


def test_rates_of_epochs():
    paper = config(learning_rate=1.5e-3, learning_rate_decay=3e-5).training
    assert [rate_of_epoch(paper, epoch) for epoch in (0, 1, 10)] == pytest.approx(
        [1.5e-3, 1.47e-3, 1.2e-3]
    )
    stepwise = config(learning_rate=0.01, schedule="step").training
    found = [rate_of_epoch(stepwise, epoch) for epoch in (0, 7, 8, 15, 16, 49)]
    assert found == pytest.approx([0.01, 0.01, 0.008, 0.008, 0.0064, 0.01 * 0.8**6])
    for schedule in ("constant", "linear", "cosine"):
        assert rate_of_epoch(config(schedule=schedule).training, 3) is None
    assert rate_of_epoch(config(learning_rate_decay=0.0).training, 3) is None


# === Steps ===


def test_decay_is_adamws_of_matrices_alone():
    found = trained(ScheduledAdam(0.05, decay=0.1))
    keras_own = keras.optimizers.AdamW(0.05, weight_decay=0.1)
    keras_own.exclude_from_weight_decay(var_names=["bias"])
    for one, other in zip(weights(found), weights(trained(keras_own)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_biases_of_attention_are_no_matrices():
    attention = keras.layers.MultiHeadAttention(2, 4)
    attention.build((None, 3, 8), (None, 3, 8))
    optimizer = ScheduledSGD(1.0, decay=0.5)
    optimizer.build(attention.trainable_variables)
    assert any(
        each.name == "bias" and len(each.shape) == 2 for each in attention.trainable_variables
    )
    for variable in attention.trainable_variables:
        variable.assign(ops.ones(variable.shape))
        optimizer.update_step(ops.zeros(variable.shape), variable, 1.0)
        left = np.unique(ops.convert_to_numpy(variable)).tolist()
        assert left == [1.0 if variable.name == "bias" else 0.5], variable.path


def test_some_variables_have_a_rate_of_their_own():
    def steps(ratio):
        optimizer = ScheduledSGD(0.1, decay=0.5)
        model = make_model(optimizer)
        optimizer.scale_rate(model.get_layer("below").trainable_variables, ratio)
        before = weights(model)
        model.train_on_batch(INPUTS, TARGETS)
        return [new - old for new, old in zip(weights(model), before, strict=True)]

    for name, (slow, fast) in enumerate(zip(steps(0.25), steps(1.0), strict=True)):
        np.testing.assert_allclose(slow, fast * (0.25 if name < 2 else 1), rtol=1e-4, atol=1e-7)


def test_accumulated_batches_are_one_large_batch():
    def after(steps, rows, batches):
        options = {"gradient_accumulation_steps": steps, "global_clipnorm": 0.5}
        model = make_model(ScheduledAdam(0.05, average=0.9, decay=0.01, **options))
        for batch in range(batches):
            place = slice(batch * rows % 16, batch * rows % 16 + rows)
            model.train_on_batch(INPUTS[place], TARGETS[place])
        averages = [np.array(ops.convert_to_numpy(each)) for each in model.optimizer.averages]
        return [*weights(model), *averages]

    for one, other in zip(after(None, 16, 3), after(4, 4, 12), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_the_gradient_of_a_step_is_cut_to_a_length_over_all_weights():
    model = make_model(make_optimizer(config(optimizer="sgd", momentum=0.0, **CLIPPED), None))
    before = weights(model)
    model.train_on_batch(INPUTS, 100 * TARGETS)
    moved = [new - old for new, old in zip(weights(model), before, strict=True)]
    length = math.sqrt(sum(np.square(each).sum() for each in moved))
    assert length == pytest.approx(0.3 * 0.5, rel=1e-3)


CLIPPED = {"learning_rate": 0.5, "clip_norm": 0.3, "schedule": "constant"}


# === From a configuration ===


def test_without_more_settings_it_is_one_of_keras_or_takes_its_steps():
    for settings, kind in (({}, Adam), ({"optimizer": "sgd"}, keras.optimizers.SGD)):
        optimizer = make_optimizer(config(**settings), None)
        assert type(optimizer) is kind
        assert float(ops.convert_to_numpy(optimizer.learning_rate)) == pytest.approx(1.5e-3)
    assert optimizer.momentum == 0.9


def test_an_optimiser_of_a_configuration():
    optimizer = make_optimizer(
        config(
            optimizer="adamw",
            weight_decay=0.02,
            schedule="cosine",
            warm_up=0.06,
            weight_average=0.9,
            clip_norm=1.0,
            accumulate=4,
            learning_rate=1e-4,
        ),
        None,
    )
    assert type(optimizer) is ScheduledAdam
    found = optimizer.get_config()
    assert (found["decay"], found["average"]) == (0.02, 0.9)
    assert (found["schedule"], found["warm_up"]) == ("cosine", 0.06)
    assert (found["global_clipnorm"], found["gradient_accumulation_steps"]) == (1.0, 4)


def test_a_trained_encoder_has_a_rate_of_its_own():
    model = make_model("sgd")
    model.encoder_layer = model.get_layer("below")
    settings = config(optimizer="sgd", learning_rate=0.1, encoder_learning_rate=1e-9)
    model.compile(make_optimizer(settings, model), "mse", jit_compile=JIT)
    before = weights(model)
    model.train_on_batch(INPUTS, TARGETS)
    moved = [np.abs(new - old).max() for new, old in zip(weights(model), before, strict=True)]
    assert max(moved[:2]) < 1e-6 < 1e-3 < min(moved[2:])


def test_under_a_loss_scale_it_is_found():
    inner = ScheduledAdam(0.05)
    assert inner_optimizer(make_model(keras.optimizers.LossScaleOptimizer(inner))) is inner
    assert inner_optimizer(make_model(inner)) is inner
    assert inner_optimizer(keras.Sequential([])) is None


@pytest.mark.parametrize("kind", [ScheduledAdam, ScheduledSGD])
def test_config_is_json_and_comes_back(kind):
    optimizer = kind(0.05, schedule="linear", warm_up=0.1, decay=0.2, average=0.6)
    stored = json.loads(json.dumps(keras.optimizers.serialize(optimizer)))
    back = keras.optimizers.deserialize(stored)
    assert type(back) is kind
    assert back.get_config() == optimizer.get_config()
