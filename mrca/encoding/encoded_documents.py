"""Documents as flat arrays, and their padded batches."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mrca.datasets import Candidates
from mrca.encoding.batch_plan import Batch, BatchLimits, Padding
from mrca.text import Span

# Maps a span of words to the places of its tokens in its row; see `EncodedEntities.of`.
Places = Callable[[int, Span], range]

_ENTITY_STEP = 4
_ATTENTION = 1 << 23


@dataclass(frozen=True)
class EncodedEntities:
    """Where entities stand, and which pairs of them are asked about; all rows end to end.

    Attributes:
        starts: where each row's entities begin, int64 `(rows + 1,)`.
        token_starts: where each entity's tokens begin, int64 `(entities + 1,)`.
        tokens: the tokens of all its mentions by their place in the row, int32 `(tokens,)`.
        candidate_starts: where each row's candidates begin, int64 `(rows + 1,)`.
        pairs: subject and object of each candidate by their number in the row, int32
            `(candidates, 2)`.
    """

    starts: np.ndarray
    token_starts: np.ndarray
    tokens: np.ndarray
    candidate_starts: np.ndarray
    pairs: np.ndarray

    @classmethod
    def of(cls, candidates: Candidates, places: Places) -> "EncodedEntities":
        """Those of some candidates.

        Args:
            candidates: entity pairs.
            places: a row's number and a span of its words to the places of the span's tokens,
                without those that are cut off.
        """
        tokens: list[int] = []
        token_starts = [0]
        starts = [0]
        for row, document in enumerate(candidates.documents):
            for entity in document.entities:
                tokens += sorted({each for span in entity.mentions for each in places(row, span)})
                token_starts.append(len(tokens))
            starts.append(len(token_starts) - 1)
        return cls(
            np.array(starts),
            np.array(token_starts),
            np.array(tokens, np.int32),
            candidates.starts,
            np.stack([candidates.subjects, candidates.objects], axis=1),
        )

    def batch(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """A model's inputs for some rows.

        Returns:
            `entities` int32 `(entities, most tokens)`, places in the entity's row, padded with -1;
            `entity_rows` int32 `(entities,)`, its row in the batch; `row_entities` int32 `(rows,
            most entities)`, the numbers of a row's entities in the batch, padded with -1 to a
            multiple of 4, so that a compiled model meets few shapes; `pairs` int32 `(candidates,
            2)`, numbers of entities in the batch.
        """
        counts = self.starts[rows + 1] - self.starts[rows]
        entities = ranges(self.starts, rows)
        lengths = self.token_starts[entities + 1] - self.token_starts[entities]
        column = np.arange(max(lengths.max(initial=1), 1))
        is_token = column < lengths[:, None]
        matrix = np.full(is_token.shape, -1, np.int32)
        matrix[is_token] = self.tokens[ranges(self.token_starts, entities)]
        before = np.cumsum(counts) - counts  # entities of the batch before each row's
        most = -(-max(counts.max(initial=1), 1) // _ENTITY_STEP) * _ENTITY_STEP
        column = np.arange(most)
        row_entities = np.where(column < counts[:, None], before[:, None] + column, -1)
        candidates = ranges(self.candidate_starts, rows)
        asked = self.candidate_starts[rows + 1] - self.candidate_starts[rows]
        pairs = self.pairs[candidates] + np.repeat(before, asked)[:, None]
        return {
            "entities": matrix,
            "entity_rows": np.repeat(np.arange(len(rows), dtype=np.int32), counts),
            "row_entities": row_entities.astype(np.int32),
            "pairs": pairs.astype(np.int32),
        }


@dataclass(frozen=True)
class EncodedDocuments:
    """Rows of tokens, end to end: memory grows with tokens, not with rows times the longest.

    Attributes:
        arrays: by name, each `(tokens, …)`. Words have `words`, int32 rows of `table`; word pieces
            have `pieces`, int32 rows of the encoder's vocabulary; stored states have `states`,
            float16 `(tokens, dim)`. All have the marks of `word_marks`.
        starts: int64 `(rows + 1,)`, where each row begins.
        entities: of entity pairs; `None` where whole documents are asked about.
        table: float32 `(words, dim)`, the states of words; `None` where there are none.
    """

    arrays: dict[str, np.ndarray]
    starts: np.ndarray
    entities: EncodedEntities | None = None
    table: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of each row, `(rows,)`."""
        return np.diff(self.starts)

    @property
    def candidates(self) -> np.ndarray | None:
        """Candidates of each row, `(rows,)`; `None` for one each."""
        return None if self.entities is None else np.diff(self.entities.candidate_starts)

    def limits(self, rows: int) -> BatchLimits:
        """Of a batch of them, at most so many; of word pieces, what an encoder can attend between.

        With the 12 heads of a BERT an attention is at most 400 MB, unless one row's is larger.
        """
        return BatchLimits(rows, attention=_ATTENTION if "pieces" in self.arrays else None)

    def candidates_of(self, rows: np.ndarray) -> np.ndarray:
        """The numbers of the rows' candidates, end to end."""
        return rows if self.entities is None else ranges(self.entities.candidate_starts, rows)

    @property
    def inputs(self) -> dict[str, tuple[tuple[int | None, ...], np.dtype]]:
        """Name, shape (`None` where batches differ) and dtype of what `batch` gives."""
        arrays = {**self.arrays}
        if self.table is not None:
            arrays = {"states": self.table, **arrays}
            del arrays["words"]
        found: dict[str, tuple[tuple[int | None, ...], np.dtype]] = {
            name: ((None, None, *array.shape[1:]), input_dtype(array))
            for name, array in arrays.items()
        }
        found["lengths"] = ((None,), np.dtype(np.int32))
        if self.entities is not None:
            found["entities"] = ((None, None), np.dtype(np.int32))
            found["entity_rows"] = ((None,), np.dtype(np.int32))
            found["row_entities"] = ((None, None), np.dtype(np.int32))
            found["pairs"] = ((None, 2), np.dtype(np.int32))
        return found

    def batch(self, batch: Batch, padding: Padding) -> dict[str, np.ndarray]:
        """The model's inputs for one batch of the plan: the arrays, but `states` in place of words.

        With `"masked"` padding `lengths` tells the model where each row ends; with `"fixed"` every
        row claims the full length, so that the model computes on the zeros of the padding, as the
        paper's code does.
        """
        starts = self.starts[batch.rows]
        lengths = (self.starts[batch.rows + 1] - starts).astype(np.int32)
        column = np.arange(batch.length)
        is_token = column < lengths[:, None]
        tokens = (starts[:, None] + column)[is_token]
        values = {name: array[tokens] for name, array in self.arrays.items()}
        if self.table is not None:
            values = {"states": self.table[values["words"]], **values}
            del values["words"]
        inputs = {}
        for name, array in values.items():
            inputs[name] = np.zeros((*is_token.shape, *array.shape[1:]), input_dtype(array))
            inputs[name][is_token] = array
        inputs["lengths"] = lengths if padding == "masked" else np.full_like(lengths, batch.length)
        if self.entities is not None:
            inputs.update(self.entities.batch(batch.rows))
        return inputs


def input_dtype(array: np.ndarray) -> np.dtype:
    """What a model takes an array as: itself, but float32 for states kept in half precision."""
    return np.dtype(np.float32) if array.dtype == np.float16 else array.dtype


def row_starts(lengths: np.ndarray | list[int]) -> np.ndarray:
    """Where rows of these lengths begin when they lie end to end, int64 `(rows + 1,)`."""
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])


def ranges(starts: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The numbers from `starts[i]` to `starts[i + 1]` for each chosen i, end to end."""
    first, lengths = starts[chosen], starts[chosen + 1] - starts[chosen]
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) + np.repeat(first - (ends - lengths), lengths)
