"""The page of all losses, from their docstrings."""

from collections.abc import Sequence
from dataclasses import replace

from mrca.losses.describe import LossArgument, LossDescription, describe_all

REWRITE = "mrca losses reference > docs/losses.md"

# What every loss takes: said once.
_SHARED = ("reduction", "name", "dtype")


def reference_page() -> str:
    """Markdown: a table of all losses, then what each docstring says."""
    described = describe_all()
    first = described[0]
    shared = [
        replace(each, default=str(each.default).replace(first.name, "NAME"))
        for each in first.arguments
        if each.name in _SHARED
    ]
    sections = [
        "# Losses",
        f"<!-- Made from the docstrings: `{REWRITE}` -->",
        "`mrca train --loss NAME` and `mrca.losses.get(NAME, **arguments)` take any of these. The "
        "decision is how a model's outputs become labels, and follows the loss through metrics, "
        "evaluation and prediction. Where a loss needs counts (training rows of each relation, and "
        "in all), `mrca train` takes them from the corpus. `mrca losses show NAME` prints a "
        "section of this page; `mrca losses plot NAME...` draws losses and their gradients.",
        "Labels are 0 or 1, as arrays, lists, tensors or SciPy's sparse matrices. Shares of a "
        "label, -1 and NaN are refused by every loss where their values are known: in all that is "
        "no tensor of a backend. A tensor's are not looked at.",
        _overview(described),
        "Every loss also takes:",
        _arguments(shared),
        *(_section(each) for each in described),
    ]
    return "\n\n".join(sections) + "\n"


def _overview(described: Sequence[LossDescription]) -> str:
    rows = [
        [
            f"[`{each.name}`](#{each.name})",
            each.abbreviation,
            each.paper,
            each.decision,
            "yes" if each.needs_counts else "",
        ]
        for each in described
    ]
    return _table(["name", "called", "paper", "decision", "needs counts"], rows)


def _section(loss: LossDescription) -> str:
    own = [each for each in loss.arguments if each.name not in _SHARED]
    parts = [
        f"## {loss.name}",
        f"`mrca.losses.{loss.class_name}`; decision: {loss.decision}",
        loss.summary,
        f"```text\n{loss.formula}\n```",
        loss.notes,
        _arguments(own) if own else "",
        f"Source: {loss.source}",
    ]
    return "\n\n".join(filter(None, parts))


def _arguments(arguments: Sequence[LossArgument]) -> str:
    rows = [
        [
            f"`{each.name}`",
            "required" if each.default is None else f"`{each.default}`",
            each.description,
        ]
        for each in arguments
    ]
    return _table(["argument", "default", "meaning"], rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
    )
