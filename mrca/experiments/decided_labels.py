"""What all runs of a comparison are tested on, and what each decides there, computed once."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mrca.config import RunConfig, Tune
from mrca.datasets import Candidates, Corpus, LabelCounts, LabelledCandidates
from mrca.evaluation import correctly_ranked
from mrca.evaluation.row_blocks import row_blocks
from mrca.files import file_digest, whole_file
from mrca.models.parts import training_candidates
from mrca.runs import layout
from mrca.training import answered, choose_decision, load

# Document, subject and object.
_Pair = tuple[int, int, int]


class Decided(NamedTuple):
    """What a run decides about the rows of a comparison.

    Attributes:
        labels: bool `(rows, relations)`.
        ranked: whether the gold relations of a row score more than all others, bool `(rows,)`.
        tuned: whether a threshold was chosen on validation first.
    """

    labels: NDArray[np.bool_]
    ranked: NDArray[np.bool_]
    tuned: bool


@dataclass(frozen=True, eq=False)
class ComparedRows:
    """The rows that all runs of a comparison have.

    They are the candidates of the test documents, whatever part of these a run reads, and behind
    them the pairs of facts that no candidate asks about. A run predicts nothing for a pair that it
    is not asked about, so that facts of such pairs count as missed.

    Attributes:
        labels: gold, bool `(rows, relations)`.
        candidates: how many of the rows, the first ones, are candidates.
        pairs: each row's document, subject and object, int64 `(rows, 3)`; None where rows are
            documents themselves.
        train_counts: training candidates that have the relation, for each relation.
        places: each pair's row; empty where rows are documents themselves.
    """

    labels: NDArray[np.bool_]
    candidates: int
    pairs: NDArray[np.int64] | None
    train_counts: list[int]
    places: dict[_Pair, int]

    @classmethod
    def of(cls, corpus: Corpus, config: RunConfig) -> "ComparedRows":
        """The rows of a corpus's test split, as a run of this configuration asks about it."""
        asked, counts = asked_about(corpus, config, "test")
        if asked.kind == "whole":
            return cls(asked.labels.toarray().astype(bool), len(asked), None, counts, {})
        places = {pair: row for row, pair in enumerate(_pairs(asked))}
        missed = []
        for number, document in enumerate(asked.documents):
            for fact in document.facts:
                row = places.setdefault((number, fact.subject, fact.object), len(places))
                if row >= len(asked):
                    missed.append((row, corpus.relations.index(fact.relation)))
        labels = np.zeros((len(places), len(corpus.relations)), bool)
        labels[: len(asked)] = asked.labels.toarray()
        labels[tuple(np.array(missed, int).reshape(-1, 2).T)] = True
        pairs = np.array(list(places), np.int64).reshape(-1, 3)
        return cls(labels, len(asked), pairs, counts, places)

    def of_run(self, asked: Candidates, values: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """What is true of a run's own candidates, by these rows; false of others."""
        if self.pairs is None:
            return values
        found = np.zeros((len(self.labels), *values.shape[1:]), bool)
        found[[self.places[pair] for pair in _pairs(asked)]] = values
        return found


def asked_about(
    corpus: Corpus, config: RunConfig, split: str
) -> tuple[LabelledCandidates, list[int]]:
    """The candidates of a split.

    Args:
        corpus: with that split.
        config: its `candidates` and `data`.
        split: its name.

    Returns:
        The candidates, and for each relation the number of training candidates that have it.
    """
    train, documents = corpus.splits["train"], corpus.splits[split]
    selection, trained = training_candidates(config, train, corpus.relations)
    if config.data.roles == "unknown":
        documents = [document.with_unknown_roles() for document in documents]
    asked = selection.select(documents).labelled(corpus.relations)
    return asked, LabelCounts.of(trained).counts


def _pairs(candidates: Candidates) -> Iterator[_Pair]:
    return map(tuple, candidates.pairs.tolist())


def kept_file(folder: Path, place: Path) -> Path:
    """The file in `place` for a run's labels; runs of one name in two places have two files."""
    digest = hashlib.sha256(str(folder.resolve()).encode(errors="surrogateescape")).hexdigest()
    return place / f"{folder.name}-{digest[:8]}.npz"


def decided_labels(
    folder: Path, corpus: Corpus, rows: ComparedRows, tune: Tune, kept: Path
) -> Decided:
    """Decide, with a run, about the rows of a comparison.

    Args:
        folder: a finished run with the corpus's relations, which asks about these rows.
        corpus: with a test split.
        rows: those of the test split.
        tune: the threshold to choose on validation first; a run whose decision has no threshold
            keeps its own.
        kept: the file that keeps what is decided; made anew where the run, the corpus or `tune` is
            another.

    Raises:
        MrcaError: if the run is damaged.
    """
    key = _key(folder, corpus, tune)
    known = _read(kept, key, rows.labels.shape)
    if known is not None:
        return known
    run = load(folder)
    classifier = run.classifier
    tuned = tune != "none" and classifier.decision.rule.has_threshold
    if tuned:
        classifier.decision = choose_decision(run, corpus, tune=tune).decision
    found = answered(classifier, corpus, "test")
    scores, decided = classifier.scores_and_labels(*found)
    gold = found.candidates.labels.astype(bool)
    ranks = [correctly_ranked(gold[block].toarray(), scores[block]) for block in row_blocks(scores)]
    labels = rows.of_run(found.candidates, decided)
    ranked = rows.of_run(found.candidates, np.concatenate([np.zeros(0, bool), *ranks]))
    with whole_file(kept) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file,
            key=key,
            tuned=tuned,
            shape=np.array(labels.shape),
            bits=np.packbits(labels),
            ranked=np.packbits(ranked),
        )
    return Decided(labels, ranked, tuned)


def _key(folder: Path, corpus: Corpus, tune: Tune) -> str:
    """Everything that the labels follow from."""
    digests = [
        f"{name} {file_digest(folder / name, 'sha256')}"
        for name in (layout.CONFIG, layout.DECISION)
    ]
    learnt = f"learnt {layout.fingerprint_of_run(folder)}"
    return "\n".join([*digests, learnt, f"corpus {corpus.fingerprint}", f"tune {tune}"])


def _read(kept: Path, key: str, shape: tuple[int, ...]) -> Decided | None:
    try:
        with kept.open("rb") as file, np.load(file, allow_pickle=False) as values:
            if str(values["key"]) != key or tuple(values["shape"].tolist()) != shape:
                return None
            bits = np.unpackbits(values["bits"], count=shape[0] * shape[1])
            ranked = np.unpackbits(values["ranked"], count=shape[0])
            labels = bits.reshape(shape).astype(bool)
            return Decided(labels, ranked.astype(bool), bool(values["tuned"]))
    except Exception:  # NumPy and zipfile raise whatever they meet
        return None  # not there, or damaged: as good as not there
