"""Truth and prediction compared after training: numbers, plots and tables."""

from mrca.evaluation.confused_pairs import ConfusedPair, confused_pairs
from mrca.evaluation.plots import (
    plot_f1_by_count,
    plot_f1_by_labels_per_row,
    plot_history,
    plot_precision_recall,
)
from mrca.evaluation.precision_recall_curve import average_precision, precision_recall_curve
from mrca.evaluation.render import report_tables, runs_table
from mrca.evaluation.report import Report, evaluate
from mrca.evaluation.scores import Score, macro_score, micro_score, precision_recall_f1
from mrca.evaluation.seeds import mean_and_deviation, summarise_runs
from mrca.evaluation.threshold import tune_threshold
from mrca.evaluation.triples import triple_score

__all__ = [
    "ConfusedPair",
    "Report",
    "Score",
    "average_precision",
    "confused_pairs",
    "evaluate",
    "macro_score",
    "mean_and_deviation",
    "micro_score",
    "plot_f1_by_count",
    "plot_f1_by_labels_per_row",
    "plot_history",
    "plot_precision_recall",
    "precision_recall_curve",
    "precision_recall_f1",
    "report_tables",
    "runs_table",
    "summarise_runs",
    "triple_score",
    "tune_threshold",
]
