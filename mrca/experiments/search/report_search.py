"""What came of a search, as tables, pictures and the command that repeats the best trial."""

import csv
import io
import shlex
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rich import box
from rich.table import Table
from rich.text import Text

from mrca.config import read_toml
from mrca.datasets import sample_note
from mrca.errors import MrcaError, counted
from mrca.evaluation import mean_and_deviation
from mrca.experiments.search.importance import explained_note, plot_importance, setting_importance
from mrca.experiments.search.load_space import load_space
from mrca.experiments.search.search_folder import BEST, SPACE, START, check_no_links, write_best
from mrca.experiments.search.search_space import SearchSpace
from mrca.experiments.search.setting_names import setting_text, short_names
from mrca.experiments.search.trial_plots import plot_search_progress, plot_slices
from mrca.experiments.search.trials import Trial, best_first, read_trials, settings_of
from mrca.reporting import write_files

if TYPE_CHECKING:
    from matplotlib.figure import Figure

REPORT = "report.md"
TRIALS_TABLE = "trials.csv"
_NOTE = (
    "score: {} on the validation split, the mean of a trial's runs, ± sd their standard deviation."
)
_COLUMNS = ("trial", "status", "score", "± sd", "weights", "time", "settings")


class SearchReport(NamedTuple):
    """A search's results.

    Attributes:
        table: every trial, the best first.
        notes: how far pictures can be trusted, what could not be drawn or written, and why.
        paths: the files that were written.
        repeat: the command that repeats the best trial; empty while no trial is done.
    """

    table: Table
    notes: list[str]
    paths: list[Path]
    repeat: str


def report_search(folder: Path) -> SearchReport:
    """Write a search's report into its folder; it may still be under way.

    `report.md` with all that follows, `trials.csv`, `progress.png`, `slices.png`,
    `importance.png` where there are trials enough, and `best.toml`, with which `mrca train
    --recipe` repeats the best trial's first run. Files of these names are replaced, each whole.

    Raises:
        MrcaError: if it is no search's folder, a trial's file is damaged, no trial has ended, or a
            file cannot be written.
    """
    check_no_links(folder)
    trials = read_trials(folder)
    if not trials:
        raise MrcaError(
            f"No trial of {folder} has ended yet, so there is nothing to report. Resume it with "
            "`mrca tune --resume`."
        )
    space = _kept_space(folder)
    corpus = Path(space.base.data.dataset).name
    name = folder.resolve().name
    title = f"{name}: {counted(len(trials), 'trial')} on {corpus}{sample_note(corpus)}"
    try:
        return _written(folder, space, trials, title)
    except OSError as error:
        reason = error.strerror or error
        raise MrcaError(f"Cannot write the report into {folder}: {reason}.") from error


def _kept_space(folder: Path) -> SearchSpace:
    """The space of a search, whose folder has all that it names."""
    recipe = read_toml(folder / SPACE, "search space").get("recipe")
    if not isinstance(recipe, str) or recipe != Path(recipe).name:
        raise MrcaError(
            f"{folder / SPACE} is damaged: expected recipe = {START!r}, the file beside it; "
            f"received {recipe!r}."
        )
    return load_space(folder / SPACE)


def _written(folder: Path, space: SearchSpace, trials: list[Trial], title: str) -> SearchReport:
    objective = space.objective
    figures, notes = _figures(trials, space, title)
    best = write_best(folder, space)
    repeat = repeat_command(folder, space) if best else ""
    if not best:
        notes.append("No trial is done yet, so there is no best configuration.")
    parts = [f"# {title}", trials_markdown(trials, objective)]
    parts += [f"![{Path(name).stem.replace('_', ' ')}]({name})" for name in figures]
    parts += [*notes, *([f"The best trial again: `{repeat}`"] if repeat else [])]
    texts = {TRIALS_TABLE: trials_csv(trials), REPORT: "\n\n".join(parts) + "\n"}
    paths = write_files(folder, {**texts, **figures}) + ([best] if best else [])
    return SearchReport(trial_table(trials, objective, title), notes, paths, repeat)


def _figures(
    trials: list[Trial], space: SearchSpace, title: str
) -> tuple[dict[str, "Figure"], list[str]]:
    """Pictures by file name, with notes on them."""
    if all(trial.score is None for trial in trials):
        return {}, ["No trial has a score yet, so there is nothing to draw."]
    about = space.objective, title
    figures = {
        "progress.png": plot_search_progress(trials, *about),
        "slices.png": plot_slices(trials, space.parameters, *about),
    }
    try:
        importance = setting_importance(trials)
    except MrcaError as error:
        return figures, [str(error)]
    figures["importance.png"] = plot_importance(importance, *about)
    return figures, [explained_note(importance, space.objective)]


def repeat_command(
    folder: Path, space: SearchSpace, options: Mapping[str, Path | None] | None = None
) -> str:
    """What to type to repeat every run of the best trial.

    Args:
        folder: the search's.
        space: what was searched.
        options: further ones, such as `{"--data-dir": path}`; None for one that was not given.
    """
    seeds = ["--seeds", str(space.seeds)] if space.seeds > 1 else []
    given = [part for option, path in (options or {}).items() if path for part in (option, path)]
    command = ["mrca", "train", "--recipe", folder / BEST, "--name", f"{folder.name}-best"]
    return shlex.join(map(str, [*command, *seeds, *given]))


def trial_table(trials: Sequence[Trial], objective: str, title: str) -> Table:
    """A row for each trial, the best first and in bold.

    Args:
        trials: in any order.
        objective: what the score is.
        title: what was searched; names the sample corpus a sample.
    """
    table = Table(
        title=Text(title, style="bold"),
        caption=Text(_NOTE.format(objective)),
        title_justify="left",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    for column in _COLUMNS[:-1]:
        is_text = column in ("trial", "status")
        table.add_column(column, justify="left" if is_text else "right", no_wrap=True)
    table.add_column(_COLUMNS[-1], overflow="fold")
    for texts, trial, is_best in _rows(trials):
        cells = [Text(text) for text in texts]
        if trial.error:
            cells[-1].append(("\n" if texts[-1] else "") + trial.error, style="red")
        table.add_row(
            *cells, style="bold" if is_best else None if trial.status == "done" else "dim"
        )
    return table


def trials_markdown(trials: Sequence[Trial], objective: str) -> str:
    """The same as Markdown, with what it means below."""
    lines = [f"| {' | '.join(_COLUMNS)} |", "|---|---|--:|--:|--:|--:|---|"]
    for texts, trial, is_best in _rows(trials):
        if trial.error:
            texts[-1] += f" *{' '.join(trial.error.split())}*"
        cells = [text.replace("|", "\\|") for text in texts]
        bold = "**" if is_best else ""
        lines.append(f"| {' | '.join(cell and f'{bold}{cell}{bold}' for cell in cells)} |")
    return "\n".join([*lines, "", _NOTE.format(objective)])


def trials_csv(trials: Sequence[Trial]) -> str:
    """A line for each trial, the best first, with a column for each setting; nothing rounded."""
    fields = settings_of(list(trials))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    measures = ("score", "deviation", "runs", "parameters", "seconds", "error")
    writer.writerow(["trial", "status", *measures, *fields])
    for trial in best_first(list(trials)):
        settings = [trial.settings.get(field) for field in fields]
        row = [trial.id, trial.status, trial.score, _deviation(trial), len(trial.scores)]
        row += [trial.parameters, round(trial.seconds, 1), trial.error]
        row += [str(each).lower() if isinstance(each, bool) else each for each in settings]
        writer.writerow(row)  # None is written as nothing
    return text.getvalue()


def _rows(trials: Sequence[Trial]) -> Iterator[tuple[list[str], Trial, bool]]:
    """Each trial as texts, in the order of `_COLUMNS`, and whether it is the best that is done."""
    names = short_names(settings_of(list(trials)))
    for place, trial in enumerate(best_first(list(trials))):
        deviation = _deviation(trial)
        cells = [
            trial.id,
            trial.status.replace("_", " "),
            "–" if trial.score is None else f"{trial.score:.4f}",
            "" if deviation is None else f"{deviation:.4f}",
            "" if trial.parameters is None else f"{trial.parameters:,}",
            str(timedelta(seconds=round(trial.seconds))),
            ", ".join(f"{names[field]} {setting_text(v)}" for field, v in trial.settings.items()),
        ]
        yield cells, trial, place == 0 and trial.status == "done"


def _deviation(trial: Trial) -> float | None:
    scores = [score for score in trial.scores if score is not None]
    return mean_and_deviation(scores)[1] if scores else None
