"""The graph's `marked_document` and `CandidateSelection`: from marked mentions to pairs to ask."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from mrca.datasets import CandidateSelection
from mrca.export import flat
from mrca.export.text_to_words import Mentions, Words
from mrca.export.word_table import encode
from mrca.text.inline_marks import KINDS

_SUBJECT, _OBJECT, _UNKNOWN = range(len(KINDS))


class Entities(NamedTuple):
    """A batch's entities, by row, in each by first mention.

    Attributes:
        rows: which row each stands in, int64 `(entities,)`.
        subject, object: whether it may be one, bool `(entities,)`.
        ids, types: what its marks say, string `(entities,)`.
        first: its first mention, as a place among the mentions, int64 `(entities,)`.
        mentions: of all, by row and in the order that they come in.
        of: each mention's entity, int64 `(mentions,)`.
        num_rows: rows of the batch, int64.
    """

    rows: Any
    subject: Any
    object: Any
    ids: Any
    types: Any
    first: Any
    mentions: Mentions
    of: Any
    num_rows: Any

    @property
    def size(self) -> Any:
        """How many entities there are, int64."""
        return tf.size(self.rows, out_type=tf.int64)

    def counts(self) -> Any:
        """How many entities each row has, int64 `(rows,)`."""
        return tf.math.unsorted_segment_sum(tf.ones_like(self.rows), self.rows, self.num_rows)

    def starts(self) -> Any:
        """Where each row's entities begin, int64 `(rows,)`."""
        return tf.cumsum(self.counts(), exclusive=True)

    def longest(self) -> Any:
        """The most words that the mentions of an entity of each row have, int64 `(rows,)`."""
        words = tf.math.unsorted_segment_sum(
            self.mentions.ends - self.mentions.starts, self.of, self.size
        )
        most = tf.math.unsorted_segment_max(words, self.rows, self.num_rows)
        return tf.maximum(most, 0)

    def unknown(self) -> Any:
        """Whether the roles of each row's entities are not all known, bool `(rows,)`."""
        rows = tf.boolean_mask(self.mentions.rows, self.mentions.kinds == _UNKNOWN)
        counts = tf.math.unsorted_segment_sum(tf.ones_like(rows), rows, self.num_rows)
        return counts > 0

    def of_rows(self, chosen: Any) -> "Entities":
        """Those of some rows, bool `(rows,)`, as a batch of their own."""
        stays = tf.gather(chosen, self.rows)
        number, rows = flat.number(stays), flat.number(chosen)
        mention_stays = tf.gather(chosen, self.mentions.rows)
        mentions = self.mentions.where(mention_stays)
        return Entities(
            tf.gather(rows, tf.boolean_mask(self.rows, stays)),
            tf.boolean_mask(self.subject, stays),
            tf.boolean_mask(self.object, stays),
            tf.boolean_mask(self.ids, stays),
            tf.boolean_mask(self.types, stays),
            tf.gather(flat.number(mention_stays), tf.boolean_mask(self.first, stays)),
            mentions._replace(rows=tf.gather(rows, mentions.rows)),
            tf.gather(number, tf.boolean_mask(self.of, mention_stays)),
            tf.math.count_nonzero(chosen),
        )

    def pairs(self, selection: CandidateSelection) -> Any:
        """Subjects and objects that are asked about, int64 `(pairs, 2)`, in the order of
        `CandidateSelection`."""
        starts, counts = self.starts(), self.counts()
        first = tf.gather(starts, self.rows)
        others = tf.ragged.range(first, first + tf.gather(counts, self.rows))
        pairs = tf.stack([others.value_rowids(), others.flat_values], axis=1)
        asked = tf.gather(self.subject, pairs[:, 0]) & tf.gather(self.object, pairs[:, 1])
        pairs = tf.boolean_mask(pairs, asked & (pairs[:, 0] != pairs[:, 1]))
        if selection.type_pairs is not None:
            allowed = Typed((first, 0, second) for first, second in selection.type_pairs)
            subject, object_ = tf.unstack(tf.gather(self.types, pairs), axis=1)
            zero = tf.constant(0, tf.int64)
            pairs = tf.boolean_mask(pairs, allowed(subject, zero, object_))
        if selection.max_distance is not None:
            near = self._distances(pairs) <= selection.max_distance
            pairs = tf.boolean_mask(pairs, near)
        return pairs

    def _distances(self, pairs: Any) -> Any:
        """Words between the nearest mentions of pairs, int64 `(pairs,)`."""
        order = tf.argsort(self.of, stable=True)
        sizes = tf.math.unsorted_segment_sum(tf.ones_like(self.of), self.of, self.size)
        begin = tf.cumsum(sizes, exclusive=True)
        starts, ends = (tf.gather(each, order) for each in self.mentions[1:3])

        def each_of(entities: Any) -> Any:
            return tf.ragged.range(
                tf.gather(begin, entities), tf.gather(begin, entities) + tf.gather(sizes, entities)
            )

        # Each mention of the subject with each of the object.
        mine = each_of(pairs[:, 0])
        pair = mine.value_rowids()
        other = each_of(tf.gather(pairs[:, 1], pair))
        mine = tf.gather(mine.flat_values, other.value_rowids())
        pair, other = tf.gather(pair, other.value_rowids()), other.flat_values
        after = tf.gather(starts, other) - tf.gather(ends, mine)
        before = tf.gather(starts, mine) - tf.gather(ends, other)
        apart = tf.maximum(tf.maximum(after, before), 0)
        return tf.math.unsorted_segment_min(apart, pair, tf.shape(pairs, tf.int64)[0])

    def role(self, words: Words) -> Any:
        """1 on words of an entity that may be a subject, -1 on those of others, int8 `(words,)`."""
        starts, ends = self.places(words)
        subject = tf.gather(self.subject, self.of)
        inside = [
            flat.inside(tf.boolean_mask(starts, of), tf.boolean_mask(ends, of), words.size)
            for of in (subject, ~subject)
        ]
        return tf.cast(tf.where(inside[0], 1, -tf.cast(inside[1], tf.int32)), tf.int8)

    def places(self, words: Words) -> tuple[Any, Any]:
        """Each mention's words among the batch's, int64 `(mentions,)`."""
        first = tf.gather(words.starts(), self.mentions.rows)
        return first + self.mentions.starts, first + self.mentions.ends

    def words(self) -> tuple[Any, Any]:
        """The words of all mentions: where each stands in its row, and whose it is, int64."""
        places = tf.ragged.range(self.mentions.starts, self.mentions.ends)
        return places.flat_values, tf.gather(self.of, places.value_rowids())

    def type_marks(self, words: Words, types: Sequence[str]) -> Any:
        """Of each word the number of its entity's type from 1, or 0, int16 `(words,)`."""
        columns, of = self.words()
        place = tf.gather(words.starts(), tf.gather(self.rows, of)) + columns
        entity = tf.math.unsorted_segment_max(of, place, words.size)  # of several the last
        number = numbered(self.types, types)
        number = tf.concat([tf.where(number < len(types), number + 1, 0), [0]], axis=0)
        return tf.cast(tf.gather(number, tf.where(entity >= 0, entity, self.size)), tf.int16)

    def matrix(self, places: Any, of: Any, width: Any) -> Any:
        """Places of all tokens of each entity in its row, int32 `(entities, most)`, padded with -1.

        Args:
            places: of its tokens, int64 `(tokens,)`, in any order and maybe repeated.
            of: their entities, int64 `(tokens,)`.
            width: more than any place.
        """
        keys = tf.sort(tf.unique(of * width + places)[0])
        tokens = tf.RaggedTensor.from_value_rowids(
            tf.cast(keys % width, tf.int32), keys // width, self.size, validate=False
        )
        matrix = tokens.to_tensor(-1)
        return tf.pad(matrix, [[0, 0], [0, tf.maximum(1 - tf.shape(matrix)[1], 0)]], "CONSTANT", -1)

    def inputs(self, pairs: Any) -> dict[str, Any]:
        """What a network reads of them beside `matrix`; see `EncodedEntities.batch`."""
        numbers = tf.RaggedTensor.from_value_rowids(
            tf.range(tf.cast(self.size, tf.int32)), self.rows, self.num_rows, validate=False
        ).to_tensor(-1)
        more = tf.maximum(1 - tf.shape(numbers)[1], 0)
        return {
            "entity_rows": tf.cast(self.rows, tf.int32),
            "row_entities": tf.pad(numbers, [[0, 0], [0, more]], "CONSTANT", -1),
            "pairs": tf.cast(pairs, tf.int32),
        }


def entities_of(mentions: Mentions, words: Words, *, roles: bool = True) -> Entities:
    """The entities that mentions are of, as `marked_document` has them.

    Args:
        mentions: of the batch, by row; entities are in the order of their first ones.
        words: the batch's.
        roles: whether they say who may be subject and object; else any entity may be both.
    """
    if not roles:
        mentions = mentions._replace(kinds=tf.fill(tf.shape(mentions.kinds), _UNKNOWN))
    # Those with the same id are one, or without one those with the same words.
    named = tf.strings.join([" ", _joined(mentions, words)])
    known = mentions.ids != ""
    key = tf.where(known, mentions.ids, named)
    mark = tf.where(known, "#", "")
    keys, of = tf.unique(
        tf.strings.join([tf.strings.as_string(mentions.rows), mark, key]), tf.int64
    )
    size = tf.size(keys, out_type=tf.int64)

    def first(chosen: Any) -> tuple[Any, Any]:
        """Of each entity the first mention for which `chosen` holds, and whether there is one."""
        number = tf.size(of, out_type=tf.int64)
        places = tf.where(chosen, tf.range(number), number)
        found = tf.math.unsorted_segment_min(places, of, size)
        return found, found < number

    begin, _ = first(tf.ones_like(of, tf.bool))
    typed, has_type = first(mentions.types != "")
    types = tf.gather(tf.concat([mentions.types, [""]], axis=0), typed)
    _, subject = first(mentions.kinds != _OBJECT)
    _, object_ = first(mentions.kinds != _SUBJECT)
    return Entities(
        tf.gather(mentions.rows, begin),
        subject,
        object_,
        tf.gather(mentions.ids, begin),
        tf.where(has_type, types, ""),
        begin,
        mentions,
        of,
        words.num_rows,
    )


def names(mentions: Mentions, words: Words) -> tuple[Any, Any]:
    """Mentions as they stand in the text, string `(mentions,)`, and where: characters of the row's
    text, or words of rows that came as words, int32 `(mentions, 2)`."""
    if words.text is None:
        return _joined(mentions, words), tf.cast(
            tf.stack([mentions.starts, mentions.ends], axis=1), tf.int32
        )
    first = tf.gather(words.starts(), mentions.rows)
    starts = tf.gather(words.text.starts, first + mentions.starts)
    ends = tf.gather(words.text.ends, first + mentions.ends - 1)
    spans = tf.stack([starts, ends], axis=1) - tf.gather(words.text.first, mentions.rows)[:, None]
    return flat.substrings(words.text.codes, starts, ends), tf.cast(spans, tf.int32)


class Typed:
    """Which facts the types of two entities allow.

    Args:
        allowed: type of the subject, number of the relation, type of the object.
    """

    def __init__(self, allowed: Iterable[tuple[str, int, str]]) -> None:
        allowed = list(allowed)
        types = sorted({each for first, _, second in allowed for each in (first, second)})
        self._types = types
        self._keys = np.array(
            sorted(self._key(types.index(a), r, types.index(b)) for a, r, b in allowed), np.int64
        )

    def __call__(self, subject: Any, relation: Any, object_: Any) -> Any:
        """Whether each is allowed, bool `(facts,)`; those without a type always are.

        Args:
            subject: types, string `(facts,)`.
            relation: numbers, int64 `(facts,)`.
            object_: types, string `(facts,)`.
        """
        first, second = (numbered(each, self._types) for each in (subject, object_))
        key = self._key(first, relation, second)
        keys = tf.constant([*self._keys, np.iinfo(np.int64).max], tf.int64)
        found = tf.gather(keys, tf.searchsorted(keys, key)) == key
        return found | (subject == "") | (object_ == "")

    def _key(self, first: Any, relation: Any, second: Any) -> Any:
        more = len(self._types) + 1
        return (relation * more + first) * more + second


def numbered(types: Any, known: Sequence[str]) -> Any:
    """The place of each type among those that are known, or their number; int64 `(types,)`."""
    if not known:
        return tf.zeros(tf.shape(types), tf.int64)
    same = types[:, None] == tf.constant(list(known))
    return tf.where(tf.reduce_any(same, axis=1), tf.argmax(same, axis=1), len(known))


def _joined(mentions: Mentions, words: Words) -> Any:
    """The words of mentions with a space between, string `(mentions,)`."""
    first = tf.gather(words.starts(), mentions.rows)
    places = tf.ragged.range(first + mentions.starts, first + mentions.ends)
    strings = encode(words.codes, words.tokens, words.size)
    return tf.strings.unsorted_segment_join(
        tf.gather(strings, places.flat_values), places.value_rowids(), places.nrows(), " "
    )
