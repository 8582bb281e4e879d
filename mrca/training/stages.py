"""Second stages: a new classifier on the frozen layers of a run."""

import hashlib
import json
from collections.abc import Iterator

import numpy as np
from keras import ops

from mrca import losses
from mrca.config import RunConfig
from mrca.datasets import LabelledCandidates
from mrca.encoding import EncodedDocuments, EpochBatches
from mrca.errors import MrcaError
from mrca.evaluation.tau_search import TauSearch, search_tau
from mrca.files import kept_array
from mrca.models import RelationClassifier, RelationNetwork
from mrca.models.epochs import training_batches
from mrca.runs import layout
from mrca.text import RelationSet
from mrca.training.distillation import targets
from mrca.training.fit import Fit
from mrca.training.run import Run

# The classifier that a run takes over from another and rescales: the network's own is linear.
TAU_NORMALISED = "tau_normalised"
_VALIDATION_ROWS = 1024


def problems(config: RunConfig, loss: losses.MultiLabelLoss) -> Iterator[str]:
    """Why a configuration makes no second stage, a sentence each; none where it is none."""
    classifier, model = config.classifier, config.model
    trained = config.encoder.trainable or model.units or model.hidden or model.pooling == "pairs"
    if classifier.representation and not trained and classifier.name != TAU_NORMALISED:
        yield (
            "Nothing before the classifier is trained (no LSTM, no hidden layer, frozen encoder), "
            "so a second stage repeats the first. Give the first stage layers: model.units, "
            "model.hidden or encoder.trainable=true."
        )
    if classifier.name != TAU_NORMALISED:
        return
    if classifier.options:
        yield (
            f"The classifier {TAU_NORMALISED!r} takes no arguments. Received: {classifier.options}."
        )
    if not classifier.representation:
        yield (
            f"The classifier {TAU_NORMALISED!r} rescales one that is trained. Name its run with "
            "--representation RUN, or train it first with --stages 2."
        )
    if not isinstance(loss.decision_rule, losses.LargestScore):
        yield (
            f"The classifier {TAU_NORMALISED!r} changes the scale of every relation's scores and "
            "drops their bias, so only decisions for the largest score keep a meaning; the loss "
            f"{config.loss.name!r} decides by {loss.decision_rule.name}. Take a softmax loss, such "
            "as categorical_crossentropy, on rows with one relation each."
        )
    if config.training.sampler != "instance_balanced":
        yield (
            f"The classifier {TAU_NORMALISED!r} is not trained, so training.sampler="
            f"{config.training.sampler} has no meaning. Leave it out."
        )


def first_stage_config(config: RunConfig, recipe: RunConfig) -> RunConfig:
    """How the layers of a second stage are trained first.

    As the second stage, but with the loss, sampler and classifier of the recipe. A classifier that
    is only rescaled in the second stage has its own loss and sampler in the first.

    Args:
        config: of the second stage.
        recipe: what its settings started from.
    """
    if config.classifier.name == TAU_NORMALISED:
        return config.changed({"classifier": {}})
    return config.changed(
        {
            "loss": recipe.loss,
            "classifier": {**recipe.classifier.model_dump(), "representation": ""},
            "training.sampler": recipe.training.sampler,
        }
    )


def second_stage_config(config: RunConfig) -> RunConfig:
    """A second stage as it is trained: one that only rescales leaves the sampler to the first."""
    if config.classifier.name != TAU_NORMALISED:
        return config
    return config.changed({"training.sampler": "instance_balanced"})


def check_rescaled(base: RelationClassifier, run: Run, relations: RelationSet) -> None:
    """Check that the classifier of a run can be tau-normalised for a corpus.

    Args:
        base: the classifier.
        run: its run.
        relations: of the corpus.

    Raises:
        MrcaError: if it is not linear, does not decide for the largest score, or has others.
    """
    if base.network.head != "linear":
        raise MrcaError(
            "tau-normalisation rescales the weights of a linear classifier, and the run "
            f"{run.folder} has {base.network.head!r}. Choose a run with --classifier linear."
        )
    if not isinstance(base.decision.rule, losses.LargestScore):
        raise MrcaError(
            f"tau-normalisation keeps the classifier of {run.folder}, so it needs a decision for "
            "the largest score. Choose a run trained with a softmax loss."
        )
    if base.relations != relations:
        raise MrcaError(
            f"tau-normalisation keeps the classifier of {run.folder}, so it needs the relations of "
            "the corpus in the same order. Choose a run trained on this corpus."
        )


def representations(
    classifier: RelationClassifier, candidates: LabelledCandidates, base: Run
) -> np.ndarray:
    """What the frozen layers of a run give for candidates, float32 `(candidates, features)`.

    Computed once, as at prediction (without dropout), for all second stages on that run, and kept
    on disk; see `mrca.files.kept_array`.

    Args:
        classifier: with these layers.
        candidates: any.
        base: the run whose layers they are.

    Raises:
        MrcaError: if they cannot be kept.
    """

    def compute(out: np.ndarray) -> None:
        classifier.representations(candidates, out)

    of = layout.fingerprint_of_run(base.folder), classifier.encoder.describe()
    key = hashlib.sha256(f"1 {json.dumps(of)} {candidates.fingerprint}".encode()).hexdigest()
    return kept_array(
        key,
        (len(candidates), classifier.representation_width),
        compute,
        np.float32,
        what="the representations",
    )


def classifier_fit(
    classifier: RelationClassifier,
    config: RunConfig,
    train: LabelledCandidates,
    valid: LabelledCandidates,
    teacher: Run | None,
    base: Run,
) -> Fit:
    """What is fitted where all but the last layer is frozen: that layer, on what it sees.

    Args:
        classifier: its layers are frozen.
        config: its `classifier`, `model.dropout` and `training` count.
        train: candidates to fit it on.
        valid: candidates to validate it on.
        teacher: of a distillation.
        base: the run whose layers they are.
    """
    width = classifier.representation_width
    network = RelationNetwork(
        dim=width,
        feature_value=1.0,
        columns=classifier.columns,
        units=0,
        dropout=config.model.dropout,
        head=config.classifier.name,
        head_options=config.classifier.options,
        pooling="first",
        dtype=config.model.precision,
    )

    def encode(candidates: LabelledCandidates) -> EncodedDocuments:
        """One vector of each candidate, as a row of one state."""
        rows = len(candidates)
        marks = {name: np.zeros(rows, np.int8) for name in ("case", "role")}
        states = representations(classifier, candidates, base)
        return EncodedDocuments({"states": states, **marks}, np.arange(rows + 1))

    def batches() -> tuple[EpochBatches, EpochBatches]:
        # As many candidates as so many documents have.
        each = max(1, round(len(train) / max(len(train.documents), 1)))
        settings = config.changed({"training.batch_size": each * config.training.batch_size})
        fitted = training_batches(
            encode(train),
            targets(train, teacher),
            train.labels,
            settings,
            network.classifier,
            padding="masked",
            max_length=1,
        )
        measured = EpochBatches(
            encode(valid),
            targets(valid, teacher),
            _VALIDATION_ROWS,
            padding="masked",
            max_length=1,
        )
        return fitted, measured

    return Fit(network, network.classifier, batches)


def normalise(
    base: RelationClassifier, valid: LabelledCandidates, run: Run
) -> tuple[RelationClassifier, TauSearch]:
    """The base, a run's, with its linear classifier tau-normalised: tau is chosen on validation."""
    kernel = ops.convert_to_numpy(base.network.classifier.kernel)
    seen = representations(base, valid, run)
    found = search_tau(seen, kernel, valid.labels.toarray())
    network = base.network.with_head(base.columns, "linear", {})
    network.classifier.set_weights([found.kernel, np.zeros(base.columns, np.float32)])
    return base.with_network(network), found
