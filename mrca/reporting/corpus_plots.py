"""A corpus in pictures: the long tail, relations per document, relations stated together."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mrca.datasets import Cooccurrence, CorpusStatistics
from mrca.errors import MrcaError
from mrca.files import whole_file
from mrca.reporting.palette import GROUP_COLOURS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FORMATS = (".png", ".svg", ".pdf")
_LONGEST_NAME = 36  # characters of a relation next to a heat map


def plot_statistics(statistics: CorpusStatistics, path: Path) -> None:
    """Draw the frequency of each relation (log scale, by group) and the relations per document.

    Args:
        statistics: what `corpus_statistics` counted.
        path: the file to write: `.png`, `.svg` or `.pdf`.

    Raises:
        MrcaError: if the file's ending is another or the file cannot be written.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(11, 4.2), layout="constrained")
    tail, histogram = figure.subplots(1, 2, width_ratios=(3, 2))

    rank = 0
    for group, names in statistics.groups.items():
        counts = [statistics.train_counts[name] for name in names]
        places = range(rank, rank + len(names))
        label = f"{group} ({len(names)})"
        tail.bar(places, counts, 0.9, color=GROUP_COLOURS[group], label=label)
        rank += len(names)
    tail.set_yscale("log")
    tail.set_xlabel("relations, most frequent first")
    tail.set_ylabel(f"training {statistics.counted}")
    tail.set_title(f"{statistics.name}: how often each relation is stated")
    tail.legend(frameon=False)

    width = 0.8 / len(statistics.splits)
    for index, (split, counted) in enumerate(statistics.splits.items()):
        at = [n + (index + 0.5) * width - 0.4 for n in counted.relations_per_document]
        shares = [100 * n / counted.documents for n in counted.relations_per_document.values()]
        histogram.bar(at, shares, width, label=f"{split} ({counted.documents:,})")
    histogram.xaxis.set_major_locator(MaxNLocator(integer=True))
    histogram.set_xlabel("different relations in a document")
    histogram.set_ylabel("% of the documents")
    histogram.set_title("Relations per document")
    histogram.legend(frameon=False)
    _save(figure, path)


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
    axes.set_xlabel("b")
    axes.set_ylabel("a (training documents with it)")
    axes.set_title(f"{corpus}: of the documents with a, the share that has b too", fontsize=11)
    figure.colorbar(image, ax=axes, label="P(b | a)", shrink=0.6)
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
