import io
import re

import pytest
from rich.console import Console

from mrca.cli.runs_progress import RunsAtOnce, RunsInTurn, runs_progress


def console(terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, color_system=None, width=100)


def shown(on: Console) -> str:
    assert isinstance(on.file, io.StringIO)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", on.file.getvalue())
    return re.sub(r"\b\d+ s\b", "N s", text)


def last_table(on: Console) -> list[list[str]]:
    """Its rows, and the line below it."""
    drawn = shown(on).rpartition("┏")[2].splitlines()
    rows = [line[1:-1].split("│") for line in drawn if line.startswith("│")]
    return [[cell.strip() for cell in row] for row in rows] + [[drawn[len(rows) + 4]]]


@pytest.mark.parametrize(
    ("workers", "ray", "kind"),
    [(None, None, RunsInTurn), (2, None, RunsAtOnce), (None, "auto", RunsAtOnce)],
)
def test_runs_here_have_bars_and_others_a_table(workers, ray, kind):
    assert isinstance(runs_progress(console(False), 5, workers, ray), kind)


def test_runs_in_turn_are_counted():
    on = console(False)
    with RunsInTurn(on, patience=5) as progress:
        progress.runs_start(["a", "b"], 1)
        for name in ("a", "b"):
            progress.run_starts(name, 3)
            progress.run_ends(name)
        progress.runs_end()
    assert "Note: training a (1 of 2)." in shown(on)
    assert "Note: training b (2 of 2)." in shown(on)


def follow(progress: RunsAtOnce) -> None:
    """Two of four runs are under way, one has ended."""
    progress.runs_start(["a [x]", "b", "svm", "c"], 2)
    progress.run_starts("a [x]", 3)
    progress.run_starts("b", 3)
    progress.run_advances("a [x]", 1, 0.25)
    progress.run_advances("a [x]", 1, 0.25)
    progress.run_advances("a [x]", 3, 0.5)
    progress.run_ends("a [x]")
    progress.run_starts("svm", 0)
    progress.message("1 worker died of b, which the next one resumed.")


def test_a_table_shows_what_every_run_is_at():
    on = console(True)
    with RunsAtOnce(on) as progress:
        follow(progress)
    *rows, below = last_table(on)
    assert rows == [
        ["a [x]", "finished", "3/3", "0.5000", "N s"],
        ["b", "runs", "0/3", "-", "N s"],
        ["svm", "runs", "", "-", "N s"],
        ["c", "waits", "", "", ""],
    ]
    assert below == ["1 of 4 runs finished; about N s left"]
    assert "Note: 1 worker died of b" in shown(on)


def test_a_long_table_shows_what_is_under_way():
    on = console(True)
    names = [f"run{number}" for number in range(40)]
    with RunsAtOnce(on) as progress:
        progress.runs_start(names, 2)
        for name in names[:20]:
            progress.run_starts(name, 3)
        for name in names[:18]:
            progress.run_ends(name)
    *rows, below = last_table(on)
    states = [state for _, state, *_ in rows]
    assert len(rows) == 16
    assert [row[0] for row in rows if row[1] == "runs"] == ["run18", "run19"]
    assert rows[states.index("runs") - 1][0] == "run17"
    assert rows[states.index("waits")][0] == "run20"
    assert below[0].startswith("18 of 40 runs finished")


def test_without_a_terminal_there_is_a_line_for_what_happens():
    on = console(False)
    with RunsAtOnce(on) as progress:
        follow(progress)
    assert shown(on).splitlines() == [
        "a [x] starts",
        "b starts",
        "a [x]: epoch 1 of 3, best validation score 0.2500",
        "a [x]: epoch 3 of 3, best validation score 0.5000",
        "a [x] is finished after N s; 1 of 4 runs finished; about N s left",
        "svm starts",
        "Note: 1 worker died of b, which the next one resumed.",
    ]
