"""MRCA: multiple relations classification with imbalanced predictions adaptation."""

from typing import Any

import keras

from mrca import heads
from mrca.layers import (
    BiLSTM,
    MarkedStates,
    PaddedAveragePooling1D,
    StatePooling,
    TokenFeatures,
)


@keras.saving.register_keras_serializable(package="mrca")
class MRCA(keras.Model):
    """The paper's model: tokens with case and role, BiLSTM, average pooling, linear scores.

        words, case, role -> (dim + 2) -> BiLSTM 2 x units, tanh -> average pooling -> flatten
        -> dropout -> Dense(columns), linear

    A linear output on tanh states leaves most of the range to "does not hold": a relation holds
    where its score is at least 0.5 (with RC-Dice). Source: MRCA, section 3 and table 4.

    Without `num_words` its tokens are not words but states that an encoder such as BERT has
    computed (the paper's MRCA-Bert, and with `units=0` MRCA-Bert-noLSTM).

    Args:
        num_words: rows of the word table, padding (row 0) included; 0 for a model of states.
        dim: length of a word vector (300 in the paper) or a state.
        feature_value: `v` of equation 3.2, the size of the case and role features.
        columns: output columns: the number of relations, unless the loss wants more.
        units: size of each LSTM direction; 500 in the paper. 0 for no LSTM.
        pooling: `"windows"`, the paper's average pooling; or one of `StatePooling`'s, which take
            one vector of each row.
        pool_size, strides: of the average pooling in tokens; 80 and 2 in the paper.
        max_length: the longest sentence in tokens; 100 in the paper.
        hidden: units of a dense tanh layer after pooling, as BERT's pooler; 0 for none.
        dropout: rate before the classifier; 0.15 in the paper.
        head: the classifier, one of `mrca.heads.HEADS`; linear in the paper.
        head_options: its own arguments.
        dtype: Keras's dtype policy of what is before the classifier, such as `"mixed_float16"`,
            and so whether training scales the loss; by default the global one. The classifier
            computes in float32.

    Inputs: a dict of `words` int32 `(batch, time)` or `states` float32 `(batch, time, dim)`, `case`
    and `role` int8 `(batch, time)`, and `lengths` int32 `(batch,)`. Time may differ from batch to
    batch. Case and role are not appended to states that are pooled as they are.

    Outputs: raw scores float32 `(batch, columns)`.
    """

    def __init__(
        self,
        num_words: int,
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
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        policy = keras.dtype_policies.get(dtype)
        same = {"dtype": policy}
        # === Layers, all made before the first is built: a seed's weights depend on the order ===
        marks: keras.layers.Layer | None = None
        if num_words:
            marks = TokenFeatures(num_words, dim, feature_value, name="token_features", **same)
        elif units or pooling == "windows":
            marks = MarkedStates(feature_value, name="marked_states", **same)
        bilstm = BiLSTM(units, name="bilstm", **same) if units else None
        windows = pooling == "windows"
        pool = (
            PaddedAveragePooling1D(pool_size, strides, max_length, name="pooling", **same)
            if windows
            else StatePooling(pooling, name="pooling", **same)
        )
        flatten = keras.layers.Flatten(name="flatten", **same)
        dense = keras.layers.Dense(hidden, "tanh", name="hidden", **same) if hidden else None
        drop = keras.layers.Dropout(dropout, name="dropout", **same)
        scores = heads.get(head, columns, **(head_options or {}))

        # === Functional model ===
        case = keras.Input((None,), dtype="int8", name="case")
        role = keras.Input((None,), dtype="int8", name="role")
        lengths = keras.Input((), dtype="int32", name="lengths")
        inputs = {"case": case, "role": role, "lengths": lengths}
        if num_words:
            states = inputs["words"] = keras.Input((None,), dtype="int32", name="words")
        else:
            states = inputs["states"] = keras.Input((None, dim), dtype="float32", name="states")
        if marks is not None:
            states = marks(states, case, role)
        if bilstm is not None:
            states = bilstm(states, lengths)
        pooled = flatten(pool(states)) if windows else pool(states, role, lengths)
        if dense is not None:
            pooled = dense(pooled)
        super().__init__(inputs=inputs, outputs=scores(drop(pooled)), **kwargs)
        self.dtype_policy = policy  # a functional model takes none

        # === Config ===
        self.num_words = num_words
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
        self.token_features = marks if isinstance(marks, TokenFeatures) else None
        self.classifier = scores

    @property
    def representation(self) -> keras.Model:
        """The part before dropout and classifier: the same inputs to `(batch, features)`."""
        return keras.Model(self.input, self.get_layer("dropout").input, name="representation")

    def with_head(self, columns: int, head: str, head_options: dict[str, Any]) -> "MRCA":
        """A copy with the same weights but for a new classifier."""
        config = {**self.get_config(), "columns": columns, "head": head}
        copy = MRCA.from_config({**config, "head_options": head_options})
        for layer in self.layers:
            if layer is not self.classifier:
                copy.get_layer(layer.name).set_weights(layer.get_weights())
        return copy

    def with_dtype(self, dtype: str) -> "MRCA":
        """A copy with the same weights that computes by another dtype policy."""
        copy = MRCA.from_config({**self.get_config(), "dtype": dtype})
        copy.set_weights(self.get_weights())
        return copy

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument."""
        return {
            "name": self.name,
            "num_words": self.num_words,
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
            "dtype": self.dtype_policy.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "MRCA":
        """The model that `get_config` described."""
        return cls(**config)
