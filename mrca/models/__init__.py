"""Models: the network of states, and classifiers of documents."""

from mrca.models.classifier import CHUNK, Classifier
from mrca.models.decision import Decision
from mrca.models.network import RelationNetwork
from mrca.models.relation_classifier import RelationClassifier
from mrca.models.rows import Row
from mrca.models.svm_classifier import SVMClassifier
from mrca.models.tfidf_svm import TfidfSVM
from mrca.text.prediction import PredictedFact, Prediction

__all__ = [
    "CHUNK",
    "Classifier",
    "Decision",
    "PredictedFact",
    "Prediction",
    "RelationClassifier",
    "RelationNetwork",
    "Row",
    "SVMClassifier",
    "TfidfSVM",
]
