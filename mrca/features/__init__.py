"""Examples to arrays: word ids, case, role, lengths; and which rows form which batch."""

from mrca.features.batch_plan import Batch, plan_batches
from mrca.features.encoded_examples import EncodedExamples, encode
from mrca.features.epoch_batches import EpochBatches
from mrca.features.vocabulary import FIRST_ROW, Vocabulary, training_words

__all__ = [
    "FIRST_ROW",
    "Batch",
    "EncodedExamples",
    "EpochBatches",
    "Vocabulary",
    "encode",
    "plan_batches",
    "training_words",
]
