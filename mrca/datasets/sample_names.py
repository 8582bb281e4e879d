"""Invented names of people, places and things, made of syllables."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

_Item = TypeVar("_Item")

_ONSETS = "b br d dr f g gl h j k kl l m n p pr r s st t tr v w z"
_NUCLEI = "a e i o u a e i o u a e o ei au"
_CODAS = ("", "", "l", "n", "r", "s", "m", "rn", "lk", "x")
_ENDINGS: dict[str, tuple[str, ...]] = {
    "first": ("a", "o", "en", "is", "el", "ina", "ur"),
    "last": ("den", "rick", "owan", "sen", "ley", "ari", "quist", "mond"),
    "city": ("holt", "mere", "wick", "stad", "haven", "by", "ford", "port"),
    "country": ("ia", "land", "ara", "onia", "avia"),
    "company": ("ex", "on", "iq", "tek", "cor", "ova"),
    "university": ("ingham", "bridge", "minster", "well"),
    "landmark": ("or", "an", "eth", "us"),
    "river": ("ne", "ba", "ell", "esk"),
}
_FORMS: dict[str, tuple[str, ...]] = {
    "person": ("<first> <last>", "<first> <last>", "<first> <last>", "<last>"),
    "city": ("<city>", "<city>", "<city>", "Port <city>", "New <city>"),
    "country": ("<country>",),
    "company": (
        "<company>",
        "<company>",
        "<company> Systems",
        "<company> Industries",
        "<company> Foods",
        "<company> Motors",
        "<last> & Sons",
        "<last> Bank",
    ),
    "university": ("University of <university>", "<university> College", "<university> University"),
    "band": ("<adjective> <plural>", "<adjective> <plural>", "<plural> of <noun>"),
    "book": ("The <adjective> <noun>", "A <noun> of <plural>", "The <noun> and the <noun>"),
    "landmark": (
        "<landmark> Museum",
        "<landmark> Bridge",
        "<landmark> Stadium",
        "<landmark> Tower",
        "<landmark> Library",
    ),
    "river": ("<river>", "<river> River"),
}
_WORDS = {
    "adjective": "Copper Silent Velvet Hollow Crooked Burning Paper Restless Golden Frozen "
    "Electric Blind Patient Broken Crimson Salted",
    "noun": "Orchard Lantern Winter Mirror Harbour Compass Garden Thunder Letter Cathedral Island "
    "Feather Kingdom Shadow",
    "plural": "Herons Lanterns Wolves Sailors Pilgrims Engines Sparrows Strangers Foxes Clocks "
    "Ashes Rivers Daughters",
}
_WITH_ARTICLE = ("landmark", "river")


@dataclass(frozen=True)
class Entity:
    """An invented person, place or thing.

    Attributes:
        kind: `"person"`, `"city"`, `"company"` and so on.
        tokens: the words of the name.
        article: whether `the` goes before the name (it is not part of the name).
    """

    kind: str
    tokens: tuple[str, ...]
    article: bool


def pick(rng: Random, items: Sequence[_Item]) -> _Item:
    """One of the items, all equally likely.

    It uses `Random.random` alone, the one method whose numbers Python promises to keep, so that
    the corpus stays the same from version to version.
    """
    return items[int(rng.random() * len(items))]


class NameSource:
    """Coins names; no two entities get the same one, no coined word is used for two of them.

    Args:
        rng: where chance comes from.
    """

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._words: set[str] = set()
        self._names: set[str] = set()
        self._known: dict[str, list[Entity]] = {}

    def entity(self, kind: str, repeat: float, without: Sequence[Entity] = ()) -> Entity:
        """An entity of this kind.

        Args:
            kind: one of the kinds that the grammar speaks of.
            repeat: probability of one that was given before, if there is one.
            without: entities that it must not be.
        """
        known = self._known.setdefault(kind, [])
        if known and self._rng.random() < repeat:
            entity = pick(self._rng, known)
            if entity not in without:
                return entity
        entity = self._coin(kind)
        known.append(entity)
        return entity

    def _coin(self, kind: str) -> Entity:
        while True:
            words = []
            for part in pick(self._rng, _FORMS[kind]).split():
                name, bracket, rest = part.removeprefix("<").partition(">")
                words.append(self._word(name) + rest if bracket else part)
            name = " ".join(words)
            if name not in self._names:
                self._names.add(name)
                article = kind in _WITH_ARTICLE or words[0] == "University"
                return Entity(kind, tuple(words), article)

    def _word(self, sort: str) -> str:
        if sort in _WORDS:
            return pick(self._rng, _WORDS[sort].split())
        while True:
            syllables = 1 if self._rng.random() < 0.7 else 2
            stem = "".join(
                pick(self._rng, _ONSETS.split()) + pick(self._rng, _NUCLEI.split())
                for _ in range(syllables)
            )
            word = (stem + pick(self._rng, _CODAS) + pick(self._rng, _ENDINGS[sort])).capitalize()
            if word not in self._words:
                self._words.add(word)
                return word
