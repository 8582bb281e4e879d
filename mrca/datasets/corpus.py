"""A corpus in memory: its splits, its relations, and what is worth knowing about it."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Literal

import numpy as np

from mrca.datasets.locate import (
    is_published,
    locate_corpus,
    split_file,
    split_files,
    what_is_in,
)
from mrca.datasets.readers.brat import ENDINGS as BRAT_ENDINGS
from mrca.datasets.readers.jsonl import Offsets
from mrca.datasets.readers.read_file import iter_rows, row_unit
from mrca.datasets.readers.row import Problem, Row, RowError, shorten
from mrca.datasets.readers.skipping import OnError, Skipping
from mrca.datasets.registry import CORPORA, SPLITS
from mrca.datasets.relations_json import (
    REL2ID,
    RELATIONS,
    alike_note,
    corpus_relations,
    read_descriptions,
)
from mrca.errors import MrcaError, counted
from mrca.files.download import Progress
from mrca.text import Document, RelationSet
from mrca.text.html_table import html_table

_SHOWN = 5  # how many unusable rows an error lists
_HELD_OUT = 10  # one training row in so many becomes validation where there is none


TrainSplit = Literal["train", "distant"]


@dataclass(frozen=True)
class Corpus:
    """Splits of documents that share one relation set.

    Attributes:
        name: the registered name, or the folder's own.
        folder: where it was read from.
        splits: `"train"`, `"valid"` and, where there is one, `"test"`.
        relations: the relations, in the order that a model trained on it has.
        fingerprint: SHA-256 over the files of the splits and the relations; the same data gives
            the same fingerprint wherever it lies.
        problems: mentions that were not found, wrong hints, and decisions taken for the user.
        descriptions: relation → what it is called, where the corpus has codes such as `P17` and
            says so in `rel_info.json`.
        train_split: what the training split is: `"train"`, or `"distant"`; see `load_corpus`.
    """

    name: str
    folder: Path
    splits: dict[str, list[Document]]
    relations: RelationSet
    fingerprint: str
    problems: list[Problem]
    descriptions: dict[str, str] = field(default_factory=dict)
    train_split: TrainSplit = "train"

    @property
    def limits(self) -> str:
        """Name of the `GroupLimits` that the corpus's paper uses; `"default"` for other corpora."""
        return CORPORA[self.name].limits if self.name in CORPORA else "default"

    @property
    def unmatched(self) -> list[Problem]:
        """The mentions that do not stand in their text."""
        return [problem for problem in self.problems if problem.kind == "unmatched"]

    @property
    def notes(self) -> list[Problem]:
        """What was decided for the user, such as a held-out validation split."""
        return [problem for problem in self.problems if problem.kind == "note"]

    def fingerprint_with(self, train_split: TrainSplit) -> str:
        """What the fingerprint is where the training split is another one.

        Raises:
            MrcaError: if there is no such split.
        """
        if train_split == self.train_split:
            return self.fingerprint
        return _fingerprint(_files(self.folder, train_split), self.relations)

    @property
    def oracle(self) -> bool:
        """Whether training marks the entities of the facts and no others; see `Document`."""
        return any(document.oracle for document in self.splits["train"])

    @property
    def types(self) -> tuple[str, ...]:
        """The types of the training split's entities, sorted."""
        found = {entity.type for row in self.splits["train"] for entity in row.entities}
        return tuple(sorted(found - {""}))

    def __repr__(self) -> str:
        splits = ", ".join(f"{split} {len(rows):,}" for split, rows in self.splits.items())
        return f"Corpus({self.name!r}: {splits}; {counted(len(self.relations), 'relation')})"

    def _repr_html_(self) -> str:
        head = ("split", "documents", "entities", "facts", "labels")
        parts = ("entities", "facts", "labels")
        return html_table(
            head,
            (
                (
                    split,
                    f"{len(rows):,}",
                    *(f"{sum(len(getattr(row, part)) for row in rows):,}" for part in parts),
                )
                for split, rows in self.splits.items()
            ),
        )


ORACLE = (
    "Only the entities of the facts are marked (the rows list none): the marks are an oracle, and "
    "scores are those of a model that is told which entities are related."
)


def marks_line(documents: Iterable[Document]) -> str:
    """Where the marks of some documents come from, in one line; empty where nothing is marked."""
    marked = [document for document in documents if document.oracle or document.entities]
    return marks_in_words(sum(document.oracle for document in marked), len(marked))


def marks_in_words(oracle: int, marked: int) -> str:
    """The same of numbers of documents: with the marks of their facts alone, and with any."""
    if not marked:
        return ""
    if not oracle:
        return "Entities are listed by the corpus; pairs of them without a fact are negatives."
    if oracle == marked:
        return ORACLE
    return (
        f"{oracle:,} of {marked:,} rows list no entities, so that only those of their facts are "
        "marked: there the marks are an oracle."
    )


def load_corpus(
    name_or_folder: str,
    data_dir: Path | None = None,
    unmatched: Literal["keep", "drop"] = "keep",
    offsets: Offsets = "exact",
    download: bool = True,
    progress: Progress | None = None,
    train_split: TrainSplit = "train",
    on_error: OnError = "error",
) -> Corpus:
    """Load a corpus by its name or its folder.

    A name is looked for as `<search folder>/<name>/` in `data_dir`, `$MRCA_DATA_DIR`, `data/` and
    the user's cache, and downloaded if it is nowhere. A folder holds `train.jsonl`, `valid.jsonl`
    and `test.jsonl` (or `.json` in a public form); without a validation split, a seeded tenth of
    the training rows is held out, and a note says so. Of a published corpus without its training
    split, the validation split is divided in this way. A test split whose rows have no labels is
    left out.

    The relations are those of the folder's `relations.json`, in its order; for a folder without
    that file see `corpus_relations`.

    Args:
        name_or_folder: such as `"webnlg"` or `"my/corpus"`.
        data_dir: a folder to look in before all others.
        unmatched: what becomes of a training row with a mention that does not stand in its
            text: `"keep"` it without that mark, or `"drop"` it. Either way it is reported. Rows
            of the other splits are always kept, so that scores stay comparable.
        offsets: what becomes of character offsets inside a word: see `iter_jsonl`.
        download: whether a missing corpus may be downloaded.
        progress: called with the bytes so far and in all while a file is downloaded.
        train_split: what the training split is: `"train"`, or `"distant"`, the automatically
            labelled documents of a `train_distant.json`.
        on_error: what becomes of a row that cannot be used: an `"error"`, or `"skip"` it; a note
            says how many were skipped, and why.

    Raises:
        MrcaError: if the corpus cannot be had, a row cannot be used, a label is not one of the
            relations, or a split holds nothing.

    Example:
        >>> corpus = load_corpus("sample")
        >>> sorted(corpus.splits), len(corpus.relations)
        (['test', 'train', 'valid'], 12)
    """
    for name, value, known in (
        ("train_split", train_split, ("train", "distant")),
        ("unmatched", unmatched, ("keep", "drop")),
        ("offsets", offsets, ("exact", "widen")),
        ("on_error", on_error, ("error", "skip")),
    ):
        if value not in known:
            raise MrcaError(f"{name} is {value!r}. Expected {known[0]!r} or {known[1]!r}.")
    folder = locate_corpus(name_or_folder, data_dir, download=download, progress=progress)
    registered = name_or_folder in CORPORA
    files = _files(folder, train_split)
    notes = []
    if "test" not in files and (unlabelled := split_file(folder, "test")):
        notes.append(_left_out(unlabelled))
    rows = {}
    for split, path in files.items():
        rows[split], skipped = _read_split(path, folder, offsets, on_error)
        notes += [skipped] if skipped else []
    problems = [problem for split in rows.values() for row in split for problem in row.problems]
    first_seen = {split: _first_seen(split_rows) for split, split_rows in rows.items()}
    published = registered or is_published(files["train"])
    relations = corpus_relations(folder, published, first_seen)
    if relations is None:
        raise MrcaError(
            f"No training row of {folder} states a relation, so there is nothing to learn. Give "
            '"facts" or "labels" in train.jsonl.'
        )
    _check_labels(folder, files, relations, first_seen)
    notes += alike_note(folder, relations)
    if not registered and (elsewhere := _only_elsewhere(folder, first_seen)):
        notes.append(elsewhere)
    if "valid" not in rows:
        notes.append(_hold_out(rows, files["train"], folder))
    elif train_split == "distant" and split_file(folder, "train") is None:
        # Annotated runs train on the other nine tenths, and one of them may be the teacher.
        annotated = {"train": rows["valid"]}
        notes.append(_hold_out(annotated, files["valid"], folder))
        rows["valid"] = annotated["valid"]
    if unmatched == "drop":
        rows["train"] = _without_unmatched(rows["train"], files["train"])
    return Corpus(
        name=name_or_folder if registered else folder.resolve().name,
        folder=folder,
        splits={
            # The strings behind the words are not needed any more, and take as much room again.
            split: [_document(row).without_text() for row in rows[split]]
            for split in SPLITS
            if split in rows
        },
        relations=relations,
        fingerprint=_fingerprint(files, relations),
        problems=[*problems, *notes],
        descriptions=read_descriptions(folder),
        train_split=train_split,
    )


def _files(folder: Path, train_split: TrainSplit) -> dict[str, Path]:
    """The file of each split that is read: of a test split, if it has labels."""
    files = split_files(folder)
    if train_split == "distant":
        others = {split: path for split in SPLITS[1:] if (path := split_file(folder, split))}
        files = {"train": _distant(folder), **others}
    if "train" not in files:
        raise MrcaError(
            f"{folder} has no training split. Expected train.jsonl (or train.json in a public "
            "form, or folders of brat's called train, dev and test). "
            f"It holds: {what_is_in(folder)}. One file of rows becomes a corpus by: mrca data "
            f"convert FILE {folder}/train.jsonl"
        )
    if "test" in files and is_unlabelled(files["test"]):
        del files["test"]
    return files


def _distant(folder: Path) -> Path:
    """The file of automatically labelled documents."""
    path = split_file(folder, "distant")
    if path is None:
        raise MrcaError(
            f"data.train_split is 'distant', and {folder} has no train_distant.json. It holds: "
            f"{what_is_in(folder)}."
        )
    return path


def is_unlabelled(path: Path) -> bool:
    """Whether no row of a file says which relations are stated, as in a test split whose labels are
    kept back."""
    rows = iter_rows(path)
    first = next(rows, None)
    return first is not None and not any(row.labelled or row.error for row in chain([first], rows))


def _read_split(
    path: Path, folder: Path, offsets: Offsets, on_error: OnError
) -> tuple[list[Row], Problem | None]:
    """The rows of a file, all of which can be used; and what was skipped."""
    rows: list[Row] = []
    errors: list[RowError] = []
    skipping = Skipping(str(path))
    for row in iter_rows(path, require_labels=True, offsets=offsets):
        if row.error is None:
            rows.append(row)
        elif on_error == "skip" and not row.ends_file:
            skipping.add(row)
        else:
            errors.append(row.error)
            if len(errors) == _SHOWN:
                break
    if errors:
        listing = "\n".join(f"  {line}" for error in errors for line in str(error).splitlines())
        raise MrcaError(
            f"{path} has rows that cannot be used:\n{listing}\n"
            f"See all of them with: mrca data validate {folder}; leave them out with: "
            "--on-error skip"
        )
    if not rows:
        why = f"\n{skipping.note()}" if skipping.count else ""
        raise MrcaError(f"{path} holds no rows. Expected at least one.{why}")
    return rows, skipping.note()


def _first_seen(rows: list[Row]) -> dict[str, int]:
    """Relation → the line or item that it stands in first."""
    seen: dict[str, int] = {}
    for row in rows:
        for label in _document(row).labels:
            seen.setdefault(label, row.line)
    return seen


def _document(row: Row) -> Document:
    assert row.document is not None
    return row.document


def _without_unmatched(rows: list[Row], path: Path) -> list[Row]:
    kept = [row for row in rows if all(problem.kind != "unmatched" for problem in row.problems)]
    if not kept:
        raise MrcaError(
            f"Every row of {path} has a mention that does not stand in its text, so none is "
            "left to train on. Keep them (data.unmatched=keep), or correct them: mrca data "
            f"validate {path}"
        )
    return kept


def _check_labels(
    folder: Path,
    files: dict[str, Path],
    relations: RelationSet,
    first_seen: dict[str, dict[str, int]],
) -> None:
    for split, seen in first_seen.items():
        for name, line in seen.items():
            if name not in relations:
                listed = folder / RELATIONS
                origin = next(
                    (each for each in (RELATIONS, REL2ID) if (folder / each).is_file()),
                    "the training split",
                )
                known = counted(len(relations), "relation")
                raise MrcaError(
                    f"{files[split]}, {row_unit(files[split])} {line}: the relation {name!r} of "
                    f"the {split} split is not one of the {known} of {origin}. Add it to {listed} "
                    "(a JSON list of all names, in the order the model is to have), or remove it."
                )


def _only_elsewhere(folder: Path, first_seen: dict[str, dict[str, int]]) -> Problem | None:
    """The relations of a published corpus that its training split lacks and no file lists."""
    if any((folder / name).is_file() for name in (RELATIONS, REL2ID)):
        return None
    others = {name for split, seen in first_seen.items() if split != "train" for name in seen}
    if not (missing := sorted(others - first_seen["train"].keys())):
        return None
    return Problem(
        *("note", str(folder), 0, "relations", "those of the training split"),
        f"{counted(len(missing), 'relation')} that only other splits state and that cannot be "
        f"learnt: {shorten(missing)}",
    )


def _hold_out(splits: dict[str, list[Row]], path: Path, folder: Path) -> Problem:
    """Move a tenth of the training rows to a validation split, always the same ones."""
    rows = splits["train"]
    count = max(1, round(len(rows) / _HELD_OUT))
    if len(rows) < 2:
        raise MrcaError(
            f"{path} holds one row and there is no valid.jsonl. Expected at least two rows, so "
            "that one can be held out for validation."
        )
    held = set(np.random.default_rng(0).permutation(len(rows))[:count].tolist())
    splits["valid"] = [row for index, row in enumerate(rows) if index in held]
    splits["train"] = [row for index, row in enumerate(rows) if index not in held]
    if split_file(folder, "train") is None:
        return Problem(
            *("note", str(folder), 0, "train", "train.jsonl"),
            f"none; {len(rows) - count:,} rows of {path.name} are trained on, and the other "
            f"{count:,} validated on",
        )
    return Problem(
        *("note", str(folder), 0, "valid", "valid.jsonl"),
        f"none; {count:,} of the {len(rows):,} training rows are held out for validation",
    )


def _left_out(path: Path) -> Problem:
    """A test split without labels: there is nothing to measure on it."""
    return Problem(
        *("note", str(path), 0, "test", "rows that say which relations are stated"),
        "rows without labels; nothing is measured on them",
    )


def _fingerprint(files: dict[str, Path], relations: RelationSet) -> str:
    state = hashlib.sha256(json.dumps(relations.names).encode())
    for split, path in files.items():
        state.update(f"\n{split} {_content(path)}".encode())
    return state.hexdigest()


def _content(path: Path) -> str:
    """SHA-256 of a file, or of a folder's files and their names."""
    if path.is_dir():
        files = [each for each in path.iterdir() if each.suffix in BRAT_ENDINGS]
        files += path.rglob("*.xml")
        named = sorted((each.relative_to(path).as_posix(), each) for each in files)
        content = "".join(f"{name} {_content(each)}\n" for name, each in named)
        return hashlib.sha256(content.encode()).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
