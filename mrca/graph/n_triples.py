"""Facts as N-Triples (W3C, RDF 1.1), row by row."""

import hashlib
import re
from collections.abc import Iterable
from itertools import groupby
from typing import BinaryIO

from mrca.graph.found_fact import FoundEntity, FoundFact
from mrca.graph.names import Names

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_TYPE, _LABEL = f"<{_RDF}type>", "<http://www.w3.org/2000/01/rdf-schema#label>"
_XSD = "http://www.w3.org/2001/XMLSchema#"
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ESCAPED = re.compile('[\\\\"\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]')


class NTriples:
    """A triple for each fact, names and types of its entities, and where it was found.

    Where it was found stands at an `rdf:Statement` without an IRI.

    Args:
        stream: what is written to.
        names: gives the IRIs.
    """

    def __init__(self, stream: BinaryIO, names: Names) -> None:
        self._stream, self._names = stream, names

    def add(self, facts: Iterable[FoundFact]) -> None:
        """See `FactWriter`."""
        for _, of_one in groupby(facts, key=lambda fact: fact.document):
            self._stream.write("".join(f"{line} .\n" for line in self._lines(of_one)).encode())

    def close(self) -> None:
        """Nothing follows the last triple."""

    def _lines(self, facts: Iterable[FoundFact]) -> Iterable[str]:
        """The triples of one document, each once."""
        lines: dict[str, None] = {}
        for fact in facts:
            subject, object_ = (
                self._described(side, lines) for side in (fact.subject, fact.object)
            )
            relation = f"<{self._names.relation(fact.relation)}>"
            lines[f"{subject} {relation} {object_}"] = None
            statement = _blank(fact, subject, object_)
            lines[f"{statement} {_TYPE} <{_RDF}Statement>"] = None
            for part, value in (("subject", subject), ("predicate", relation), ("object", object_)):
                lines[f"{statement} <{_RDF}{part}> {value}"] = None
            for term, value in _found(fact):
                lines[f"{statement} <{self._names.term(term)}> {value}"] = None
        return lines

    def _described(self, entity: FoundEntity, lines: dict[str, None]) -> str:
        iri = f"<{self._names.entity(entity)}>"
        lines[f"{iri} {_LABEL} {literal(entity.name)}"] = None
        if entity.type:
            kind = f"<{self._names.type(entity.type)}>"
            lines[f"{iri} {_TYPE} {kind}"] = None
            lines[f"{kind} {_LABEL} {literal(entity.type)}"] = None
        return iri


def literal(text: str) -> str:
    """A text between quotes.

    Example:
        >>> print(literal('say "no"'))
        "say \\"no\\""
    """
    return f'"{_ESCAPED.sub(_escape, text)}"'


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    if "\ud800" <= character <= "\udfff":
        return "\ufffd"  # half a pair is no character
    return _ESCAPES.get(character, f"\\u{ord(character):04X}")


def _found(fact: FoundFact) -> list[tuple[str, str]]:
    places = {
        f"{side}_{end}": getattr(getattr(fact, side), end)
        for side in ("subject", "object")
        for end in ("start", "end")
    }
    return [
        ("score", f'"{fact.score}"^^<{_XSD}double>'),
        ("document", literal(fact.document)),
        ("offsets", literal(fact.unit)),
        *((term, f'"{place}"^^<{_XSD}integer>') for term, place in places.items()),
    ]


def _blank(fact: FoundFact, subject: str, object_: str) -> str:
    """A name that no other statement has, of this file or another: files may be put together."""
    parts = (fact.document, subject, fact.relation, object_, *fact.subject[3:], *fact.object[3:])
    digest = hashlib.sha256(repr(parts).encode(errors="replace")).hexdigest()
    return f"_:s{digest[:24]}"
