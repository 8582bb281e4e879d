import inspect
from pathlib import Path

import pytest

from mrca.errors import MrcaError
from mrca.losses import LOSSES, MultiLabelLoss, needs_counts
from mrca.losses.describe import describe, describe_all
from mrca.losses.reference import REWRITE, reference_page

PAGE = Path(__file__).parents[2] / "docs" / "losses.md"


@pytest.mark.parametrize("name", LOSSES)
def test_the_docstring_of_every_loss_is_whole(name):
    loss = describe(name)
    kind = LOSSES[name]
    assert loss.class_name == kind.__name__
    assert loss.needs_counts == needs_counts(name)
    assert loss.summary
    assert loss.source, "say where it is from: Source: ..."
    assert loss.paper
    assert loss.decision
    assert "=" in loss.formula or ":" in loss.formula, "give the formula as an indented block"
    for line in loss.formula.splitlines():  # verbatim
        assert line in kind.__doc__
    names = list(inspect.signature(kind).parameters)
    assert [argument.name for argument in loss.arguments] == names
    for argument in loss.arguments:
        assert argument.description, f"describe `{argument.name}` under Args"
        assert not argument.description.startswith("see "), "refer to a class that describes it"


def test_what_stands_where():
    loss = describe("rc_dice")
    assert loss.summary.startswith("RC-Dice over raw scores `p`")
    assert loss.summary.endswith("and `k` the `exponent`:")
    assert loss.formula.startswith("S = sum(p^k)")
    assert "\neasy  = smooth^2 / S      " in loss.formula
    assert loss.notes.startswith("and a row's loss is the mean of its cells.")
    assert ">>>" not in loss.notes
    defaults = {argument.name: argument.default for argument in loss.arguments}
    assert defaults["smooth"] == "1e-06"
    assert defaults["mode"] == '"batch"'
    assert defaults["dtype"] == "None"


def test_abbreviation_and_paper():
    said = {loss.name: (loss.abbreviation, loss.paper) for loss in describe_all()}
    assert said["adaptive_focal"] == ("AFL", "KD-DocRE (Tan et al. 2022)")
    assert said["class_balanced_negative_tolerant"] == ("CB-NTR", "Huang et al. 2021")
    assert said["distribution_balanced_crossentropy"][0] == "DB-0FL"
    assert said["binary_crossentropy"] == ("", "MRCA")
    assert said["adaptive_margin"] == ("AML", "SagDRE (Wei and Li 2022)")


@pytest.mark.parametrize(
    "name, decision",
    [
        ("rc_dice", "score >= 0.5"),
        ("focal", "sigmoid >= 0.5"),
        ("categorical_focal", "softmax, largest"),
        ("adaptive_focal", "above column 0"),
        ("balanced_softmax", "above 0"),
        ("adaptive_multi_threshold", "above its segment's column"),
        ("distillation_mse", "student's: above column 0"),
    ],
)
def test_decision(name, decision):
    assert describe(name).decision == decision


def test_arguments_that_are_described_elsewhere():
    meaning = {each.name: each.description for each in describe("distribution_balanced").arguments}
    focal = {each.name: each.description for each in describe("focal").arguments}
    assert meaning["gamma"] == focal["gamma"]
    assert meaning["reduction"] == focal["reduction"]
    assert "the mean over rows" in meaning["reduction"]
    required = [
        each.name for each in describe("distribution_balanced").arguments if not each.default
    ]
    assert required == ["class_counts", "num_samples"]


def test_a_docstring_without_its_parts_leaves_them_empty(monkeypatch):
    class Bare(LOSSES["binary_crossentropy"]):
        """Only this.

        Args:
            name: see `Nowhere`.
        """

    monkeypatch.setitem(LOSSES, "bare", Bare)
    loss = describe("bare")
    assert (loss.summary, loss.formula, loss.notes, loss.source) == ("Only this.", "", "", "")
    assert [each.description for each in loss.arguments] == ["", "see `Nowhere`.", ""]
    assert issubclass(Bare, MultiLabelLoss)


def test_unknown_name():
    with pytest.raises(MrcaError, match="Did you mean 'rc_dice'"):
        describe("rc_dise")


def test_the_page_says_what_the_docstrings_say():
    same = PAGE.read_text("utf-8") == reference_page()
    assert same, f"docs/losses.md is out of date. Rewrite it: {REWRITE}"
