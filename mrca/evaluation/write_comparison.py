"""A comparison as files."""

import json
from pathlib import Path

from mrca.evaluation.comparison import Comparison
from mrca.evaluation.comparison_plot import plot_comparison
from mrca.evaluation.comparison_tables import comparison_csv, comparison_markdown
from mrca.resources import whole_file


def write_comparison(comparison: Comparison, folder: Path) -> list[Path]:
    """Write `comparison.md`, `.csv`, `.json` and `.png`, each whole or not at all.

    Args:
        comparison: what `compare_methods` returned.
        folder: where; made if missing, and files of these names are replaced.

    Returns:
        The four files.

    Raises:
        OSError: if one cannot be written.
    """
    json_text = json.dumps(comparison.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)
    texts = {
        "md": comparison_markdown(comparison, figure="comparison.png"),
        "csv": comparison_csv(comparison),
        "json": json_text + "\n",
    }
    paths = []
    for suffix, text in texts.items():
        paths.append(folder / f"comparison.{suffix}")
        with whole_file(paths[-1]) as temporary:
            temporary.write_text(text, "utf-8")
    paths.append(folder / "comparison.png")
    with whole_file(paths[-1]) as temporary:
        plot_comparison(comparison).savefig(temporary, format="png")
    return paths
