"""The model as a Keras user knows it: documents in, facts out."""

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import keras
import numpy as np
from keras import ops

from mrca import losses
from mrca.config import RunConfig, dump_config, load_recipe
from mrca.datasets import Candidates, CandidateSelection, LabelCounts, LabelledCandidates
from mrca.encoders import Encoder, Places, encoder_class
from mrca.encoding import EpochBatches, Padding, SideBySide, plan_batches
from mrca.errors import MrcaError
from mrca.files import whole_folder
from mrca.layers import heads
from mrca.models.checks import check_new
from mrca.models.classifier import Classifier, configured_loss, configured_rule
from mrca.models.decision import Decision, typed_facts
from mrca.models.epochs import EpochStart, epoch_metrics, training_batches
from mrca.models.network import RelationNetwork
from mrca.models.optimizer import make_optimizer
from mrca.models.parts import (
    check_rules,
    entity_types,
    load_network,
    network_form,
    new_network,
    read_parts,
    read_types,
    training_candidates,
    write_described,
)
from mrca.models.rows import Row, are_rows, documents_of, is_row, peeked
from mrca.models.states_model import StatesModel
from mrca.models.weight_average import AverageInUse
from mrca.runs import layout
from mrca.runs.environment import describe_environment
from mrca.runs.shared import origin
from mrca.text import Document, MarkNotes, RelationSet

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_BATCH_SIZE = 32
_VALIDATION_BATCH_SIZE = 128


class RelationClassifier(StatesModel, Classifier):
    """Says who is related to whom, and how, in documents whose entities are marked.

    A `keras.Model`: compile it with any optimiser, fit it with any callback. Rows are `Document`s,
    dicts of the JSON Lines schema (docs/data-format.md), or, to predict, strings with inline marks.

    Make one with `from_recipe`, or load a trained one with `from_preset`.

    Args:
        network: states to raw scores; see `RelationNetwork`.
        encoder: documents to states; see `mrca.encoders`.
        config: how it is made and trained.
        relations: the relations, in the order of the columns.
        label_counts: of the training candidates.
        selection: which candidates documents have.
        decision: how outputs become scores and facts.

    Example:
        >>> import mrca
        >>> rows = mrca.load_corpus("sample").splits["train"][:64]
        >>> classifier = mrca.RelationClassifier.from_recipe(
        ...     "sample", rows, settings={"model.units": 8}
        ... )
        >>> classifier.compile()
        >>> history = classifier.fit(rows, epochs=1, verbose=0)
        >>> prediction = classifier.predict(rows[0])
    """

    def __init__(
        self,
        network: RelationNetwork,
        encoder: Encoder,
        *,
        config: RunConfig,
        relations: RelationSet,
        label_counts: LabelCounts,
        selection: CandidateSelection,
        decision: Decision,
        **kwargs: Any,
    ) -> None:
        super().__init__(network, encoder.layer, **kwargs)
        self.encoder = encoder
        self.config = config
        self.relations = relations
        self.label_counts = label_counts
        self.selection = selection
        self.decision = decision
        self._follows_recipe = True

    # === Making, loading, saving ===

    @classmethod
    def from_recipe(
        cls,
        recipe: str | RunConfig,
        rows: Iterable[Row],
        *,
        settings: Mapping[str, Any] | None = None,
        relations: RelationSet | Sequence[str] | None = None,
        vocabulary_of: Iterable[Row] = (),
    ) -> Self:
        """A new classifier, with fresh weights.

        Args:
            recipe: settings by name (`mrca train --help` lists them), a TOML file, or a
                configuration.
            rows: training rows, from which it takes relations, their counts, entity types and
                words.
            settings: changes by dotted name, such as `{"model.units": 250}`.
            relations: the relations in the order of the columns; by default those of the rows,
                sorted.
            vocabulary_of: more rows whose words it is to carry the vectors of.

        Raises:
            MrcaError: if the settings do not go together or are not those of a network, vectors or
                encoder cannot be had, or no candidate of the rows states a relation.
        """
        config = load_recipe(recipe) if isinstance(recipe, str) else recipe
        config = config.changed(settings or {})
        check_new(config)
        documents = list(documents_of(rows, offsets=config.data.offsets, labelled=True))
        if relations is None:
            relations = sorted({label for each in documents for label in each.labels})
        if not isinstance(relations, RelationSet):
            relations = RelationSet(relations)
        others = list(documents_of(vocabulary_of, offsets=config.data.offsets))
        types = entity_types(documents) if config.features.types else ()
        encoder = encoder_class(config.encoder.name).open(config, [*documents, *others], types)
        selection, candidates = training_candidates(config, documents, relations)
        loss = configured_loss(config, LabelCounts.of(candidates))
        return cls.new(config, candidates, relations, selection, encoder, loss)

    @classmethod
    def new(
        cls,
        config: RunConfig,
        train: LabelledCandidates,
        relations: RelationSet,
        selection: CandidateSelection,
        encoder: Encoder,
        loss: losses.MultiLabelLoss,
        layers: RelationNetwork | None = None,
    ) -> Self:
        """A new classifier on an encoder that is open; see `from_recipe`.

        Args:
            config: how it is made and trained.
            train: the training candidates.
            relations: the relations, in the order of the columns.
            selection: how these candidates were selected.
            encoder: what it reads with.
            loss: the configured one, with the counts of these candidates.
            layers: a network whose layers it takes over, under a new classifier layer if the
                configuration names one; by default all layers are new.
        """
        head = config.classifier
        columns = loss.columns(len(relations))
        allowed = typed_facts(train.documents) if config.decision.types == "seen" else None
        keras.utils.set_random_seed(config.training.seed)
        if layers is None:
            network = new_network(config, encoder, columns)
        elif head.name in heads.HEADS:
            network = layers.with_head(columns, head.name, head.options)
        else:
            network = layers
        return cls(
            network,
            encoder,
            config=config,
            relations=relations,
            label_counts=LabelCounts.of(train),
            selection=selection,
            decision=Decision(configured_rule(config, loss), allowed),
        )

    @classmethod
    def from_preset(
        cls,
        preset: str | Path,
        *,
        vectors: str | None = None,
        encoder: str | None = None,
        trust: bool = False,
    ) -> Self:
        """A trained classifier.

        Args:
            preset: a run folder, as `mrca train` and `save_to_preset` write it, the name of one
                in `saved_models/`, or `"hf://user/name"`, which `mrca push` wrote.
            vectors: a name or path of word vectors to look unseen words up in.
            encoder: where the frozen BERT encoder that it was trained on is now, if it has moved:
                `"hub:FOLDER"` or `"keras_hub:FOLDER"`.
            trust: whether a TF Hub module, a program, that a run from `hf://` carries or names may
                be run. (A folder of your own is taken to be trusted.)

        Raises:
            MrcaError: if it is not a whole run, or what it reads with is gone, another one or not
                trusted.
        """
        folder = layout.find_run(Path(preset))
        layout.check_run_folder(folder)
        if (folder / layout.SVM).exists():
            raise MrcaError(
                f"The run {folder} is an SVM, which is no Keras model. Load it with "
                f"mrca.load({str(folder)!r})."
            )
        config = layout.read_config(folder)
        with layout.reading(folder / layout.ENVIRONMENT) as environment:
            described = _described_reader(environment)
        fetched = origin(folder) is not None
        if fetched:
            described.pop("folder", None)  # a place on somebody else's disk
        places = Places(described, vectors, encoder, trust or not fetched)
        opened = encoder_class(config.encoder.name).load(
            folder, config, read_types(folder).features, places
        )
        network = load_network(folder)
        classifier = cls(network, opened, config=config, **read_parts(folder, config))
        classifier.check_parts(folder)
        return classifier

    def check_parts(self, folder: Path) -> None:
        """Check that the network and the decision of a run folder were made for its other parts.

        Raises:
            MrcaError: if one was not.
        """
        loss = self.make_loss()
        check_rules(self.decision, loss.decision_rule, folder)
        columns = loss.columns(len(self.relations))
        expected = network_form(self.config, self.encoder, columns)
        if self.config.classifier.name not in heads.HEADS:
            expected["head"] = "linear"  # rescaled
        found = self.network.get_config()
        differing = [name for name, value in expected.items() if found[name] != value]
        if differing:
            raise MrcaError(
                f"The model in {folder} does not fit {layout.CONFIG}, {layout.RELATIONS} or what "
                f"it reads with ({', '.join(differing)}). The run is damaged: train it again."
            )

    def save_to_preset(self, folder: str | Path) -> None:
        """Write a run folder that `from_preset`, `mrca.load` and the command line take.

        Args:
            folder: where to; it is written atomically, and replaces what was there.

        Raises:
            MrcaError: if it cannot be written, or something else than a run is there.
        """
        folder = Path(folder)
        if folder.exists():
            layout.check_run_folder(folder)
        with whole_folder(folder, "the classifier") as target:
            target.mkdir()
            layout.write_text(target / layout.CONFIG, dump_config(self.config))
            write_described(target, self)
            described = describe_environment(self.encoder.describe(), self.config.training.seed)
            layout.write_json(target / layout.ENVIRONMENT, described)
            self.save_parts(target)

    def save_parts(self, folder: Path) -> None:
        """Write network, encoder and decision."""
        self.network.save(folder / layout.NETWORK)
        self.encoder.save(folder)
        layout.write_json(folder / layout.DECISION, self.decision.get_config())

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Refuses: see `save_to_preset`."""
        raise MrcaError(
            "A RelationClassifier is more than its weights: save it with save_to_preset(FOLDER)."
        )

    # === Keras ===

    def compile(
        self, optimizer: Any = "auto", loss: Any = "auto", metrics: Any = "auto", **kwargs: Any
    ) -> None:
        """As `keras.Model.compile`; `"auto"` is what the configuration says.

        Args:
            optimizer: any of Keras's; by default the recipe's, whose learning rate falls as the
                recipe says.
            loss: one of `mrca.losses`, as an object or by name; from then on it is that of the
                classifier's configuration, and its decision rule is the classifier's.
            metrics: by default micro F1 over candidates.
            **kwargs: the rest.

        Raises:
            MrcaError: if the loss needs another number of columns than the network has.
        """
        config, named = self.config, isinstance(loss, str)
        configured = named and loss == "auto"
        if not configured:
            config = config.changed(self._loss_settings(loss))
        if named:
            loss = configured_loss(config, self.label_counts)
        if isinstance(loss, losses.MultiLabelLoss):
            needed = loss.columns(len(self.relations))
            if needed != self.columns:
                raise MrcaError(
                    f"The loss {loss.name!r} needs {needed} output columns for "
                    f"{len(self.relations)} relations, and this classifier has {self.columns}. "
                    'Make it with settings={"loss.name": …}.'
                )
            rule = configured_rule(config, loss)
            # The rule of the configured loss may have been tuned.
            if not configured or type(self.decision.rule) is not type(rule):
                self.decision = self.decision.with_rule(rule)
        self.config = config
        self._follows_recipe = isinstance(optimizer, str) and optimizer == "auto"
        if self._follows_recipe:
            optimizer = make_optimizer(self.config, self)
        if isinstance(metrics, str) and metrics == "auto":
            metrics = epoch_metrics(self.config, self.decision.rule)
        # XLA makes the recurrence slower on TensorFlow (on a GPU it has no cuDNN either way); JAX
        # has nothing else.
        jit = "auto" if keras.backend.backend() == "jax" else False
        kwargs.setdefault("jit_compile", jit)
        super().compile(optimizer=optimizer, loss=loss, metrics=metrics, **kwargs)

    def _loss_settings(self, loss: Any) -> dict[str, Any]:
        """What a configuration says of a loss; nothing of one that is not in `mrca.losses`."""
        if isinstance(loss, str):
            return {"loss": {"name": loss}}
        for name, kind in losses.LOSSES.items():
            if type(loss) is kind:
                given, counts = loss.get_config(), self.label_counts
                usual = losses.for_corpus(name, {}, counts.counts, counts.num_samples).get_config()
                options = {
                    option: value
                    for option, value in given.items()
                    if value is not None and value != usual[option]
                }
                return {"loss": {"name": name, "options": options}}
        return {}

    def fit(self, x: Any = None, y: Any = None, **kwargs: Any) -> Any:
        """As `keras.Model.fit`, on rows.

        Args:
            x: rows, or batches of the network's inputs as Keras takes them.
            y: for such inputs alone.
            **kwargs: the rest; `validation_data` may be rows, `epochs` and `batch_size` are the
                recipe's by default.

        Returns:
            Keras's `History`.

        Raises:
            MrcaError: if a row is malformed, or states a relation that is not the classifier's.
        """
        if self.optimizer is not None and not self.optimizer.built:
            # A step that makes variables is traced twice by TensorFlow.
            self.optimizer.build(self.trainable_variables)
        if not are_rows(x):
            return super().fit(x, y, **kwargs)
        if isinstance(self.loss, losses.DistillationLoss):
            raise MrcaError(
                f"The loss {self.loss.name!r} learns from a teacher, whose outputs rows do not "
                "have. Train it with mrca.train, or choose another loss."
            )
        config = self.config
        if (size := kwargs.pop("batch_size", None)) is not None:
            config = config.changed({"training.batch_size": size})
        epochs = kwargs.pop("epochs", config.training.epochs)
        if not self._follows_recipe:  # the rate is the optimiser's own, for any number of epochs
            config = config.changed({"training.learning_rate_decay": 0.0})
        config = config.changed({"training.epochs": epochs})
        candidates = self._labelled(x)
        batches = training_batches(
            self.encoder.encode(candidates, keep=True),
            candidates.labels,
            candidates.of_documents,
            config,
            self.network.classifier,
            padding=self.padding,
            max_length=self.max_length,
        )
        valid = kwargs.get("validation_data")
        if are_rows(valid):
            kwargs["validation_data"] = self._measured(valid or ()).for_keras()
        start = EpochStart(batches, config, self.network.classifier, sets_rate=self._follows_recipe)
        callbacks = [start, AverageInUse(), *(kwargs.pop("callbacks", None) or ())]
        return super().fit(
            batches.for_keras(), epochs=epochs, callbacks=callbacks, shuffle=False, **kwargs
        )

    def evaluate(self, x: Any = None, y: Any = None, **kwargs: Any) -> Any:
        """As `keras.Model.evaluate`, on rows: loss and metrics by name.

        The report of `mrca evaluate` is `mrca.training.evaluate_split`'s.
        """
        if not are_rows(x):
            return super().evaluate(x, y, **kwargs)
        kwargs.pop("batch_size", None)
        return super().evaluate(
            self._measured(x).for_keras(), **{"return_dict": True, "verbose": 0, **kwargs}
        )

    def predict(
        self, x: Any, *, threshold: float | None = None, top: int | None = None, **kwargs: Any
    ) -> Any:
        """The facts in one row, or in many.

        Args:
            x: a row (a document, a dict, or text with inline marks), or many, as a list or from an
                iterator; or batches of the network's inputs, as Keras takes them.
            threshold: give what scores at least this, in place of what the decision rule predicts.
            top: at most so many facts of a row, the best.
            **kwargs: for Keras's own `predict`.

        Returns:
            A `Prediction`, or a list of them. Of what keeps facts from being found a warning says
            how many rows that concerns: documents that are cut, too few marked entities, types
            that it was not trained with.

        Raises:
            MrcaError: if a row is malformed; it says which and why.
        """
        one = is_row(x)
        first = x = [x] if one else x
        if isinstance(x, Iterator):
            first, x = peeked(x)
        if not are_rows(first):
            return super().predict(x, **kwargs)
        predictions = list(self.predict_iter(x, threshold=threshold, top=top))
        self._warn_of_rows([prediction.document for prediction in predictions])
        return predictions[0] if one else predictions

    # === As a classifier ===

    @property
    def columns(self) -> int:
        """How many outputs a candidate has."""
        return int(self.network.columns)

    @property
    def types(self) -> tuple[str, ...]:
        """The entity types that are a feature."""
        return self.encoder.types

    @property
    def reads_marks(self) -> bool:
        """Whether it makes a difference which words are entities."""
        features, kind = self.config.features, self.config.candidates.kind
        return kind == "pairs" or features.role or features.types or features.markers

    @property
    def padding(self) -> Padding:
        """How batches of encoded documents are padded."""
        return "masked" if self.encoder.pooling else self.config.features.padding

    @property
    def max_length(self) -> int | None:
        """To how many tokens, at most; `None` for no limit."""
        return 1 if self.encoder.pooling else self.encoder.longest

    def words_read(self, documents: Sequence[Document]) -> list[int]:
        """How many words of each document are read."""
        return self.encoder.words_read(documents)

    def cut(self, documents: Sequence[Document]) -> str:
        """See `Classifier`."""
        return self.encoder.cut(documents)

    def raw_outputs(
        self, candidates: Candidates, *, keep: bool = False, out: np.ndarray | None = None
    ) -> np.ndarray:
        """Raw outputs, float32 `(candidates, columns)`; see `Classifier`."""
        if out is None:
            out = np.zeros((len(candidates), self.columns), np.float32)
        return self._run(self, candidates, keep, out)

    def representations(self, candidates: Candidates, out: np.ndarray | None = None) -> np.ndarray:
        """What the classifier layer sees of each candidate, float32 `(candidates, features)`.

        Args:
            candidates: any.
            out: an array of that shape to fill and return.
        """
        part = StatesModel(self.network.representation(), self.encoder_layer)
        if out is None:
            out = np.zeros((len(candidates), self.representation_width), np.float32)
        return self._run(part, candidates, True, out)

    @property
    def representation_width(self) -> int:
        """How many numbers the classifier layer sees of each candidate."""
        return int(self.network.get_layer("dropout").input.shape[-1])

    def in_float32(self) -> Self:
        """See `Classifier`."""
        return self.with_network(self.network.with_dtype("float32"), self.encoder.in_float32())

    def with_network(self, network: RelationNetwork, encoder: Encoder | None = None) -> Self:
        """The same classifier with another network, and maybe another encoder."""
        return type(self)(
            network,
            encoder or self.encoder,
            config=self.config,
            relations=self.relations,
            label_counts=self.label_counts,
            selection=self.selection,
            decision=self.decision,
        )

    def _run(
        self, model: keras.Model, candidates: Candidates, keep: bool, outputs: np.ndarray
    ) -> np.ndarray:
        if not len(candidates):
            return outputs
        encoded = self.encoder.encode(candidates, keep=keep)
        for batch in plan_batches(
            encoded.lengths,
            encoded.limits(_BATCH_SIZE),
            padding=self.padding,
            max_length=self.max_length,
            candidates=encoded.candidates,
        ):
            inputs = encoded.batch(batch, self.padding)
            computed = ops.convert_to_numpy(model.predict_on_batch(inputs))
            outputs[encoded.candidates_of(batch.rows)] = computed
        return outputs

    def _labelled(self, rows: Iterable[Row]) -> Any:
        documents = list(documents_of(rows, offsets=self.config.data.offsets, labelled=True))
        self._warn_of_cut(documents)
        return self.candidates(documents).labelled(self.relations)

    def _warn_of_rows(self, documents: Sequence[Document]) -> None:
        """What a user should know of rows that were asked about, in one warning."""
        marks = MarkNotes(self.marks_needed, self.types, place="number")
        for number, document in enumerate(documents, 1):
            marks.add(number, document)
        if notes := [*filter(None, [self.cut(documents)]), *marks.sentences()]:
            warnings.warn(" ".join(note[0].upper() + note[1:] for note in notes), stacklevel=3)

    def _warn_of_cut(self, documents: Sequence[Document]) -> None:
        if cut := self.cut(documents):
            warnings.warn(cut, stacklevel=4)

    def _measured(self, rows: Iterable[Row]) -> EpochBatches:
        candidates = self._labelled(rows)
        return self.measured_batches(candidates, candidates.labels)

    def measured_batches(
        self, candidates: Candidates, targets: "csr_array | SideBySide"
    ) -> EpochBatches:
        """Batches to evaluate on."""
        documents = self.encoder.encode(candidates, keep=True)
        return EpochBatches(
            documents,
            targets,
            documents.limits(_VALIDATION_BATCH_SIZE),
            padding=self.padding,
            max_length=self.max_length,
        )

    def __repr__(self) -> str:
        return (
            f"<RelationClassifier: {len(self.relations)} relations, {self.config.candidates.kind}, "
            f"{self.config.encoder.name}, {self.count_params():,} weights>"
        )


def _described_reader(environment: dict[str, Any]) -> dict[str, Any]:
    """What `environment.json` says of the vectors or the encoder."""
    described: dict[str, Any] = environment["vectors" if environment.get("vectors") else "encoder"]
    for key in ("name", "fingerprint", *(["folder"] if "folder" in described else [])):
        if not isinstance(described[key], str):
            raise TypeError(f"{key} is {described[key]!r}")
    return described
