"""Truth and prediction compared after training: numbers, plots and tables."""

from mrca.evaluation.calibration import (
    CALIBRATIONS,
    Calibration,
    Isotonic,
    Reliability,
    Temperature,
    calibration_from_config,
    expected_calibration_error,
    reliability,
)
from mrca.evaluation.comparison import (
    ComparedMethod,
    Comparison,
    GroupF1,
    check_columns,
    compare_methods,
)
from mrca.evaluation.confused_pairs import ConfusedPair, confused_pairs
from mrca.evaluation.decoupling import Decoupling
from mrca.evaluation.document_report import DocumentReport, evaluate_candidates
from mrca.evaluation.error_patterns import ErrorPatterns, correctly_ranked, error_patterns
from mrca.evaluation.fact_scores import (
    FactScores,
    GoldFacts,
    PairConfusion,
    fact_scores,
    predicted_facts,
)
from mrca.evaluation.false_positive_rate import FalsePositiveRate, false_positive_rate
from mrca.evaluation.known_facts import KnownFacts, known_facts
from mrca.evaluation.paired_bootstrap import Difference, paired_bootstrap
from mrca.evaluation.precision_recall_curve import average_precision, precision_recall_curve
from mrca.evaluation.report import Report, evaluate
from mrca.evaluation.scores import Score, macro_score, micro_score, precision_recall_f1
from mrca.evaluation.seeds import mean_and_deviation, summarise_runs
from mrca.evaluation.threshold import PrecisionThreshold, threshold_for_precision, tune_threshold

__all__ = [
    "CALIBRATIONS",
    "Calibration",
    "ComparedMethod",
    "Comparison",
    "ConfusedPair",
    "Decoupling",
    "Difference",
    "DocumentReport",
    "ErrorPatterns",
    "FactScores",
    "FalsePositiveRate",
    "GoldFacts",
    "GroupF1",
    "Isotonic",
    "KnownFacts",
    "PairConfusion",
    "PrecisionThreshold",
    "Reliability",
    "Report",
    "Score",
    "Temperature",
    "average_precision",
    "calibration_from_config",
    "check_columns",
    "compare_methods",
    "confused_pairs",
    "correctly_ranked",
    "error_patterns",
    "evaluate",
    "evaluate_candidates",
    "expected_calibration_error",
    "fact_scores",
    "false_positive_rate",
    "known_facts",
    "macro_score",
    "mean_and_deviation",
    "micro_score",
    "paired_bootstrap",
    "precision_recall_curve",
    "precision_recall_f1",
    "predicted_facts",
    "reliability",
    "summarise_runs",
    "threshold_for_precision",
    "tune_threshold",
]
