"""Plain-Python language objects: spans, examples, relation sets and the tokeniser."""

from mrca.text.example import Example, Span, Triple
from mrca.text.relation_set import RelationSet
from mrca.text.tokenise import Token, find_mention, tokenise

__all__ = ["Example", "RelationSet", "Span", "Token", "Triple", "find_mention", "tokenise"]
