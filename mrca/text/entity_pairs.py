"""A sentence about many entities as questions about two."""

from dataclasses import replace
from typing import NamedTuple

from mrca.text.example import Example, Span


class EntityPair(NamedTuple):
    """A subject and an object by name, and the sentence with only these two marked."""

    subject: str
    object: str
    example: Example


def entity_pairs(example: Example) -> list[EntityPair]:
    """Every pair of a marked subject and a different marked object.

    Mentions with the same words are one entity. The pairs' examples carry the labels and triples
    that the sentence states about the pair, where its triples are known.

    Args:
        example: a sentence with any number of subjects and objects.

    Returns:
        Pairs in the order of their first mentions; empty where there is no subject or no object.
    """
    subjects = _mentions(example, example.subjects)
    objects = _mentions(example, example.objects)
    pairs = []
    for subject, subject_spans in subjects.items():
        for obj, object_spans in objects.items():
            if subject == obj:
                continue
            triples = tuple(
                triple
                for triple in example.triples
                if (triple.subject, triple.object) == (subject, obj)
            )
            alone = replace(
                example,
                subjects=subject_spans,
                objects=object_spans,
                labels=tuple(dict.fromkeys(triple.relation for triple in triples)),
                triples=triples,
            )
            pairs.append(EntityPair(subject, obj, alone))
    return pairs


def _mentions(example: Example, spans: tuple[Span, ...]) -> dict[str, tuple[Span, ...]]:
    mentions: dict[str, tuple[Span, ...]] = {}
    for span in spans:
        name = example.text_of(span)
        mentions[name] = (*mentions.get(name, ()), span)
    return mentions
