"""A comparison as tables, on the screen, in Markdown and as CSV, and all of it as files."""

import csv
import io
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from rich import box
from rich.table import Table
from rich.text import Text

from mrca.evaluation.comparison import ComparedMethod, Comparison
from mrca.evaluation.paired_bootstrap import Difference
from mrca.reporting.comparison_plot import plot_comparison
from mrca.reporting.render import UNDEFINED
from mrca.reporting.write_files import write_files

_NAME_WIDTH = 17
_LAST = {"f1": "F1", "precision": "P", "recall": "R"}
# The lower, the better.
_LOW = (
    "empty_candidates.rate",
    "confusion.wrong_share",
    "confusion.more_share",
    "confusion.missed_share",
    "error_patterns.false_share",
    "error_patterns.fn_share",
    "error_patterns.fn_crk_share",
)


class _Column(NamedTuple):
    """A column of measures."""

    title: str
    path: tuple[str, ...]  # to the mean and deviation in a method's summary
    tested: bool = False  # whether it holds the marks
    low: bool = False  # whether the lowest is the best

    def measure(self, method: ComparedMethod) -> Mapping[str, float | None] | None:
        """A method's mean and deviation; None where it is undefined."""
        value: Any = method.summary
        for key in self.path:
            value = value and value.get(key)
        return value


def comparison_tables(comparison: Comparison) -> list[Table]:
    """Totals, chosen measures, groups by training count; the best of each column in bold.

    Args:
        comparison: what `compare_methods` returned.
    """
    totals, chosen, groups = _columns(comparison)
    tables = []
    for title, columns, timed in (
        (comparison.title, totals, True),
        ("more measures", chosen, False),
        ("by training count", groups, False),  # the last, since it is wide enough for the notes
    ):
        if not columns:
            continue
        table = Table(
            title=Text(title, style="bold"),
            title_justify="left",
            caption_justify="left",
            box=box.SIMPLE_HEAD,
            padding=(0, 1, 0, 0),
        )
        table.add_column("method", no_wrap=True)
        if timed:  # what both tables would have stands in the first: 80 columns are few
            table.add_column("runs", justify="right")
        for column in columns:
            table.add_column(column.title, justify="right", overflow="fold")
        if timed:
            table.add_column("time", justify="right")
        for name, method, cells in _rows(comparison, columns):
            table.add_row(
                Text(_wrapped(name)),  # a Text, so that brackets are not read as markup
                *([str(method.runs)] * timed),
                *(Text(text, style="bold" if best else "") for text, best in cells),
                *([_duration(method.seconds)] * timed),
            )
        tables.append(table)
    tables[-1].caption = Text("\n".join(comparison.notes))
    return tables


def comparison_markdown(comparison: Comparison, figure: str | None = None) -> str:
    """The same as a page, with the tested differences in full.

    Args:
        comparison: what `compare_methods` returned.
        figure: the file of its figure, next to the page.
    """
    lines = [f"# {comparison.title}", ""]
    totals, chosen, groups = _columns(comparison)
    for columns, timed in ((totals, True), (chosen, False), (groups, False)):
        if not columns:
            continue
        lines += _markdown_table(
            ["method", "runs", *(column.title for column in columns), *(["time"] * timed)],
            [
                [
                    name,
                    str(method.runs),
                    *(f"**{text}**" if best else text for text, best in cells),
                    *([_duration(method.seconds)] * timed),
                ]
                for name, method, cells in _rows(comparison, columns)
            ],
        )
    lines += [f"- {note}" for note in comparison.notes]
    if figure:
        lines += ["", f"![{comparison.metric_name} of each method]({figure})"]
    lines += ["", f"## Differences in {comparison.metric_name}", ""]
    lines += _markdown_table(
        ["method", f"from the best, {comparison.best}", "p", f"from {comparison.first}", "p"],
        [
            [name, *_difference(method.from_best), *_difference(method.from_first)]
            for name, method in comparison.methods.items()
        ],
    )
    return "\n".join(lines).rstrip() + "\n"


def comparison_csv(comparison: Comparison) -> str:
    """A line for each method, every number in full; what is undefined is left empty."""
    columns = [column for part in _columns(comparison) for column in part]
    header = ["method", "runs"]
    for column in columns:
        header += [f"{column.title} mean", f"{column.title} deviation"]
    header.append("training seconds")
    for other in ("best", "first"):
        header += [f"from {other} {what}" for what in ("difference", "low", "high", "p")]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(header)
    for name, method in comparison.methods.items():
        line: list[Any] = [name, method.runs]
        for column in columns:
            measure = column.measure(method) or {"mean": None, "deviation": None}
            line += [measure["mean"], measure["deviation"]]
        line.append(method.seconds)
        for test in (method.from_best, method.from_first):
            line += [test.difference, test.low, test.high, test.p_value] if test else [None] * 4
        writer.writerow(line)
    return file.getvalue()


def write_comparison(comparison: Comparison, folder: Path) -> list[Path]:
    """Write `comparison.md`, `.csv`, `.json` and `.png`; see `write_files`."""
    values = json.dumps(comparison.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)
    return write_files(
        folder,
        {
            "comparison.md": comparison_markdown(comparison, figure="comparison.png"),
            "comparison.csv": comparison_csv(comparison),
            "comparison.json": values + "\n",
            "comparison.png": plot_comparison(comparison),
        },
    )


def _columns(comparison: Comparison) -> tuple[list[_Column], list[_Column], list[_Column]]:
    """The columns of the totals, those that were asked for, and those of the groups."""
    metric = comparison.metric
    totals = [
        _Column("micro P", ("micro", "precision")),
        _Column("micro R", ("micro", "recall")),
        _Column("micro F1", ("micro", "f1"), tested=metric == "micro"),
        _Column("macro F1", ("macro", "f1"), tested=metric == "macro"),
    ]
    if metric == "macro_present":
        totals.append(_Column("macro present F1", ("macro_present", "f1"), tested=True))
    if metric == "ign":
        totals.append(_Column("ign F1", ("ign", "f1"), tested=True))
    if comparison.has_empty_rows:
        totals.append(_Column("empty FP", ("empty_candidates", "rate"), low=True))
    averages = ("micro", "macro_present" if metric == "macro_present" else "macro")
    groups = [
        _Column(f"{group} {average.replace('_', ' ')} F1", ("groups", group, average, "f1"))
        for average in averages
        for group in comparison.limits.names
    ]
    shown = {column.path for column in (*totals, *groups)}
    chosen = [_chosen(name) for name in comparison.columns]
    return totals, [column for column in chosen if column.path not in shown], groups


def _chosen(name: str) -> _Column:
    """A measure by its dotted name as a column."""
    *parts, last = path = tuple(name.split("."))
    words = [part.replace("_", " ") for part in parts if part != "groups"]
    title = " ".join([*words, _LAST.get(last, last.replace("_", " "))])
    return _Column(title, path, low=name in _LOW)


def _rows(
    comparison: Comparison, columns: list[_Column]
) -> list[tuple[str, ComparedMethod, list[tuple[str, bool]]]]:
    """Each method with its cells: the text, and whether it is the best of its column."""
    rows: list[tuple[str, ComparedMethod, list[tuple[str, bool]]]] = [
        (name, method, []) for name, method in comparison.methods.items()
    ]
    for column in columns:
        measures = [column.measure(method) for method in comparison.methods.values()]
        # What is printed alike is equally good.
        means = [f"{measure['mean']:.4f}" if measure else "" for measure in measures]
        known = [mean for mean in means if mean]
        top = (min if column.low else max)(known, default="")
        for (name, _, cells), measure, mean in zip(rows, measures, means, strict=True):
            marks = comparison.marks(name) if column.tested else ""
            best = mean == top and len(set(means)) > 1
            cells.append((_spread(measure) + marks, best))
    return rows


def _wrapped(name: str) -> str:
    """A name in lines that leave room for numbers, broken after blanks, hyphens and underscores."""
    lines = [""]
    for part in re.split(r"(?<=[\s_-])", name):
        if lines[-1] and len(lines[-1] + part.rstrip()) > _NAME_WIDTH:
            lines.append("")
        lines[-1] += part
    return "\n".join(line.rstrip() for line in lines)


def _spread(measure: Mapping[str, float | None] | None) -> str:
    if not measure:
        return UNDEFINED
    deviation = measure["deviation"]
    return f"{measure['mean']:.4f}" + ("" if deviation is None else f" ± {deviation:.4f}")


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return UNDEFINED
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.1f} min"


def _difference(test: Difference | None) -> list[str]:
    if test is None:
        return [UNDEFINED, UNDEFINED]
    return [f"{test.difference:+.4f} [{test.low:+.4f}, {test.high:+.4f}]", f"{test.p_value:.3f}"]


def _markdown_table(header: list[str], rows: list[list[str]]) -> list[str]:
    rule = ["---", *["---:"] * (len(header) - 1)]
    escaped = [[cell.replace("|", r"\|") for cell in row] for row in (header, *rows)]
    lines = [escaped[0], rule, *escaped[1:]]
    return [*(f"| {' | '.join(line)} |" for line in lines), ""]
