"""Every problem of a file or a corpus folder, without stopping at the first."""

from dataclasses import dataclass, field
from pathlib import Path

from mrca.datasets.corpus import read_relations
from mrca.datasets.locate import split_file
from mrca.datasets.reader import iter_rows
from mrca.datasets.registry import SPLITS
from mrca.datasets.row import Problem, shorten
from mrca.errors import MrcaError


@dataclass
class ValidationReport:
    """What `mrca data validate` says.

    Attributes:
        rows: file → rows in it, usable or not.
        unlabelled: usable rows that do not say which relations hold (fit to predict on only).
        problems: everything found, in the order of the files and their lines.
    """

    rows: dict[str, int] = field(default_factory=dict)
    unlabelled: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def errors(self) -> list[Problem]:
        """The problems that make a row, or the corpus, unusable."""
        return [problem for problem in self.problems if problem.kind == "error"]


def validate(path: Path) -> ValidationReport:
    """Check a file, or a corpus folder as `load_corpus` would read it.

    Rows of a single file need not have labels; those of a folder's splits must, and their labels
    must be relations of the folder's `relations.json` or else of its training split.

    Args:
        path: a file in any form that the readers take, or a folder with train, valid and test.

    Raises:
        MrcaError: if there is nothing at `path` or it cannot be read.
    """
    report = ValidationReport()
    if path.is_file():
        _check_file(path, report, require_labels=False)
        return report
    if not path.is_dir():
        raise MrcaError(f"Nothing is at {path}. Expected a file, or a folder with train.jsonl.")
    if split_file(path, "train") is None:
        report.problems.append(
            Problem("error", str(path), 0, "train", "train.jsonl or train.json", "neither")
        )
    first_seen = {
        split: (file, _check_file(file, report, require_labels=True))
        for split in SPLITS
        if (file := split_file(path, split))
    }
    known: set[str] | None = None
    if (path / "relations.json").is_file():
        try:
            known = set(read_relations(path / "relations.json"))
        except MrcaError as error:
            report.problems.append(
                Problem(
                    "error",
                    str(path / "relations.json"),
                    0,
                    "",
                    "a JSON list of different relation names",
                    str(error),
                )
            )
    elif "train" in first_seen:
        known = set(first_seen["train"][1])
    for file, seen in first_seen.values():
        for name, line in seen.items():
            if known is not None and name not in known:
                report.problems.append(
                    Problem(
                        "error",
                        str(file),
                        line,
                        "relation",
                        f"one of the {len(known)} relations of the corpus (add it to "
                        "relations.json)",
                        shorten(name),
                    )
                )
    return report


def _check_file(path: Path, report: ValidationReport, *, require_labels: bool) -> dict[str, int]:
    """Add a file's problems to the report; its relations and the row each stands in first."""
    first_seen: dict[str, int] = {}
    count = 0
    for row in iter_rows(path, require_labels=require_labels):
        count += 1
        if row.example is None:
            report.problems.extend(row.error.problems if row.error else ())
            continue
        report.problems.extend(row.problems)
        report.unlabelled += not row.labelled
        for label in row.example.labels:
            first_seen.setdefault(label, row.line)
    report.rows[str(path)] = count
    if not count:
        report.problems.append(Problem("error", str(path), 0, "", "at least one row", "none"))
    return first_seen
