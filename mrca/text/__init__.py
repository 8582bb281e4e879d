"""Plain-Python language objects: spans, examples, relation sets and the tokeniser."""

from mrca.text.counted import counted
from mrca.text.entity_pairs import EntityPair, entity_pairs
from mrca.text.example import Example, Span, Triple
from mrca.text.relation_set import RelationSet
from mrca.text.tokenise import Token, find_mention, tokenise

__all__ = [
    "EntityPair",
    "Example",
    "RelationSet",
    "Span",
    "Token",
    "Triple",
    "counted",
    "entity_pairs",
    "find_mention",
    "tokenise",
]
