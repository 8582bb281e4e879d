"""Losses against stored values and gradients: the authors' code, and the papers' formulas.

The files hold inputs in float32 and, computed from them in float64, the loss and its gradient;
index.json says where each came from.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from keras import ops

from mrca import losses
from mrca.encoding import Sampler
from mrca.losses import ThresholdColumn, ZeroThreshold
from mrca.losses.class_counts import ClassCounts
from mrca.losses.class_weights import ClassWeights
from mrca.losses.negative_tolerance import NegativeTolerance
from mrca.losses.rebalanced_weights import RebalancedWeights

FOLDER = Path(__file__).parent
INDEX = json.loads((FOLDER / "index.json").read_text("utf-8"))
# The stored cases have an alpha of 0.5 and 1 as well.
pytestmark = pytest.mark.filterwarnings("ignore:SelfAdjustingDice with alpha")
# These hold no loss; they have tests of their own below.
PARTS = ("predict_rule_code", "db_weights_code", "cb_weights_cui_code", "samplers_code")
# And these are read where what they test is tested.
ELSEWHERE = ("capsule_routing_code", "tau_norm_code", "bbn_code", "error_patterns_code")
ELSEWHERE += ("atlop_head_code", "axial_attention_code", "docunet_unet_code", "docred_eval_code")


def _arrays(entry: str) -> list[tuple[dict[str, Any], dict[str, np.ndarray]]]:
    description = INDEX[entry]
    with np.load(FOLDER / description["file"], allow_pickle=False) as file:
        return [
            (case, {name: file[f"{case['id']}_{name}"] for name in case["arrays"]})
            for case in description["cases"]
        ]


class Case(NamedTuple):
    name: str
    loss: str
    arguments: dict[str, Any]
    labels: np.ndarray
    outputs: np.ndarray
    value: float
    gradient: np.ndarray
    # What the reference multiplies by beyond the loss: where it adds up what is averaged here.
    factor: float
    cells: np.ndarray | None


def _threshold(entry: str, given: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """The loss of an entry with a threshold column, and its arguments."""
    match entry.split("_"):
        case ["atl", *_]:
            return "adaptive_thresholding", {}
        case ["balanced", "softmax", *_]:
            return "balanced_softmax", {}
        case ["afl", "code"]:
            return "adaptive_focal", {"gamma": given["gamma_pos"]}
        case ["afl", "paper", *detach]:
            return "adaptive_focal", {
                "gamma": given["gamma"],
                "offset": 0,
                "stop_gradient_weights": bool(detach),
            }
        case ["sat", kind]:
            return "separate_adaptive_thresholding", {"epsilon": 1e-30 if kind == "code" else 0}
        case ["mean", "sat", "code", _]:
            options = {"num_relations": 96, "epsilon": 1e-30}
            return "mean_separate_adaptive_thresholding", options
        case ["mean", "sat", "paper"]:
            return "mean_separate_adaptive_thresholding", {}
        case ["hingeabl", kind, *detach]:
            return "adaptive_hinge_balance", {
                "margin": given["m"],
                "normalize": "joint" if kind == "paper" else "separate",
                "stop_gradient_weights": bool(detach),
                "epsilon": 1e-30 if kind == "code" else 0,
            }
        case ["aml", *_]:
            return "adaptive_margin", {"margin": given.get("m", 1)}
        case ["atgl", *_]:
            return "adaptive_threshold_global", {"alpha": given["alpha"]}
        case ["amtl", *_]:
            sizes = [end - start - 1 for start, end in given["segments"]]
            counts = list(range(sum(sizes), 0, -1))  # the relations are sorted by frequency
            options = {"class_counts": counts, "segments": sizes, "lam": given["lambda"]}
            return "adaptive_multi_threshold", options
    return None


SIGMOID = {
    "bce": "binary_crossentropy",
    "fl": "focal",
    "cb": "class_balanced_focal",
    "rfl": "rebalanced_focal",
    "ntrfl": "negative_tolerant_focal",
    "db": "distribution_balanced",
    "db0fl": "distribution_balanced_crossentropy",
    "cbntr": "class_balanced_negative_tolerant",
}
REWEIGHT = {
    None: "negative_tolerant_focal",
    "rebalance": "distribution_balanced",
    "CB": "class_balanced_negative_tolerant",
    "inv": "class_balanced_negative_tolerant",
    "sqrt_inv": "class_balanced_negative_tolerant",
}


def _paper(short: str, given: dict[str, Any], arrays: dict[str, np.ndarray]) -> Any:
    """A sigmoid loss as the paper's equations have it."""
    used = {
        "gamma": given["gamma"],
        "beta": given["beta_cb"] if short.startswith("cb") else given["beta"],
        "class_counts": arrays["class_freq"].tolist(),
        "num_samples": given["train_num"],
        **{name: given[name] for name in ("alpha", "mu", "kappa", "lam")},
    }
    name = SIGMOID[short]
    return name, {key: value for key, value in used.items() if key in _parameters(name)}


def _code(short: str, given: dict[str, Any], arrays: dict[str, np.ndarray]) -> Any:
    """A sigmoid loss as the authors' `ResampleLoss` has it."""
    name = SIGMOID.get(short) or REWEIGHT[given["reweight_func"]]
    focal, maps = given["focal"], given.get("map_param", {})
    weights = given.get("CB_loss", {"CB_beta": 0.9, "CB_mode": "by_class"})
    inverse = {"inv": "inverse", "sqrt_inv": "sqrt_inverse"}
    used = {
        "gamma": focal["gamma"] if focal["focal"] else 0,
        "focal_alpha": focal["alpha"] if focal["focal"] else None,
        "loss_weight": given.get("loss_weight", 1),
        "class_counts": arrays["class_freq"].tolist(),
        "num_samples": given["train_num"],
        "alpha": maps.get("alpha"),
        "beta": weights["CB_beta"] if given["reweight_func"] != "rebalance" else maps["beta"],
        "mu": maps.get("gamma"),
        "weight_norm": given.get("weight_norm"),
        "class_mode": weights["CB_mode"],
        "weighting": inverse.get(given["reweight_func"], "effective_number"),
        "kappa": given["logit_reg"].get("init_bias"),
        "lam": given["logit_reg"].get("neg_scale"),
        "inverse_scale": given["reweight_func"] is not None,
    }
    return name, {key: value for key, value in used.items() if key in _parameters(name)}


def _parameters(name: str) -> dict[str, Any]:
    return losses.get(name, **_counts(name)).get_config()


def _counts(name: str) -> dict[str, Any]:
    return {"class_counts": [1], "num_samples": 2} if losses.needs_counts(name) else {}


def _dice(entry: str, given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    smooth = {"smooth": given["smooth"]}
    match entry:
        case "rc_dice_batch_code":
            return "rc_dice", {**smooth, "exponent": given["gama"]}
        case "rc_dice_elementwise_paper":
            return "rc_dice", {**smooth, "mode": "elementwise"}
        case "dice_batch_paper":
            return "dice", {**smooth, "squared": given["squared"], "activation": "sigmoid"}
        case "dice_elementwise_paper":
            return "dice", {**smooth, "mode": "elementwise"}
    assert entry == "dsl_code"
    options = {**smooth, "alpha": given["alpha"], "squared": given["square_denominator"]}
    if given["mode"] == "binary":
        return "self_adjusting_dice", {**options, "mode": "batch"}
    return "self_adjusting_dice", {
        **options,
        "mode": "elementwise" if given["square_denominator"] else "mixed",
        "activation": "softmax" if given["mode"] == "multiclass" else "sigmoid",
    }


def _loss(entry: str, given: dict[str, Any], arrays: dict[str, np.ndarray]) -> Any:
    """The loss's name and arguments."""
    short, _, kind = entry.partition("_")
    counts = {"class_counts": arrays.get("class_freq", np.ones(1)).tolist()}
    if threshold := _threshold(entry, given):
        return threshold
    match entry:
        case "softmax_focal_code":
            alpha = given["alpha"]
            if alpha and not given["detach"]:  # this reference rounds it
                alpha = np.float32(alpha).tolist()
            options = {"gamma": given["gamma"], "stop_gradient": given["detach"]}
            return "categorical_focal", {**options, "alpha": alpha}
        case "softmax_ce_rwl_paper" if given["reduction"] == "unweighted":
            return "categorical_crossentropy", {}
        case "softmax_ce_rwl_paper":
            return "reweighted_crossentropy", {**counts, "weight_reduction": given["reduction"]}
        case "kd_mse_code":
            return "distillation_mse", {}
        case "kd_kl_paper":
            return "distillation_kl", {"mode": given["mode"], "temperature": given["T"]}
        case "cb_focal_cui_code":
            # One label a row, so the mean weight of its positives is that of its class. Theirs are
            # normalised to sum to C, and the sum is divided by the positives, here one a row.
            weights = ClassWeights(None, ClassCounts(None, **counts), given["beta"], *WAY)
            columns = len(counts["class_counts"])
            return "class_balanced_focal", {
                **counts,
                "beta": given["beta"],
                "gamma": given["gamma"],
                "class_mode": "average_w",
                "loss_weight": columns * columns / weights.per_class.sum(),
            }
        case "resample_variants_code":
            return _code("", given, arrays)
    if short in SIGMOID:
        return (_code if kind == "code" else _paper)(short, given, arrays)
    return _dice(entry, given)


WAY = ("effective_number", "by_class")


def _thresholds_first(
    given: dict[str, Any], arrays: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Columns as AMTL has them here; in its code each segment begins with its threshold."""
    if "segments" not in given:
        return arrays
    starts = [start for start, _ in given["segments"]]
    others = np.setdiff1d(np.arange(arrays["logits"].shape[1]), starts)
    columns = [*starts, *others]
    return {name: array[:, columns] if array.ndim == 2 else array for name, array in arrays.items()}


def _cases() -> list[Case]:
    cases = []
    for entry in INDEX:
        if entry in (*PARTS, *ELSEWHERE, "dsl_elementwise_paper"):
            continue
        for case, arrays in _arrays(entry):
            given = case["hparams"]
            get = _thresholds_first(given, arrays)
            name, arguments = _loss(entry, given, get)
            outputs = get["scores"] if "scores" in get else get["logits"]
            labels = get["teacher"] if "teacher" in get else get["labels"]
            if labels.ndim == 1 and not entry.startswith("softmax"):
                labels = np.eye(outputs.shape[1])[labels]
            factor = 1.0
            if entry == "dsl_code" and given["mode"] != "binary":
                factor = outputs.shape[1]  # they add up the classes
            if given.get("reduction") == "sum":
                factor = outputs.size
            cases.append(
                Case(
                    f"{entry}/{case['id']}",
                    name,
                    arguments,
                    labels,
                    outputs,
                    float(get["loss"]),
                    get["grad"],
                    factor,
                    get.get("elementwise"),
                )
            )
            if "loss_exact" in get:
                exact = cases[-1]._replace(
                    name=f"{entry}/{case['id']} exact",
                    arguments={**arguments, "epsilon": 0},
                    value=float(get["loss_exact"]),
                    gradient=get["grad_exact"],
                )
                cases.append(exact)
    return cases


CASES = _cases()


def _compiled(execution: str, dtype: str) -> list[Case]:
    """One case of each loss (XLA) or of each set of stored numbers: compiling takes long.

    The dtypes get different ones, where there are two.
    """
    key = (lambda case: case.loss) if execution == "xla" else (lambda case: case.name.split("/")[0])
    return list({key(case): case for case in CASES[:: 1 if dtype == "float32" else -1]}.values())


def _differences(
    values_and_gradients: Any, execution: str, dtype: str, rtol: float, grad_tol: float
) -> list[str]:
    """Cases that fail, all computed in one function, so that a compiler runs once."""
    cases = CASES if execution == "eager" else _compiled(execution, dtype)
    grad_tol = 4 * grad_tol if execution == "xla" else grad_tol
    made = [losses.get(each.loss, **each.arguments, dtype=dtype) for each in cases]

    def compute(*outputs: Any) -> list[Any]:
        return [
            loss(_as(case.labels, dtype), output) * case.factor
            for loss, case, output in zip(made, cases, outputs, strict=True)
        ]

    values, gradients = values_and_gradients(
        compute, [case.outputs.astype(dtype) for case in cases], execution
    )
    found = []
    for case, value, gradient in zip(cases, values, gradients, strict=True):
        assert value.dtype == gradient.dtype == dtype
        if not np.isclose(value, case.value, rtol=rtol, atol=0):
            found.append(f"{case.name}: loss {value!r}, expected {case.value!r}")
        error = np.abs(gradient - case.gradient).max()
        scale = np.abs(case.gradient).max()
        if not error <= max(grad_tol, _reference_error(case, dtype)) * scale:
            found.append(f"{case.name}: gradient off by {error:.3g} of {scale:.3g}")
    return found


def _reference_error(case: Case, dtype: str) -> float:
    """What the stored gradient itself is off by, as a share of its largest value."""
    if dtype == "float32":
        # 1 - softmax, where one class has nearly all of it, is a difference of rounded numbers.
        return 2e-6 if case.name.startswith("softmax_ce") else 0
    # PyTorch's softplus, with which the formulas were computed, is cut off at 20.
    spread = np.ptp(np.append(case.outputs, 0))
    return float(np.exp(-20)) if spread > 20 and not case.name.endswith("_code") else 0


def _as(labels: np.ndarray, dtype: str) -> np.ndarray:
    return labels if labels.ndim == 1 else labels.astype(dtype)


def test_every_stored_case_is_checked():
    stored = {entry for entry in INDEX if entry not in PARTS + ELSEWHERE}
    assert {case.name.split("/")[0] for case in CASES} | {"dsl_elementwise_paper"} == stored
    assert len(CASES) == 409


def test_every_loss_has_stored_numbers():
    assert {case.loss for case in CASES} == set(losses.LOSSES)


def test_values_and_gradients_in_float64(values_and_gradients, execution, float64):
    found = _differences(values_and_gradients, execution, "float64", 1e-10, 1e-10)
    assert not found, "\n".join(found)


def test_values_and_gradients_in_float32(values_and_gradients, execution):
    found = _differences(values_and_gradients, execution, "float32", 1e-5, 1e-6)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("case", range(len(INDEX["dsl_elementwise_paper"]["cases"])))
def test_self_adjusting_dice_equals_its_formula_in_probabilities(
    case, values_and_gradients, float64
):
    description, stored = _arrays("dsl_elementwise_paper")[case]
    loss = losses.get("self_adjusting_dice", **description["hparams"], dtype="float64")
    labels = stored["labels"].astype("float64")
    [value], [gradient] = values_and_gradients(
        lambda p: [loss(labels, ops.log(p) - ops.log1p(-p))],
        [stored["scores"].astype("float64")],
    )
    assert value == pytest.approx(float(stored["loss"]), rel=1e-10)
    np.testing.assert_allclose(
        gradient, stored["grad"], rtol=0, atol=1e-9 * np.abs(stored["grad"]).max()
    )


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.cells is not None], ids=lambda case: case.name
)
def test_each_row_is_the_mean_of_the_authors_cells(case):
    loss = losses.get(case.loss, **case.arguments, reduction=None)
    rows = np.asarray([float(row) for row in loss(case.labels.astype("float32"), case.outputs)])
    np.testing.assert_allclose(rows, case.cells.mean(axis=1), rtol=1e-5)


def test_parts_of_the_distribution_balanced_loss():
    for case, stored in _arrays("db_weights_code"):
        given, maps = case["hparams"], case["hparams"]["map_param"]
        labels = stored["labels"].astype("float32")
        counts = ClassCounts(None, stored["class_freq"], given["train_num"])
        balance = RebalancedWeights(
            None, counts, maps["alpha"], maps["beta"], maps["gamma"], weight_norm=None
        )
        np.testing.assert_allclose(
            balance(ops.convert_to_tensor(labels)), stored["rebalance_weight"], rtol=2e-5
        )
        by_class = ClassWeights(None, counts, given["CB_beta"], *WAY)
        np.testing.assert_allclose(
            by_class.per_class, np.ravel(stored["cb_weight"])[: labels.shape[1]], rtol=1e-10
        )
        logit = given["logit_reg"]
        tolerance = NegativeTolerance(
            None, counts, logit["init_bias"], logit["neg_scale"], inverse_scale=True
        )
        zero = ops.zeros(labels.shape)
        np.testing.assert_allclose(
            tolerance.margins(ops.ones(labels.shape, "bool"), zero)[0],
            np.ravel(stored["init_bias"]),
            rtol=1e-5,
        )
        name, arguments = _code("db", given, stored)
        rows = losses.get(name, **arguments, reduction=None)(labels, stored["logits"])
        np.testing.assert_allclose(rows, stored["elementwise"].mean(axis=1), rtol=1e-5)


def test_class_balanced_weights_equal_their_inventors():
    for case, stored in _arrays("cb_weights_cui_code"):
        counts = ClassCounts(None, stored["class_freq"])
        weights = ClassWeights(None, counts, case["hparams"]["beta"], *WAY).per_class
        np.testing.assert_allclose(
            weights * len(weights) / weights.sum(), stored["weights"], rtol=1e-10
        )


def test_sampling_probabilities_equal_the_authors():
    for case, stored in _arrays("samplers_code"):
        classes = np.eye(len(stored["class_freq"]))[stored["labels"]]
        epochs = case["hparams"]["epochs"]

        def per_class(name, epoch, classes=classes, epochs=epochs, stored=stored):
            rows = Sampler(name, classes, seed=0, epochs=epochs).probabilities(epoch)
            return [rows[stored["labels"] == each][0] for each in range(classes.shape[1])]

        for name, short in (
            ("instance_balanced", "ibs"),
            ("class_balanced", "cbs"),
            ("square_root", "srs"),
        ):
            np.testing.assert_allclose(per_class(name, 0), stored[short], rtol=1e-12)
        found = [per_class("progressively_balanced", epoch) for epoch in range(epochs)]
        np.testing.assert_allclose(found, stored["pbs_per_class_example_prob"], rtol=1e-12)


@pytest.mark.parametrize("top_k", [None, 2, 3, 4])
def test_decisions_equal_the_authors(top_k):
    suffix = f"k{top_k or 'all'}"
    for _, stored in _arrays("predict_rule_code"):
        for rule, column in (
            (ThresholdColumn(top_k), "atlop"),
            (ZeroThreshold(top_k), "docunet_bs"),
            (ZeroThreshold(top_k), "hingeabl_bs"),
        ):
            found = ops.convert_to_numpy(rule.labels(stored["logits"]))
            np.testing.assert_array_equal(found, stored[f"{column}_{suffix}"][:, 1:] == 1)
