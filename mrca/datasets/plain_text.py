"""Text without marked entities as an example."""

import sys
from collections.abc import Iterable

from mrca.text import Example, tokenise


def plain_text_example(text: str, labels: Iterable[str], id: str) -> Example | None:
    """The example that a document and its labels make, or `None` if the text has no word.

    Args:
        text: the document; the package cuts it into words.
        labels: its labels; one that is given twice counts once.
        id: the document's own name.
    """
    tokens = tuple(sys.intern(token.text) for token in tokenise(text))
    if not tokens:
        return None
    return Example(tokens=tokens, labels=tuple(dict.fromkeys(map(sys.intern, labels))), id=id)
