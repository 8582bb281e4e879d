"""The network: states of tokens to a score for each relation and candidate."""

from collections.abc import Iterator
from typing import Any

import keras
from keras import ops

from mrca.config import RunConfig
from mrca.layers import (
    STATE_POOLINGS,
    BiLSTM,
    EntityPooling,
    LocalizedContext,
    PaddedAveragePooling1D,
    PairContext,
    PairExtractors,
    PooledDense,
    StatePooling,
    TokenMarks,
    heads,
    interactions,
)


def network_problems(config: RunConfig) -> Iterator[str]:
    """Why a configuration makes no network, a sentence each.

    Raises:
        MrcaError: if the parts of a network of pairs do not fit together.
    """
    pooling, features = config.model.pooling, config.features
    if (pooling == "pairs") != (config.candidates.kind == "pairs"):
        yield (
            "model.pooling=pairs reads entity pairs, and candidates.kind=pairs asks about them: "
            f"give both or neither. Received: model.pooling={pooling}, "
            f"candidates.kind={config.candidates.kind}. The recipe pairs has both."
        )
    if pooling == "entities" and not features.role:
        yield (
            "model.pooling=entities finds entities by the role feature, and features.role is "
            "false. Leave one of them out."
        )
    if features.padding == "fixed" and pooling != "windows":
        yield (
            f"features.padding=fixed computes on padding, which model.pooling={pooling} would "
            "pool. Take masked padding."
        )
    if pooling == "pairs":
        yield from _pair_problems(config)


def _pair_problems(config: RunConfig) -> Iterator[str]:
    model = config.model
    interaction = interactions.get(model.pair_interaction, **model.interaction_options)
    if interaction is not None and interaction.reads_context and model.pair_context == "none":
        yield (
            f"model.pair_interaction={model.pair_interaction} reads the contexts of pairs, and "
            "model.pair_context is none. Take a context, such as localized."
        )
    if model.pair_features != "dense" and not model.hidden:
        yield (
            f"model.pair_features={model.pair_features} needs model.hidden, the units for the "
            "subject and for the object. Received: model.hidden=0."
        )
    elif model.hidden:  # so the widths of the parts are known, which say what does not fit
        _pair_weights(
            1,
            model.units,
            model.hidden,
            model.entity_pooling,
            model.pair_context,
            model.pair_features,
            interaction,
        )


# The name is a file format: version 0.1 called the class so.
@keras.saving.register_keras_serializable(package="mrca", name="MRCA")
class RelationNetwork(keras.Model):
    """From the states of a document's tokens to raw scores of its candidates.

    The paper's model (MRCA, section 3 and table 4), which asks about whole documents:

        states, case, role -> (dim + 2) -> BiLSTM 2 x units, tanh -> average pooling -> flatten
        -> dropout -> Dense(columns), linear

    A linear output on tanh states leaves most of the range to "not stated": a relation is
    predicted where its score is at least 0.5 (with RC-Dice).

    With `pooling="pairs"` each pair of entities is asked about, and the document is read once:

        states, case, role, types -> BiLSTM 2 x units, tanh -> dropout
        -> subject s, object o, context c -> features -> interaction of pairs -> dropout -> head

    Features are

    * `"dense"`: tanh(W [s; o; c] + b), or [s; o; c] itself without hidden units;
    * `"extractors"`: [tanh(W_s [s; c] + b_s); tanh(W_o [o; c] + b_o)], of which a bilinear head
      makes scores (ATLOP);
    * `"grouped_bilinear"`: bilinear forms of these two halves (KD-DocRE); see `PairExtractors`.

    An interaction that `reads_context` comes before the features, in place of c.

    States are word vectors, or what an encoder such as BERT has computed (the paper's MRCA-Bert,
    and with `units=0` MRCA-Bert-noLSTM).

    Args:
        dim: length of a state.
        feature_value: `v` of equation 3.2, the size of case, role and type features.
        columns: output columns: the number of relations, unless the loss wants more.
        units: size of each LSTM direction; 500 in the paper. 0 for no LSTM.
        pooling: `"windows"`, the paper's average pooling; one of `StatePooling`'s, which take one
            vector of each row; or `"pairs"`.
        pool_size, strides: of the average pooling in tokens; 80 and 2 in the paper.
        max_length: the longest row of average pooling in tokens; 100 in the paper.
        num_types: entity types that are a feature; 0 for none.
        entity_pooling: of pairs; see `EntityPooling`.
        pair_context: `"none"`, one of `PairContext`'s, or `"localized"` for `LocalizedContext`.
        pair_features: see above.
        pair_interaction: `"none"`, or one of `mrca.layers.interactions`.
        interaction_options: its own arguments.
        hidden: units of a dense tanh layer after pooling, as BERT's pooler, or of each of the
            extractors; 0 for none.
        state_dropout: rate before pooling.
        marked: whether case, role and types are appended to the states; they always are before an
            LSTM, average pooling or pairs.
        dropout: rate before the classifier; 0.15 in the paper.
        head: the classifier, one of `mrca.layers.heads.HEADS`; linear in the paper.
        head_options: its own arguments.
        dtype: Keras's dtype policy of what is before the classifier, such as `"mixed_float16"`,
            and so whether training scales the loss; by default the global one. The classifier
            computes in float32.

    Inputs: a dict of `states` float32 `(batch, time, dim)`, `case` and `role` int8
    `(batch, time)`, and `lengths` int32 `(batch,)`; with types `types` int16 `(batch, time)`; for
    pairs `entities`, `entity_rows`, `row_entities` and `pairs` as `EncodedEntities.batch` gives
    them; with the localized context `attention` float32 `(batch, heads, time, time)`. Time may
    differ from batch to batch.

    Outputs: raw scores float32 `(batch, columns)`, or `(pairs, columns)`.
    """

    def __init__(
        self,
        dim: int,
        feature_value: float,
        columns: int,
        units: int = 500,
        pool_size: int = 80,
        strides: int = 2,
        max_length: int = 100,
        dropout: float = 0.15,
        head: str = "linear",
        head_options: dict[str, Any] | None = None,
        pooling: str = "windows",
        hidden: int = 0,
        num_types: int = 0,
        entity_pooling: str = "mean_max",
        pair_context: str = "attention",
        pair_interaction: str = "none",
        state_dropout: float = 0.0,
        marked: bool = False,
        pair_features: str = "dense",
        interaction_options: dict[str, Any] | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        policy = keras.dtype_policies.get(dtype)
        same = {"dtype": policy}
        pairs = pooling == "pairs"
        # === Layers, all made before the first is built: a seed's weights depend on the order ===
        marks = bilstm = extractors = dense = interaction = drop_states = None
        context: Any = None
        if marked or units or pooling not in STATE_POOLINGS:
            marks = TokenMarks(feature_value, num_types, name="token_marks", **same)
        if units:
            bilstm = BiLSTM(units, name="bilstm", **same)
        if pooling == "windows":
            pool: keras.layers.Layer = PaddedAveragePooling1D(
                pool_size, strides, max_length, name="pooling", **same
            )
        elif pairs:
            pool = EntityPooling(entity_pooling, name="pooling", **same)
            if pair_context == "localized":
                context = LocalizedContext(name="context", **same)
            elif pair_context != "none":
                context = PairContext(pair_context, units or 256, name="context", **same)
        else:
            pool = StatePooling(pooling, name="pooling", **same)
        flatten = keras.layers.Flatten(name="flatten", **same)
        if state_dropout:
            drop_states = keras.layers.Dropout(state_dropout, name="state_dropout", **same)
        if pairs and pair_features != "dense":
            forms = pair_features == "grouped_bilinear"
            extractors = PairExtractors(hidden, forms, name="extractors", **same)
        elif hidden:
            dense = keras.layers.Dense(hidden, "tanh", name="hidden", **same)
        if pairs:
            interaction = interactions.get(
                pair_interaction, dtype=policy, **(interaction_options or {})
            )
        drop = keras.layers.Dropout(dropout, name="dropout", **same)
        of_windows = pooling == "windows" and head == "linear" and not (hidden or head_options)
        scores = (
            PooledDense(columns, pool_size, strides, max_length, dtype="float32", name="scores")
            if of_windows  # the same in fewer products
            else heads.get(head, columns, **(head_options or {}))
        )

        # === Functional model ===
        states = keras.Input((None, dim), dtype="float32", name="states")
        case = keras.Input((None,), dtype="int8", name="case")
        role = keras.Input((None,), dtype="int8", name="role")
        lengths = keras.Input((), dtype="int32", name="lengths")
        inputs = {"states": states, "case": case, "role": role, "lengths": lengths}
        if num_types:
            inputs["types"] = keras.Input((None,), dtype="int16", name="types")
        if pairs:
            inputs["entities"] = keras.Input((None,), dtype="int32", name="entities")
            inputs["entity_rows"] = keras.Input((), dtype="int32", name="entity_rows")
            inputs["row_entities"] = keras.Input((None,), dtype="int32", name="row_entities")
            inputs["pairs"] = keras.Input((2,), dtype="int32", name="pairs")
        if marks is not None:
            states = marks(states, case, role, inputs.get("types"))
        if bilstm is not None:
            states = bilstm(states, lengths)
        if drop_states is not None:
            states = drop_states(states)
        if pairs:
            entities = pool(states, inputs["entities"], inputs["entity_rows"])
            sides = ops.take(entities, inputs["pairs"], axis=0)
            pooled = flatten(sides)
            of_batch = inputs["pairs"], inputs["entity_rows"], inputs["row_entities"]
            seen = []
            if pair_context == "localized":
                inputs["attention"] = keras.Input((None, None, None), name="attention")
                seen = [context(states, inputs["attention"], inputs["entities"], *of_batch)]
            elif context is not None:
                rows = ops.take(inputs["entity_rows"], inputs["pairs"][:, 0], axis=0)
                seen = [context(states, lengths, pooled, rows)]
            if interaction is not None and interaction.reads_context:
                seen = [interaction(*seen, *of_batch)]
            if extractors is not None:
                pooled = extractors(sides, *seen)
            elif seen:
                pooled = ops.concatenate([pooled, *seen], axis=-1)
        elif pooling == "windows":
            pooled = flatten(pool(states))
        else:
            pooled = pool(states, role, lengths)
        if dense is not None:
            pooled = dense(pooled)
        if interaction is not None and not interaction.reads_context:
            pooled = interaction(pooled, *of_batch)
        outputs = scores(drop(pooled), states) if of_windows else scores(drop(pooled))
        super().__init__(inputs=inputs, outputs=outputs, **kwargs)
        self.dtype_policy = policy  # a functional model takes none

        # === Config ===
        self.dim = dim
        self.feature_value = feature_value
        self.columns = columns
        self.units = units
        self.pool_size = pool_size
        self.strides = strides
        self.max_length = max_length
        self.dropout = dropout
        self.head = head
        self.head_options = head_options or {}
        self.pooling = pooling
        self.hidden = hidden
        self.num_types = num_types
        self.entity_pooling = entity_pooling
        self.pair_context = pair_context
        self.pair_interaction = pair_interaction
        self.state_dropout = state_dropout
        self.marked = marked
        self.pair_features = pair_features
        self.interaction_options = interaction_options or {}
        self.classifier = scores

    def representation(self) -> keras.Model:
        """The part before dropout and classifier: the same inputs to `(candidates, features)`."""
        return keras.Model(self.input, self.get_layer("dropout").input, name="representation")

    def with_head(self, columns: int, head: str, head_options: dict[str, Any]) -> "RelationNetwork":
        """A copy with the same weights but for a new classifier."""
        config = {**self.get_config(), "columns": columns, "head": head}
        copy = RelationNetwork.from_config({**config, "head_options": head_options})
        for layer in self.layers:
            if layer is not self.classifier:
                copy.get_layer(layer.name).set_weights(layer.get_weights())
        return copy

    def with_dtype(self, dtype: str) -> "RelationNetwork":
        """A copy with the same weights that computes by another dtype policy."""
        copy = RelationNetwork.from_config({**self.get_config(), "dtype": dtype})
        copy.set_weights(self.get_weights())
        return copy

    def without_cudnn(self) -> "RelationNetwork":
        """A copy with the same weights, whose graphs run on a machine without a GPU, too."""
        copy = self.with_dtype(self.dtype_policy.name)
        for layer in copy.layers:
            if isinstance(layer, BiLSTM):
                layer.use_cudnn = False
        return copy

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument."""
        return {
            "name": self.name,
            "dim": self.dim,
            "feature_value": self.feature_value,
            "columns": self.columns,
            "units": self.units,
            "pool_size": self.pool_size,
            "strides": self.strides,
            "max_length": self.max_length,
            "dropout": self.dropout,
            "head": self.head,
            "head_options": self.head_options,
            "pooling": self.pooling,
            "hidden": self.hidden,
            "num_types": self.num_types,
            "entity_pooling": self.entity_pooling,
            "pair_context": self.pair_context,
            "pair_interaction": self.pair_interaction,
            "state_dropout": self.state_dropout,
            "marked": self.marked,
            "pair_features": self.pair_features,
            "interaction_options": self.interaction_options,
            "dtype": self.dtype_policy.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "RelationNetwork":
        """The network that `get_config` described."""
        config = dict(config)
        # Version 0.1 had the word table in the network, which is the encoder's now.
        if config.pop("num_words", 0):
            config["marked"] = True
        # Earlier there was one interaction of pairs, or none.
        if isinstance(interaction := config.get("pair_interaction"), bool):
            config["pair_interaction"] = "strongest" if interaction else "none"
        return cls(**config)


def network_weights(
    dim: int,
    columns: int,
    units: int,
    pooling: str,
    steps: int = 0,
    hidden: int = 0,
    num_types: int = 0,
    entity_pooling: str = "mean_max",
    pair_context: str = "attention",
    pair_features: str = "dense",
    pair_interaction: str = "none",
    interaction_options: dict[str, Any] | None = None,
    head: str = "linear",
    head_options: dict[str, Any] | None = None,
    marked: bool = False,
) -> int:
    """How many weights a `RelationNetwork` has, without making it.

    Args:
        dim: length of a state.
        columns: output columns.
        units: of each LSTM direction.
        pooling: see `RelationNetwork`.
        steps: of average pooling in windows: `max_length / strides`, rounded up.
        hidden: see `RelationNetwork`.
        num_types: the same.
        entity_pooling: the same.
        pair_context: the same.
        pair_features: the same.
        pair_interaction: the same.
        interaction_options: the same.
        head: the same.
        head_options: the same.
        marked: the same.

    Raises:
        MrcaError: if the classifier cannot be made.
    """
    weights = 0
    marks = marked or units or pooling not in STATE_POOLINGS
    width = dim + 2 + num_types if marks else dim
    if units:
        weights += 2 * (width + units + 1) * 4 * units
        width = 2 * units
    if pooling == "pairs":
        of_pairs = _pair_weights(
            width,
            units,
            hidden,
            entity_pooling,
            pair_context,
            pair_features,
            interactions.get(pair_interaction, **(interaction_options or {})),
        )
        weights += of_pairs[0]
        width = of_pairs[1]
    else:
        width = width * steps if pooling == "windows" else StatePooling(pooling).width(width)
        if hidden:
            weights += (width + 1) * hidden
            width = hidden
    classifier = heads.get(head, columns, **(head_options or {}))
    count = getattr(classifier, "num_weights", None)
    return weights + (count(width) if count else (width + 1) * columns)


def _pair_weights(
    dim: int,
    units: int,
    hidden: int,
    entity_pooling: str,
    pair_context: str,
    pair_features: str,
    interaction: Any,
) -> tuple[int, int]:
    """How many weights make features of pairs from states, and how long these are."""
    weights, context = 0, 0
    entity = EntityPooling(entity_pooling).width(dim)
    if pair_context == "localized":
        context = dim
    elif pair_context != "none":
        layer = PairContext(pair_context, units or 256)
        weights += layer.num_weights(dim, 2 * entity)
        context = layer.width(dim)
    if interaction is not None and interaction.reads_context:
        weights += interaction.num_weights(context)
        context = interaction.width(context)
    width = 2 * entity + context
    if pair_features != "dense":
        extractors = PairExtractors(hidden, pair_features == "grouped_bilinear")
        weights += extractors.num_weights(entity, context)
        width = extractors.width
    elif hidden:
        weights += (width + 1) * hidden
        width = hidden
    if interaction is not None and not interaction.reads_context:
        weights += interaction.num_weights(width)
        width = interaction.width(width)
    return weights, width
