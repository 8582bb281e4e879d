"""A trained run of entity pairs as functions of a TensorFlow graph, from text to facts."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from mrca.datasets import CandidateSelection
from mrca.export import flat
from mrca.export.exported_model import (
    FEATURES,
    SERVING_DEFAULT,
    TOKENS,
    Network,
    Tensors,
    by_chunks,
    public_spec,
    spaces,
)
from mrca.export.graph_entities import Entities, Typed, entities_of, names, numbered
from mrca.export.graph_scores import graph_scores
from mrca.export.text_reader import TextReader
from mrca.export.text_to_words import (
    MENTIONS_SPECS,
    TEXT_SPECS,
    Words,
    words_of_mentions,
    words_of_text,
)
from mrca.models import Decision

# Rows of a request are read 64 at a time, and computed on by as many as keep to these together, in
# order of length. One row may be larger, up to the limits below.
_TOKENS, _PAIRS, _SQUARE, _MARKED = 1 << 12, 1 << 12, 1 << 22, 1 << 8
# A row with more of these is not asked about: one request must not take all of a server's memory.
MOST_MARKED_WORDS = 1 << 14
MOST_PAIRS = 1 << 16  # of entities, and entities times words of the one with most
MOST_CELLS = 1 << 26  # pairs times tokens
MOST_ATTENDED = 1 << 25  # tokens times tokens, where pairs read an encoder's attention

_FACT = {"subject": tf.int64, "object": tf.int64, "relation": tf.int64, "score": tf.float32}

TOO_MANY = "more entities or words than one answer holds"
TOO_FEW = "fewer than two entities"
UNKNOWN_TYPE = "entities without a known type"


class ExportedPairs(tf.Module):
    """What an exported SavedModel of a run of entity pairs computes.

    The signatures `serving_default` and `tokens` give the facts of each row, best first, padded to
    the row that has most: `subjects`, `relations`, `objects`, `subject_ids`, `object_ids` string
    and `relation_scores` float32, `(batch, facts)`; `subject_spans` and `object_spans` int32
    `(batch, facts, 2)`, where the first mention stands; and `problem` string `(batch,)`.

    `features` takes the network's inputs with `entities` int32 `(batch, entities, tokens)`, places
    of tokens, and `pairs` int32 `(batch, pairs, 2)`, numbers of entities, both padded with -1; it
    gives `scores` float32 and `labels` bool `(batch, pairs, relations)`.

    A row's answer does not depend on the rows beside it, beyond the last digits.

    Args:
        reader: words to inputs.
        network: inputs to raw outputs.
        selection: which pairs are asked about.
        decision: outputs to scores and labels.
        relations: their names, in the order of the columns.
        roles: whether roles are read; else every entity may be subject and object.
        attends: whether pairs read an encoder's attention.

    Attributes:
        functions: the signatures by name.
    """

    def __init__(
        self,
        reader: TextReader,
        network: Network,
        selection: CandidateSelection,
        decision: Decision,
        relations: Sequence[str],
        *,
        roles: bool = True,
        attends: bool = False,
    ) -> None:
        super().__init__()
        self.reader = reader
        self.network = network
        self._selection = selection
        self._inputs = {
            **network.inputs,
            "entities": tf.TensorSpec((None, None), tf.int32),
            "entity_rows": tf.TensorSpec((None,), tf.int32),
            "row_entities": tf.TensorSpec((None, None), tf.int32),
            "pairs": tf.TensorSpec((None, 2), tf.int32),
        }
        self._outputs = tf.function(network, [dict(self._inputs)], autograph=False)
        self._scores = graph_scores(decision)
        self._labels = decision.rule.labels
        self._relations = list(relations)
        self._roles = roles
        self._attends = attends
        self._allowed = None
        if decision.allowed is not None:
            number = {name: place for place, name in enumerate(relations)}
            self._allowed = Typed((a, number[name], b) for a, name, b in decision.allowed)
        self.functions: dict[str, Any] = {
            SERVING_DEFAULT: self._signature(
                TEXT_SPECS,
                spaces,
                lambda text: words_of_text(text, None, roles_only=False),
            ),
            TOKENS: self._signature(
                MENTIONS_SPECS,
                lambda tokens, **_: tf.math.count_nonzero(tokens != "", axis=1),
                words_of_mentions,
            ),
            FEATURES: self._of_features(),
        }

    def _signature(
        self,
        specs: Sequence[tf.TensorSpec],
        lengths: Callable[..., Any],
        read: Callable[..., tuple[Words, Any]],
    ) -> Any:
        """A graph function of named inputs, whose rows are computed on by rising `lengths`."""

        def answers(**arrays: Any) -> Tensors:
            order = tf.argsort(lengths(**arrays), stable=True)
            found = by_chunks(
                {name: tf.gather(array, order) for name, array in arrays.items()},
                lambda chunk: self._facts(*read(**chunk)),
            )
            back = tf.math.invert_permutation(order)
            counts = found.pop("counts")
            problem = tf.gather(found.pop("problem"), back)
            padded = {
                name: tf.gather(
                    tf.RaggedTensor.from_row_lengths(values, counts, validate=False), back
                ).to_tensor()
                for name, values in found.items()
            }
            return {**padded, "problem": problem}

        named = {spec.name: spec for spec in specs}
        return tf.function(answers, autograph=False).get_concrete_function(**named)

    # === Rows to facts ===

    def _facts(self, words: Words, problem: Any) -> Tensors:
        """The facts of some rows, end to end, with their `counts` `(rows,)`."""
        marked = words.mentions.ends - words.mentions.starts
        marked = tf.math.unsorted_segment_sum(marked, words.mentions.rows, words.num_rows)
        few = marked <= MOST_MARKED_WORDS
        mentions = words.mentions.where(tf.gather(few, words.mentions.rows))
        entities = entities_of(mentions, words, roles=self._roles)
        group, fits = self._groups(words, entities)

        def step(number: Any) -> Tensors:
            chosen = group == number
            own = entities.of_rows(chosen)
            found = self._of_pairs(words.of_rows(chosen), own)
            places = tf.where(tf.gather(chosen, entities.rows))[:, 0]
            sides = {side: tf.gather(places, found[side]) for side in ("subject", "object")}
            return {**found, **sides}

        found = _concatenated(step, tf.reduce_max(tf.concat([group, [0]], axis=0)) + 1)
        rows = tf.gather(entities.rows, found["subject"])
        order = tf.argsort(found["score"], direction="DESCENDING", stable=True)
        order = tf.gather(order, tf.argsort(tf.gather(rows, order), stable=True))
        found = {name: tf.gather(values, order) for name, values in found.items()}
        first = type(mentions)(*(tf.gather(each, entities.first) for each in entities.mentions))
        name, span = names(first, words)
        facts = {"relations": tf.gather(tf.constant(self._relations), found["relation"])}
        facts["relation_scores"] = found["score"]
        for side in ("subject", "object"):
            facts[f"{side}s"] = tf.gather(name, found[side])
            facts[f"{side}_ids"] = tf.gather(entities.ids, found[side])
            facts[f"{side}_spans"] = tf.gather(span, found[side])
        counts = tf.math.unsorted_segment_sum(tf.ones_like(rows), rows, words.num_rows)
        more = self._problem(entities, few & fits)
        return {**facts, "counts": counts, "problem": tf.where(problem != "", problem, more)}

    def _groups(self, words: Words, entities: Entities) -> tuple[Any, Any]:
        """Which rows are computed on together, numbers from 0, int64 `(rows,)`, -1 for rows that
        are not asked about; and whether each can be asked about, bool `(rows,)`."""
        count, longest = entities.counts(), entities.longest()
        pairs = count * count
        length = self.reader.lengths(words)
        fits = (pairs <= MOST_PAIRS) & (count * longest <= MOST_PAIRS)
        fits &= pairs * length <= MOST_CELLS
        if self._attends:
            fits &= length * length <= MOST_ATTENDED
        asked = fits & (count >= 2)
        costs = (length / _TOKENS, pairs / _PAIRS, length * length / _SQUARE)
        cost = tf.reduce_max(tf.stack([*costs, longest * longest / _MARKED**2]), axis=0)
        cost = tf.where(asked, tf.minimum(cost, 1.0), 0.0)
        # A row that alone is as much as a group can be begins one of its own.
        number = tf.cast(tf.cumsum(cost), tf.int64)
        # Without gaps: numbers of groups of which there is no row are left out.
        _, number = tf.unique(tf.boolean_mask(number, asked), tf.int64)
        rows = tf.where(asked)
        group = tf.tensor_scatter_nd_update(-tf.ones_like(count), rows, number)
        return group, fits

    def _of_pairs(self, words: Words, entities: Entities) -> Tensors:
        """The facts of rows that are computed on together: `subject` and `object`, numbers of
        entities, int64; `relation`, a column, int64; `score`."""
        pairs = entities.pairs(self._selection)
        read = {**self.reader.inputs(words, entities), **entities.inputs(pairs)}
        outputs = self._outputs({name: read[name] for name in self._inputs})
        facts = tf.where(self._labels(outputs))
        score = tf.gather_nd(self._scores(outputs), facts)
        sides = tf.gather(pairs, facts[:, 0])
        found = {
            "subject": sides[:, 0],
            "object": sides[:, 1],
            "relation": facts[:, 1],
            "score": score,
        }
        if self._allowed is None:
            return found
        first, second = (tf.gather(entities.types, found[side]) for side in ("subject", "object"))
        allowed = self._allowed(first, found["relation"], second)
        return {name: tf.boolean_mask(values, allowed) for name, values in found.items()}

    def _problem(self, entities: Entities, fits: Any) -> Any:
        """What keeps facts from being found in each row, string `(rows,)`."""
        problem = tf.fill(tf.shape(fits), "")
        if types := self.reader.types:
            other = numbered(entities.types, types) == len(types)
            rows = tf.boolean_mask(entities.rows, other)
            problem = tf.where(flat.flags_at(rows, fits), UNKNOWN_TYPE, problem)
        problem = tf.where(entities.counts() < 2, TOO_FEW, problem)
        return tf.where(fits, problem, TOO_MANY)

    # === A network's own inputs ===

    def _of_features(self) -> Any:
        specs = {
            **self.network.inputs,
            "entities": tf.TensorSpec((None, None, None), tf.int32),
            "pairs": tf.TensorSpec((None, None, 2), tf.int32),
        }

        def answers(**arrays: Any) -> Tensors:
            return by_chunks(arrays, self._of_arrays)

        named = {name: public_spec(name, spec) for name, spec in specs.items()}
        return tf.function(answers, autograph=False).get_concrete_function(**named)

    def _of_arrays(self, arrays: Tensors) -> Tensors:
        read = {name: tf.cast(arrays[name], of.dtype) for name, of in self.network.inputs.items()}
        there = tf.reduce_any(arrays["entities"] >= 0, axis=2)
        number = tf.reshape(tf.cumsum(tf.cast(tf.reshape(there, [-1]), tf.int32)), tf.shape(there))
        number -= 1
        pairs, asked = arrays["pairs"], arrays["pairs"][:, :, 0] >= 0
        rows = tf.broadcast_to(tf.range(tf.shape(pairs)[0])[:, None, None], tf.shape(pairs))
        global_pairs = tf.gather_nd(
            tf.pad(number, [[0, 0], [0, 1]]), tf.stack([rows, tf.maximum(pairs, 0)], axis=-1)
        )
        read |= {
            "entities": tf.boolean_mask(arrays["entities"], there),
            "entity_rows": tf.cast(tf.where(there)[:, 0], tf.int32),
            "row_entities": tf.pad(tf.where(there, number, -1), [[0, 0], [0, 1]], "CONSTANT", -1),
            "pairs": tf.boolean_mask(global_pairs, asked),
        }
        outputs = self._outputs(read)
        places = tf.where(asked)
        shape = tf.concat([tf.shape(asked), [len(self._relations)]], axis=0)
        shape = tf.cast(shape, tf.int64)
        scores = tf.scatter_nd(places, self._scores(outputs), shape)
        labels = tf.scatter_nd(places, tf.cast(self._labels(outputs), tf.int32), shape) > 0
        return {"scores": scores, "labels": labels}


def _concatenated(step: Callable[[Any], Tensors], number: Any) -> Tensors:
    """What `step` gives for 0 to `number`, which is at least 1, end to end."""
    parts = {
        name: tf.TensorArray(
            dtype, tf.cast(number, tf.int32), infer_shape=False, element_shape=[None]
        )
        for name, dtype in _FACT.items()
    }

    def body(at: Any, parts: Tensors) -> tuple[Any, Tensors]:
        found, place = step(at), tf.cast(at, tf.int32)
        return at + 1, {name: part.write(place, found[name]) for name, part in parts.items()}

    _, parts = tf.while_loop(
        lambda at, _: at < number, body, (tf.constant(0, tf.int64), parts), parallel_iterations=1
    )
    return {name: part.concat() for name, part in parts.items()}
