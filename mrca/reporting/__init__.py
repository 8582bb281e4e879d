"""Numbers as tables and figures."""

from mrca.reporting.comparison_plot import plot_comparison
from mrca.reporting.comparison_tables import (
    comparison_csv,
    comparison_markdown,
    comparison_tables,
    write_comparison,
)
from mrca.reporting.conditions import conditions
from mrca.reporting.decoupling import decoupling_table, plot_decoupling, write_decoupling
from mrca.reporting.heat_map import plot_heat_map
from mrca.reporting.plots import (
    plot_f1_by_count,
    plot_f1_by_labels_per_row,
    plot_history,
    plot_precision_recall,
    report_figures,
)
from mrca.reporting.reliability_plot import plot_reliability
from mrca.reporting.render import (
    document_tables,
    examples_table,
    run_table,
    runs_table,
    threshold_table,
)
from mrca.reporting.write_files import write_files

__all__ = [
    "comparison_csv",
    "comparison_markdown",
    "comparison_tables",
    "conditions",
    "decoupling_table",
    "document_tables",
    "examples_table",
    "plot_comparison",
    "plot_decoupling",
    "plot_f1_by_count",
    "plot_f1_by_labels_per_row",
    "plot_heat_map",
    "plot_history",
    "plot_precision_recall",
    "plot_reliability",
    "report_figures",
    "run_table",
    "runs_table",
    "threshold_table",
    "write_comparison",
    "write_decoupling",
    "write_files",
]
