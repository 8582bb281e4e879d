"""Documents to arrays, and which rows form which batch."""

from mrca.encoding.batch_plan import Batch, BatchLimits, Padding, plan_batches
from mrca.encoding.batches import EpochBatches, PairedBatches, SideBySide
from mrca.encoding.byte_pairs import BytePairs
from mrca.encoding.encoded_documents import (
    EncodedDocuments,
    EncodedEntities,
    input_dtype,
    row_starts,
)
from mrca.encoding.marks import word_marks
from mrca.encoding.piece_rows import PieceRows, piece_rows
from mrca.encoding.pieces import EntityMarkers, Pieces
from mrca.encoding.sampler import EPOCH_SAMPLERS, SAMPLERS, Sampler, check_sampler
from mrca.encoding.word_pieces import WordPieces

__all__ = [
    "EPOCH_SAMPLERS",
    "SAMPLERS",
    "Batch",
    "BatchLimits",
    "BytePairs",
    "EncodedDocuments",
    "EncodedEntities",
    "EntityMarkers",
    "EpochBatches",
    "Padding",
    "PairedBatches",
    "PieceRows",
    "Pieces",
    "Sampler",
    "SideBySide",
    "WordPieces",
    "check_sampler",
    "input_dtype",
    "piece_rows",
    "plan_batches",
    "row_starts",
    "word_marks",
]
