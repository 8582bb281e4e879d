"""Reader of the DDI corpus of 2013: drugs of a sentence, and which of them interact."""

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from mrca.datasets.readers.jsonl import row_from_value
from mrca.errors import MrcaError
from mrca.text import Document

_PARTS = {"train": "/Train/", "test": "/Test for DDI Extraction task/"}

# What `zipfile` and the parser raise where an archive, or a file in it, is damaged.
_BROKEN = (
    *(OSError, EOFError, KeyError, ValueError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, ElementTree.ParseError),
)


def ddi_documents(path: Path) -> dict[str, list[list[Document]]]:
    """Read the corpus from its archive: split → files → sentences, in the order of their names.

    A sentence has all its drugs as entities, with their types. An interacting pair is a fact from
    `e1`, which stands first, to `e2`, of the relation `mechanism`, `effect`, `advise` or `int`; the
    one pair that is published without a kind is `int`. Offsets inside a word are widened to it.
    Entities in several parts have a mention for each.

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
                        sentences = ElementTree.fromstring(archive.read(name)).iter("sentence")
                        found[split].append(
                            [
                                _document(sentence, f"{path}, {name}", number)
                                for number, sentence in enumerate(sentences, 1)
                                if sentence.attrib["text"].strip()
                            ]
                        )
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


def _document(sentence: ElementTree.Element, source: str, number: int) -> Document:
    row = {
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
        "facts": [
            {
                "subject": pair.attrib["e1"],
                "relation": pair.attrib.get("type", "int"),
                "object": pair.attrib["e2"],
            }
            for pair in sentence.iter("pair")
            if pair.attrib["ddi"] == "true"
        ],
    }
    read = row_from_value(row, source, number, offsets="widen")
    if read.document is None:
        raise MrcaError(str(read.error))
    return read.document


def _mentions(offsets: str) -> Iterator[dict[str, Any]]:
    """`0-4;9-12`, ends inclusive."""
    for part in offsets.split(";"):
        start, end = map(int, part.split("-"))
        yield {"char_start": start, "char_end": end + 1}
