"""A corpus in pictures: the long tail, relations per document, relations stated together."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mrca.datasets import Cooccurrence, CorpusStatistics
from mrca.errors import MrcaError
from mrca.files import whole_file
from mrca.reporting.figure_title import figure_title
from mrca.reporting.palette import GROUP_COLOURS, SPLIT_COLOURS
from mrca.reporting.plain_axes import plain_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_FORMATS = (".png", ".svg", ".pdf")
_LONGEST_NAME = 36  # characters of a relation on an axis
_MOST_NAMED = 40  # relations that have their names on the axis
_STEPS = [digit * 10**power for power in range(7) for digit in (1, 2, 5)]


def plot_statistics(statistics: CorpusStatistics, path: Path) -> None:
    """Draw the frequency of each relation (log scale, by group) and the relations per document.

    Relations are named where they are few enough, and numbered by their rank otherwise.

    Args:
        statistics: what `corpus_statistics` counted.
        path: the file to write: `.png`, `.svg` or `.pdf`.

    Raises:
        MrcaError: if the file's ending is another or the file cannot be written.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 5), layout="constrained")
    left, right = figure.subfigures(1, 2, squeeze=False, width_ratios=(3, 2))[0]
    _draw_frequencies(left.subplots(), statistics)
    _draw_relations_per_document(right.subplots(), statistics)
    for part in (left, right):
        part.legend(loc="outside lower center", frameon=False, fontsize=9, ncols=4)
    _save(figure, path)


def _draw_frequencies(axes: "Axes", statistics: CorpusStatistics) -> None:
    rank, every = 1, []
    for group, names in statistics.groups.items():
        counts = [statistics.train_counts[name] for name in names]
        label = f"{group} ({len(names)})"
        places = range(rank, rank + len(names))
        axes.bar(places, counts, 0.85, color=GROUP_COLOURS[group], label=label)
        rank += len(names)
        every += names
    plain_axes(axes)
    axes.grid(visible=False, axis="x")
    most = max(statistics.train_counts.values(), default=1)
    axes.set(yscale="log", xlim=(0.3, max(rank, 2) - 0.3), ylim=(0.8, 1.6 * max(most, 1)))
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.set_ylabel(f"training {statistics.counted}")
    if len(every) <= _MOST_NAMED:
        ticks = axes.set_xticks(
            range(1, rank), list(map(_shortened, every)), fontsize=8, parse_math=False
        )
        for tick in ticks:
            tick.label1.set(rotation=45, ha="right", rotation_mode="anchor")
    else:
        step = _step(rank)
        axes.set_xticks([1, *range(step, rank, step)])
        axes.set_xlabel("rank of the relation, the most frequent first")
    _title(axes, f"{statistics.name}: how often each relation is stated")


def _draw_relations_per_document(axes: "Axes", statistics: CorpusStatistics) -> None:
    width = 0.8 / len(statistics.splits)
    most = 1
    for index, (split, counted) in enumerate(statistics.splits.items()):
        at = [n + (index + 0.5) * width - 0.4 for n in counted.relations_per_document]
        shares = [100 * n / counted.documents for n in counted.relations_per_document.values()]
        colour = SPLIT_COLOURS[index % len(SPLIT_COLOURS)]
        axes.bar(at, shares, width, color=colour, label=f"{split} ({counted.documents:,})")
        most = max(most, *counted.relations_per_document)
    plain_axes(axes)
    axes.grid(visible=False, axis="x")
    axes.set_xlim(-0.6, most + 0.6)
    axes.set_xticks(range(0, most + 1, _step(most)))
    axes.set_xlabel("different relations in a document")
    axes.set_ylabel("% of the documents")
    _title(axes, "Relations per document")


def _step(most: int) -> int:
    """Between the numbers on an axis, so that about a dozen are read."""
    return next(step for step in _STEPS if most / step <= 12)


def _title(axes: "Axes", title: str) -> None:
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold", parse_math=False)


def plot_cooccurrence(together: Cooccurrence, corpus: str, path: Path) -> None:
    """Draw P(b | a) for the most frequent relations as a heat map: row a, column b.

    Args:
        together: what `label_cooccurrence` counted, of one relation at least.
        corpus: its name, for the title.
        path: the file to write: `.png`, `.svg` or `.pdf`.

    Raises:
        MrcaError: as `plot_statistics`.
    """
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    size = len(together.names)
    side = 0.3 * size
    figure = Figure(figsize=(side + 4.4, side + 3), layout="constrained")
    axes = figure.subplots()
    shares = together.conditional.copy()
    np.fill_diagonal(shares, np.nan)  # P(a | a) says nothing
    colours = colormaps["Blues"].with_extremes(bad="#E4E4E4")
    image = axes.imshow(shares, cmap=colours, vmin=0, vmax=1)
    for row, column in np.argwhere(shares >= 0.005):
        share = shares[row, column]
        axes.text(
            column,
            row,
            "1" if share > 0.995 else f"{share:.2f}"[1:],
            ha="center",
            va="center",
            fontsize=7,
            color="white" if share > 0.55 else "#333333",
        )
    names = [_shortened(name) for name in together.names]
    counts = together.counts.diagonal()
    beside = [f"{name}  ({count:,})" for name, count in zip(names, counts, strict=True)]
    axes.set_xticks(range(size), names, rotation=90, fontsize=8, parse_math=False)
    axes.set_yticks(range(size), beside, fontsize=8, parse_math=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("relation b")
    axes.set_ylabel("relation a (training documents with it)")
    title = f"{corpus}: of the documents with a, the share that has b too"
    _title(axes, figure_title(title, side + 2))
    figure.colorbar(image, ax=axes, label="share of a's documents", shrink=0.6)
    _save(figure, path)


def _shortened(name: str) -> str:
    """A long name without its middle: either end may be what tells it from others."""
    if len(name) <= _LONGEST_NAME:
        return name
    half = _LONGEST_NAME // 2
    return f"{name[: half - 1]}…{name[-half:]}"


def _save(figure: "Figure", path: Path) -> None:
    if path.suffix.lower() not in _FORMATS:
        raise MrcaError(f"Cannot draw into {path}. Expected a name in {', '.join(_FORMATS)}.")
    try:
        with whole_file(path) as temporary:
            figure.savefig(temporary, format=path.suffix[1:].lower(), dpi=150)
    except OSError as error:
        raise MrcaError(f"Cannot write {path}: {error.strerror or error}.") from error
