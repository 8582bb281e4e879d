"""The SVM baseline as a classifier of documents."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

import numpy as np

from mrca.config import RunConfig
from mrca.config.run_config import TFIDF
from mrca.datasets import Candidates, CandidateSelection, LabelCounts, LabelledCandidates
from mrca.errors import check_options
from mrca.evaluation import tune_threshold
from mrca.losses import FixedThreshold
from mrca.models.classifier import Classifier
from mrca.models.decision import Decision
from mrca.models.parts import check_rules, read_parts
from mrca.models.tfidf_svm import TfidfSVM
from mrca.runs import layout
from mrca.text import Document, RelationSet

READS = {"encoder": {"name": TFIDF, "fingerprint": ""}}
"""What `environment.json` says that it reads with; see `Encoder.describe`."""
_RULE = FixedThreshold(0.0)  # until a threshold is chosen
_SETTINGS = ("encoder.name", "classifier.name", "classifier.options", "training.seed")


class SVMClassifier(Classifier):
    """A `TfidfSVM` over the words of whole documents; marked entities make no difference to it.

    Args:
        svm: fitted, or to be fitted.
        config: how it is made.
        relations: its columns.
        label_counts: of the training documents.
        decision: how its outputs become labels.
    """

    def __init__(
        self,
        svm: TfidfSVM,
        *,
        config: RunConfig,
        relations: RelationSet,
        label_counts: LabelCounts,
        decision: Decision,
        selection: CandidateSelection,
    ) -> None:
        self.svm = svm
        self.config = config
        self.relations = relations
        self.label_counts = label_counts
        self.decision = decision
        self.selection = selection

    @staticmethod
    def problems(config: RunConfig) -> Iterator[str]:
        """Why a configuration makes no SVM, a sentence each."""
        default = RunConfig()
        for setting in config.differences(default, "", ""):
            name = setting.split(" ")[0]
            if not name.startswith("data.") and name not in _SETTINGS:
                yield (
                    f"{name} has no meaning for an SVM, which is solved at once with its own hinge "
                    f"loss on every training row. Leave {name} out; the SVM's own settings are "
                    "classifier.options (C, class_weight, min_df, max_ngram, sublinear_tf)."
                )

    @classmethod
    def new(cls, config: RunConfig, relations: RelationSet, counts: LabelCounts) -> Self:
        """One that is to be fitted.

        Raises:
            MrcaError: if an option is unknown or out of its range.
        """
        return cls(
            new_svm(config, len(relations)),
            config=config,
            relations=relations,
            label_counts=counts,
            decision=Decision(_RULE),
            selection=CandidateSelection("whole"),
        )

    @classmethod
    def load(cls, folder: Path) -> Self:
        """That of a run folder.

        Raises:
            MrcaError: if a part is missing or damaged.
        """
        config = layout.read_config(folder)
        parts = read_parts(folder, config)
        check_rules(parts["decision"], _RULE, folder)
        return cls(TfidfSVM.load(folder / layout.SVM), config=config, **parts)

    def fit(self, train: LabelledCandidates, valid: LabelledCandidates) -> float:
        """Solve it on training documents and move its hyperplanes to the best validation micro F1.

        One shift for all relations; `mrca evaluate --tune per-relation` finds one for each. Source:
        Huang et al. 2021, appendix A ("hyperplane shift" on the validation set).

        Returns:
            The threshold, which is the decision's from then on.
        """
        texts = [document.tokens for document in train.documents]
        self.svm.fit(texts, train.labels.toarray())
        threshold = tune_threshold(valid.labels, self.raw_outputs(valid))
        self.decision = Decision(FixedThreshold(threshold))
        return threshold

    @property
    def columns(self) -> int:
        """How many outputs a document has."""
        return self.svm.columns

    def raw_outputs(
        self, candidates: Candidates, *, keep: bool = False, out: np.ndarray | None = None
    ) -> np.ndarray:
        """Decision values; see `Classifier`."""
        found = self.svm.outputs([document.tokens for document in candidates.documents])
        if out is None:
            return found
        out[:] = found
        return out

    def words_read(self, documents: Sequence[Document]) -> list[int]:
        """All of them."""
        return [len(document.tokens) for document in documents]

    def in_float32(self) -> Self:
        """Itself."""
        return self

    def save_parts(self, folder: Path) -> None:
        """Write the SVM and the decision."""
        self.svm.save(folder / layout.SVM)
        layout.write_json(folder / layout.DECISION, self.decision.get_config())


def new_svm(config: RunConfig, columns: int) -> TfidfSVM:
    """An SVM with a configuration's options.

    Raises:
        MrcaError: if an option is unknown or out of its range.
    """
    options = config.classifier.options
    check_options("Classifier 'linear_svm'", TfidfSVM, options, own=["columns"])
    return TfidfSVM(columns, **options)
