"""The long tail and the labels per sentence of a corpus, as a picture."""

from pathlib import Path

from mrca.datasets.palette import GROUP_COLOURS
from mrca.datasets.statistics import CorpusStatistics
from mrca.errors import MrcaError
from mrca.resources import whole_file

_FORMATS = (".png", ".svg", ".pdf")


def plot_statistics(statistics: CorpusStatistics, path: Path) -> None:
    """Draw the frequency of each relation (log scale, by group) and the labels per sentence.

    Args:
        statistics: what `corpus_statistics` counted.
        path: the file to write: `.png`, `.svg` or `.pdf`.

    Raises:
        MrcaError: if the file's ending is another or the file cannot be written.
    """
    if path.suffix.lower() not in _FORMATS:
        raise MrcaError(f"Cannot draw into {path}. Expected a name in {', '.join(_FORMATS)}.")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(11, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
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
    tail.set_ylabel("training sentences")
    tail.set_title(f"{statistics.name}: how often each relation holds")
    tail.legend(frameon=False)

    width = 0.8 / len(statistics.splits)
    for index, (split, counted) in enumerate(statistics.splits.items()):
        at = [n + (index + 0.5) * width - 0.4 for n in counted.labels_per_sentence]
        shares = [100 * n / counted.sentences for n in counted.labels_per_sentence.values()]
        histogram.bar(at, shares, width, label=f"{split} ({counted.sentences:,})")
    histogram.xaxis.set_major_locator(MaxNLocator(integer=True))
    histogram.set_xlabel("different relations in a sentence")
    histogram.set_ylabel("% of the sentences")
    histogram.set_title("Relations per sentence")
    histogram.legend(frameon=False)

    try:
        with whole_file(path) as temporary:
            figure.savefig(temporary, format=path.suffix[1:].lower(), dpi=150)
    except OSError as error:
        raise MrcaError(f"Cannot write {path}: {error.strerror or error}.") from error
