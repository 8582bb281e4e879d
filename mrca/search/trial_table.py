"""The trials of a search as tables: on the screen, in Markdown and as CSV."""

import csv
import io
from collections.abc import Sequence
from typing import Any, NamedTuple

from rich import box
from rich.table import Table
from rich.text import Text

from mrca.evaluation.seeds import mean_and_deviation
from mrca.search.setting_axis import setting_text, short_names
from mrca.search.trials import Trial, best_first, settings_of

_COLUMNS = ("trial", "status", "score", "± sd", "weights", "time", "settings")


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
