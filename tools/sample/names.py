"""Invented names of people, places and things, made of syllables."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

_Item = TypeVar("_Item")

# Kind of entity in the grammar: the type that its mentions are marked with.
TYPES = {
    "person": "PERSON",
    "company": "ORGANISATION",
    "university": "ORGANISATION",
    "ensemble": "ORGANISATION",
    "league": "ORGANISATION",
    "city": "PLACE",
    "country": "PLACE",
    "region": "PLACE",
    "river": "PLACE",
    "building": "BUILDING",
    "book": "WORK",
}

_ONSETS = "b d f g h j k l m n p r s t v w z br dr gl kl st tr"
_NUCLEI = "a e i o u " * 6 + "ö é"
_CONSONANTS = "b d g k l m n p r s t v z l n r"
_CODAS = ("", "", "l", "n", "r", "s", "m")
_ENDINGS: dict[str, tuple[str, ...]] = {
    "female": ("a", "ina", "elle", "is", "ea", "une"),
    "male": ("o", "en", "ur", "el", "im", "ander"),
    "last": ("owan", "quist", "aby", "ulet", "veld", "mund", "gard", "holm", "wen"),
    "city": ("holt", "mere", "stad", "haven", "wick", "ossa", "una", "quay"),
    "country": ("ia", "land", "ara", "onia", "avia", "istra"),
    "region": ("mark", "dale", "shire", "wald"),
    "company": ("ex", "on", "iq", "tek", "cor", "ova", "ento"),
    "university": ("ingham", "bridge", "minster"),
    "building": ("or", "an", "eth", "us"),
    "river": ("ne", "ba", "ell", "esk", "ava"),
}
# What stands in angle brackets is coined or drawn; a form that stands twice is twice as frequent.
_FORMS: dict[str, tuple[str, ...]] = {
    "female": ("<female> <last>", "<female> <last>", "<female> <last>", "<last>"),
    "male": ("<male> <last>", "<male> <last>", "<male> <last>", "<last>"),
    "city": ("<city>", "<city>", "<city>", "<city>", "Port <city>", "New <city>"),
    "country": ("<country>",),
    "region": ("<region>", "Upper <region>", "the <city> Valley"),
    "company": (
        "<company>",
        "<company>",
        "<company> Systems",
        "<company> Industries",
        "<company> Foods",
        "<company> Motors",
        "<last> & Sons",
        "<last> Bank",
        "<last> Shipping",
    ),
    "university": (
        "the University of <university>",
        "<university> College",
        "<university> University",
        "the <last> Institute",
    ),
    "ensemble": (
        "the <adjective> <noun> Quartet",
        "the <city> Choir",
        "the <adjective> <noun> Band",
        "the <last> Trio",
        "the <city> Orchestra",
    ),
    "league": (
        "the <country> League",
        "the <adjective> <noun> Alliance",
        "the <city> Federation",
        "the <city> Union",
    ),
    "book": (
        "The <adjective> <noun>",
        "A <noun> of <plural>",
        "The <noun> and the <noun>",
        "<adjective> <plural>",
        "The <plural> of <city>",
    ),
    "building": (
        "the <building> Museum",
        "the <building> Theatre",
        "the <building> Stadium",
        "the <building> Tower",
        "the <building> Library",
        "<building> Castle",
        "<building> Hall",
    ),
    "river": ("the <river>", "the <river>", "the <river> River", "the River <river>"),
}
_WORDS = {
    "adjective": "Copper Silent Velvet Hollow Crooked Burning Paper Restless Golden Frozen "
    "Electric Blind Patient Broken Crimson Salted Amber Wandering",
    "noun": "Orchard Lantern Winter Mirror Harbour Compass Garden Thunder Letter Cathedral Island "
    "Feather Kingdom Shadow Anchor Meadow",
    "plural": "Herons Lanterns Wolves Sailors Pilgrims Engines Sparrows Strangers Foxes Clocks "
    "Ashes Rivers Daughters Brides Founders Widows",
}
_SHORT = 4  # a word with a shorter ending has a syllable more, lest it be a real one
# Countries, towns, families and firms that the syllables could make; and what sounds bad.
_AVOIDED = (
    "Batavia Bavaria Belarus Berwick Bolivia Bongard Bornholm Branstad Brasilia Danone Deland "
    "Demark Denmark Dugard Fenwick Finland Garonne Glendale Harland Harstad Holland Karelia "
    "Keswick Lebanon Liberia Liguria Livonia Madison Maribor Milgard Moholt Moravia Moselle "
    "Namibia Nazareth Nigeria Parowan Poland Ramadan Regard Romania Siberia Silesia Somalia "
    "Stenholm Sturbridge Sungard Taliban Torquay Trenwick Tunisia Verizon Warwick Wiltshire"
)
_AVOIDED_PARTS = re.compile(
    "anal|bum|dik|fag|fuk|homo|jew|klan|nazi|nig|nud|pis|poo|porn|rap|sex|suk|tit", re.I
)


@dataclass(frozen=True)
class Entity:
    """An invented person, place or thing.

    Attributes:
        kind: one of `TYPES`.
        name: its words, as they are mentioned first.
        short: how a later mention may call it: a person's last name, a company's first word.
        article: whether `the` goes before the name (it is not part of the name).
        female: whether a person is a woman.
    """

    kind: str
    name: str
    short: str
    article: bool = False
    female: bool = False

    @property
    def type(self) -> str:
        """The type that mentions are marked with."""
        return TYPES[self.kind]


def pick(rng: Random, items: Sequence[_Item]) -> _Item:
    """One of the items, all equally likely.

    It uses `Random.random` alone, the one method whose numbers Python promises to keep, so that
    the corpus stays the same from version to version.
    """
    return items[int(rng.random() * len(items))]


def shuffled(rng: Random, items: Sequence[_Item]) -> list[_Item]:
    """The items in another order, from `Random.random` alone (see `pick`)."""
    keys = [rng.random() for _ in items]
    return [item for _, item in sorted(zip(keys, items, strict=True), key=lambda pair: pair[0])]


class NameSource:
    """Coins names; no two entities get the same one, no coined word is used for two of them.

    Args:
        rng: where chance comes from.
    """

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._words = set(_AVOIDED.split())
        self._names: set[str] = set()
        self._known: dict[str, list[Entity]] = {}

    def entity(self, kind: str, repeat: float, without: Sequence[Entity] = ()) -> Entity:
        """An entity of this kind.

        Args:
            kind: one of `TYPES`.
            repeat: probability of one that was given before, if there is one.
            without: entities that it must not be, nor share a word with.
        """
        known = self._known.setdefault(kind, [])
        if self._rng.random() < repeat:
            fitting = [each for each in known if not any(_alike(each, other) for other in without)]
            if fitting:
                return pick(self._rng, fitting)
        entity = self._coin(kind)
        while any(_alike(entity, other) for other in without):
            entity = self._coin(kind)
        known.append(entity)
        return entity

    def _coin(self, kind: str) -> Entity:
        female = kind == "person" and self._rng.random() < 0.5
        form_kind = ("female" if female else "male") if kind == "person" else kind
        while True:
            form = pick(self._rng, _FORMS[form_kind])
            article = form.startswith("the ")
            words = [
                self._word(part[1:-1]) if part.startswith("<") else part
                for part in form.removeprefix("the ").split()
            ]
            name = re.sub(r"^A(?= [AEIO])", "An", " ".join(words))
            if name not in self._names and len(set(words)) == len(words):
                self._names.add(name)
                return Entity(kind, name, _short(kind, words), article, female)

    def _word(self, sort: str) -> str:
        if sort in _WORDS:
            return pick(self._rng, _WORDS[sort].split())
        while True:
            ending = pick(self._rng, _ENDINGS[sort])
            stem = pick(self._rng, _ONSETS.split()) + pick(self._rng, _NUCLEI.split())
            if len(ending) < _SHORT:
                stem += pick(self._rng, _CONSONANTS.split()) + pick(self._rng, "aeiou")
            between = _CONSONANTS.split() if ending[0] in "aeiou" else _CODAS
            word = (stem + pick(self._rng, between) + ending).capitalize()
            if word not in self._words and not _AVOIDED_PARTS.search(word):
                self._words.add(word)
                return word


def _short(kind: str, words: Sequence[str]) -> str:
    if kind == "person":
        return words[-1]
    if kind == "company" and words[-1] != "Bank":
        return words[0]
    if kind == "university" and words[0] == "University":
        return words[-1]
    return " ".join(words)


def _alike(entity: Entity, other: Entity) -> bool:
    """Whether they share a word that tells them apart from others of their kind."""
    if entity.kind != other.kind:
        return entity.name == other.name
    shared = set(entity.name.split()) & set(other.name.split())
    return entity == other or (entity.kind == "book" and len(shared - {"The", "the", "and"}) > 0)
