"""Texts with one marked pair of entities and one label."""

import re
import sys
from collections.abc import Iterable, Sequence

from mrca.text import Document, Entity, Fact, Span

# Labels that corpora have where no relation is stated.
NO_RELATION = frozenset({"NA", "Na", "None", "none", "no_relation", "Other"})
_DIRECTED = re.compile(r"(.+)\((e1,e2|e2,e1)\)", re.DOTALL)


def one_pair_document(
    tokens: Iterable[str],
    subject: Sequence[Span],
    object_: Sequence[Span],
    label: str | None,
    *,
    directed: bool = False,
    types: tuple[str, str] = ("", ""),
    ids: tuple[str, str] = ("", ""),
    id: str = "",
) -> Document:
    """The document of a corpus whose rows have exactly one pair and one label each.

    A label that says that no relation is stated (`NO_RELATION`) is a label like any other, but
    there is no fact behind it. `Cause-Effect(e2,e1)` is the relation `Cause-Effect` from the second
    entity to the first. Where labels have a direction, roles are unknown, since to know the roles
    would be to know the direction.

    Args:
        tokens: the text's.
        subject: the mentions of the first entity, at least one.
        object_: the same of the second.
        label: as published; `None` if the file does not say.
        directed: whether the corpus's labels have a direction; a label that has one says so itself.
        types: of both, where the corpus has them.
        ids: of both, where the corpus has them.
        id: the row's own name.
    """
    words = tuple(map(sys.intern, tokens))
    entities = tuple(
        Entity(
            tuple(sorted(set(mentions))),
            sys.intern(type),
            own_id,
            name=" ".join(words[mentions[0].start : mentions[0].end]),
        )
        for mentions, type, own_id in zip((subject, object_), types, ids, strict=True)
    )
    found = _DIRECTED.fullmatch(label or "")
    if found is not None:
        label = found[1]
    labels = () if label is None else (sys.intern(label),)
    pair = (1, 0) if found is not None and found[2] == "e2,e1" else (0, 1)
    facts = tuple(Fact(pair[0], each, pair[1]) for each in labels if each not in NO_RELATION)
    if directed or found is not None:
        return Document(words, entities, facts, labels, (0, 1), (0, 1), "unknown", id=id)
    return Document(words, entities, facts, labels, subjects=(0,), objects=(1,), id=id)
