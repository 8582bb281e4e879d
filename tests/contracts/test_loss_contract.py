"""What every loss of the package keeps to, whatever it computes."""

import copy
import inspect
import json

import keras
import numpy as np
import pytest
from keras import ops

from mrca import losses
from mrca.errors import MrcaError
from mrca.losses import LOSSES, decision_rule_from_config

RELATIONS = 5


@pytest.fixture(params=LOSSES)
def name(request):
    return request.param


@pytest.fixture
def loss(name):
    return losses.get(name)


@pytest.fixture
def batch(loss):
    """Labels and outputs of six rows: none, one, some and all relations hold."""
    generator = np.random.default_rng(7)
    columns = loss.columns(RELATIONS)
    labels = (generator.random((6, columns)) < 0.4).astype("float32")
    labels[0], labels[1] = 0, 1
    return labels, generator.normal(0, 1.5, (6, columns)).astype("float32")


def numbers(tensor):
    return ops.convert_to_numpy(tensor)


def test_it_is_a_documented_keras_loss(loss):
    assert isinstance(loss, losses.MultiLabelLoss)
    assert "Source:" in type(loss).__doc__ or "(MRCA" in type(loss).__doc__
    assert loss.columns(RELATIONS) >= RELATIONS


def test_one_value_per_row(name, batch):
    labels, outputs = batch
    rows = numbers(losses.get(name, reduction=None)(labels, outputs))
    assert rows.shape == (len(labels),)
    assert rows.dtype == "float32"
    mean, total = (losses.get(name, reduction=way) for way in ("sum_over_batch_size", "sum"))
    assert float(mean(labels, outputs)) == pytest.approx(rows.mean(), rel=1e-6)
    assert float(total(labels, outputs)) == pytest.approx(rows.sum(), rel=1e-6)
    assert float(losses.get(name)(labels, outputs)) == float(mean(labels, outputs))


def test_rows_keep_their_values_in_another_order(name, batch):
    labels, outputs = batch
    loss = losses.get(name, reduction=None)
    rows = numbers(loss(labels, outputs))
    np.testing.assert_allclose(numbers(loss(labels[::-1], outputs[::-1])), rows[::-1], rtol=1e-5)


def test_sample_weight_scales_rows(name, batch):
    labels, outputs = batch
    rows = numbers(losses.get(name, reduction=None)(labels, outputs))
    weights = np.array([0, 1, 0.5, 2, 0, 3], "float32")
    weighted = losses.get(name, reduction=None)(labels, outputs, sample_weight=weights)
    np.testing.assert_allclose(numbers(weighted), rows * weights, rtol=1e-6)
    mean = losses.get(name)(labels, outputs, sample_weight=weights)
    assert float(mean) == pytest.approx(np.mean(rows * weights), rel=1e-6)


def test_zero_weights_give_zero_and_no_gradient(loss, batch, values_and_gradients):
    labels, outputs = batch
    zeros = np.zeros(len(labels), "float32")
    [value], [gradient] = values_and_gradients(
        lambda tensor: [loss(labels, tensor, sample_weight=zeros)], [outputs]
    )
    assert value == 0
    assert not gradient.any()


def test_labels_may_be_integers_or_booleans(loss, batch):
    labels, outputs = batch
    expected = float(loss(labels, outputs))
    for dtype in ("uint8", "int32", "bool"):
        assert float(loss(labels.astype(dtype), outputs)) == expected


def test_config_holds_every_argument_as_json(loss):
    arguments = set(inspect.signature(type(loss).__init__).parameters) - {"self"}
    config = json.loads(json.dumps(loss.get_config(), allow_nan=False))
    assert config == loss.get_config()
    assert arguments <= set(config)


def test_serialised_and_back(name, batch):
    loss = losses.get(name, reduction="sum", name="mine")
    stored = json.loads(json.dumps(keras.losses.serialize(loss)))
    assert stored["registered_name"].startswith("mrca>")
    back = keras.losses.deserialize(stored)
    assert type(back) is type(loss)
    assert back.get_config() == loss.get_config()
    assert float(back(*batch)) == float(loss(*batch))


def test_survives_a_model_file(loss, batch, tmp_path):
    labels, outputs = batch
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(outputs.shape[1])])
    model.compile(optimizer="sgd", loss=loss)
    model.save(tmp_path / "model.keras")
    back = keras.saving.load_model(tmp_path / "model.keras").loss
    assert back.get_config() == loss.get_config()
    assert float(back(labels, outputs)) == float(loss(labels, outputs))


def test_value_and_gradient_are_finite_at_the_extremes(
    loss, batch, values_and_gradients, execution
):
    labels, outputs = batch
    huge = np.where(labels == 1, 1e4, -1e4)
    ones = np.ones_like(labels)
    cases = {
        "no positives": (0 * ones, outputs),
        "all positives": (ones, outputs),
        "all outputs 0": (labels, 0 * ones),
        "all outputs 0, no positives": (0 * ones, 0 * ones),
        "all outputs 0, all positives": (ones, 0 * ones),
        "logits of 1e4, all right": (labels, huge),
        "logits of 1e4, all wrong": (labels, -huge),
        "logits of 1e4, no positives": (0 * ones, 1e4 * ones),
        "logits of -1e4, all positives": (ones, -1e4 * ones),
        "one row without positives": (0 * ones[:1], outputs[:1]),
    }
    values, gradients = values_and_gradients(
        lambda *tensors: [
            loss(truth, tensor) for (truth, _), tensor in zip(cases.values(), tensors, strict=True)
        ],
        [given.astype("float32") for _, given in cases.values()],
        execution,
    )
    for case, value, gradient in zip(cases, values, gradients, strict=True):
        assert np.isfinite(value), case
        assert np.isfinite(gradient).all(), case


def test_half_precision_outputs_are_computed_in_float32(loss, batch):
    labels, outputs = batch
    half = outputs.astype("float16")
    half[2] = 6e4
    value = loss(labels, ops.convert_to_tensor(half))
    assert keras.backend.standardize_dtype(value.dtype) == "float32"
    assert float(value) == float(loss(labels, half.astype("float32")))
    assert np.isfinite(float(value))


def test_nested_lists_are_taken(loss, batch):
    assert float(loss(*(array.tolist() for array in batch))) == float(loss(*batch))


def test_inputs_are_left_alone(loss, batch):
    before = copy.deepcopy(batch)
    tensors = [ops.convert_to_tensor(array) for array in batch]
    loss(*batch)
    loss(*tensors)
    for array, tensor, kept in zip(batch, tensors, before, strict=True):
        np.testing.assert_array_equal(array, kept)
        np.testing.assert_array_equal(numbers(tensor), kept)


def test_decision_rule_is_json_and_decides_each_relation(loss, batch):
    _, outputs = batch
    rule = loss.decision_rule
    stored = json.loads(json.dumps(rule.get_config(), allow_nan=False))
    back = decision_rule_from_config(stored)
    assert back.get_config() == rule.get_config()
    holds = numbers(rule.labels(outputs))
    assert holds.shape == (len(outputs), RELATIONS)
    assert holds.dtype == "bool"
    np.testing.assert_array_equal(numbers(back.labels(outputs)), holds)
    scores = numbers(rule.scores(outputs))
    assert scores.shape == holds.shape
    # A relation that holds never has a lower score than one that does not, within a column.
    for column in range(RELATIONS):
        held, not_held = scores[holds[:, column], column], scores[~holds[:, column], column]
        assert not len(held) or not len(not_held) or held.min() >= not_held.max()


def test_unknown_arguments_are_named(name):
    with pytest.raises(MrcaError, match=f"{name}.*colour"):
        losses.get(name, colour="red")


@pytest.mark.parametrize("option", [{"reduction": "median"}, {"dtype": "float33"}])
def test_arguments_that_keras_refuses_are_one_readable_error(name, option):
    with pytest.raises(MrcaError, match=next(iter(option.values()))):
        losses.get(name, **option)
