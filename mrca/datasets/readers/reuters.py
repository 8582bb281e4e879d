"""Reuters-21578 from its original archive: the ModApte split, 90 topics."""

import lzma
import re
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from mrca.datasets.readers.plain_text import plain_text_document
from mrca.errors import MrcaError
from mrca.text import Document

_FILES = [f"reut2-{number:03}.sgm" for number in range(22)]
_LARGEST = 16 * 2**20  # bytes; the largest file of the distribution has 1.5 million
_SPLITS = {"TRAIN": "train", "TEST": "test", "NOT-USED": None}

_DOCUMENT = re.compile(r"<REUTERS\b([^>]*)>(.*?)</REUTERS>", re.DOTALL)
_ATTRIBUTE = re.compile(r'([A-Z]+)="([^"]*)"')
_ELEMENTS = {
    name: re.compile(rf"<{name}\b[^>]*>(.*?)</{name}>", re.DOTALL)
    for name in ("TOPICS", "TEXT", "TITLE", "BODY")
}
_TOPIC = re.compile(r"<D>([^<\s]+)</D>")
_TAG = re.compile(r"</?[A-Z]+\b[^>]*>")
# All that the distribution has; more (such as `&pound`) would be read into its prices and names.
_ENTITY = re.compile(r"&(?:(lt|gt|amp)|#(\d{1,3}));")
_ENTITIES = {"lt": "<", "gt": ">", "amp": "&"}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]+")


class _Document(NamedTuple):
    split: str
    topics: list[str]
    text: str
    id: str
    place: str


def reuters_splits(archive: Path) -> dict[str, list[Document]]:
    """Read the ModApte split of Reuters-21578 from `reuters21578.tar.gz`.

    Documents are those with `TOPICS="YES"` and `LEWISSPLIT` `TRAIN` or `TEST`; topics are those
    that stand in both splits (90); documents without any of them are left out. That leaves 7,770
    and 3,019 documents. The text is the title and the body, or whatever there is where a document
    has neither; `id` is its `NEWID`. There are no marked entities.

    Args:
        archive: the original distribution. Nothing is unpacked to the disk.

    Returns:
        `"train"` and `"test"`, each in the order of the distribution.

    Raises:
        MrcaError: if the archive cannot be read, is cut off, or is not this distribution.
    """
    documents = [
        document
        for name, text in sorted(_members(archive).items())
        for document in _documents(text, f"{archive}, {name}")
    ]
    seen: set[str] = set()
    for document in documents:
        if document.id in seen:
            raise _wrong(document.place, "each NEWID once", f"{document.id} again")
        seen.add(document.id)
    topics = {
        split: {
            topic for document in documents if document.split == split for topic in document.topics
        }
        for split in ("train", "test")
    }
    kept = topics["train"] & topics["test"]
    if not kept:
        raise _wrong(str(archive), "topics with a training and a test document", "none")
    splits: dict[str, list[Document]] = {"train": [], "test": []}
    for document in documents:
        if labels := [topic for topic in document.topics if topic in kept]:
            made = plain_text_document(document.text, labels, document.id)
            if made is None:
                raise _wrong(document.place, "a text of at least one word", "none")
            splits[document.split].append(made)
    return splits


def _members(archive: Path) -> dict[str, str]:
    """The text of each of the distribution's SGML files, by name."""
    texts: dict[str, str] = {}
    try:
        with tarfile.open(archive) as members:
            for member in members:
                name = PurePosixPath(member.name).name
                file = members.extractfile(member) if name in _FILES and member.isreg() else None
                if file is None:
                    continue
                if name in texts:
                    raise _wrong(str(archive), "each file once", f"{name} twice")
                data = file.read(_LARGEST + 1)
                if len(data) > _LARGEST:
                    limit = f"at most {_LARGEST:,} bytes"
                    raise _wrong(f"{archive}, {name}", limit, f"{member.size:,} bytes")
                if len(data) != member.size:
                    raise EOFError("it ends early")
                texts[name] = _decode(data)
            # What is left holds the checksum of the whole.
            while members.fileobj is not None and members.fileobj.read(2**20):
                pass
    except MrcaError:
        raise
    except FileNotFoundError as error:
        raise MrcaError(
            f"{archive} is not there. Expected the file reuters21578.tar.gz."
        ) from error
    except (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, OSError, ValueError) as error:
        raise MrcaError(
            f"Cannot read {archive}: {error}. Expected reuters21578.tar.gz, whole; if it was "
            "downloaded, download it again."
        ) from error
    if missing := [name for name in _FILES if name not in texts]:
        shown = ", ".join(missing[:3]) + (", …" if len(missing) > 3 else "")
        raise _wrong(
            str(archive), f"{_FILES[0]} to {_FILES[-1]}", f"{len(texts)} of them, without {shown}"
        )
    return texts


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")  # one file of the original has a byte above 127


def _documents(text: str, place: str) -> Iterator[_Document]:
    """The documents of one file that belong to a split."""
    count = 0
    for count, match in enumerate(_DOCUMENT.finditer(text), 1):
        where = f"{place}, document {count}"
        attributes = dict(_ATTRIBUTE.findall(match[1]))
        content = match[2]
        if "<REUTERS" in content:
            raise _wrong(where, "</REUTERS> before the next document", "none")
        for name, values in (("LEWISSPLIT", [*_SPLITS]), ("TOPICS", ["YES", "NO", "BYPASS"])):
            if attributes.get(name) not in values:
                received = repr(attributes[name]) if name in attributes else "no such attribute"
                raise _wrong(f"{where}, {name}", f"one of {', '.join(values)}", received)
        split = _SPLITS[attributes["LEWISSPLIT"]]
        if split is None or attributes["TOPICS"] != "YES":
            continue
        if not attributes.get("NEWID"):
            raise _wrong(f"{where}, NEWID", "the document's number", "none")
        topics = [_unescape(topic) for topic in _TOPIC.findall(_element("TOPICS", content, where))]
        whole = _element("TEXT", content, where)
        parts = [found[1] for name in ("TITLE", "BODY") if (found := _ELEMENTS[name].search(whole))]
        body = "\n".join(parts) if parts else _TAG.sub(" ", whole)
        yield _Document(split, topics, _unescape(body), attributes["NEWID"], where)
    if not count:
        raise _wrong(place, "documents, <REUTERS …>…</REUTERS>", "none")
    if text.find("<REUTERS", text.rfind("</REUTERS>")) >= 0:
        raise _wrong(place, f"</REUTERS> at the end of document {count + 1}", "the end of the file")


def _element(name: str, content: str, place: str) -> str:
    found = _ELEMENTS[name].search(content)
    if found is None:
        raise _wrong(place, f"<{name}>…</{name}>", "none")
    return found[1]


def _unescape(text: str) -> str:
    """Entities as their characters; the wire's control characters as space."""
    return _CONTROL.sub(" ", _ENTITY.sub(_character, text)).strip()


def _character(entity: re.Match[str]) -> str:
    return _ENTITIES[entity[1]] if entity[1] else chr(int(entity[2]))


def _wrong(place: str, expected: str, received: str) -> MrcaError:
    return MrcaError(
        f"{place}: expected {expected}, received {received}. The file must be the original "
        "reuters21578.tar.gz."
    )
