"""What is known of each word: its case, its entity's role and type."""

from collections.abc import Sequence

import numpy as np

from mrca.encoding.encoded_documents import row_starts
from mrca.text import Document


def word_marks(
    documents: Sequence[Document],
    lengths: Sequence[int],
    *,
    case: bool = True,
    role: bool = True,
    types: Sequence[str] = (),
) -> dict[str, np.ndarray]:
    """Marks of the first words of each document, end to end.

    Args:
        documents: the rows.
        lengths: how many words of each.
        case: whether to mark upper-case first characters; else 0 everywhere.
        role: whether to mark subjects and objects; else 0 everywhere.
        types: those that a model knows; none for a model without them.

    Returns:
        `case` int8, 1 where the first character is upper case, else -1; `role` int8, 1 on an entity
        that may be a subject, -1 on one that may be an object alone, 0 elsewhere; and with types
        `types` int16, the number of the entity's type from 1, or 0.
    """
    starts = row_starts(list(lengths))
    words = [
        word
        for document, length in zip(documents, lengths, strict=True)
        for word in document.tokens[:length]
    ]
    marks = {"case": np.zeros(len(words), np.int8), "role": np.zeros(len(words), np.int8)}
    if case:  # each distinct spelling is looked at once
        cases = {word: 1 if word[:1].isupper() else -1 for word in set(words)}
        marks["case"] = np.fromiter((cases[word] for word in words), np.int8, len(words))
    number = {name: place for place, name in enumerate(types, 1)}
    if types:
        marks["types"] = np.zeros(len(words), np.int16)
    for document, start, end in zip(documents, starts[:-1], starts[1:], strict=True):
        if role:
            row = marks["role"][start:end]
            for span in document.spans("object"):
                row[span.start : span.end] = -1
            for span in document.spans("subject"):
                row[span.start : span.end] = 1
        if types:
            row = marks["types"][start:end]
            for entity in document.entities:
                for span in entity.mentions:
                    row[span.start : span.end] = number.get(entity.type, 0)
    return marks
