"""What takes documents and says which relations they state: a network or an SVM."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mrca import losses
from mrca.config import RunConfig
from mrca.datasets import Candidates, CandidateSelection, LabelCounts
from mrca.errors import MrcaError
from mrca.models.decision import Decision
from mrca.models.rows import Row, documents_of
from mrca.text import Document, RelationSet
from mrca.text.prediction import PredictedFact, Prediction, mention_text

# Documents that `predict` holds at a time; enough to fill batches of like lengths.
CHUNK = 1024


class Classifier(ABC):
    """Says which relations are stated between the entities of documents, or in them as a whole.

    Attributes:
        config: how it is made and trained.
        relations: the relations, in the order of its columns.
        label_counts: of its training candidates.
        selection: which candidates documents have.
        decision: how outputs become scores and facts.
    """

    config: RunConfig
    relations: RelationSet
    label_counts: LabelCounts
    selection: CandidateSelection
    decision: Decision

    @property
    @abstractmethod
    def columns(self) -> int:
        """How many outputs a candidate has."""

    @property
    def types(self) -> tuple[str, ...]:
        """The entity types that are a feature."""
        return ()

    @property
    def reads_marks(self) -> bool:
        """Whether it makes a difference which words are entities."""
        return False

    @property
    def marks_needed(self) -> int:
        """How many entities of a row should be marked, so that there is something to ask about."""
        return 2 if self.config.candidates.kind == "pairs" else int(self.reads_marks)

    @abstractmethod
    def raw_outputs(
        self, candidates: Candidates, *, keep: bool = False, out: np.ndarray | None = None
    ) -> np.ndarray:
        """Raw outputs, float32 `(candidates, columns)`.

        Args:
            candidates: any; see `candidates`.
            keep: whether these documents will be asked about again, so that what a frozen encoder
                makes of them may be kept on disk.
            out: an array of that shape to fill and return, such as one that lies on a disk.
        """

    @abstractmethod
    def words_read(self, documents: Sequence[Document]) -> list[int]:
        """How many words of each document are read; the rest is cut off."""

    def cut(self, documents: Sequence[Document]) -> str:
        """What is not read of documents, in a sentence; empty where all is."""
        return ""

    @abstractmethod
    def save_parts(self, folder: Path) -> None:
        """Write into a run folder what training has made."""

    @abstractmethod
    def in_float32(self) -> Self:
        """One with the same weights that computes in float32, whatever it was trained in."""

    def candidates(self, documents: Sequence[Document]) -> Candidates:
        """What the model is asked about documents."""
        if self.config.data.roles == "unknown":
            documents = [document.with_unknown_roles() for document in documents]
        return self.selection.select(documents)

    def make_loss(self) -> losses.MultiLabelLoss:
        """The configured loss; see `configured_loss`."""
        return configured_loss(self.config, self.label_counts)

    # === Prediction ===

    def scores_and_labels(
        self, candidates: Candidates, outputs: np.ndarray
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """What the decision makes of raw outputs, both `(candidates, relations)`."""
        return (
            self.decision.scores(outputs),
            self.decision.labels(outputs, candidates, self.relations),
        )

    def predict_iter(
        self, rows: Iterable[Row], *, threshold: float | None = None, top: int | None = None
    ) -> Iterator[Prediction]:
        """What the model says of one row after another, holding only a chunk of them at a time.

        Args:
            rows: documents, dicts of the JSON Lines schema, or strings with inline marks.
            threshold: give what scores at least this, in place of what the decision rule predicts.
            top: at most so many facts (or relations) of a row, the best.

        Raises:
            MrcaError: if a row is malformed, it says which and why; if the threshold is no number.
        """
        if threshold is not None and np.isnan(threshold):
            raise MrcaError(
                "The threshold is no number, so no score can reach it. Expected one in the range "
                "of the run's scores, such as 0.9. Received: nan."
            )
        documents = documents_of(rows, offsets=self.config.data.offsets)
        while chunk := list(islice(documents, CHUNK)):
            candidates = self.candidates(chunk)
            outputs = self.raw_outputs(candidates)
            scores, labels = self.scores_and_labels(candidates, outputs)
            if threshold is not None:
                eligible = self.decision.eligible(outputs, candidates, self.relations)
                labels = (scores >= threshold) & eligible
            for row, document in enumerate(candidates.documents):
                asked = slice(candidates.starts[row], candidates.starts[row + 1])
                yield self._prediction(document, candidates, asked, scores, labels, top)

    def _prediction(
        self,
        document: Document,
        candidates: Candidates,
        asked: slice,
        scores: NDArray[np.float32],
        labels: NDArray[np.bool_],
        top: int | None,
    ) -> Prediction:
        names = self.relations.names
        found, columns = np.nonzero(labels[asked])
        values = scores[asked][found, columns]
        best = np.argsort(-values, kind="stable")[:top]
        if candidates.kind == "whole":
            ranked = tuple((names[columns[each]], float(values[each])) for each in best)
            return Prediction(document, (), ranked)
        facts = []
        for each in best:
            subject, object_ = (
                document.entities[numbers[asked][found[each]]]
                for numbers in (candidates.subjects, candidates.objects)
            )
            first, second = (mention_text(document, one.mentions[0]) for one in (subject, object_))
            relation, score = names[columns[each]], float(values[each])
            facts.append(PredictedFact(first, relation, second, score, subject, object_))
        return Prediction.of_facts(document, facts)


def configured_loss(config: RunConfig, counts: LabelCounts) -> losses.MultiLabelLoss:
    """A configuration's loss, with the counts of the training candidates where it takes them.

    Raises:
        MrcaError: if there is no such loss, or its arguments do not fit.
    """
    loss = config.loss
    return losses.for_corpus(loss.name, loss.options, counts.counts, counts.num_samples)


def configured_rule(config: RunConfig, loss: losses.MultiLabelLoss) -> losses.DecisionRule:
    """The decision rule of a configuration's loss, with the configuration's limit if it has one."""
    top_k = config.decision.top_k
    return loss.decision_rule.with_top_k(top_k) if top_k else loss.decision_rule
