"""Word vectors: a memory-mapped store, what goes into it and what a model gets out of it."""

from mrca.vectors.fallback import word_vectors
from mrca.vectors.formats import VectorFormat
from mrca.vectors.import_vectors import import_vectors
from mrca.vectors.registry import KNOWN_VECTORS
from mrca.vectors.resolve import fetch_vectors, find_vectors, resolve_vectors
from mrca.vectors.store import VectorStore
from mrca.vectors.store_files import is_store

__all__ = [
    "KNOWN_VECTORS",
    "VectorFormat",
    "VectorStore",
    "fetch_vectors",
    "find_vectors",
    "import_vectors",
    "is_store",
    "resolve_vectors",
    "word_vectors",
]
