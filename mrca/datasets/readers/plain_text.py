"""Text without marked entities as a document."""

import sys
from collections.abc import Iterable

from mrca.text import Document, tokenise


def plain_text_document(text: str, labels: Iterable[str], id: str) -> Document | None:
    """The document that a text and its labels make, or `None` if the text has no word.

    Args:
        text: the package cuts it into words.
        labels: its labels; one that is given twice counts once.
        id: the document's own name.
    """
    tokens = tuple(sys.intern(token.text) for token in tokenise(text))
    if not tokens:
        return None
    return Document(tokens=tokens, labels=tuple(dict.fromkeys(map(sys.intern, labels))), id=id)
