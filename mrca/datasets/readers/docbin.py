"""Reader of spaCy's DocBin: documents with entities, and their relations in `doc._.rel`."""

import zlib
from collections.abc import Iterator
from typing import Any

from mrca.datasets.readers.marked_text import Marked, Place, Stated, marked_row
from mrca.datasets.readers.row import Row, RowError
from mrca.errors import MrcaError, check_installed

_STATED = 0.5  # the least score of a relation that is stated


def is_docbin(head: bytes) -> bool:
    """Whether a file that begins so is a DocBin: a packed object whose first field is its version.

    Args:
        head: at least its first hundred bytes.
    """
    try:
        return b"version" in zlib.decompressobj().decompress(head, 64)
    except zlib.error:
        return False


def iter_docbin(data: bytes, source: str) -> Iterator[Row]:
    """Read a `.spacy` file, one document at a time and in order.

    The words are spaCy's tokens, and `doc.ents` are the entities. Relations are what spaCy's
    component for relation extraction trains on: `doc._.rel`, an object of (first token of the
    subject, first token of the object) → {relation: score}; one is stated where its score is at
    least one half.

    Args:
        data: the whole file.
        source: its name, for messages.

    Yields:
        A row for each document; one without `doc._.rel` is not labelled.

    Raises:
        MrcaError: if spaCy is not installed, or the file is broken.
    """
    check_installed("Reading a .spacy file", "spacy", "spacy")
    from spacy.tokens import Doc, DocBin
    from spacy.vocab import Vocab

    if not Doc.has_extension("rel"):
        Doc.set_extension("rel", default=None)
    try:
        for number, document in enumerate(DocBin().from_bytes(data).get_docs(Vocab()), 1):
            yield _row(document, Place(source, number, unit="item"))
    except (zlib.error, ValueError, KeyError, TypeError, IndexError) as error:
        if isinstance(error, MrcaError):
            raise
        raise MrcaError(
            f"{source} is a broken .spacy file: {error}. Write it again with DocBin.to_disk."
        ) from error


def _row(document: Any, place: Place) -> Row:
    entities = {
        entity.start: Marked(
            str(entity.start),
            [(entity.start, entity.end)],
            place.at(f"ents[{number}]"),
            entity.label_,
        )
        for number, entity in enumerate(document.ents)
    }
    try:
        facts = None if document._.rel is None else list(_facts(document._.rel, place.at("rel")))
    except RowError as error:
        return Row(place.line, None, error)
    words = [token.text for token in document]
    return marked_row(words, list(entities.values()), facts, place, keep_ids=False)


def _facts(relations: Any, place: Place) -> Iterator[Stated]:
    form = "{(first token of the subject, first token of the object): {relation: score}}"
    try:
        for (subject, object_), scores in dict(relations).items():
            for relation, score in scores.items():
                if float(score) >= _STATED:
                    yield Stated(str(int(subject)), str(relation), str(int(object_)), place)
    except (TypeError, ValueError, AttributeError) as error:
        if isinstance(error, MrcaError):
            raise
        raise place.error(form, repr(relations)) from error
