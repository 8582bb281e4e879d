"""What the two public forms of a corpus share: text split at spaces, mentions found by sequence."""

import sys
from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from mrca.datasets.row import Problem, Row, RowError, shorten
from mrca.text import Example, Span, Triple, find_mention

Text = Annotated[str, Field(min_length=1)]


def split_words(text: str) -> tuple[str, ...]:
    """The words of text that is tokenised with spaces; repeated spaces give no empty word."""
    return tuple(map(sys.intern, filter(None, text.split(" "))))


def public_row(
    text: str,
    stated: Iterable[tuple[str, str, str]],
    *,
    source: str,
    line: int,
    field: str,
    id: str = "",
    problems: Iterable[Problem] = (),
) -> Row:
    """The row that a sentence and its triples make.

    A mention is marked at every place where its words stand in the sentence. A triple that stands
    twice (the `relation_list` form has one for each place of its entities) counts once.

    Args:
        text: the sentence, tokenised with spaces.
        stated: subject, relation, object.
        source: the file, for messages.
        line: the item in it, from 1.
        field: the name of the list of triples, for messages.
        id: the row's own name.
        problems: what the caller found already.
    """
    tokens = split_words(text)
    if not tokens:
        problem = Problem("error", source, line, "text", "at least one word", shorten(text), "item")
        return Row(line, None, RowError([problem]))
    found: dict[str, list[Span]] = {}
    subjects: set[Span] = set()
    objects: set[Span] = set()
    triples: dict[Triple, None] = {}
    noticed = list(problems)
    for index, (subject, relation, object_) in enumerate(stated):
        names = []
        for role, mention in (("subject", subject), ("object", object_)):
            words = split_words(mention)
            if not words:
                place = f"{field}[{index}].{role}"
                problem = Problem(
                    "error", source, line, place, "at least one word", shorten(mention), "item"
                )
                return Row(line, None, RowError([problem]))
            names.append(sys.intern(" ".join(words)))
            if names[-1] not in found:
                found[names[-1]] = find_mention(tokens, words)
        triple = Triple(names[0], sys.intern(relation), names[1])
        triples[triple] = None
        for role, name, marks in (
            ("subject", names[0], subjects),
            ("object", names[1], objects),
        ):
            marks.update(found[name])
            if not found[name]:
                place = f"{field}[{index}].{role}"
                noticed.append(
                    Problem(
                        "unmatched", source, line, place, "words of the text", shorten(name), "item"
                    )
                )
    example = Example(
        tokens=tokens,
        subjects=tuple(sorted(subjects)),
        objects=tuple(sorted(objects)),
        labels=tuple(dict.fromkeys(triple.relation for triple in triples)),
        triples=tuple(triples),
        id=id,
    )
    return Row(line, example, problems=tuple(noticed))
