"""A corpus as a person brings one."""

import json
from pathlib import Path

import pytest


def _entity(text: str, words: str, kind: str) -> dict[str, object]:
    """As a row lists it, by its characters."""
    start = text.index(words)
    return {"char_start": start, "char_end": start + len(words), "type": kind}


def _news_row(person: str, place: str, office: str) -> dict[str, object]:
    """A sentence with three typed entities, two facts, and four pairs without one."""
    text = f"{person} of {place} works for {office}."
    return {
        "text": text,
        "entities": [
            _entity(text, person, "Peop"),
            _entity(text, place, "Loc"),
            _entity(text, office, "Org"),
        ],
        "facts": [[person, "Live_In", place], [person, "Work_For", office]],
    }


@pytest.fixture
def news(tmp_path) -> Path:
    """A corpus that lists all entities of its documents, with types."""
    folder = tmp_path / "news"
    folder.mkdir()
    quiet = {**_news_row("Bo Marsh", "Belby", "Rook Press"), "facts": []}
    rows = [_news_row("Ada Lane", "Arden", "Quill Labs"), quiet]
    for split in ("train", "valid", "test"):
        (folder / f"{split}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder
