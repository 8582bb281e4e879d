"""Names that hold beyond one document: an IRI for every entity, relation and type."""

import re
from dataclasses import dataclass
from urllib.parse import quote

from mrca.errors import MrcaError
from mrca.graph.found_fact import FoundEntity

BASE = "http://example.org/"

_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\]*[/#:=]")
_WEB_ADDRESS = re.compile(r"https?://[^/]")


@dataclass(frozen=True)
class Names:
    """Gives the same IRI to what is the same, in every form and every file.

    Entities with the same id are one. Without ids, those with the same name (upper and lower case
    as given) and the same type are.

    Args:
        base: what every IRI begins with.
        ids: whether ids count; not where each row numbers its own entities.

    Raises:
        MrcaError: if `base` is no IRI that something can follow.

    Example:
        >>> names = Names("https://my.org/")
        >>> names.entity(FoundEntity("Ada Lane", "PER", "", 0, 8))
        'https://my.org/name/PER/Ada%20Lane'
        >>> names.entity(FoundEntity("Ada Lane", "PER", "Q7", 0, 8))
        'https://my.org/id/Q7'
        >>> names.relation("/people/born in")
        'https://my.org/relation/%2Fpeople%2Fborn%20in'
    """

    base: str = BASE
    ids: bool = True

    def __post_init__(self) -> None:
        if not _IRI.fullmatch(self.base):
            raise MrcaError(
                "The base of all IRIs must be an absolute IRI to which a name can be added: it "
                'ends in / or # (or : or =), without spaces and <>"{}|^`\\. Expected one such as '
                f"{BASE}. Received: {self.base!r}."
            )

    def entity(self, entity: FoundEntity) -> str:
        """An entity's IRI: an id that is a web address stands as it is."""
        if self.ids and entity.id:
            if _WEB_ADDRESS.match(entity.id):
                return quote(entity.id, safe="%/:?#@!$&'()*+,;=~")
            return f"{self.base}id/{_encoded(entity.id)}"
        kind = f"{_encoded(entity.type)}/" if entity.type else ""
        return f"{self.base}name/{kind}{_encoded(entity.name)}"

    def relation(self, name: str) -> str:
        """A relation's IRI."""
        return f"{self.base}relation/{_encoded(name)}"

    def type(self, name: str) -> str:
        """The IRI of an entity type."""
        return f"{self.base}type/{_encoded(name)}"

    def term(self, name: str) -> str:
        """The IRI of what is said about a fact, such as its score."""
        return f"{self.base}term/{_encoded(name)}"


def _encoded(name: str) -> str:
    return quote(name, safe="", errors="replace")  # half a surrogate pair has no UTF-8
