"""The files that name a corpus's relations, in their order and in words."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from mrca.datasets.readers.row import Problem
from mrca.datasets.readers.strict_json import JsonError, decode, parse
from mrca.errors import MrcaError
from mrca.files import whole_file
from mrca.text import RelationSet

_Value = TypeVar("_Value")

RELATIONS = "relations.json"
REL2ID = "rel2id.json"  # as DocRED is published: relation → column
REL_INFO = "rel_info.json"  # relation → what it is called
_SHOWN = 5  # groups of names
_NONE = "na"  # the column of no relation, which is none of ours


def read_relations(path: Path) -> RelationSet:
    """The relation set of a `relations.json`: a JSON list of names.

    Raises:
        MrcaError: if it cannot be read or is not a list of different names.
    """
    try:
        names = parse(decode(path.read_bytes(), first=True))
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise JsonError("a JSON list of relation names", "something else")
        return RelationSet(names)
    except OSError as error:
        raise MrcaError(f"Cannot read {path}: {error.strerror or error}.") from error
    except (JsonError, MrcaError) as error:
        raise MrcaError(f"{path}: {error}") from error


def read_rel2id(path: Path) -> RelationSet:
    """The relation set of a published `rel2id.json`: relations and their columns, without `Na`.

    Raises:
        MrcaError: if it cannot be read or is not an object of whole numbers.
    """
    numbers = _read_object(path, int, "an object of relation names and whole numbers")
    named = [name for name in numbers if name.casefold() != _NONE]
    try:
        return RelationSet(sorted(named, key=numbers.__getitem__))
    except MrcaError as error:
        raise MrcaError(f"{path}: {error}") from error


def read_descriptions(folder: Path) -> dict[str, str]:
    """What the relations are called, by a folder's `rel_info.json`; empty where it has none.

    Raises:
        MrcaError: if it cannot be read or is not an object of names.
    """
    path = folder / REL_INFO
    if not path.is_file():
        return {}
    return _read_object(path, str, "an object of relations and their names")


def _read_object(path: Path, kind: type[_Value], expected: str) -> dict[str, _Value]:
    try:
        found = parse(decode(path.read_bytes(), first=True))
        if not isinstance(found, dict) or not all(type(each) is kind for each in found.values()):
            raise JsonError(expected, "something else")
        return found
    except OSError as error:
        raise MrcaError(f"Cannot read {path}: {error.strerror or error}.") from error
    except JsonError as error:
        raise MrcaError(f"{path}: {error}") from error


def write_relations(names: Iterable[str], folder: Path) -> None:
    """Write a folder's `relations.json`.

    Raises:
        OSError: if it cannot be written.
    """
    _write(list(names), folder / RELATIONS)


def write_descriptions(descriptions: Mapping[str, str], folder: Path) -> None:
    """Write a folder's `rel_info.json`.

    Raises:
        OSError: if it cannot be written.
    """
    _write(dict(descriptions), folder / REL_INFO)


def _write(content: Any, path: Path) -> None:
    text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def alike_note(folder: Path, relations: RelationSet) -> list[Problem]:
    """A note on relations whose names differ so little that they may be meant as one; or none.

    Args:
        folder: the corpus's.
        relations: its relations.
    """
    if not (alike := relations.alike()):
        return []
    shown = "; ".join(" and ".join(map(repr, names)) for names in alike[:_SHOWN])
    more = f"; and {len(alike) - _SHOWN:,} more" if len(alike) > _SHOWN else ""
    return [
        Problem(
            *("note", str(folder), 0, "relations", "names that differ in what can be read"),
            f"some that differ only in white space, case or Unicode form: {shown}{more}",
        )
    ]


def corpus_relations(
    folder: Path, published: bool, labels: Mapping[str, Iterable[str]]
) -> RelationSet | None:
    """The relations of a corpus, in the order that a model trained on it has.

    They are those of the folder's `relations.json`, or of its `rel2id.json`, in the order of their
    columns. Without these files they are the sorted labels of the training split, or of all splits
    where the corpus is a published one, whose validation and test splits may hold relations that
    its training split lacks.

    Args:
        folder: the corpus's.
        published: whether it is a corpus that has a name, or files in a published form.
        labels: split → the labels that occur in it.

    Returns:
        The relations; `None` if the splits that count have none.

    Raises:
        MrcaError: if there is a `relations.json` or `rel2id.json` that cannot be used.
    """
    for name, read in ((RELATIONS, read_relations), (REL2ID, read_rel2id)):
        if (folder / name).is_file():
            return read(folder / name)
    counted = labels.values() if published else [labels.get("train", ())]
    names = sorted({name for split in counted for name in split})
    return RelationSet(names) if names else None
