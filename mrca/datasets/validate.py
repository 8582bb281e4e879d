"""Every problem of a file or a corpus folder, without stopping at the first."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from mrca.datasets.corpus import is_unlabelled
from mrca.datasets.locate import (
    corpora_beside,
    is_published,
    locate_corpus,
    split_file,
    split_files,
    what_is_in,
)
from mrca.datasets.readers.jsonl import Offsets
from mrca.datasets.readers.read_file import iter_rows, row_unit
from mrca.datasets.readers.row import Problem, shorten
from mrca.datasets.readers.skipping import OnError
from mrca.datasets.registry import CORPORA, SPLITS
from mrca.datasets.relations_json import RELATIONS, alike_note, corpus_relations
from mrca.datasets.repeats import RepeatCounter
from mrca.errors import MrcaError, counted, did_you_mean
from mrca.files.download import Progress
from mrca.text import RelationSet


@dataclass
class ValidationReport:
    """What `mrca data validate` says.

    Attributes:
        rows: file → rows in it, usable or not.
        unlabelled: usable rows that do not say which relations are stated (to predict on only).
        marked: usable rows with entities, or facts whose entities are marked.
        oracle: those of them in which the entities of the facts are marked and no others.
        skipped: rows that cannot be used, where these are skipped.
        problems: everything found, in the order of the files and their lines.
    """

    rows: dict[str, int] = field(default_factory=dict)
    unlabelled: int = 0
    marked: int = 0
    oracle: int = 0
    skipped: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def errors(self) -> list[Problem]:
        """The problems that make a row, or the corpus, unusable."""
        return [problem for problem in self.problems if problem.kind == "error"]


def validate(
    name_or_path: str,
    data_dir: Path | None = None,
    offsets: Offsets = "exact",
    progress: Progress | None = None,
    on_error: OnError = "error",
) -> ValidationReport:
    """Check a file, or a corpus as `load_corpus` would read it.

    Rows of a corpus's splits must have labels, unless no row of its test split has any, and these
    must be among its relations (see `corpus_relations`). Rows of any other single file need not:
    they may be there to predict on.

    Args:
        name_or_path: a file in any form that the readers take, a corpus's name, or a folder with
            train, valid and test.
        data_dir: a folder to look for a name in before all others.
        offsets: what becomes of character offsets inside a word: see `iter_jsonl`.
        progress: called with the bytes so far and in all while a missing corpus is downloaded.
        on_error: what becomes of a row that cannot be used: an `"error"`, or it is `"skip"`ped, and
            why is a note.

    Raises:
        MrcaError: if there is no such file or corpus, or it cannot be read.
    """
    report = ValidationReport()
    repeats = RepeatCounter()
    path = Path(name_or_path).expanduser()
    if path.is_file():
        splits = split_files(path.parent)
        is_split = "train" in splits and path in splits.values()
        needs = is_split and _needs_labels(path, splits)
        _check_file(path, report, offsets, on_error, repeats, path.name, require_labels=needs)
        _note_repeats(repeats, path, report)
        return report
    registered = name_or_path in CORPORA
    if not registered and not path.is_dir():
        near = [*CORPORA, *corpora_beside(path)]
        raise MrcaError(
            f"Nothing is at {name_or_path}.{did_you_mean(name_or_path, near)} Expected a file, "
            f"a folder with train.jsonl, or one of {', '.join(CORPORA)}."
        )
    folder = locate_corpus(name_or_path, data_dir, progress=progress)
    files = split_files(folder)
    if "train" in files and split_file(folder, "train") is None:
        received = (
            f"none; rows of {files['train'].name} are trained on, and a part of them held out"
        )
        report.problems.append(
            Problem("note", str(folder), 0, "train", "a training split", received)
        )
    if distant := split_file(folder, "distant"):
        files["distant"] = distant
    if "train" not in files:
        report.problems.append(
            Problem(
                *("error", str(folder), 0, "train"),
                "train.jsonl, or another training split (a single file of rows becomes one by "
                "`mrca data convert`)",
                f"a folder that holds {what_is_in(folder)}",
            )
        )
    first_seen = {
        split: _check_file(
            *(file, report, offsets, on_error, repeats, split),
            require_labels=_needs_labels(file, files),
        )
        for split, file in sorted(files.items(), key=lambda item: item[0] != "train")
    }
    _note_repeats(repeats, folder, report)
    try:
        published = registered or ("train" in files and is_published(files["train"]))
        relations = corpus_relations(folder, published, first_seen)
    except MrcaError as error:
        expected = "a JSON list of different relation names"
        report.problems.append(
            Problem("error", str(folder / RELATIONS), 0, "", expected, str(error))
        )
        return report
    if relations is not None:
        report.problems.extend(alike_note(folder, relations))
        _check_labels(files, first_seen, relations, report)
    return report


def _needs_labels(path: Path, files: dict[str, Path]) -> bool:
    """Whether a split's rows must say what is stated: all but a test split without any labels."""
    return path != files.get("test") or not is_unlabelled(path)


def _note_repeats(repeats: RepeatCounter, source: Path, report: ValidationReport) -> None:
    if equal := repeats.counts.in_words():
        report.problems.append(Problem("note", str(source), 0, "", "different rows", equal))


def _check_labels(
    files: dict[str, Path],
    first_seen: dict[str, dict[str, int]],
    relations: RelationSet,
    report: ValidationReport,
) -> None:
    expected = f"one of the corpus's {counted(len(relations), 'relation')} (add it to {RELATIONS})"
    for split, seen in first_seen.items():
        for name, row in seen.items():
            if name not in relations:
                report.problems.append(
                    Problem(
                        *("error", str(files[split]), row, "relation", expected, shorten(name)),
                        unit=row_unit(files[split]),
                    )
                )


def _check_file(
    path: Path,
    report: ValidationReport,
    offsets: Offsets,
    on_error: OnError,
    repeats: RepeatCounter,
    split: str,
    *,
    require_labels: bool,
) -> dict[str, int]:
    """Add a file's problems to the report; its relations and the row each stands in first."""
    first_seen: dict[str, int] = {}
    count = 0
    for row in iter_rows(path, require_labels=require_labels, offsets=offsets):
        count += 1
        if row.document is None:
            problems = row.error.problems if row.error else ()
            if on_error == "skip" and not row.ends_file:
                report.skipped += 1
                problems = tuple(replace(problem, kind="note") for problem in problems)
            report.problems.extend(problems)
            continue
        report.problems.extend(row.problems)
        if split in SPLITS or split == path.name:
            repeats.add(split, row.document)
        report.unlabelled += not row.labelled
        report.marked += row.document.oracle or bool(row.document.entities)
        report.oracle += row.document.oracle
        for label in row.document.labels:
            first_seen.setdefault(label, row.line)
    report.rows[str(path)] = count
    if not count:
        report.problems.append(Problem("error", str(path), 0, "", "at least one row", "none"))
    return first_seen
