"""Reader of the DDI corpus of 2013: drugs of a sentence, and which of them interact.

<document id="d1"><sentence id="d1.s0" text="Aspirin raises warfarin levels.">
  <entity id="d1.s0.e0" charOffset="0-6" type="drug" text="Aspirin"/>
  <pair id="d1.s0.p0" e1="d1.s0.e0" e2="d1.s0.e1" ddi="true" type="effect"/>
</sentence></document>
"""

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from mrca.datasets.readers.jsonl import row_from_value
from mrca.datasets.readers.row import Problem, Row, RowError
from mrca.errors import MrcaError
from mrca.text import Document

_HEAD = 2**10  # bytes that tell the form
_PARTS = {"train": "/Train/", "test": "/Test for DDI Extraction task/"}

# What `zipfile` and the parser raise where an archive, or a file in it, is damaged.
_BROKEN = (
    *(OSError, EOFError, KeyError, ValueError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, ElementTree.ParseError),
)


def is_ddi(folder: Path) -> bool:
    """Whether the first `.xml` file in a folder, or in one of its own, is of the corpus."""
    path = next(folder.rglob("*.xml"), None) if folder.is_dir() else None
    try:
        return path is not None and b"<document" in path.read_bytes()[:_HEAD]
    except OSError:
        return False


def iter_ddi_folder(folder: Path) -> Iterator[Row]:
    """Read the `.xml` files of a folder and of those in it, in the order of their names.

    Args:
        folder: such as the archive's `Train`, or its `Test`.

    Yields:
        A row for each sentence, with its place among all of them; see `iter_ddi`.

    Raises:
        MrcaError: if a file cannot be read.
    """
    # Beside it the archive has those of another task, to find the drugs, without interactions.
    inside = next(folder.glob("*DDI Extraction*"), folder)
    count = 0
    for path in sorted(inside.rglob("*.xml")):
        try:
            content = path.read_bytes()
        except OSError as error:
            raise MrcaError(f"Cannot read {path}: {error.strerror}.") from None
        for row in iter_ddi(content, str(path)):
            count += 1
            yield replace(row, line=count)


def iter_ddi(content: bytes, source: str) -> Iterator[Row]:
    """Read one of the corpus's files.

    A sentence has all its drugs as entities, with their types. An interacting pair is a fact from
    `e1`, which stands first, to `e2`, of the relation `mechanism`, `effect`, `advise` or `int`; the
    one pair that is published without a kind is `int`. Offsets inside a word are widened to it.
    Entities in several parts have a mention for each. A sentence with several drugs and without
    any `pair` does not say which interact.

    Args:
        content: the file's.
        source: its name, for messages.

    Yields:
        A row for each sentence that has text, with its place among them. One that cannot be used
        comes with its error, and reading continues.
    """
    try:
        sentences = list(ElementTree.fromstring(content).iter("sentence"))
    except (ElementTree.ParseError, ValueError, LookupError) as error:  # an unknown encoding
        yield _unusable(source, 0, "well-formed XML", str(error))
        return
    if not sentences:
        expected = "<sentence> elements, as the DDI corpus has them"
        yield _unusable(source, 0, expected, "none")
    for number, sentence in enumerate(sentences, 1):
        if sentence.get("text", "-").strip():
            yield _row(sentence, source, number)


def ddi_documents(path: Path) -> dict[str, list[list[Document]]]:
    """Read the corpus from its archive: split → files → sentences, in the order of their names.

    Its sentences are as `iter_ddi` reads them.

    Args:
        path: `DDICorpus-2013.zip`.

    Raises:
        MrcaError: if it is no such archive.
    """
    found: dict[str, list[list[Document]]] = {split: [] for split in _PARTS}
    try:
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                for split, part in _PARTS.items():
                    if part in name and name.endswith(".xml"):
                        rows = iter_ddi(archive.read(name), f"{path}, {name}")
                        found[split].append([_usable(row) for row in rows])
    except MrcaError:
        raise
    except _BROKEN as error:
        raise MrcaError(
            f"Cannot read {path}: {error}. Expected the archive DDICorpus-2013.zip."
        ) from error
    if not all(found.values()):
        raise MrcaError(
            f"{path} holds no training or test files of the DDI corpus. Expected the archive "
            "DDICorpus-2013.zip."
        )
    return found


def _row(sentence: ElementTree.Element, source: str, number: int) -> Row:
    try:
        row: dict[str, Any] = {
            "id": sentence.attrib["id"],
            "text": sentence.attrib["text"],
            "entities": [
                {
                    "id": entity.attrib["id"],
                    "type": entity.attrib["type"],
                    "mentions": list(_mentions(entity.attrib["charOffset"])),
                }
                for entity in sentence.iter("entity")
            ],
        }
        pairs = list(sentence.iter("pair"))
        if pairs or len(row["entities"]) < 2:
            row["facts"] = [
                {
                    "subject": pair.attrib["e1"],
                    "relation": pair.attrib.get("type", "int"),
                    "object": pair.attrib["e2"],
                }
                for pair in pairs
                if pair.attrib["ddi"] == "true"
            ]
    except KeyError as error:
        return _unusable(source, number, f"the attribute {error}", "none")
    except ValueError as error:
        return _unusable(source, number, 'charOffset="START-END;START-END"', str(error))
    return row_from_value(row, source, number, offsets="widen")


def _usable(row: Row) -> Document:
    if row.document is None:
        raise MrcaError(str(row.error))
    return row.document


def _unusable(source: str, number: int, expected: str, received: str) -> Row:
    problem = Problem("error", source, number, "", expected, received, "item")
    return Row(number, None, RowError([problem]), ends_file=not number)


def _mentions(offsets: str) -> Iterator[dict[str, Any]]:
    """`0-4;9-12`, ends inclusive."""
    for part in offsets.split(";"):
        start, end = map(int, part.split("-"))
        yield {"char_start": start, "char_end": end + 1}
