"""Documents as the arrays that the signature `tokens` takes."""

from collections.abc import Sequence

import numpy as np

from mrca.text import Document

# Role codes of words and mentions.
SUBJECT, OBJECT, BOTH = 1, -1, 2


def token_arrays(documents: Sequence[Document]) -> dict[str, np.ndarray]:
    """Documents as sentence runs take them, padded to the longest.

    Returns:
        `tokens` object and `role` int32, both `(rows, time)`: 1 subject, -1 object, 2 both, 0
        neither. An entity whose role is not known is a subject, as it is to a network.
    """
    tokens = _padded([document.tokens for document in documents], "")
    role = np.zeros(tokens.shape, np.int32)
    for row, document in enumerate(documents):
        for start, end in document.spans("object") if document.roles == "given" else ():
            role[row, start:end] = OBJECT
        for start, end in document.spans("subject"):
            also_object = np.isin(role[row, start:end], (OBJECT, BOTH))
            role[row, start:end] = np.where(also_object, BOTH, SUBJECT)
    return {"tokens": tokens, "role": role}


def mention_arrays(documents: Sequence[Document]) -> dict[str, np.ndarray]:
    """Documents as runs of entity pairs take them, padded to the longest.

    Returns:
        `tokens` object `(rows, time)`; and of each mention, `(rows, mentions)`, `start`, `end` and
        `role` int32, `id` and `type` object: the number of its entity and its type. Roles are 1
        subject, -1 object, 2 both; 0 if it may be both where roles are not known.
    """
    marks = []
    for document in documents:
        both = BOTH if document.roles == "given" else 0
        roles = dict.fromkeys(document.subjects, SUBJECT)
        for number in document.objects:
            roles[number] = both if number in roles else OBJECT
        row = [
            (*span, roles[number], str(number), entity.type)
            for number, entity in enumerate(document.entities)
            if number in roles
            for span in entity.mentions
        ]
        marks.append(list(zip(*row, strict=True)) or [()] * 5)
    arrays = {"tokens": _padded([document.tokens for document in documents], "")}
    for place, name in enumerate(("start", "end", "role", "id", "type")):
        is_text = name in ("id", "type")
        array = _padded([each[place] for each in marks], "" if is_text else 0)
        arrays[name] = array if is_text else array.astype(np.int32)
    return arrays


def _padded(rows: Sequence[Sequence[object]], padding: object) -> np.ndarray:
    array = np.full((len(rows), max(map(len, rows), default=0)), padding, object)
    for place, row in enumerate(rows):
        array[place, : len(row)] = row
    return array
