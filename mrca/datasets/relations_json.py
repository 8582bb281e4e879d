"""The file that names a corpus's relations in their order."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from mrca.datasets.readers.strict_json import JsonError, decode, parse
from mrca.errors import MrcaError
from mrca.files import whole_file
from mrca.text import RelationSet

RELATIONS = "relations.json"


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


def write_relations(names: Iterable[str], folder: Path) -> None:
    """Write a folder's `relations.json`.

    Raises:
        OSError: if it cannot be written.
    """
    text = json.dumps(list(names), ensure_ascii=False, indent=1) + "\n"
    with whole_file(folder / RELATIONS) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def corpus_relations(
    folder: Path, registered: bool, labels: Mapping[str, Iterable[str]]
) -> RelationSet | None:
    """The relations of a corpus, in the order that a model trained on it has.

    They are those of the folder's `relations.json`. Without that file they are the sorted labels of
    the training split, or of all splits where the corpus is a registered one: as it is published,
    its validation and test splits may hold relations that its training split lacks.

    Args:
        folder: the corpus's.
        registered: whether it is a corpus that has a name.
        labels: split → the labels that occur in it.

    Returns:
        The relations; `None` if the splits that count have none.

    Raises:
        MrcaError: if there is a `relations.json` that cannot be used.
    """
    path = folder / RELATIONS
    if path.is_file():
        return read_relations(path)
    counted = labels.values() if registered else [labels.get("train", ())]
    names = sorted({name for split in counted for name in split})
    return RelationSet(names) if names else None
