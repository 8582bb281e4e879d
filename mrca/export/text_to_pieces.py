"""From marked sentences to an encoder's word pieces, inside the TensorFlow graph."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import tensorflow as tf

from mrca.encoding import WordPieces
from mrca.encoding.piece_rows import MarkerStyle
from mrca.export import flat
from mrca.export.graph_entities import Entities
from mrca.export.graph_lower import lower
from mrca.export.graph_word_pieces import GraphWordPieces
from mrca.export.text_reader import TextReader
from mrca.export.text_to_words import (
    Mentions,
    Words,
)


class _Stream(NamedTuple):
    """A batch's pieces, end to end.

    Attributes:
        rows, columns: the word of the batch that each belongs to, or that a marker stands before,
            int64 `(pieces,)`, in order.
        pieces: int32 `(pieces,)`.
        case, role: int8 `(pieces,)`.
        types: int16 `(pieces,)`.
        word: the word's number, int64 `(pieces,)`; of a marker that of the word after the last.
        begins: whether a marker begins here, bool `(pieces,)`.
    """

    rows: Any
    columns: Any
    pieces: Any
    case: Any
    role: Any
    types: Any
    word: Any
    begins: Any


class _Markers(NamedTuple):
    """Markers that stand before words.

    Attributes:
        rows, columns: of the word, int64 `(markers,)`.
        order: by this number, int64 `(markers,)`.
        which: rows of `table`, int64 `(markers,)`.
        table: the pieces of each kind of marker, ragged int32.
    """

    rows: Any
    columns: Any
    order: Any
    which: Any
    table: Any


class TextToPieces(TextReader):
    """What `parse_marked` and `piece_rows` do in Python, for a batch of strings.

    `inputs` are `pieces` int32, `case` and `role` int8, all `(batch, time)`, and `lengths` int32
    `(batch,)`, for the encoder and the network. A row that has no word is `[CLS] [SEP]`.

    Args:
        word_pieces: the encoder's vocabulary.
        asset_folder: where the vocabulary's file lies until this is saved.
        max_length: pieces, special ones included; longer rows are cut to it, `[SEP]` stays last.
            `None` for no limit.
        case, role: whether to mark upper case, and entities; else 0 everywhere.
        markers: whether to put markers around the mentions.
        style: which; see `piece_rows`.
        types: the entity types that are a feature, where pairs are asked about.

    Raises:
        MrcaError: if the vocabulary has no pieces for markers.
    """

    def __init__(
        self,
        word_pieces: WordPieces,
        asset_folder: Path,
        *,
        max_length: int | None,
        case: bool = True,
        role: bool = True,
        markers: bool = False,
        style: MarkerStyle = "roles",
        types: Sequence[str] = (),
    ) -> None:
        super().__init__(max_length, case, role, types)
        self._cls, self._sep = word_pieces.cls, word_pieces.sep
        self._markers = style if markers else None
        if self._markers == "roles":
            self._role_markers = word_pieces.markers
        elif self._markers is not None:
            self._at, self._asterisk = (word_pieces.marker(sign) for sign in "@*")
        self._word_pieces = GraphWordPieces(word_pieces, asset_folder)

    def lengths(self, words: Words) -> Any:
        """See `TextReader`; most pieces have two characters or more."""
        rows = tf.gather(words.rows, words.tokens)
        return tf.math.unsorted_segment_sum(tf.ones_like(rows), rows, words.num_rows) // 2 + 2

    def inputs(self, words: Words, entities: Entities | None = None) -> dict[str, Any]:
        """See `TextReader`."""
        pieces, word = self._word_pieces(words.codes, words.tokens, words.size)
        nothing = tf.zeros_like(words.role)
        role, types = words.role, tf.zeros_like(words.rows, tf.int16)
        if entities is not None:
            role = entities.role(words)
            if self.types:
                types = entities.type_marks(words, self.types)
        of_words = (
            words.rows,
            words.columns,
            words.case() if self.case else nothing,
            role if self.role else nothing,
            types,
        )
        rows, columns, case, role, types = (tf.gather(each, word) for each in of_words)
        none = tf.zeros_like(word, tf.bool)
        stream = _Stream(rows, columns, pieces, case, role, types, word, none)
        if self._markers is not None:
            stream = _with_markers(stream, self._marked(words, entities), words.size)

        # === The row's form: [CLS], what there is room for, [SEP] ===
        counts = tf.math.unsorted_segment_sum(
            tf.ones_like(stream.rows), stream.rows, words.num_rows
        )
        first = tf.cumsum(counts, exclusive=True) - 1  # [CLS] stands there
        place = tf.range(tf.size(stream.rows, out_type=tf.int64)) - tf.gather(first, stream.rows)
        lengths = counts + 2
        stays = tf.ones_like(place, tf.bool)
        if self.max_length is not None:
            stays = place < self.max_length - 1
            lengths = tf.minimum(lengths, self.max_length)
        longest = tf.reduce_max(tf.concat([lengths, [2]], axis=0))
        places = tf.boolean_mask(tf.stack([stream.rows, place], axis=1), stays)
        shape = tf.stack([words.num_rows, longest])

        def padded(values: Any) -> Any:
            return tf.scatter_nd(places, tf.boolean_mask(values, stays), shape)

        column = tf.range(longest)
        dense = tf.where(column == 0, self._cls, padded(stream.pieces))
        inputs = {
            "pieces": tf.where(column == lengths[:, None] - 1, self._sep, dense),
            "case": padded(stream.case),
            "role": padded(stream.role),
            "lengths": tf.cast(lengths, tf.int32),
        }
        if entities is not None:
            at, of = self._places(stream, words, entities)
            at -= tf.gather(first, tf.gather(entities.rows, of))
            inputs["entities"] = entities.matrix(at, of, longest)
            inputs["types"] = padded(stream.types)
        return inputs

    def _places(self, stream: _Stream, words: Words, entities: Entities) -> tuple[Any, Any]:
        """The pieces of all mentions as `piece_rows` has them, and whose they are, int64."""
        number = tf.range(tf.size(stream.rows, out_type=tf.int64))
        first = tf.math.unsorted_segment_min(number, stream.word, words.size + 1)
        last = tf.math.unsorted_segment_max(number, stream.word, words.size + 1)
        starts, ends = entities.places(words)
        begin = tf.gather(first, starts)
        if self._markers in ("asterisks", "typed"):
            return flat.last_until(stream.begins, begin), entities.of
        places = tf.ragged.range(begin, tf.gather(last, ends - 1) + 1)
        return places.flat_values, tf.gather(entities.of, places.value_rowids())

    def _marked(self, words: Words, entities: Entities | None) -> _Markers:
        """The markers of a batch, in the order that `piece_rows` tells."""
        if entities is None:
            return self._by_roles(words.mentions)
        mentions = entities.mentions
        by_entity = tf.argsort(entities.of, stable=True)
        rows, starts, ends = (tf.gather(each, by_entity) for each in mentions[:3])
        of = tf.gather(entities.of, by_entity)
        width = _width(ends)
        if self._markers == "roles":
            known = ~tf.gather(entities.unknown(), rows)
            parts = []
            for kind, is_of in enumerate((entities.subject, entities.object)):
                chosen = tf.gather(is_of, of) & (known | (kind == 0))
                place = tf.boolean_mask((rows * width + starts) * width + ends, chosen)
                place = tf.unique(place)[0]
                kinds = tf.fill(tf.shape(place), kind)
                text = tf.fill(tf.shape(place), "")
                before = place // width
                parts.append((before // width, before % width, place % width, kinds, text, text))
            return self._by_roles(
                Mentions(*(tf.concat(pair, axis=0) for pair in zip(*parts, strict=True)))
            )
        if self._markers == "asterisks":
            at = [tf.unique(rows * width + each)[0] for each in (starts, ends)]
            place = tf.concat(at, axis=0)
            table = tf.ragged.constant([[self._asterisk]], tf.int32)
            zeros = tf.zeros_like(place)
            return _Markers(place // width, place % width, place, zeros, table)
        types, type_ = tf.unique(tf.gather(entities.types, of), tf.int64)
        more = tf.size(types, out_type=tf.int64)
        keys = tf.unique(((rows * width + starts) * width + ends) * more + type_)[0]
        place, type_ = keys // more, keys % more
        before = place // width
        return _nested(
            (before // width, before % width, place % width),
            tf.range(tf.size(keys, out_type=tf.int64)),
            1 + type_,
            tf.zeros_like(type_),
            self._typed(types),
        )

    def _by_roles(self, mentions: Mentions) -> _Markers:
        markers = self._role_markers
        order = ("subject_start", "subject_end", "object_start", "object_end")
        table = tf.ragged.constant([[getattr(markers, name)] for name in order], tf.int32)
        kinds = tf.cast(mentions.kinds, tf.int64)
        return _nested(mentions[:3], kinds, 2 * kinds, 2 * kinds + 1, table)

    def _typed(self, types: Any) -> Any:
        """What closes a mention, and what opens one of each type, ragged int32 `(types + 1, …)`."""
        spaced = tf.strings.regex_replace(types, r"[^\pL\pN]+", " ")
        spaced = tf.strings.regex_replace(spaced, "([a-z])([A-Z])", r"\1 \2")
        decoded = tf.strings.unicode_decode(tf.strings.join([" ", spaced]), "UTF-8")
        codes, of = lower(decoded.values, decoded.value_rowids())
        space = codes == ord(" ")
        begins = ~space & tf.roll(space, 1, axis=0)
        word = tf.boolean_mask(tf.cumsum(tf.cast(begins, tf.int64)) - 1, ~space)
        of_word = tf.boolean_mask(of, begins)
        pieces, owner = self._word_pieces(
            tf.boolean_mask(codes, ~space), word, tf.size(of_word, out_type=tf.int64)
        )
        size = tf.size(types, out_type=tf.int64)
        of_type = tf.gather(of_word, owner)
        named = tf.RaggedTensor.from_value_rowids(pieces, of_type, size, validate=False)
        has = tf.cast(named.row_lengths() > 0, tf.int64)

        def signs(sign: int, counts: Any) -> Any:
            values = tf.fill(tf.reduce_sum(counts)[None], sign)
            return tf.RaggedTensor.from_row_lengths(values, counts, validate=False)

        at = signs(self._at, tf.ones_like(has))
        asterisk = signs(self._asterisk, has)
        opening = tf.concat([at, asterisk, named, asterisk], axis=1)
        return tf.concat([signs(self._at, tf.constant([1], tf.int64)), opening], axis=0)


def _width(ends: Any) -> Any:
    """More than the place of any word that a marker stands before."""
    return tf.reduce_max(tf.concat([ends, [0]], axis=0)) + 2


def _nested(spans: Sequence[Any], place: Any, opening: Any, closing: Any, table: Any) -> _Markers:
    """The markers of mentions: closing before opening, the other end from last to first, of equal
    mentions that with the smallest place outside.

    Args:
        spans: rows, starts and ends of the mentions, int64 `(mentions,)`.
        place: int64 `(mentions,)`.
        opening: rows of the table.
        closing: the same.
        table: see `_Markers`.
    """
    rows, starts, ends = spans
    width = _width(ends)
    more = tf.reduce_max(tf.concat([place, [0]], axis=0)) + 1

    def order(at: Any, other: Any, opens: int, inside: Any) -> Any:
        return (((rows * width + at) * 2 + opens) * width + width - 1 - other) * more + inside

    orders = [order(starts, ends, 1, place), order(ends, starts, 0, more - 1 - place)]
    return _Markers(
        tf.concat([rows, rows], axis=0),
        tf.concat([starts, ends], axis=0),
        tf.concat(orders, axis=0),
        tf.concat([opening, closing], axis=0),
        table,
    )


def _with_markers(stream: _Stream, markers: _Markers, num_words: Any) -> _Stream:
    """The pieces with markers among them."""
    order = tf.argsort(markers.order, stable=True)
    pieces = tf.gather(markers.table, tf.gather(markers.which, order))
    of = tf.gather(order, pieces.value_rowids())
    begins = tf.concat([[True], of[1:] != of[:-1]], axis=0)[: tf.size(of)]
    rows, columns = tf.gather(markers.rows, of), tf.gather(markers.columns, of)
    width = tf.reduce_max(tf.concat([markers.columns, stream.columns, [0]], axis=0)) + 1

    # A marker goes before the pieces of the word that it is at.
    keys = [2 * (rows * width + columns), 2 * (stream.rows * width + stream.columns) + 1]
    whole = tf.argsort(tf.concat(keys, axis=0), stable=True)
    none = tf.zeros_like(of, tf.int8)
    word = tf.fill(tf.shape(of), num_words)
    of_markers = (rows, columns, pieces.values, none, none, tf.cast(none, tf.int16), word, begins)
    pairs = zip(of_markers, stream, strict=True)
    return _Stream(*(tf.gather(tf.concat(pair, axis=0), whole) for pair in pairs))
