"""What every loss of the package keeps to, whatever it computes."""

import copy
import inspect
import json
import re
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import ops

from mrca import losses
from mrca.errors import MrcaError
from mrca.losses import LOSSES, decision_rule_from_config
from mrca.metrics import MicroF1

RELATIONS = 5
COUNTS = {"class_counts": [900, 120, 30, 4, 0], "num_samples": 1000}


def make(name, /, **options):
    """The loss, with counts for `RELATIONS` if it takes any."""
    return losses.get(name, **(COUNTS if losses.needs_counts(name) else {}), **options)


@pytest.fixture(params=LOSSES)
def name(request):
    return request.param


@pytest.fixture
def loss(name):
    return make(name)


def a_batch(loss):
    """Labels and outputs of six rows: none, one, some and all relations hold."""
    generator = np.random.default_rng(7)
    columns = loss.columns(RELATIONS)
    labels = (generator.random((6, columns)) < 0.4).astype("float32")
    labels[0], labels[1] = 0, 1
    return labels, generator.normal(0, 1.5, (6, columns)).astype("float32")


@pytest.fixture
def batch(loss):
    return a_batch(loss)


def numbers(tensor):
    return ops.convert_to_numpy(tensor)


def test_it_is_a_documented_keras_loss(loss):
    assert isinstance(loss, losses.MultiLabelLoss)
    assert "Source:" in type(loss).__doc__
    assert loss.columns(RELATIONS) >= RELATIONS


def test_one_value_per_row(name, batch):
    labels, outputs = batch
    rows = numbers(make(name, reduction=None)(labels, outputs))
    assert rows.shape == (len(labels),)
    assert rows.dtype == "float32"
    mean, total = (make(name, reduction=way) for way in ("sum_over_batch_size", "sum"))
    assert float(mean(labels, outputs)) == pytest.approx(rows.mean(), rel=1e-6)
    assert float(total(labels, outputs)) == pytest.approx(rows.sum(), rel=1e-6)
    assert float(make(name)(labels, outputs)) == float(mean(labels, outputs))


def test_rows_keep_their_values_in_another_order(name, batch):
    labels, outputs = batch
    loss = make(name, reduction=None)
    rows = numbers(loss(labels, outputs))
    np.testing.assert_allclose(numbers(loss(labels[::-1], outputs[::-1])), rows[::-1], rtol=1e-5)


def test_a_row_has_the_same_loss_in_any_batch(name, loss, batch):
    labels, outputs = batch
    rows = numbers(make(name, reduction=None)(labels, outputs))
    alone = [float(loss(labels[row : row + 1], outputs[row : row + 1])) for row in range(len(rows))]
    if loss.depends_on_batch:
        assert "depends on how rows are batched" in " ".join(type(loss).__doc__.split())
    else:
        np.testing.assert_allclose(alone, rows, rtol=1e-5)


def test_sample_weight_scales_rows(name, batch):
    labels, outputs = batch
    rows = numbers(make(name, reduction=None)(labels, outputs))
    weights = np.array([0, 1, 0.5, 2, 0, 3], "float32")
    weighted = make(name, reduction=None)(labels, outputs, sample_weight=weights)
    np.testing.assert_allclose(numbers(weighted), rows * weights, rtol=1e-6)
    mean = make(name)(labels, outputs, sample_weight=weights)
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
    loss = make(name, reduction="sum", name="mine")
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


def extremes(loss):
    """Batches at which a formula breaks first, by name."""
    labels, outputs = a_batch(loss)
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
    if loss.depends_on_batch:
        return cases
    rows = [np.concatenate(arrays) for arrays in zip(*cases.values(), strict=True)]
    return {"any": tuple(rows)}  # of a loss of single rows, as one batch


def test_value_and_gradient_are_finite_at_the_extremes(values_and_gradients, execution):
    """Of all losses in one function, so that a compiler runs once."""
    calls = [
        (name, case, make(name, reduction=None), *arrays)
        for name in LOSSES
        for case, arrays in extremes(make(name)).items()
    ]
    values, gradients = values_and_gradients(
        lambda *tensors: [
            loss(labels, tensor)
            for (_, _, loss, labels, _), tensor in zip(calls, tensors, strict=True)
        ],
        [outputs.astype("float32") for *_, outputs in calls],
        execution,
    )
    broken = [
        (name, case, value)
        for (name, case, *_), value, gradient in zip(calls, values, gradients, strict=True)
        if not (np.isfinite(value).all() and np.isfinite(gradient).all())
    ]
    assert not broken


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
    # A relation that holds never has a lower score than one that does not, within a row.
    for row, held in zip(scores, holds, strict=True):
        assert not held.any() or held.all() or row[held].min() >= row[~held].max()


def test_labels_may_leave_out_what_is_not_a_relation(loss, batch):
    """Multi-hot rows of the relations are enough for every loss, as `mrca train` has them."""
    labels, outputs = batch
    relations = labels[:, -RELATIONS:]
    teacher = [outputs + 1] if isinstance(loss, losses.DistillationLoss) else []
    value = float(loss(np.concatenate([*teacher, relations], axis=1), outputs))
    assert np.isfinite(value)
    column = loss.columns(RELATIONS) - RELATIONS
    if column and not teacher:  # columns before them, 1 where there is no relation
        none = np.repeat(1 - relations.max(axis=1, keepdims=True), column, axis=1)
        assert float(loss(np.concatenate([none, relations], axis=1), outputs)) == value


def test_an_empty_batch_has_loss_0(values_and_gradients, execution):
    calls = [(make(name), *(array[:0] for array in a_batch(make(name)))) for name in LOSSES]
    values, gradients = values_and_gradients(
        lambda *tensors: [
            loss(labels, tensor) for (loss, labels, _), tensor in zip(calls, tensors, strict=True)
        ],
        [outputs for *_, outputs in calls],
        execution,
    )
    for name, (loss, labels, outputs), value, gradient in zip(
        LOSSES, calls, values, gradients, strict=True
    ):
        assert (value.shape, value, gradient.shape) == ((), 0, outputs.shape), name
        if not isinstance(loss, losses.DistillationLoss):
            assert float(loss(labels[:, -RELATIONS:], outputs)) == 0, name


# One loss of each family, by the class that holds what its members share.
FAMILIES = {type(make(name)).__mro__[1]: name for name in LOSSES}


@pytest.mark.parametrize("name", FAMILIES.values())
def test_fits_a_model_under_mixed_precision(name):
    loss = make(name)
    labels, outputs = a_batch(loss)
    keras.utils.set_random_seed(0)
    layers = [keras.Input((3,)), keras.layers.Dense(outputs.shape[1], dtype="mixed_float16")]
    model = keras.Sequential(layers)
    metrics = [MicroF1(loss.decision_rule)]
    model.compile(optimizer=keras.optimizers.SGD(1e-3), loss=loss, metrics=metrics)
    history = model.fit(np.ones((len(labels), 3)), labels, epochs=2, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert all(np.isfinite(numbers(weight)).all() for weight in model.weights)


SHAPES = [(6, 2), (6, 90), (6, 5, 1), (5, None)]


def test_labels_of_another_shape_are_named(loss, batch):
    _, outputs = batch
    one_class = isinstance(loss.decision_rule, losses.LargestScore)  # (6, 1): class indices
    for sizes in SHAPES if one_class else [*SHAPES, (6, 1)]:
        shape = tuple(outputs.shape[1] if size is None else size for size in sizes)
        received = f"{re.escape(str(shape))}.*{re.escape(str(outputs.shape))}"
        with pytest.raises(MrcaError, match=f"{type(loss).__name__}.*{received}"):
            loss(np.zeros(shape, "float32"), outputs)


def test_weights_of_another_shape_are_named(loss, batch):
    for shape in [(6, RELATIONS), (5,), (6, 1, 1)]:
        with pytest.raises(MrcaError, match=r"one weight for each row.*sample_weight"):
            loss(*batch, sample_weight=np.ones(shape, "float32"))


def test_weights_of_rows_may_be_a_column_or_a_number(loss, batch):
    weights = np.array([0, 1, 0.5, 2, 0, 3], "float32")
    expected = float(loss(*batch, sample_weight=weights))
    assert float(loss(*batch, sample_weight=weights[:, None])) == pytest.approx(expected, rel=1e-6)
    assert float(loss(*batch, sample_weight=2)) == pytest.approx(2 * float(loss(*batch)), rel=1e-6)


def test_float64_is_kept_to_the_mean(name, batch, float64):
    labels, outputs = (array.astype("float64") for array in batch)
    rows = numbers(make(name, dtype="float64", reduction=None)(labels, outputs))
    mean = numbers(make(name, dtype="float64")(labels, outputs))
    assert rows.dtype == mean.dtype == "float64"
    assert float(mean) == pytest.approx(rows.mean(), rel=1e-14)


@pytest.mark.parametrize("name", [name for name in LOSSES if losses.needs_counts(name)])
def test_a_wrong_number_of_counts_is_named(name):
    loss = make(name)
    with pytest.raises(MrcaError, match=r"5 class_counts.*\(2, 7\)"):
        loss(np.zeros((2, 7), "float32"), np.zeros((2, 7), "float32"))
    for counts in ([], [3, -1], [3, float("nan")], ["3"], 3, None):
        with pytest.raises(MrcaError, match="class_counts"):
            losses.get(name, **{**COUNTS, "class_counts": counts})
    for rows in (0, -3, "many"):
        with pytest.raises(MrcaError, match="num_samples"):
            losses.get(name, **{**COUNTS, "num_samples": rows})


def test_every_number_and_choice_is_checked(loss, name):
    """Nothing that is no number goes for one, and no unknown choice goes unnoticed."""
    for argument, value in loss.get_config().items():
        if argument in {"reduction", "name", "dtype", "student_options"}:
            continue
        counts = COUNTS if losses.needs_counts(name) else {}
        with pytest.raises(MrcaError, match=argument):
            losses.get(name, **{**counts, argument: "no such"})
        if isinstance(value, float):
            for bad in (float("nan"), float("inf")):
                with pytest.raises(MrcaError, match=argument):
                    make(name, **{argument: bad})


def test_unknown_arguments_are_named(name):
    with pytest.raises(MrcaError, match=f"{name}.*colour"):
        make(name, colour="red")


@pytest.mark.parametrize("option", [{"reduction": "median"}, {"dtype": "float33"}])
def test_arguments_that_keras_refuses_are_one_readable_error(name, option):
    with pytest.raises(MrcaError, match=next(iter(option.values()))):
        make(name, **option)


_LOAD = """
import json, sys
import keras, numpy as np
import mrca.losses
found = {}
for name, (labels, outputs) in json.load(open("batches.json")).items():
    loss = keras.saving.load_model(f"{name}.keras").loss
    found[name] = [loss.get_config(), float(loss(np.float32(labels), np.float32(outputs)))]
print(json.dumps(found))
"""


@pytest.mark.processes
def test_every_loss_survives_a_model_file_in_a_fresh_process(tmp_path):
    expected, batches = {}, {}
    generator = np.random.default_rng(3)
    for name in LOSSES:
        loss = make(name)
        columns = loss.columns(RELATIONS)
        labels = (generator.random((4, columns)) < 0.4).astype("float32")
        outputs = generator.normal(0, 1.5, labels.shape).astype("float32")
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(columns)])
        model.compile(loss=loss)
        model.save(tmp_path / f"{name}.keras")
        batches[name] = [labels.tolist(), outputs.tolist()]
        expected[name] = [loss.get_config(), float(loss(labels, outputs))]
    (tmp_path / "batches.json").write_text(json.dumps(batches))
    done = subprocess.run(
        [sys.executable, "-c", _LOAD], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    for name, (config, value) in expected.items():
        assert found[name][0] == config, name
        assert found[name][1] == pytest.approx(value, rel=1e-6), name
