"""A trained run as functions of a TensorFlow graph, from text to relations."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import tensorflow as tf

from mrca.export.graph_scores import graph_scores
from mrca.export.text_reader import TextReader
from mrca.export.text_to_words import TEXT_SPECS, TOKENS_SPECS
from mrca.models import Decision

# Rows that the network sees at a time. A request's rows are sorted by length first, so that little
# padding is computed on, and memory does not grow with their number.
CHUNK = 64
SERVING_DEFAULT = "serving_default"
TOKENS = "tokens"
FEATURES = "features"

Tensors = dict[str, Any]


class Network(Protocol):
    """A `tf.Module` that gives raw outputs.

    Attributes:
        inputs: what it takes; `lengths` is among them.
    """

    inputs: dict[str, tf.TensorSpec]

    def __call__(self, inputs: Tensors) -> Any:
        """Inputs to raw outputs `(batch, columns)`."""


def mark_specs(types: bool) -> dict[str, tf.TensorSpec]:
    """What every network takes beside its tokens.

    Args:
        types: whether the types of entities are among it.
    """
    per_token = {"case": tf.int8, "role": tf.int8, **({"types": tf.int16} if types else {})}
    specs = {name: tf.TensorSpec((None, None), dtype) for name, dtype in per_token.items()}
    return {**specs, "lengths": tf.TensorSpec((None,), tf.int32)}


class ExportedModel(tf.Module):
    """What an exported SavedModel computes.

    Every signature gives `relations` string `(batch, held)`, the names of the relations that hold,
    best first, and `relation_scores` float32 `(batch, held)`, both padded with `""` and 0 to the
    row that holds most; `scores` float32 and `labels` bool, both `(batch, relations)`; and, where
    strings are read, `problem` string `(batch,)`.

    A row's answer does not depend on the rows beside it, beyond the last digits.

    Args:
        reader: strings to inputs.
        network: inputs to raw outputs.
        max_length: how many tokens or pieces a row may have.
        decision: outputs to scores and labels.
        relations: their names, in the order of the columns.

    Attributes:
        functions: the signatures by name: `serving_default` of `text` string `(batch,)`; `tokens`
            of `tokens` string and `role` int32 `(batch, time)`; `features` of the network's inputs.
    """

    def __init__(
        self,
        reader: TextReader,
        network: Network,
        max_length: int,
        decision: Decision,
        relations: Sequence[str],
    ) -> None:
        super().__init__()
        self.reader = reader
        self.network = network
        self._inputs = network.inputs
        # Traced once for all signatures, as the readers are; there is nothing for autograph.
        self._outputs = tf.function(network, [dict(network.inputs)], autograph=False)
        self._max_length = max_length
        self._scores = graph_scores(decision)
        self._labels = decision.rule.labels
        self._relations = list(relations)
        self.functions: dict[str, Any] = {
            SERVING_DEFAULT: self._signature(
                TEXT_SPECS,
                lengths=spaces,
                read=reader,
            ),
            TOKENS: self._signature(
                TOKENS_SPECS,
                lengths=lambda tokens, role: tf.math.count_nonzero(tokens != "", axis=1),
                read=reader.from_tokens,
            ),
            FEATURES: self._signature(
                [public_spec(name, spec) for name, spec in self._inputs.items()],
                lengths=lambda **arrays: arrays["lengths"],
                read=self._from_features,
            ),
        }

    def _signature(
        self,
        specs: Sequence[tf.TensorSpec],
        lengths: Callable[..., Any],
        read: Callable[..., Tensors],
    ) -> Any:
        """A graph function of named inputs, whose rows are computed on by rising `lengths`."""

        def answers(**arrays: Any) -> Tensors:
            order = tf.argsort(lengths(**arrays), stable=True)
            found = by_chunks(
                {name: tf.gather(array, order) for name, array in arrays.items()},
                lambda chunk: self._scored(read(**chunk)),
            )
            back = tf.math.invert_permutation(order)
            found = {name: tf.gather(rows, back) for name, rows in found.items()}
            return {**found, **self._held(found["scores"], found["labels"])}

        named = {spec.name: spec for spec in specs}
        return tf.function(answers, autograph=False).get_concrete_function(**named)

    def _from_features(self, **arrays: Any) -> Tensors:
        """A network's inputs as it takes them, without columns that are padding in every row."""
        lengths = tf.clip_by_value(arrays["lengths"], 0, self._max_length)
        longest = tf.reduce_max(tf.concat([lengths, [1]], axis=0))

        def cut(name: str, array: Any) -> Any:
            one_more = [[0, 0], [0, 1], *[[0, 0]] * (len(array.shape) - 2)]  # no time is too short
            return tf.cast(tf.pad(array, one_more)[:, :longest], self._inputs[name].dtype)

        named = {name: cut(name, array) for name, array in arrays.items() if name != "lengths"}
        return {**named, "lengths": lengths}

    def _scored(self, read: Tensors) -> Tensors:
        outputs = self._outputs({name: read[name] for name in self._inputs})
        scored = {"scores": self._scores(outputs), "labels": self._labels(outputs)}
        return {**scored, "problem": read["problem"]} if "problem" in read else scored

    def _held(self, scores: Any, labels: Any) -> Tensors:
        """The relations that hold in each row, best first."""
        counts = tf.math.count_nonzero(labels, axis=1, dtype=tf.int32)
        most = tf.reduce_max(tf.concat([counts, [0]], axis=0))
        ranked = tf.where(labels, scores, scores.dtype.min)
        order = tf.argsort(ranked, direction="DESCENDING", stable=True)[:, :most]
        there = tf.sequence_mask(counts, most)
        names = tf.gather(tf.constant(self._relations), order)
        return {
            "relations": tf.where(there, names, ""),
            "relation_scores": tf.where(there, tf.gather(scores, order, batch_dims=1), 0.0),
        }


def spaces(text: Any) -> Any:
    """How long texts are, int32 `(batch,)`: white space tells the number of words better than the
    number of letters."""
    return tf.strings.length(tf.strings.regex_replace(text, r"\S", ""))


def public_spec(name: str, spec: tf.TensorSpec) -> tf.TensorSpec:
    """An input by name, with integers of 32 bits, since JSON and many a client know no smaller."""
    return tf.TensorSpec(spec.shape, tf.int32 if spec.dtype.is_integer else spec.dtype, name)


def by_chunks(arrays: Tensors, function: Callable[[Tensors], Tensors]) -> Tensors:
    """`function` of `CHUNK` rows at a time, at least of one chunk, which may be empty."""
    batch = tf.shape(next(iter(arrays.values())))[0]
    chunks = tf.maximum((batch + CHUNK - 1) // CHUNK, 1)
    specs = {name: tf.TensorSpec(array.shape, array.dtype) for name, array in arrays.items()}
    of_chunk = tf.function(function, [specs], autograph=False).get_concrete_function()
    parts = {
        name: tf.TensorArray(form.dtype, chunks, infer_shape=False, element_shape=form.shape)
        for name, form in of_chunk.structured_outputs.items()
    }

    def step(index: Any, parts: Tensors) -> tuple[Any, Tensors]:
        rows = slice(index * CHUNK, (index + 1) * CHUNK)
        found = of_chunk({name: array[rows] for name, array in arrays.items()})
        return index + 1, {name: parts[name].write(index, found[name]) for name in parts}

    _, parts = tf.while_loop(
        lambda index, parts: index < chunks, step, (tf.constant(0), parts), parallel_iterations=1
    )
    return {name: part.concat() for name, part in parts.items()}
