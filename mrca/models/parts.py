"""The parts of a run folder from which a classifier is made, read and written."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import keras

from mrca.config import RunConfig
from mrca.datasets import CandidateSelection, LabelCounts, LabelledCandidates, read_relations
from mrca.datasets.candidates import TypePair
from mrca.encoders import Encoder
from mrca.errors import MrcaError
from mrca.losses import DecisionRule
from mrca.models.decision import Decision
from mrca.models.network import RelationNetwork, network_weights
from mrca.runs import layout
from mrca.text import Document, RelationSet

if TYPE_CHECKING:
    from mrca.models.classifier import Classifier


class Types(NamedTuple):
    """What a run knows of entity types.

    Attributes:
        features: those that are a feature of its network, in their order.
        pairs: the pairs that its candidates are limited to; `None` for no limit.
    """

    features: tuple[str, ...] = ()
    pairs: frozenset[TypePair] | None = None


def entity_types(documents: Iterable[Document]) -> tuple[str, ...]:
    """The types of the documents' entities, sorted; none where the corpus does not say."""
    found = {entity.type for document in documents for entity in document.entities} - {""}
    return tuple(sorted(found))


def training_candidates(
    config: RunConfig, documents: Sequence[Document], relations: RelationSet
) -> tuple[CandidateSelection, LabelledCandidates]:
    """The candidates of training documents, and how those of others are to be selected.

    Args:
        config: its `data` and `candidates`.
        documents: the training documents.
        relations: in the order of the columns.

    Raises:
        MrcaError: if a document states a relation that is none of these, or no candidate states
            one.
    """
    settings = config.candidates
    if config.data.roles == "unknown":
        documents = [document.with_unknown_roles() for document in documents]
    selection = CandidateSelection(settings.kind, settings.max_distance or None)
    if settings.types == "seen":
        selection = selection.learned(documents)
    candidates = selection.select(documents).labelled(relations)
    check_candidates(candidates, "training")
    return selection, candidates


def check_candidates(candidates: LabelledCandidates, split: str) -> None:
    """Check that there is a relation among what is asked about documents.

    Args:
        candidates: of a split whose documents have labels.
        split: what to call it.

    Raises:
        MrcaError: if there is none.
    """
    if candidates.labels.nnz:
        return
    if candidates.kind == "whole":
        raise MrcaError(
            f"No document of {split} states a relation, so there is nothing to learn. Give rows "
            'with "facts" or "labels".'
        )
    raise MrcaError(
        f"No entity pair that is asked about in {split} has a relation: "
        f"{labels_alone(candidates):,} of its {len(candidates.documents):,} documents have labels "
        f"without facts, and {candidates.missed.sum():,} facts are of other pairs. To learn labels "
        "without facts, ask about whole documents with --recipe mrca; to ask about more pairs, "
        "change the section candidates."
    )


def labels_alone(candidates: LabelledCandidates) -> int:
    """How many documents have labels that entity pairs do not learn, since no fact has them."""
    if candidates.kind == "whole":
        return 0
    return sum(bool(each.labels and not each.facts) for each in candidates.documents)


def write_described(folder: Path, classifier: "Classifier") -> None:
    """Write relations, label counts and types of a classifier into its run folder.

    Raises:
        OSError: if they cannot be written.
    """
    names, counts = classifier.relations.names, classifier.label_counts
    layout.write_json(folder / layout.RELATIONS, list(names))
    layout.write_json(
        folder / layout.LABEL_COUNTS,
        {
            "num_samples": counts.num_samples,
            "counts": dict(zip(names, counts.counts, strict=True)),
        },
    )
    features, pairs = classifier.types, classifier.selection.type_pairs
    if features or pairs is not None:
        listed = None if pairs is None else sorted(list(pair) for pair in pairs)
        layout.write_json(folder / layout.TYPES, {"features": list(features), "pairs": listed})


def read_types(folder: Path) -> Types:
    """What a run folder says of entity types.

    Raises:
        MrcaError: if its file is damaged.
    """
    path = folder / layout.TYPES
    if not path.exists():
        return Types()
    with layout.reading(path) as types:
        pairs = types["pairs"]
        features = tuple(str(name) for name in types["features"])
        if pairs is None:
            return Types(features)
        return Types(features, frozenset((str(first), str(second)) for first, second in pairs))


def read_parts(folder: Path, config: RunConfig) -> dict[str, Any]:
    """Relations, label counts, candidate selection and decision of a run folder.

    Raises:
        MrcaError: if one is damaged, or they do not go together.
    """
    relations = read_relations(folder / layout.RELATIONS)
    with layout.reading(folder / layout.LABEL_COUNTS) as counts:
        numbers = [counts["counts"][name] for name in relations]
        if not all(type(each) is int and each >= 0 for each in (*numbers, counts["num_samples"])):
            raise ValueError("expected whole numbers of rows")
        label_counts = LabelCounts(numbers, counts["num_samples"])
    with layout.reading(folder / layout.DECISION) as found:
        decision = Decision.from_config(found)
    for name in ("threshold", "offset", "segments"):
        value = getattr(decision.rule, name, None)
        if isinstance(value, list) and len(value) != len(relations):
            raise MrcaError(
                f"{layout.DECISION} in {folder} has {len(value)} thresholds for {len(relations)} "
                "relations. Tune it anew with `mrca evaluate --tune per-relation --save`, or train "
                "the run again."
            )
    settings = config.candidates
    return {
        "relations": relations,
        "label_counts": label_counts,
        "decision": decision,
        "selection": CandidateSelection(
            settings.kind, settings.max_distance or None, read_types(folder).pairs
        ),
    }


def check_rules(decision: Decision, own: DecisionRule, folder: Path) -> None:
    """Check that a run's decision reads the outputs that its loss has trained.

    Args:
        decision: of the run folder.
        own: the rule that its loss implies.
        folder: the run's.

    Raises:
        MrcaError: if it reads others, such as another loss's, and so would name other relations.
    """
    for rule in filter(None, (decision.rule, decision.calibrated_rule)):
        if not rule.reads_as(own):
            raise MrcaError(
                f"{layout.DECISION} in {folder} decides by {rule.get_config()['rule']!r} "
                "otherwise than the loss that the run was trained with, which decides by "
                f"{own.get_config()['rule']!r}. Bring back the file that training wrote, or train "
                "the run again."
            )


def load_network(folder: Path) -> RelationNetwork:
    """The network of a run folder.

    Raises:
        MrcaError: if it cannot be read.
    """
    path = folder / layout.NETWORK
    try:
        network = keras.saving.load_model(path, compile=False)
    except Exception as error:  # Keras and what it reads with raise whatever they meet
        raise MrcaError(
            f"Cannot read {path}: {error}. The run is damaged: train it again."
        ) from error
    if not isinstance(network, RelationNetwork):
        raise MrcaError(
            f"{path} holds a {type(network).__name__}, not a RelationNetwork. The run is damaged: "
            "train it again."
        )
    return network


def new_network(config: RunConfig, encoder: Encoder, columns: int) -> RelationNetwork:
    """The network of a configuration, with fresh weights."""
    model = config.model
    return RelationNetwork(
        **network_form(config, encoder, columns),
        feature_value=encoder.feature_value() if encoder.pooling is None else 1.0,
        dropout=model.dropout,
        head_options=config.classifier.options,
        interaction_options=model.interaction_options,
        state_dropout=model.state_dropout,
    )


def network_form(config: RunConfig, encoder: Encoder, columns: int) -> dict[str, Any]:
    """The arguments of a configuration's network that say what it computes and what it reads."""
    model = config.model
    return {
        "dim": encoder.dim,
        "columns": columns,
        "units": model.units,
        "pool_size": model.pool_size,
        "strides": model.strides,
        "max_length": config.features.max_length,
        "head": config.classifier.name,
        "pooling": "first" if encoder.pooling else model.pooling,
        "hidden": model.hidden,
        "num_types": len(encoder.types),
        "entity_pooling": model.entity_pooling,
        "pair_context": model.pair_context,
        "pair_features": model.pair_features,
        "pair_interaction": model.pair_interaction,
        "marked": encoder.marks_states,
        "dtype": model.precision,
    }


def network_size(
    config: RunConfig, encoder: Encoder, columns: int, width: int | None = None
) -> int:
    """How many weights are trained, without making the network.

    Args:
        config: of the network.
        encoder: what it reads with; its own weights count if it is trained.
        columns: outputs.
        width: for a classifier alone, the number of features that it sees.
    """
    model = config.model
    if width is not None:
        head = config.classifier
        return network_weights(
            width, columns, 0, "first", head=head.name, head_options=head.options
        )
    layer = encoder.layer
    trained = 0 if layer is None else sum(math.prod(each.shape) for each in layer.trainable_weights)
    return trained + network_weights(
        encoder.dim,
        columns,
        model.units,
        "first" if encoder.pooling else model.pooling,
        steps=-(-config.features.max_length // model.strides),
        hidden=model.hidden,
        num_types=len(encoder.types),
        entity_pooling=model.entity_pooling,
        pair_context=model.pair_context,
        pair_features=model.pair_features,
        pair_interaction=model.pair_interaction,
        interaction_options=model.interaction_options,
        head=config.classifier.name,
        head_options=config.classifier.options,
        marked=encoder.marks_states,
    )
