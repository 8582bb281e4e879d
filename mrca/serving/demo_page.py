"""What the page that lets a person ask a served model knows of it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mrca.errors import MrcaError
from mrca.export.exported_files import DESCRIPTION, RELATIONS
from mrca.text import Document

_EXAMPLES = 4
_LONGEST = 400  # characters of an example


def demo_page(exported: Path, documents: Sequence[Document] = ()) -> dict[str, Any]:
    """The values of the page's `model.json`.

    Args:
        exported: a version's folder; see `find_exported`.
        documents: of the run's corpus; those that state most are examples to begin with.

    Raises:
        MrcaError: if the model does not say what its relations are.
    """
    description = _described(exported)
    pairs = description.get("candidates") == "pairs"
    short = [document for document in documents if len(_text(document)[0]) <= _LONGEST]
    best = sorted(short, key=lambda document: -len(document.facts or document.labels))
    return {
        "name": exported.absolute().parent.name,
        "version": int(exported.name),
        "relations": _relations(exported),
        "pairs": pairs,
        "types": description.get("types", []),
        "examples": [_example(document, pairs) for document in best[:_EXAMPLES]],
    }


def _example(document: Document, pairs: bool) -> dict[str, Any]:
    """A text and its marks: of entities, or of subjects and objects."""
    text, places = _text(document)
    every = range(len(document.entities))
    kinds = {"e": every} if pairs else {"s": document.subjects, "o": document.objects}
    marks = []
    for kind, numbers in kinds.items():
        for number in numbers:
            entity = document.entities[number]
            type = entity.type if pairs else ""
            marks += [
                {"kind": kind, "start": places[start][0], "end": places[end - 1][1], "type": type}
                for start, end in entity.mentions
            ]
    return {"text": text, "marks": marks}


def _text(document: Document) -> tuple[str, Sequence[tuple[int, int]]]:
    """A document's text and where its words stand; of one that came as words, these with blanks."""
    if document.text:
        return document.text, document.offsets
    places, end = [], -1
    for token in document.tokens:
        start, end = end + 1, end + 1 + len(token)
        places.append((start, end))
    return " ".join(document.tokens), places


def _described(exported: Path) -> dict[str, Any]:
    """What the export says of itself; nothing if it is of an earlier version."""
    try:
        described = json.loads((exported / DESCRIPTION).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return described if isinstance(described, dict) else {}


def _relations(exported: Path) -> list[str]:
    file = exported / RELATIONS
    try:
        names = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise _unreadable(file, str(error)) from None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise _unreadable(file, "it is no list of names")
    return names


def _unreadable(file: Path, reason: str) -> MrcaError:
    return MrcaError(
        f"Cannot read the relations of the exported model from {file}: {reason}. Export the run "
        "anew with `mrca export`."
    )
