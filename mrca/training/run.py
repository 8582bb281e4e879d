"""A trained model and all that it needs to be used."""

import warnings
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np

from mrca import losses
from mrca.config import RunConfig
from mrca.datasets import LabelStatistics, read_relations, row_from_value
from mrca.errors import MrcaError
from mrca.losses import DecisionRule, decision_rule_from_config
from mrca.models import NeuralModel, SVMModel, TextModel, TfidfSVM
from mrca.models.piece_model import load_piece_model
from mrca.models.svm_model import SVM
from mrca.models.word_model import VECTORS, load_word_model
from mrca.text import Example, RelationSet
from mrca.text.decided import Decided
from mrca.text.predicted_triples import PredictedTriple, predicted_triples
from mrca.training import run_folder
from mrca.vectors import VectorStore, find_vectors, is_store, resolve_vectors

# Rows that `predict` holds at a time; enough to fill batches of like lengths.
CHUNK = 1024
# The classifier that a run takes over from another and rescales: the network's own is linear.
TAU_NORMALISED = "tau_normalised"


class Prediction(NamedTuple):
    """The relations that hold in one row, best first, each with its score."""

    relations: list[tuple[str, float]]


class Run:
    """A model with its relations, decision rule and label counts.

    Made by `mrca.load` and `mrca.train`.

    Args:
        folder: the run folder.
        config: how it was trained.
        model: gives examples their outputs; see `mrca.models.TextModel`.
        relations: its columns.
        label_counts: of its training rows.
        decision_rule: how its outputs become labels.
    """

    def __init__(
        self,
        folder: Path,
        config: RunConfig,
        model: TextModel,
        relations: RelationSet,
        label_counts: LabelStatistics,
        decision_rule: DecisionRule,
    ) -> None:
        self.folder = folder
        self.config = config
        self.model = model
        self.relations = relations
        self.label_counts = label_counts
        self.decision_rule = decision_rule

    @property
    def metrics(self) -> dict[str, Any]:
        """What `metrics.json` holds: epochs, the best one, and a report for each split."""
        metrics: dict[str, Any] = run_folder.read_json(self.folder / run_folder.METRICS)
        return metrics

    def predict(self, rows: Iterable[Example | dict[str, Any]]) -> list[Prediction]:
        """The relations that hold in each row.

        Args:
            rows: examples, or dicts in the form of the JSON Lines schema (docs/data-format.md),
                such as `{"text": "…", "subjects": ["…"], "objects": ["…"]}`.

        Raises:
            MrcaError: if a row is malformed; it says which and why.
        """
        return list(self.predict_iter(rows))

    def predict_iter(self, rows: Iterable[Example | dict[str, Any]]) -> Iterator[Prediction]:
        """As `predict`, one row after another, holding only a chunk of them at a time."""
        for decided in self._decided(_examples(rows)):
            yield Prediction(decided.best_first())

    def predict_triples(
        self, rows: Iterable[Example | dict[str, Any]]
    ) -> list[list[PredictedTriple]]:
        """The facts in each row: which relations hold, and between whom.

        The row as a whole says which relations hold. Then the model is asked about one pair of a
        subject and an object at a time, with only these two marked, and each relation goes to the
        pair that scores highest for it. So a row has one fact per relation; its score is that of
        the pair.
        """
        return list(self.predict_triples_iter(rows))

    def predict_triples_iter(
        self, rows: Iterable[Example | dict[str, Any]]
    ) -> Iterator[list[PredictedTriple]]:
        """As `predict_triples`, one row after another, holding only a chunk of them at a time."""
        for chunk in _chunks(_examples(rows), CHUNK):
            yield from predicted_triples(chunk, self._decided(chunk), self._decided)

    def _decided(self, examples: Iterable[Example]) -> Iterator[Decided]:
        """What the model says of one row after another."""
        names = self.relations.names
        for chunk in _chunks(examples, CHUNK):
            for scores, holds in zip(*self.decide(self.outputs(chunk)), strict=True):
                columns = np.flatnonzero(holds).tolist()
                yield Decided(scores, {column: names[column] for column in columns})

    def decide(self, outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Scores float32 and labels bool, both `(rows, relations)`, of raw outputs."""
        to_numpy = keras.ops.convert_to_numpy
        return (
            to_numpy(self.decision_rule.scores(outputs)),
            to_numpy(self.decision_rule.labels(outputs)),
        )

    def outputs(self, examples: Sequence[Example], *, keep: bool = False) -> np.ndarray:
        """The model's raw outputs, float32 `(rows, columns)`, in the order of `examples`.

        Args:
            examples: any rows.
            keep: whether the states that a frozen encoder makes of them are kept on disk for the
                next time, as for the rows of a corpus.
        """
        return self.model.outputs(examples, keep=keep)


def load(folder: str | Path, vectors: str | None = None, encoder: str | None = None) -> Run:
    """Load a run folder.

    Words that the run did not see in training get their vectors from the full store that the run
    was trained with, if it is where it was or among the installed vectors and unchanged; otherwise
    from their characters, and a warning says so when it happens.

    Args:
        folder: the run folder, or the name of one in `saved_models/`; a run folder of that name in
            the current folder goes before it.
        vectors: a name or path of word vectors to look unseen words up in.
        encoder: where the frozen BERT encoder that the run was trained on is now, if it has moved:
            `"hub:FOLDER"` or `"keras_hub:FOLDER"`.

    Raises:
        MrcaError: if it is not a whole run, `vectors` has another dimension, or the encoder is not
            there or another one.

    Example:
        >>> import mrca
        >>> run = mrca.load("saved_models/sample")  # doctest: +SKIP
    """
    folder = run_folder.find_run(Path(folder))
    run_folder.check_run_folder(folder)
    config = run_folder.read_config(folder)
    relations = read_relations(folder / run_folder.RELATIONS)
    with run_folder.reading(folder / run_folder.LABEL_COUNTS) as counts:
        label_counts = LabelStatistics(
            [counts["counts"][name] for name in relations], counts["num_samples"]
        )
    with run_folder.reading(folder / run_folder.DECISION) as decision:
        decision_rule = decision_rule_from_config(decision)
    model = _load_model(folder, config, vectors, encoder)
    _check_parts(folder, config, model, relations, label_counts, decision_rule)
    return Run(
        folder=folder,
        config=config,
        model=model,
        relations=relations,
        label_counts=label_counts,
        decision_rule=decision_rule,
    )


def _load_model(
    folder: Path, config: RunConfig, vectors: str | None, encoder: str | None
) -> TextModel:
    name = config.encoder.name
    if encoder is not None and (":" not in name or config.encoder.trainable):
        what = "an encoder of its own, which it carries" if config.encoder.trainable else name
        raise MrcaError(
            f"The run {folder} reads with {what}, not with a BERT encoder that lies elsewhere. "
            "Leave --encoder out."
        )
    if name == "word_vectors":
        own = VectorStore.open(folder / VECTORS)
        return load_word_model(folder, config, _full_store(folder, own, vectors))
    if vectors is not None:
        raise MrcaError(
            f"The run {folder} reads with {name}, not with word vectors. Leave --vectors out."
        )
    if name == "tfidf":
        return SVMModel(TfidfSVM.load(folder / SVM))
    with run_folder.reading(folder / run_folder.ENVIRONMENT) as environment:
        fingerprint = environment["encoder"]["fingerprint"]
    return load_piece_model(folder, config, fingerprint, encoder)


def _check_parts(
    folder: Path,
    config: RunConfig,
    model: TextModel,
    relations: RelationSet,
    label_counts: LabelStatistics,
    decision_rule: DecisionRule,
) -> None:
    """See that the model was built for the other parts."""
    threshold = getattr(decision_rule, "threshold", None)
    if isinstance(threshold, list) and len(threshold) != len(relations):
        raise MrcaError(
            f"{run_folder.DECISION} in {folder} has {len(threshold)} thresholds for "
            f"{len(relations)} relations. Tune it anew with `mrca evaluate --tune per-relation "
            "--save`, or train the run again."
        )
    loss = losses.for_corpus(
        config.loss.name, config.loss.options, label_counts.counts, label_counts.num_samples
    )
    differing = []
    if isinstance(model, NeuralModel):
        network = model.network
        expected: dict[str, Any] = {
            "columns": loss.columns(len(relations)),
            "units": config.model.units,
            "hidden": config.model.hidden,
            "pool_size": config.model.pool_size,
            "strides": config.model.strides,
            "max_length": config.features.max_length,
            "dtype_policy": keras.DTypePolicy(config.training.precision),
        }
        if config.classifier.name != TAU_NORMALISED:
            expected["head"] = config.classifier.name
        differing = [name for name, value in expected.items() if getattr(network, name) != value]
    elif model.columns != len(relations):
        differing = ["columns"]
    if differing:
        raise MrcaError(
            f"The model in {folder} does not fit {run_folder.CONFIG} or {run_folder.RELATIONS} "
            f"there ({', '.join(differing)}). The run is damaged: train it again."
        )


def _full_store(folder: Path, own: VectorStore, vectors: str | None) -> VectorStore | None:
    if vectors is not None:
        given = resolve_vectors(vectors, download=False)
        if given.dim != own.dim:
            raise MrcaError(
                f"The vectors {vectors!r} have {given.dim} dimensions, the run {folder} was "
                f"trained with {own.dim}. Give the vectors that it was trained with."
            )
        return given
    with run_folder.reading(folder / run_folder.ENVIRONMENT) as environment:
        name, fingerprint, place = (
            environment["vectors"][key] for key in ("name", "fingerprint", "folder")
        )
        place = Path(place)
    if not is_store(place):
        found = find_vectors(name)
        if found is None or not is_store(found):
            return None
        place = found
    try:
        store = VectorStore.open(place)
    except MrcaError:  # damaged: as good as away, which is said when it is missed
        return None
    return store if store.fingerprint == fingerprint else None


def _examples(rows: Iterable[Example | dict[str, Any]]) -> Iterator[Example]:
    for number, value in enumerate(rows, 1):
        if isinstance(value, Example):
            yield value
            continue
        row = row_from_value(value, "rows", number)
        if row.example is None:
            assert row.error is not None
            raise row.error
        for problem in row.problems:
            warnings.warn(str(problem), stacklevel=3)
        yield row.example


def _chunks(items: Iterable[Example], size: int) -> Iterator[list[Example]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
