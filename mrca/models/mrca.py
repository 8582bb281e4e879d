"""MRCA: multiple relations classification with imbalanced predictions adaptation."""

from typing import Any

import keras

from mrca import heads
from mrca.layers import BiLSTM, PaddedAveragePooling1D, TokenFeatures


@keras.saving.register_keras_serializable(package="mrca")
class MRCA(keras.Model):
    """The paper's model: word vectors with case and role, BiLSTM, average pooling, linear scores.

        words, case, role -> (dim + 2) -> BiLSTM 2 x units, tanh -> average pooling -> flatten
        -> dropout -> Dense(columns), linear

    A linear output on tanh states leaves most of the range to "does not hold": a relation holds
    where its score is at least 0.5 (with RC-Dice). Source: MRCA, section 3 and table 4.

    Args:
        num_words: rows of the word table, padding (row 0) included.
        dim: length of a word vector; 300 in the paper.
        feature_value: `v` of equation 3.2, the size of the case and role features.
        columns: output columns: the number of relations, unless the loss wants more.
        units: size of each LSTM direction; 500 in the paper.
        pool_size, strides: of the average pooling in tokens; 80 and 2 in the paper.
        max_length: the longest sentence in tokens; 100 in the paper.
        dropout: rate before the classifier; 0.15 in the paper.
        head: the classifier, one of `mrca.heads.HEADS`; linear in the paper.
        head_options: its own arguments.

    Inputs: a dict of `words` int32 `(batch, time)`, `case` and `role` int8 `(batch, time)`, and
    `lengths` int32 `(batch,)`. Time may differ from batch to batch.

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
        **kwargs: Any,
    ) -> None:
        # === Layers ===
        token_features = TokenFeatures(num_words, dim, feature_value, name="token_features")
        bilstm = BiLSTM(units, name="bilstm")
        pooling = PaddedAveragePooling1D(pool_size, strides, max_length, name="pooling")
        flatten = keras.layers.Flatten(name="flatten")
        drop = keras.layers.Dropout(dropout, name="dropout")
        scores = heads.get(head, columns, **(head_options or {}))

        # === Functional model ===
        words = keras.Input((None,), dtype="int32", name="words")
        case = keras.Input((None,), dtype="int8", name="case")
        role = keras.Input((None,), dtype="int8", name="role")
        lengths = keras.Input((), dtype="int32", name="lengths")
        states = bilstm(token_features(words, case, role), lengths)
        outputs = scores(drop(flatten(pooling(states))))
        super().__init__(
            inputs={"words": words, "case": case, "role": role, "lengths": lengths},
            outputs=outputs,
            **kwargs,
        )

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
        self.token_features = token_features

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
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "MRCA":
        """The model that `get_config` described."""
        return cls(**config)
