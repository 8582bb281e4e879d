"""A sentence with one marked subject, one marked object and one label, as a row."""

import sys
from collections.abc import Iterable

from mrca.datasets.row import Row
from mrca.text import Example, Span, Triple


def one_relation_row(
    line: int,
    tokens: Iterable[str],
    subject: Span,
    object_: Span,
    relation: str | None,
    *,
    none: str,
    id: str,
) -> Row:
    """The row of a corpus whose sentences have exactly one label each.

    The label that says that no relation holds is a label like any other, but there is no triple
    behind it.

    Args:
        line: the row's line or item, from 1.
        tokens: the sentence.
        subject: the mention of the subject that is marked.
        object_: the same for the object.
        relation: the label; `None` if the file does not say, and the row is not labelled.
        none: the corpus's label for "no relation holds".
        id: the row's own name.
    """
    words = tuple(map(sys.intern, tokens))
    labels: tuple[str, ...] = ()
    triples: tuple[Triple, ...] = ()
    if relation is not None:
        labels = (sys.intern(relation),)
        if relation != none:
            names = [sys.intern(" ".join(words[start:end])) for start, end in (subject, object_)]
            triples = (Triple(names[0], labels[0], names[1]),)
    example = Example(words, (subject,), (object_,), labels, triples, id)
    return Row(line, example, labelled=relation is not None)
