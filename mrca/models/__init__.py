"""Models: encoder, pooling and head, assembled; and what makes examples their inputs."""

from mrca.models.mrca import MRCA
from mrca.models.piece_model import PieceModel
from mrca.models.svm_model import SVMModel
from mrca.models.text_model import NeuralModel, TextModel
from mrca.models.tfidf_svm import TfidfSVM
from mrca.models.word_model import WordModel

__all__ = [
    "MRCA",
    "NeuralModel",
    "PieceModel",
    "SVMModel",
    "TextModel",
    "TfidfSVM",
    "WordModel",
]
