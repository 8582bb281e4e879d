"""What an export with fewer words, or with rounded vectors, costs."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from mrca import training
from mrca.datasets import Candidates, Corpus
from mrca.evaluation import micro_score
from mrca.export.exported_model import TOKENS, ExportedModel
from mrca.export.exported_pairs import ExportedPairs
from mrca.export.exported_parts import exported_model, exported_parts
from mrca.export.token_arrays import mention_arrays, token_arrays
from mrca.models import RelationClassifier
from mrca.text import Document, RelationSet

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
    classifier: RelationClassifier,
    vocabulary: str | None,
    half: bool,
    corpus: Corpus,
    folder: Path,
) -> Effect | None:
    """Compare a run with what it is exported as, on its test or else its validation split.

    A run carries the words of all its splits. Text that the exported model will meet holds words
    that are in none; so the words that only the measured split has are left out for the measuring.

    Args:
        classifier: the run's, of word vectors.
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
    documents = corpus.splits[split]
    others = [row for name, rows in corpus.splits.items() if name != split for row in rows]
    new_words = {word for word in _words(documents) - _words(others) if len(word) > 1}
    model = exported_model(
        classifier, exported_parts(classifier, vocabulary, half, folder, new_words)
    )
    found = training.answered(classifier, corpus, split)
    held = np.zeros(found.candidates.labels.shape, bool)
    for start in range(0, len(documents), _ROWS):
        rows = slice(start, start + _ROWS)
        _fill(held, model, found.candidates, classifier.relations, rows)
    labels = found.candidates.labels
    return Effect(
        split,
        len(documents),
        len(new_words),
        micro_score(labels, classifier.scores_and_labels(*found)[1]).f1,
        micro_score(labels, held).f1,
    )


def _fill(
    held: np.ndarray,
    model: ExportedModel | ExportedPairs,
    candidates: Candidates,
    relations: RelationSet,
    rows: slice,
) -> None:
    """Set what an exported model predicts of the candidates of some rows."""
    documents = candidates.documents[rows]
    whole = candidates.kind == "whole"
    arrays = token_arrays(documents) if whole else mention_arrays(documents)
    tensors = {name: tf.constant(array) for name, array in arrays.items()}
    answer = {name: each.numpy() for name, each in model.functions[TOKENS](**tensors).items()}
    if whole:
        held[rows] = answer["labels"]
        return
    number = {tuple(each): place for place, each in enumerate(candidates.pairs.tolist())}
    facts = [answer[name] for name in ("subject_ids", "object_ids", "relations")]
    for row, column in zip(*np.nonzero(facts[2] != b""), strict=True):
        subject, object_, relation = (each[row, column].decode() for each in facts)
        # A pair that the corpus does not ask about is none of the candidates.
        place = number.get((rows.start + int(row), int(subject), int(object_)))
        if place is not None:
            held[place, relations.index(relation)] = True


def _words(documents: Iterable[Document]) -> set[str]:
    return {token.lower() for document in documents for token in document.tokens}
