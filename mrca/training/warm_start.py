"""Training that starts from the weights of another run."""

from collections.abc import Iterator

import numpy as np

from mrca.config import RunConfig
from mrca.datasets import Corpus
from mrca.encoders import Encoder
from mrca.errors import counted
from mrca.models import RelationClassifier


def problems(config: RunConfig) -> Iterator[str]:
    """Why a configuration cannot start from a run, a sentence each; none where it does not."""
    settings = config.training
    if settings.freeze and not settings.init_from:
        yield (
            "training.freeze keeps the layers of a trained run as they are. Name the run with "
            "--init-from RUN."
        )
    if settings.init_from and config.classifier.representation:
        yield (
            "training.init_from and classifier.representation both start from a run: give one. "
            "The second keeps all but a new classifier frozen."
        )


def encoder_for(base: RelationClassifier, corpus: Corpus) -> Encoder:
    """What the base reads with, with the words of the corpus."""
    return base.encoder.with_words_of(row for rows in corpus.splits.values() for row in rows)


def carry_columns(base: RelationClassifier, new: RelationClassifier) -> str:
    """Give a new classifier on the base's layers the output columns of the base.

    Relations that the base knows keep their output column; new ones have their fresh column, and
    those that the new classifier does not have are dropped. A threshold column is kept.

    Returns:
        Which relations keep theirs, which are new and which are dropped, in a sentence.
    """
    kept = _kept_columns(base, new)
    old, fresh = base.network.classifier.get_weights(), new.network.classifier.get_weights()
    if kept is None or len(old) != len(fresh):
        return "another classifier or loss, so the outputs of all relations start anew."
    sizes = (base.columns, new.columns)
    weights = [_carried(*pair, kept, sizes) for pair in zip(old, fresh, strict=True)]
    new.network.classifier.set_weights(weights)
    shared = [name for name in new.relations if name in base.relations]
    others = {
        "new": [name for name in new.relations if name not in base.relations],
        "dropped": [name for name in base.relations if name not in new.relations],
    }
    parts = [f"; {kind}: {', '.join(names)}" for kind, names in others.items() if names]
    return f"{counted(len(shared), 'relation')} kept{''.join(parts)}."


def _kept_columns(base: RelationClassifier, new: RelationClassifier) -> dict[int, int] | None:
    """Output columns of the old classifier and where they are in the new one.

    `None` where the classifier or the loss's extra columns are others, and all of it starts anew.
    """
    before = new.columns - len(new.relations)
    same = base.network.head == new.network.head and base.columns - len(base.relations) == before
    if not same or base.network.head_options != new.network.head_options:
        return None
    kept = {column: column for column in range(before)}
    for name in new.relations:
        if name in base.relations:
            kept[before + base.relations.index(name)] = before + new.relations.index(name)
    return kept


def _carried(
    old: np.ndarray, fresh: np.ndarray, kept: dict[int, int], sizes: tuple[int, int]
) -> np.ndarray:
    """A weight with the kept columns; one that has no axis of columns is taken whole."""
    axes = [
        axis for axis, size in enumerate(zip(old.shape, fresh.shape, strict=True)) if size == sizes
    ]
    if not axes:
        return old if old.shape == fresh.shape else fresh
    source, target = np.moveaxis(old, axes[-1], 0), np.moveaxis(fresh.copy(), axes[-1], 0)
    target[list(kept.values())] = source[list(kept)]
    return np.moveaxis(target, 0, axes[-1])
