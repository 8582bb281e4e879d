"""Where and with what a run was made."""

import importlib.metadata
import platform
from typing import Any

import mrca
from mrca.datasets import Corpus
from mrca.devices import gpus

_PACKAGES = (
    *("keras", "tensorflow", "jax", "torch", "keras-hub"),
    *("numpy", "gensim", "scikit-learn", "tokenizers"),
)


def describe_environment(
    read_with: dict[str, Any], seed: int, corpus: Corpus | None = None
) -> dict[str, Any]:
    """What `environment.json` holds: versions, devices, seed, and fingerprints of what went in.

    Args:
        read_with: `vectors` or `encoder`, and the runs that are built on, each with name and
            fingerprint.
        seed: of everything random.
        corpus: what is trained on, where it is one of files.
    """
    import keras

    return {
        "mrca": mrca.__version__,
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "backend": keras.backend.backend(),
        "platform": platform.platform(),
        "devices": gpus() or ["cpu"],
        "seed": seed,
        **({"corpus": _corpus(corpus)} if corpus else {}),
        **read_with,
    }


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _corpus(corpus: Corpus) -> dict[str, str]:
    return {
        "name": corpus.name,
        "fingerprint": corpus.fingerprint,
        "train_split": corpus.train_split,
    }
