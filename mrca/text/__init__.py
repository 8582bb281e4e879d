"""Plain-Python language objects: documents, relation sets, the tokeniser, inline marks."""

from mrca.text.document import Document, Entity, Fact, Span
from mrca.text.mark_notes import MarkNotes
from mrca.text.relation_set import RelationSet
from mrca.text.tokenise import Token, find_mention, tokenise

__all__ = [
    "Document",
    "Entity",
    "Fact",
    "MarkNotes",
    "RelationSet",
    "Span",
    "Token",
    "find_mention",
    "tokenise",
]
