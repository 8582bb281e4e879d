"""What came of a search, as tables, pictures and the command that repeats the best trial."""

import csv
import io
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rich import box
from rich.table import Table
from rich.text import Text

from mrca.datasets import sample_note
from mrca.errors import MrcaError, counted
from mrca.evaluation import mean_and_deviation
from mrca.experiments.search.importance import explained_note, plot_importance, setting_importance
from mrca.experiments.search.load_space import load_space
from mrca.experiments.search.search_folder import BEST, SPACE, check_no_links, write_best
from mrca.experiments.search.search_space import SearchSpace
from mrca.experiments.search.setting_axis import setting_text, short_names
from mrca.experiments.search.trial_plots import plot_parallel_coordinates, plot_search_progress
from mrca.experiments.search.trials import Trial, best_first, read_trials, settings_of
from mrca.reporting import write_files

if TYPE_CHECKING:
    from matplotlib.figure import Figure

REPORT = "report.md"
TRIALS_TABLE = "trials.csv"
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

    `report.md` with all that follows, `trials.csv`, `parallel_coordinates.png`, `progress.png`,
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
    repeat = repeat_command(folder, space) if best else ""
    if not best:
        notes.append("No trial is done yet, so there is no best configuration.")
    texts = {
        TRIALS_TABLE: trials_csv(trials),
        REPORT: "\n\n".join(
            [
                f"# {title}",
                trials_markdown(trials, objective),
                *(f"![{Path(name).stem.replace('_', ' ')}]({name})" for name in figures),
                *notes,
                *([f"The best trial again: `{repeat}`"] if repeat else []),
            ]
        )
        + "\n",
    }
    paths = write_files(folder, {**texts, **figures}) + ([best] if best else [])
    return SearchReport(trial_table(trials, objective, title), notes, paths, repeat)


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


class _Row(NamedTuple):
    """A trial as texts, in the order of `_COLUMNS`, and its error."""

    cells: tuple[str, ...]
    error: str


def trial_table(trials: Sequence[Trial], objective: str, title: str) -> Table:
    """A row for each trial, the best first and in bold.

    Args:
        trials: in any order.
        objective: what the score is.
        title: what was searched; names the sample corpus a sample.
    """
    table = Table(
        title=Text(title, style="bold"),
        caption=Text(_note(objective)),
        title_justify="left",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    for column in _COLUMNS:
        if column in ("trial", "status"):
            table.add_column(column, no_wrap=True)
        elif column == "settings":
            table.add_column(column, overflow="fold")
        else:
            table.add_column(column, justify="right", no_wrap=True)
    for place, (row, trial) in enumerate(_rows(trials)):
        cells = [Text(cell) for cell in row.cells]
        if row.error:
            cells[-1].append(("\n" if row.cells[-1] else "") + row.error, style="red")
        is_best = place == 0 and trial.status == "done"
        style = "bold" if is_best else None if trial.status == "done" else "dim"
        table.add_row(*cells, style=style)
    return table


def trials_markdown(trials: Sequence[Trial], objective: str) -> str:
    """The same as Markdown, with what it means below."""
    lines = [f"| {' | '.join(_COLUMNS)} |", "|---|---|--:|--:|--:|--:|---|"]
    for place, (row, trial) in enumerate(_rows(trials)):
        cells = [cell.replace("|", "\\|") for cell in row.cells]
        if row.error:
            cells[-1] += f" *{' '.join(row.error.split())}*".replace("|", "\\|")
        if place == 0 and trial.status == "done":
            cells = [f"**{cell}**" if cell else "" for cell in cells]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, "", _note(objective)])


def trials_csv(trials: Sequence[Trial]) -> str:
    """A line for each trial, the best first, with a column for each setting; nothing rounded."""
    fields = settings_of(list(trials))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    measures = ("score", "deviation", "runs", "parameters", "seconds", "error")
    writer.writerow(["trial", "status", *measures, *fields])
    for trial in best_first(list(trials)):
        values = [
            trial.score,
            _deviation(trial),
            len(trial.scores),
            trial.parameters,
            round(trial.seconds, 1),
            trial.error,
            *(_toml_text(trial.settings.get(field)) for field in fields),
        ]
        row = [trial.id, trial.status, *("" if value is None else value for value in values)]
        writer.writerow(row)
    return text.getvalue()


def _rows(trials: Sequence[Trial]) -> list[tuple[_Row, Trial]]:
    names = short_names(settings_of(list(trials)))
    rows = []
    for trial in best_first(list(trials)):
        deviation = _deviation(trial)
        settings = ", ".join(
            f"{names[field]} {setting_text(value)}" for field, value in trial.settings.items()
        )
        cells = (
            trial.id,
            trial.status.replace("_", " "),
            "–" if trial.score is None else f"{trial.score:.4f}",
            "" if deviation is None else f"{deviation:.4f}",
            "" if trial.parameters is None else f"{trial.parameters:,}",
            _time(trial.seconds),
            settings,
        )
        rows.append((_Row(cells, trial.error), trial))
    return rows


def _deviation(trial: Trial) -> float | None:
    scores = [score for score in trial.scores if score is not None]
    return mean_and_deviation(scores)[1] if scores else None


def _toml_text(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _note(objective: str) -> str:
    return (
        f"score: {objective} on the validation split, the mean of a trial's runs, ± sd their "
        "standard deviation."
    )
