"""Who is related to whom: relations between the marked entities of sentences and documents.

`import mrca` is light: TensorFlow and Keras are loaded by what needs them, when it is used.
"""

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mrca.config import RunConfig, load_recipe
    from mrca.datasets import Corpus, load_corpus
    from mrca.errors import MrcaError
    from mrca.models import Prediction, RelationClassifier
    from mrca.text import Document, Entity, Fact, RelationSet, Span
    from mrca.training import Run, load
    from mrca.training.train import train
    from mrca.vectors import VectorStore, resolve_vectors

__version__ = "0.2.0"

_HOMES = {
    "Corpus": "mrca.datasets",
    "Document": "mrca.text",
    "Entity": "mrca.text",
    "Fact": "mrca.text",
    "MrcaError": "mrca.errors",
    "Prediction": "mrca.models",
    "RelationClassifier": "mrca.models",
    "RelationSet": "mrca.text",
    "Run": "mrca.training",
    "RunConfig": "mrca.config",
    "Span": "mrca.text",
    "VectorStore": "mrca.vectors",
    "load": "mrca.training",
    "load_corpus": "mrca.datasets",
    "load_recipe": "mrca.config",
    "resolve_vectors": "mrca.vectors",
    "train": "mrca.training",
}
_SUBPACKAGES = {
    *("config", "datasets", "encoders", "encoding", "evaluation", "experiments", "files"),
    *("graph", "layers", "losses", "metrics", "models", "reporting", "text", "training", "vectors"),
}

__all__ = [
    "Corpus",
    "Document",
    "Entity",
    "Fact",
    "MrcaError",
    "Prediction",
    "RelationClassifier",
    "RelationSet",
    "Run",
    "RunConfig",
    "Span",
    "VectorStore",
    "__version__",
    "load",
    "load_corpus",
    "load_recipe",
    "resolve_vectors",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES and name not in _SUBPACKAGES:
        raise AttributeError(f"module 'mrca' has no attribute {name!r}")
    if "keras" in sys.modules:
        home = importlib.import_module(_HOMES.get(name, f"mrca.{name}"))
    else:
        from mrca.quiet import quiet_start

        with quiet_start():
            home = importlib.import_module(_HOMES.get(name, f"mrca.{name}"))
    return getattr(home, name) if name in _HOMES else home


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, *_SUBPACKAGES})
