"""What the docstring of a loss says, taken apart for `mrca losses` and the reference page."""

import inspect
import re
from dataclasses import dataclass

from mrca import losses
from mrca.losses.decision_rule import (
    DecisionRule,
    FixedThreshold,
    LargestScore,
    SegmentThresholds,
    ThresholdColumn,
    ZeroThreshold,
)
from mrca.losses.distillation_loss import DistillationLoss

_SECTION = re.compile(r"^(Args|Raises|Example|Source):[ \n]", re.MULTILINE)
_ARGUMENT = re.compile(r"^ {4}((?:\*\*)?\w+(?:, (?:\*\*)?\w+)*): ", re.MULTILINE)
_ABBREVIATION = re.compile(r"\(([A-Za-z0-9-]*[A-Z]{2,}[A-Za-z0-9-]*)\)")
# "ATLOP (Zhou et al. 2021), equations 5 to 7" and "MRCA, section 4.4": what to look for in a list.
_PAPER = re.compile(r"[^,;]*?\d{4}\)?|[^,;]*")
_SEE = re.compile(r"see `(\w+)`(.*)", re.DOTALL)


@dataclass(frozen=True)
class LossArgument:
    """One argument of a loss's constructor.

    Attributes:
        name: as it is given.
        default: as Python writes it, or `None` where it must be given.
        description: Markdown, one paragraph.
    """

    name: str
    default: str | None
    description: str


@dataclass(frozen=True)
class LossDescription:
    """One registered loss, in words.

    Attributes:
        name: what `mrca.losses.get` and `--loss` take.
        class_name: its class in `mrca.losses`.
        abbreviation: what papers call it, such as `"ATL"`, or `""`.
        paper: the first one of `source`, without the place in it.
        decision: how its outputs become labels, in a few words.
        needs_counts: whether it takes label counts, which `mrca train` fills in.
        summary: what stands before the formula; Markdown.
        formula: plain lines.
        notes: what stands after it; Markdown.
        arguments: in the constructor's order.
        source: papers and equations, and the codes that it was compared with.
    """

    name: str
    class_name: str
    abbreviation: str
    paper: str
    decision: str
    needs_counts: bool
    summary: str
    formula: str
    notes: str
    arguments: tuple[LossArgument, ...]
    source: str


def describe(name: str) -> LossDescription:
    """The loss called `name`, as its docstring has it.

    What a docstring lacks is empty. An argument that is described as "see `Focal`" has the
    description that it has there.

    Raises:
        MrcaError: if there is no such loss.

    Example:
        >>> loss = describe("adaptive_thresholding")
        >>> loss.abbreviation, loss.paper, loss.decision
        ('ATL', 'ATLOP (Zhou et al. 2021)', 'above column 0')
    """
    needs_counts = losses.needs_counts(name)
    kind = losses.LOSSES[name]
    sections = _sections(kind)
    summary, formula, notes = _around_formula(sections[""])
    abbreviation = _ABBREVIATION.search(summary.split("\n\n")[0])
    source = _one_line(sections.get("Source", ""))
    paper = _PAPER.match(source)
    rule = losses.for_corpus(name, {}, [1, 1], 2).decision_rule
    decision = _decision(rule)
    return LossDescription(
        name=name,
        class_name=kind.__name__,
        abbreviation=abbreviation[1] if abbreviation else "",
        paper=paper[0].strip() if paper else "",
        decision=f"student's: {decision}" if issubclass(kind, DistillationLoss) else decision,
        needs_counts=needs_counts,
        summary=summary,
        formula=formula,
        notes=notes,
        arguments=tuple(_arguments(kind)),
        source=source,
    )


def describe_all() -> list[LossDescription]:
    """Every registered loss, in the order of `LOSSES`."""
    return [describe(name) for name in losses.LOSSES]


def _decision(rule: DecisionRule) -> str:
    if isinstance(rule, FixedThreshold):
        return f"{'sigmoid' if rule.activation == 'sigmoid' else 'score'} >= {rule.threshold}"
    words = {
        LargestScore: "softmax, largest",
        SegmentThresholds: "above its segment's column",
        ThresholdColumn: "above column 0",
        ZeroThreshold: "above 0",
    }
    return words.get(type(rule), rule.name.replace("_", " "))


def _sections(kind: type) -> dict[str, str]:
    """A docstring's sections by their headings; what stands before the first one has none."""
    parts = _SECTION.split(inspect.cleandoc(kind.__doc__ or ""))
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def _around_formula(text: str) -> tuple[str, str, str]:
    """What stands before the first indented block, the block, and what stands after it."""
    paragraphs = [each for each in text.strip("\n").split("\n\n") if each.strip()]
    indented = [each.startswith("    ") for each in paragraphs]
    if True not in indented:
        return _flowing(paragraphs), "", ""
    start = indented.index(True)
    end = start + [*indented[start:], False].index(False)
    formula = inspect.cleandoc("\n" + "\n\n".join(paragraphs[start:end]))
    return _flowing(paragraphs[:start]), formula, _flowing(paragraphs[end:])


def _flowing(paragraphs: list[str]) -> str:
    return "\n\n".join(map(_one_line, paragraphs))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _arguments(kind: type) -> list[LossArgument]:
    found = []
    for name, parameter in inspect.signature(kind).parameters.items():
        required = parameter.default is inspect.Parameter.empty
        default = None if required else repr(parameter.default).replace("'", '"')
        found.append(LossArgument(name, default, _description(kind, name)))
    return found


def _description(kind: type, argument: str) -> str:
    """What a class's docstring says about an argument, or the docstring that it refers to."""
    parts = _ARGUMENT.split(_sections(kind).get("Args", ""))
    for names, text in zip(parts[1::2], parts[2::2], strict=True):
        if argument not in names.split(", "):
            continue
        description = _one_line(text)
        elsewhere = _SEE.match(description)
        if elsewhere is None:
            return description
        classes = [*losses.LOSSES.values(), *kind.__mro__]
        other = next((each for each in classes if each.__name__ == elsewhere[1]), None)
        found = _description(other, argument) if other and other is not kind else ""
        rest = elsewhere[2].lstrip(";., ")
        return f"{found} {rest[:1].upper()}{rest[1:]}".rstrip() if found else description
    return ""
