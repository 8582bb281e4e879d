"""Options of commands as the settings that they stand for.

What is in a folder is named by an absolute path, so that a run can be used from anywhere.
"""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from mrca.datasets import CORPORA
from mrca.vectors import is_store

Dataset = Annotated[
    str | None,
    typer.Option("--dataset", help="A name that `mrca data list` shows, or a folder of your own."),
]
Vectors = Annotated[
    str | None,
    typer.Option("--vectors", help="A name that `mrca vectors list` shows, or a path."),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", help="section.key=value; may be given several times."),
]


def setting(name: str, value: Any) -> list[str]:
    """What `--set` would be given; nothing for an option that is not given.

    Example:
        >>> setting("training.seed", 3), setting("training.seed", None)
        (['training.seed=3'], [])
    """
    return [] if value is None else [f"{name}={json.dumps(value, ensure_ascii=False)}"]


def dataset_setting(dataset: str | None) -> list[str]:
    """`--dataset`: the name of a corpus, or a folder."""
    if dataset is not None and dataset not in CORPORA and Path(dataset).exists():
        dataset = str(Path(dataset).resolve())
    return setting("data.dataset", dataset)


def vectors_setting(vectors: str | None) -> list[str]:
    """`--vectors`: only what can be opened is a path, anything else a name."""
    if vectors is not None and (Path(vectors).is_file() or is_store(Path(vectors))):
        vectors = str(Path(vectors).resolve())
    return setting("vectors.name", vectors)


def encoder_setting(encoder: str | None) -> list[str]:
    """`--encoder`: see `lasting_encoder`."""
    return setting("encoder.name", encoder and lasting_encoder(encoder))


def lasting_encoder(encoder: str) -> str:
    """A kind with the handle or folder of a BERT encoder, or a name."""
    kind, _, place = encoder.partition(":")
    return f"{kind}:{Path(place).resolve()}" if place and Path(place).is_dir() else encoder
