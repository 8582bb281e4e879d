"""Losses against stored values and gradients: the authors' code, and the papers' formulas.

The files hold inputs in float32 and, computed from them in float64, the mean over all cells and
its gradient; index.json says where each came from.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from mrca.losses import BinaryCrossentropy, Dice, RCDice

FOLDER = Path(__file__).parent
INDEX = json.loads((FOLDER / "index.json").read_text("utf-8"))


def _loss(entry: str, hparams: dict[str, Any], **options: Any) -> Any:
    smooth = hparams.get("smooth")
    match entry:
        case "rc_dice_batch_code":
            return RCDice(smooth=smooth, exponent=hparams["gama"], **options)
        case "rc_dice_elementwise_paper":
            return RCDice(smooth=smooth, mode="elementwise", **options)
        case "dice_batch_paper":
            return Dice(smooth, squared=hparams["squared"], activation="sigmoid", **options)
        case "dice_elementwise_paper":
            return Dice(smooth, mode="elementwise", **options)
        case "bce_paper":
            return BinaryCrossentropy(**options)
    raise AssertionError(f"index.json names {entry!r}, for which there is no loss here")


class Case(NamedTuple):
    name: str
    entry: str
    hparams: dict[str, Any]
    outputs: np.ndarray
    labels: np.ndarray
    loss: float
    gradient: np.ndarray
    cells: np.ndarray | None


def _cases() -> list[Case]:
    cases = []
    for entry, description in INDEX.items():
        with np.load(FOLDER / description["file"], allow_pickle=False) as arrays:
            for case in description["cases"]:
                get = {name: arrays[f"{case['id']}_{name}"] for name in case["arrays"]}
                cases.append(
                    Case(
                        f"{entry}/{case['id']}",
                        entry,
                        case["hparams"],
                        get["scores"] if "scores" in get else get["logits"],
                        get["labels"],
                        float(get["loss"]),
                        get["grad"],
                        get.get("elementwise"),
                    )
                )
    return cases


CASES = _cases()

# The reference's softplus is cut off above 20, so its gradient at the logit 21.8 lacks exp(-21.8).
REFERENCE_ERROR = {"bce_paper/c08": 4e-10}


def _differences(
    values_and_gradients: Any, execution: str, dtype: str, rtol: float, grad_tol: float
) -> list[str]:
    """Cases that fail, all computed in one function, so that a compiler runs once."""
    # Compiling takes long, so each dtype gets half; and XLA rounds in an order of its own.
    cases = CASES if execution == "eager" else CASES[dtype == "float32" :: 2]
    grad_tol = 4 * grad_tol if execution == "xla" else grad_tol
    # The mean by hand: Keras's own rounds to float32 on PyTorch.
    losses = [_loss(case.entry, case.hparams, dtype=dtype, reduction="sum") for case in cases]

    def compute(*outputs: Any) -> list[Any]:
        return [
            loss(case.labels.astype(dtype), output) / len(case.labels)
            for loss, case, output in zip(losses, cases, outputs, strict=True)
        ]

    values, gradients = values_and_gradients(
        compute, [case.outputs.astype(dtype) for case in cases], execution
    )
    found = []
    for case, value, gradient in zip(cases, values, gradients, strict=True):
        assert value.dtype == gradient.dtype == dtype
        if not np.isclose(value, case.loss, rtol=rtol, atol=0):
            found.append(f"{case.name}: loss {value!r}, expected {case.loss!r}")
        error = np.abs(gradient - case.gradient).max()
        scale = np.abs(case.gradient).max()
        if not error <= max(grad_tol, REFERENCE_ERROR.get(case.name, 0)) * scale:
            found.append(f"{case.name}: gradient off by {error:.3g} of {scale:.3g}")
    return found


def test_every_stored_case_is_checked():
    assert len(CASES) == 45


def test_values_and_gradients_in_float64(values_and_gradients, execution, float64):
    assert not _differences(values_and_gradients, execution, "float64", 1e-10, 1e-10)


def test_values_and_gradients_in_float32(values_and_gradients, execution):
    assert not _differences(values_and_gradients, execution, "float32", 1e-5, 1e-6)


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.cells is not None], ids=lambda case: case.name
)
def test_each_row_is_the_mean_of_the_authors_cells(case):
    loss = _loss(case.entry, case.hparams, reduction=None)
    rows = np.asarray([float(row) for row in loss(case.labels.astype("float32"), case.outputs)])
    np.testing.assert_allclose(rows, case.cells.mean(axis=1), rtol=1e-5)
