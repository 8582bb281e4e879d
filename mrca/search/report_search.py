"""What came of a search, as tables and pictures."""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rich.table import Table

from mrca.datasets.sample_note import sample_note
from mrca.errors import MrcaError
from mrca.resources import whole_file
from mrca.search.importance import setting_importance
from mrca.search.importance_plot import explained_note, plot_importance
from mrca.search.parallel_coordinates import plot_parallel_coordinates
from mrca.search.progress_plot import plot_search_progress
from mrca.search.repeat_command import repeat_command
from mrca.search.search_folder import SPACE, write_best
from mrca.search.search_space import SearchSpace
from mrca.search.space import load_space
from mrca.search.trial_table import trial_table, trials_csv, trials_markdown
from mrca.search.trials import Trial, read_trials
from mrca.text import counted

if TYPE_CHECKING:
    from matplotlib.figure import Figure

REPORT = "report.md"
TRIALS_TABLE = "trials.csv"


class SearchReport(NamedTuple):
    """A search's results.

    Attributes:
        table: every trial, the best first.
        notes: what could not be drawn or written, and why.
        paths: the files that were written.
    """

    table: Table
    notes: list[str]
    paths: list[Path]


def report_search(folder: Path) -> SearchReport:
    """Write a search's report into its folder; it may still be going on.

    `report.md` with all that follows, `trials.csv`, `parallel_coordinates.png`, `progress.png`,
    `importance.png` where there are trials enough, and `best.toml`, with which `mrca train
    --preset` repeats the best trial's first run. Files of these names are replaced, each whole.

    Raises:
        MrcaError: if it is no search's folder, a trial's file is damaged, no trial has ended, or a
            file cannot be written.
    """
    trials = read_trials(folder)
    if not trials:
        raise MrcaError(
            f"No trial of {folder} has ended yet, so there is nothing to report. Go on with "
            "`mrca tune --resume`."
        )
    space = load_space(folder / SPACE)
    corpus = Path(space.base.data.dataset).name
    name = folder.resolve().name
    title = f"{name}: {counted(len(trials), 'trial')} on {corpus}{sample_note(corpus)}"
    try:
        return _written(folder, space, trials, title)
    except OSError as error:
        reason = error.strerror or error
        raise MrcaError(f"Cannot write the report into {folder}: {reason}.") from error


def _written(folder: Path, space: SearchSpace, trials: list[Trial], title: str) -> SearchReport:
    objective = space.objective
    figures, notes = _figures(trials, space, title)
    best = write_best(folder, space)
    if best is None:
        notes.append("No trial is done yet, so there is no best configuration.")
    else:
        notes.append(f"The best trial again: {repeat_command(folder, space)}")
    texts = {
        TRIALS_TABLE: trials_csv(trials),
        REPORT: "\n\n".join(
            [
                f"# {title}",
                trials_markdown(trials, objective),
                *(f"![{Path(name).stem.replace('_', ' ')}]({name})" for name in figures),
                *notes,
            ]
        )
        + "\n",
    }
    for name, figure in figures.items():
        with whole_file(folder / name) as path:
            figure.savefig(path, format="png")
    for name, text in texts.items():
        with whole_file(folder / name) as path:
            path.write_text(text, encoding="utf-8")
    paths = [folder / name for name in (*texts, *figures)] + ([best] if best else [])
    return SearchReport(trial_table(trials, objective, title), notes, paths)


def _figures(
    trials: list[Trial], space: SearchSpace, title: str
) -> tuple[dict[str, "Figure"], list[str]]:
    """Pictures by file name, with notes on them."""
    if all(trial.score is None for trial in trials):
        return {}, ["No trial has a score yet, so there is nothing to draw."]
    objective = space.objective
    figures = {
        "progress.png": plot_search_progress(trials, objective, title),
        "parallel_coordinates.png": plot_parallel_coordinates(
            trials, space.parameters, objective, title
        ),
    }
    try:
        importance = setting_importance(trials)
    except MrcaError as error:
        return figures, [str(error)]
    figures["importance.png"] = plot_importance(importance, objective, title)
    return figures, [explained_note(importance, objective)]
