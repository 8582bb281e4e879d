"""The pairs of a batch as a matrix of subjects and objects for each document."""

from typing import Any

from keras import ops


class PairMatrix:
    """Where the pairs of a batch stand in the matrices of their documents' entities.

    A layer that looks along rows and columns spreads its pairs out with `of`, computes, and takes
    them back with `at`; elsewhere pairs are flat.

    Args:
        pairs: int32 `(pairs, 2)`, the numbers of subject and object in the batch.
        entity_rows: int32 `(entities,)`, the document of each entity.
        row_entities: int32 `(documents, E)`, the numbers of a document's entities, padded with -1.

    Attributes:
        shape: (documents, E, E).
        places: `(pairs,)`, where in the flattened matrices each pair is.
    """

    def __init__(self, pairs: Any, entity_rows: Any, row_entities: Any) -> None:
        documents, most = ops.shape(row_entities)
        self.shape = (documents, most, most)
        rows = ops.take(entity_rows, pairs[:, 0], axis=0)
        within = pairs - ops.expand_dims(ops.take(row_entities[:, 0], rows, axis=0), 1)
        self.places = (rows * most + within[:, 0]) * most + within[:, 1]

    def of(self, values: Any) -> tuple[Any, Any]:
        """The matrices of some values `(pairs, width)`.

        Returns:
            `(documents, E, E, width)`, zeros where no pair is asked about, such as on the diagonal;
            and bool `(documents, E, E)`, where one is.
        """
        count = self._sum(ops.ones_like(values[:, :1]))
        # A pair that is in the batch twice is in the matrix once.
        matrix = self._sum(values) / ops.maximum(count, 1)
        return matrix, count[..., 0] > 0

    def at(self, matrix: Any) -> Any:
        """The values of the pairs in `(documents, E, E, width)`: `(pairs, width)`."""
        return ops.take(ops.reshape(matrix, (-1, matrix.shape[-1])), self.places, axis=0)

    def _sum(self, values: Any) -> Any:
        documents, most, _ = self.shape
        spread = ops.segment_sum(values, self.places, num_segments=documents * most * most)
        return ops.reshape(spread, (*self.shape, values.shape[-1]))
