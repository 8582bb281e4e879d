"""A sentence's text, and where its entities stand in it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import Any

from names import Entity
from wording import SOFT_COMMA, Piece

_SHORT = 0.5  # a later mention is shorter than the first, where a shorter one is known
_SHORT_PERSON = 0.75
_PRONOUN = 0.7  # a pronoun that is clear takes the place of the topic of the clause before
_QUOTED = 0.3  # a book's title stands in quotation marks
# Characters for private use stand for mentions until their place is known.
_STAND_INS = "".join(chr(0xE000 + number) for number in range(100))


@dataclass(frozen=True)
class Laid:
    """A text with its mentions, the entities in the order of their first ones.

    Attributes:
        text: the sentence.
        mentions: of each entity, its mentions as rows of the data format.
    """

    text: str
    mentions: dict[Entity, list[dict[str, Any]]]


def lay_out(pieces: Iterable[Piece], rng: Random) -> Laid:
    """Spell a sentence out: the form of each mention, articles, commas, the capital letter."""
    text, forms = _spell(pieces, rng)
    text = re.sub(rf"{SOFT_COMMA}(?=\s*(?:[,;{SOFT_COMMA}]|$))", "", text).replace(SOFT_COMMA, ",")
    text = re.sub(r"\b([Aa])(?= [aeio])", r"\1n", text)
    text = text[0].upper() + text[1:] + "."
    laid: list[str] = []
    length = 0
    mentions: dict[Entity, list[dict[str, Any]]] = {}
    for part in re.split(rf"([{_STAND_INS[0]}-{_STAND_INS[-1]}])", text):
        words = part
        if part and part in _STAND_INS:
            entity, words = forms[_STAND_INS.index(part)]
            place = {"char_start": length, "char_end": length + len(words), "text": words}
            mentions.setdefault(entity, []).append(place)
        laid.append(words)
        length += len(words)
    return Laid("".join(laid), mentions)


def _spell(pieces: Iterable[Piece], rng: Random) -> tuple[str, list[tuple[Entity, str]]]:
    text = ""
    forms: list[tuple[Entity, str]] = []
    topic: Entity | None = None
    for piece in pieces:
        if isinstance(piece, str):
            ends_in_s = piece.startswith("'s") and forms[-1][1].endswith("s")
            text += "'" + piece[2:] if ends_in_s else piece
            continue
        entity = piece.entity
        before = dict.fromkeys(each for each, _ in forms)
        if piece.topic and entity == topic and rng.random() < _PRONOUN:
            pronoun = _pronoun(entity)
            if not any(_pronoun(each) == pronoun for each in before if each != entity):
                text += pronoun
                continue
        topic = entity if piece.topic else topic
        shorten = _SHORT_PERSON if entity.kind == "person" else _SHORT
        form = entity.short if entity in before and rng.random() < shorten else entity.name
        stand_in = _STAND_INS[len(forms)]
        text += "the " if entity.article and form == entity.name else ""
        quoted = entity.kind == "book" and rng.random() < _QUOTED
        text += f'"{stand_in}"' if quoted else stand_in
        forms.append((entity, form))
    return text, forms


def _pronoun(entity: Entity) -> str:
    if entity.kind != "person":
        return "it"
    return "she" if entity.female else "he"
