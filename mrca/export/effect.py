"""What an export with fewer words, or with rounded vectors, costs."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from mrca.datasets import Corpus
from mrca.evaluation import micro_score
from mrca.export.exported_model import TOKENS, ExportedModel
from mrca.export.exported_parts import exported_parts
from mrca.export.token_arrays import token_arrays
from mrca.runs import Run
from mrca.text import Example

_ROWS = 512


class Effect(NamedTuple):
    """Micro F1 on a split that a run was not trained on.

    Attributes:
        split, rows: what was measured on.
        new_words: words that stand in no other split; the export does not know them from the run.
        run: what the run reaches.
        exported: what the export reaches.
    """

    split: str
    rows: int
    new_words: int
    run: float
    exported: float


def measure_effect(
    run: Run, vocabulary: str | None, half: bool, corpus: Corpus, folder: Path
) -> Effect | None:
    """Compare a run with what it is exported as, on its test or else its validation split.

    A run carries the words of all its splits. Text that the exported model will meet holds words
    that are in none; so the words that only the measured split has are left out for the measuring.

    Args:
        run: of word vectors.
        vocabulary: which words the export knows; see `exported_words`.
        half: whether it keeps vectors in half precision.
        corpus: its own.
        folder: an empty, temporary one.

    Returns:
        What was measured, `None` without such a split.
    """
    split = next((split for split in ("test", "valid") if split in corpus.splits), None)
    if split is None:
        return None
    examples = corpus.splits[split]
    others = [row for name, rows in corpus.splits.items() if name != split for row in rows]
    new_words = {word for word in _words(examples) - _words(others) if len(word) > 1}
    parts = exported_parts(run, vocabulary, half, folder, new_words)
    features, rule = run.config.features, run.decision_rule
    model = ExportedModel(
        parts.reader, parts.network, features.max_length, rule, run.relations.names
    )
    held = []
    for start in range(0, len(examples), _ROWS):
        arrays = token_arrays(examples[start : start + _ROWS])
        tensors = {name: tf.constant(array) for name, array in arrays.items()}
        held.append(model.functions[TOKENS](**tensors)["labels"].numpy())
    labels = run.relations.multi_hot([example.labels for example in examples])
    before = run.decide(run.outputs(examples, keep=True))[1]
    return Effect(
        split,
        len(examples),
        len(new_words),
        micro_score(labels, before).f1,
        micro_score(labels, np.concatenate(held)).f1,
    )


def _words(examples: list[Example]) -> set[str]:
    return {token.lower() for example in examples for token in example.tokens}
