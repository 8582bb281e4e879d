"""Wordings of the grammar: one is chosen, and its slots are filled."""

import re
from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import TypeVar

from grammar import FILLERS, GENDERED
from names import Entity, pick

_Item = TypeVar("_Item")

_SLOT = re.compile(r"\{(\w*)\}")
_MARK = re.compile(r"(\{\w*\}|<\w+(?::\w)?>)")

SOFT_COMMA = "\x01"  # a comma that gives way to other punctuation


@dataclass(frozen=True)
class Mention:
    """A place in a sentence where an entity is named.

    Attributes:
        entity: which one.
        topic: whether a clause is about it, so that a pronoun may take its place.
    """

    entity: Entity
    topic: bool = False


Piece = str | Mention
Slots = Mapping[str, Sequence[Entity]]


def choose(rng: Random, wordings: Sequence[_Item], rare: float) -> _Item:
    """A wording, the sooner the earlier it stands in the list.

    Args:
        rng: where chance comes from.
        wordings: one of these.
        rare: what the probability of the last quarter is multiplied by.
    """
    weights = [1 / (1 + place / 2) for place in range(len(wordings))]
    for place in range(len(wordings) - len(wordings) // 4, len(wordings)):
        weights[place] *= rare
    ends = list(accumulate(weights))
    return wordings[bisect(ends, rng.random() * ends[-1])]


def slots_of(wording: str) -> list[str]:
    """Names of the slots in a wording, in order."""
    return _SLOT.findall(wording)


def fill(
    rng: Random, wording: str, slots: Slots, after: Mapping[str, Sequence[Piece]] | None = None
) -> Iterator[Piece]:
    """The wording's text with entities in its slots and words in its other places.

    Args:
        rng: where chance comes from.
        wording: see `grammar`.
        slots: entities of each slot; several of them become a list such as `A, B and C`.
        after: what follows the entity of a slot.
    """
    several = max((len(slots[slot]) for slot in slots_of(wording)), default=1)
    if wording.endswith(","):
        wording = wording[:-1] + SOFT_COMMA
    for part in _MARK.split(wording):
        if part.startswith("{"):
            yield from _listed(slots[part[1:-1]])
            yield from (after or {}).get(part[1:-1], ())
        elif part.startswith("<"):
            word, _, end = part[1:-1].partition(":")
            if word == "both":
                yield ("both " if several == 2 else "all ") if rng.random() < 0.4 else ""
            elif end:
                yield GENDERED[word][0 if slots[end][0].female else 1]
            else:
                yield pick(rng, FILLERS[word])
        elif part:
            yield part


def _listed(entities: Sequence[Entity]) -> Iterator[Piece]:
    for position, entity in enumerate(entities):
        if position:
            yield " and " if position == len(entities) - 1 else ", "
        yield Mention(entity)
