"""Examples to arrays: words or word pieces, case, role; and which rows form which batch."""

from mrca.features.batch_plan import Batch, Padding, plan_batches
from mrca.features.encode_pieces import encode_pieces
from mrca.features.encoded_examples import EncodedExamples, encode, input_dtype
from mrca.features.epoch_batches import EpochBatches
from mrca.features.paired_batches import PairedBatches
from mrca.features.stored_states import stored_states
from mrca.features.vocabulary import FIRST_ROW, Vocabulary, training_words
from mrca.features.word_pieces import WordPieces

__all__ = [
    "FIRST_ROW",
    "Batch",
    "EncodedExamples",
    "EpochBatches",
    "Padding",
    "PairedBatches",
    "Vocabulary",
    "WordPieces",
    "encode",
    "encode_pieces",
    "input_dtype",
    "plan_batches",
    "stored_states",
    "training_words",
]
