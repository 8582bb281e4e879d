"""Texts with one marked pair of entities and one label."""

import sys
from collections.abc import Iterable, Sequence

from mrca.text import Document, Entity, Fact, Span


def one_pair_document(
    tokens: Iterable[str],
    subject: Sequence[Span],
    object_: Sequence[Span],
    relation: str | None,
    *,
    none: str = "",
    types: tuple[str, str] = ("", ""),
    id: str = "",
) -> Document:
    """The document of a corpus whose rows have exactly one pair and one label each.

    The label that says that no relation is stated is a label like any other, but there is no fact
    behind it.

    Args:
        tokens: the text's.
        subject: the mentions of the subject, at least one.
        object_: the same of the object.
        relation: the label; `None` if the file does not say.
        none: the corpus's label for "no relation".
        types: of subject and object, where the corpus has them.
        id: the row's own name.
    """
    words = tuple(map(sys.intern, tokens))
    entities = tuple(
        Entity(
            tuple(sorted(set(mentions))),
            sys.intern(type),
            name=" ".join(words[mentions[0].start : mentions[0].end]),
        )
        for mentions, type in zip((subject, object_), types, strict=True)
    )
    labels = () if relation is None else (sys.intern(relation),)
    facts = tuple(Fact(0, label, 1) for label in labels if label != none)
    return Document(words, entities, facts, labels, subjects=(0,), objects=(1,), id=id)
