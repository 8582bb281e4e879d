"""A decoupling of representation and classifier as a table, files and a heat map."""

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from mrca.evaluation.decoupling import Decoupling
from mrca.reporting.heat_map import plot_heat_map
from mrca.reporting.write_files import write_files

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def decoupling_table(decoupling: Decoupling) -> Table:
    """A row for each representation, a column for each classifier; the best in bold."""
    table = Table(
        title=Text(decoupling.title, style="bold"),
        caption=Text("\n".join(decoupling.notes)),
        title_justify="left",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
    )
    header, *rows = _texts(decoupling)
    for name in header:
        first = name is header[0]
        table.add_column(name, justify="left" if first else "right", no_wrap=first)
    for row, texts in zip(decoupling.representations, rows, strict=True):
        best = ["", *("bold" * (cell == decoupling.best) for cell in _cells(decoupling, row))]
        table.add_row(*map(Text, texts, best))
    return table


def write_decoupling(decoupling: Decoupling, folder: Path) -> list[Path]:
    """Write `decouple.md`, `.csv`, `.json` and the heat map `.png`; see `write_files`."""
    values = json.dumps(decoupling.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)
    return write_files(
        folder,
        {
            "decouple.md": _markdown(decoupling),
            "decouple.csv": _csv(decoupling),
            "decouple.json": values + "\n",
            "decouple.png": plot_decoupling(decoupling),
        },
    )


def plot_decoupling(decoupling: Decoupling) -> "Figure":
    """The means as a heat map."""
    rows = decoupling.representations
    means = [[decoupling.score(*cell)[0] for cell in _cells(decoupling, row)] for row in rows]
    return plot_heat_map(
        means, rows, decoupling.classifiers, decoupling.title, "representation", "classifier"
    )


def _cells(decoupling: Decoupling, row: str) -> list[tuple[str, str]]:
    return [(row, column) for column in decoupling.classifiers]


def _texts(decoupling: Decoupling) -> list[list[str]]:
    """The header and the rows, as printed."""
    texts = [["representation", *(f"classifier {name}" for name in decoupling.classifiers)]]
    for row in decoupling.representations:
        scores = (decoupling.score(*cell) for cell in _cells(decoupling, row))
        texts.append(
            [
                row,
                *(
                    f"{mean:.4f}" + ("" if deviation is None else f" ± {deviation:.4f}")
                    for mean, deviation in scores
                ),
            ]
        )
    return texts


def _markdown(decoupling: Decoupling) -> str:
    header, *rows = _texts(decoupling)
    row, column = decoupling.best
    place = decoupling.representations.index(row), decoupling.classifiers.index(column) + 1
    rows[place[0]][place[1]] = f"**{rows[place[0]][place[1]]}**"
    rule = ["---", *["---:"] * len(decoupling.classifiers)]
    return "\n".join(
        [
            f"# {decoupling.title}",
            "",
            *(f"| {' | '.join(line)} |" for line in (header, rule, *rows)),
            "",
            *(f"- {note}" for note in decoupling.notes),
            "",
            "![macro F1 by representation and classifier](decouple.png)",
            "",
        ]
    )


def _csv(decoupling: Decoupling) -> str:
    """A line for each representation and classifier, numbers in full."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["representation", "classifier", "runs", "mean", "deviation"])
    for cell in decoupling.to_dict()["cells"]:
        writer.writerow(
            [
                *(cell["representation"], cell["classifier"], len(cell["runs"])),
                *(cell["mean"], cell["deviation"]),
            ]
        )
    return file.getvalue()
