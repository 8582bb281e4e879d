"""What a training consists of, opened and checked before anything is written."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mrca import losses
from mrca.config import RunConfig
from mrca.datasets import Corpus, LabelCounts, LabelledCandidates, Repeats, group_limits, marks_line
from mrca.devices import memory, training_device
from mrca.encoders import Encoder, encoder_class
from mrca.encoders.encoder import Progress, no_progress
from mrca.encoding import EpochBatches
from mrca.errors import MrcaError
from mrca.evaluation import DocumentReport
from mrca.models import Classifier, RelationClassifier, SVMClassifier
from mrca.models.classifier import configured_loss
from mrca.models.epochs import follows_epochs, training_batches
from mrca.models.parts import (
    check_candidates,
    entity_types,
    labels_alone,
    network_size,
    training_candidates,
)
from mrca.models.svm_classifier import READS
from mrca.runs import layout
from mrca.training import stages, warm_start
from mrca.training.checkpoint import Checkpoint
from mrca.training.checks import check_loss
from mrca.training.distillation import load_teacher, targets
from mrca.training.evaluate_split import (
    THRESHOLD,
    Answered,
    evaluate_split,
    facts_in_training,
    report_on,
)
from mrca.training.fit import Fit, fit
from mrca.training.reporter import Reporter
from mrca.training.run import Run, base_classifier, load


class TrainingPlan:
    """What a training consists of, opened and checked before anything is written.

    Attributes:
        classifier: what is trained.
        built_on: what `environment.json` says of what it reads with and builds on.
    """

    def __init__(
        self, config: RunConfig, corpus: Corpus, vectors_dir: Path | None, reporter: Reporter
    ) -> None:
        self.config = config
        self.corpus = corpus
        self._rescaled = config.classifier.name == stages.TAU_NORMALISED
        self._base: Run | None = None  # what it builds on
        self._notes: list[str] = []  # of that
        self._open(vectors_dir, reporter)
        self._valid = self.classifier.candidates(corpus.splits["valid"]).labelled(corpus.relations)
        check_candidates(self._valid, "validation")

    def _open(self, vectors_dir: Path | None, reporter: Reporter) -> None:
        """Open what it reads with and builds on, and make the classifier."""
        config, corpus = self.config, self.corpus
        documents, relations = corpus.splits["train"], corpus.relations
        if config.is_svm:
            _, self._train = training_candidates(config, documents, relations)
            counts = LabelCounts.of(self._train)
            self.classifier: Classifier = SVMClassifier.new(config, relations, counts)
            self.built_on: dict[str, Any] = READS
            return
        start, base = config.training.init_from, None
        if name := config.classifier.representation or start:
            run = self._base = load(name)
            base = base_classifier(config, run)
            if self._rescaled:
                stages.check_rescaled(base, run, relations)
            encoder = warm_start.encoder_for(base, corpus) if start else base.encoder
            part = "init_from" if start else "representation"
            self.built_on = {**encoder.describe(), part: _named(run)}
        else:
            encoder = open_encoder(config, corpus, vectors_dir, reporter.preparing)
            self.built_on = encoder.describe()
        selection, self._train = training_candidates(config, documents, relations)
        loss = self._loss = configured_loss(config, LabelCounts.of(self._train))
        check_loss(loss, len(relations))
        self._teacher = load_teacher(config, relations, loss)
        if self._teacher is not None:
            self.built_on["teacher"] = _named(self._teacher)
        if base is None:
            check_memory(config, network_size(config, encoder, loss.columns(len(relations))))
        self.classifier = RelationClassifier.new(
            config, self._train, relations, selection, encoder, loss, base and base.network
        )
        if start and base is not None:
            carried = warm_start.carry_columns(base, self.classifier)
            self._notes.append(f"Starts from the run {run.folder}: {carried}")

    def bytes_needed(self) -> int:
        """Room on the disk that it takes at most, in bytes."""
        classifier = self.classifier
        if not isinstance(classifier, RelationClassifier):
            return 0  # unknown before the terms are: little
        # The state (weights and what the optimiser keeps of each) and the best weights each stand
        # twice while they are replaced; then the network's file.
        kept = _kept_of_a_weight(self.config)
        trained = sum(math.prod(weight.shape) for weight in classifier.trainable_weights)
        return classifier.encoder.bytes_on_disk() + 4 * (2 * (kept + 1) + 1) * trained

    def tell(self, reporter: Reporter) -> None:
        """What a user should know before training."""
        config, corpus, classifier = self.config, self.corpus, self.classifier
        for note in (*corpus.notes, *self._notes):
            reporter.message(str(note))
        if equal := Repeats.of(corpus.splits).in_words():
            reporter.message(equal)
        if corpus.unmatched:
            reporter.message(
                f"Mentions that are not in their text: {len(corpus.unmatched):,} (see `mrca data "
                f"validate {corpus.folder}`); data.unmatched is {config.data.unmatched!r}."
            )
        if isinstance(classifier, RelationClassifier):
            reporter.message(training_device())
            train = corpus.splits["train"]
            # Of whole texts no pair is a negative.
            says = config.candidates.kind == "pairs" or any(row.oracle for row in train)
            if says and (marks := marks_line(train)):
                reporter.message(marks)
            encoder = classifier.encoder
            if encoder.note:
                reporter.message(encoder.note)
            if cut := classifier.cut([row for rows in corpus.splits.values() for row in rows]):
                reporter.message(cut)
        if missed := self._counted(lambda candidates: int(candidates.missed.sum())):
            reporter.message(
                f"Facts that no candidate pair asks about: {missed}. They cannot be found, and "
                "count as missed (an entity related to itself, not in the text, or left out by a "
                "filter)."
            )
        if alone := self._counted(labels_alone):
            reporter.message(
                f"Documents with labels but without facts: {alone}. Entity pairs do not learn such "
                "labels; --recipe mrca asks about whole documents."
            )
        if follows_epochs(config) and config.training.patience < config.training.epochs:
            reporter.message(
                f"This training is planned for {config.training.epochs} epochs (its balance or its "
                "learning rate moves over all of them), but stops "
                f"{config.training.patience} epochs after the best one. To see it through, set "
                f"training.patience={config.training.epochs}."
            )
        others = int((self._train.labels.sum(axis=1) != 1).sum())
        if others and isinstance(classifier.decision.rule, losses.LargestScore):
            reporter.message(
                f"{others} of {len(self._train)} training candidates have no relation or several, "
                f"and the loss {config.loss.name!r} decides for exactly one in each."
            )

    def _counted(self, count: Callable[[LabelledCandidates], int]) -> str:
        """A number of training and of validation in words; empty if both are 0."""
        train, valid = count(self._train), count(self._valid)
        return f"{train:,} in training and {valid:,} in validation" if train or valid else ""

    def train(self, checkpoint: Checkpoint, reporter: Reporter) -> dict[str, Any]:
        """Train it in the checkpoint's folder; what else `metrics.json` says."""
        classifier, config = self.classifier, self.config
        if isinstance(classifier, SVMClassifier):
            return {THRESHOLD: classifier.fit(self._train, self._valid)}
        assert isinstance(classifier, RelationClassifier)
        if self._rescaled:
            assert self._base is not None
            self.classifier, search = stages.normalise(classifier, self._valid, self._base)
            return {"tau": search.tau, "tau_search": search.table}
        if self._base and (config.classifier.representation or config.training.freeze):
            what = stages.classifier_fit(
                classifier, config, self._train, self._valid, self._teacher, self._base
            )
            if config.training.freeze:
                what.classifier.set_weights(classifier.network.classifier.get_weights())
        else:
            what = Fit(classifier, classifier.network.classifier, self._batches)
        fit(what, self._loss, config, checkpoint, reporter)
        if what.classifier is not classifier.network.classifier:
            classifier.network.classifier.set_weights(what.classifier.get_weights())
        return {}

    def evaluate(self, split: str) -> DocumentReport:
        """How good the trained classifier is on a split, at its own decision."""
        if split != "valid":
            return evaluate_split(self.classifier, self.corpus, split)
        valid = Answered.of(self.classifier, self._valid)
        known = facts_in_training(self.classifier, self.corpus, split)
        return report_on(self.classifier, valid, group_limits(self.corpus.limits), known=known)

    def _batches(self) -> tuple[EpochBatches, EpochBatches]:
        classifier = self.classifier
        assert isinstance(classifier, RelationClassifier)
        train = training_batches(
            classifier.encoder.encode(self._train, keep=True),
            targets(self._train, self._teacher),
            self._train.of_documents,
            self.config,
            classifier.network.classifier,
            padding=classifier.padding,
            max_length=classifier.max_length,
        )
        return train, classifier.measured_batches(self._valid, targets(self._valid, self._teacher))


def open_encoder(
    config: RunConfig,
    corpus: Corpus,
    vectors_dir: Path | None,
    progress: Progress = no_progress,
) -> Encoder:
    """Open what a training reads with, if it builds on no other run.

    Args:
        config: of a network.
        corpus: what on.
        vectors_dir: a folder of word vectors to look in first.
        progress: told about downloads and imports.

    Raises:
        MrcaError: if the vectors or the encoder cannot be had.
    """
    train = corpus.splits["train"]
    others = [row for split, rows in corpus.splits.items() if split != "train" for row in rows]
    return encoder_class(config.encoder.name).open(
        config,
        [*train, *others],
        entity_types(train) if config.features.types else (),
        vectors_dir=vectors_dir,
        progress=progress,
    )


def trainable_weights(config: RunConfig, corpus: Corpus, vectors_dir: Path | None = None) -> int:
    """How many weights a training changes; 0 for an SVM and for tau-normalisation.

    Args:
        config: what would be trained.
        corpus: what on.
        vectors_dir: a folder of word vectors to look in first.

    Raises:
        MrcaError: if its loss, its vectors or its encoder cannot be had.
    """
    if config.is_svm or config.classifier.name == stages.TAU_NORMALISED:
        return 0
    columns = losses.check(config.loss.name, config.loss.options).columns(len(corpus.relations))
    if config.classifier.representation:
        run = load(config.classifier.representation)
        base = base_classifier(config, run)
        return network_size(config, base.encoder, columns, base.representation_width)
    encoder = open_encoder(config, corpus, vectors_dir)
    return network_size(config, encoder, columns)


def check_memory(config: RunConfig, weights: int) -> None:
    """Check that this machine has the memory for a network, before it takes it.

    Counted are the weights with what training keeps of each, and of a batch that is padded to
    `features.max_length` the gates and states of its LSTM: less than it will take.

    Args:
        config: what is to be trained.
        weights: how many are trained.

    Raises:
        MrcaError: if it has not.
    """
    have = memory()
    tokens = config.training.batch_size * config.features.max_length
    batch = tokens * 10 * config.model.units if config.features.padding == "fixed" else 0
    needed = 4 * ((_kept_of_a_weight(config) + 1) * weights + batch)
    if have is not None and needed > have:
        raise MrcaError(
            f"This network has {weights:,} weights, and training it takes more than "
            f"{needed / 1e9:,.0f} GB of memory; this machine has {have / 1e9:,.0f} GB. Lower "
            f"features.max_length ({config.features.max_length:,}), model.units "
            f"({config.model.units:,}), model.hidden ({config.model.hidden:,}) or "
            f"training.batch_size ({config.training.batch_size:,}), or raise model.strides "
            f"({config.model.strides:,})."
        )


def _kept_of_a_weight(config: RunConfig) -> int:
    """How many numbers there are of each weight: itself, and what the optimiser keeps."""
    settings = config.training
    kept = 1 + (1 if settings.optimizer == "sgd" else 2)
    return kept + bool(settings.weight_average) + (settings.accumulate > 1)


def _named(run: Run) -> dict[str, str]:
    """A run that another builds on, as `environment.json` has it."""
    return {"name": str(run.folder), "fingerprint": layout.fingerprint_of_run(run.folder)}
