"""Which relations hold in a text whose entities are marked.

`import mrca` is light: TensorFlow and Keras are loaded by what needs them, when it is used.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mrca.config import RunConfig, load_preset, with_overrides
    from mrca.datasets import Corpus, load_corpus
    from mrca.errors import MrcaError
    from mrca.text import Example, RelationSet, Span, Triple
    from mrca.training import Run, load
    from mrca.training.train import train
    from mrca.vectors import VectorStore, resolve_vectors

__version__ = "0.1.0"

_HOMES = {
    "Corpus": "mrca.datasets",
    "Example": "mrca.text",
    "MrcaError": "mrca.errors",
    "RelationSet": "mrca.text",
    "Run": "mrca.training",
    "RunConfig": "mrca.config",
    "Span": "mrca.text",
    "Triple": "mrca.text",
    "VectorStore": "mrca.vectors",
    "load": "mrca.training",
    "load_corpus": "mrca.datasets",
    "load_preset": "mrca.config",
    "resolve_vectors": "mrca.vectors",
    "train": "mrca.training",
    "with_overrides": "mrca.config",
}
_SUBPACKAGES = {
    *("config", "datasets", "evaluation", "features", "layers", "losses", "metrics", "models"),
    *("resources", "text", "training", "vectors"),
}

__all__ = [
    "Corpus",
    "Example",
    "MrcaError",
    "RelationSet",
    "Run",
    "RunConfig",
    "Span",
    "Triple",
    "VectorStore",
    "__version__",
    "load",
    "load_corpus",
    "load_preset",
    "resolve_vectors",
    "train",
    "with_overrides",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    if name in _SUBPACKAGES:
        return importlib.import_module(f"mrca.{name}")
    raise AttributeError(f"module 'mrca' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, *_SUBPACKAGES})
