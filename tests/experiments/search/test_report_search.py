import csv
import io
from pathlib import Path

import pytest
from rich.console import Console

from mrca.config import load_config
from mrca.errors import MrcaError
from mrca.experiments.search import importance, load_space, write_trial
from mrca.experiments.search.report_search import (
    report_search,
    trial_table,
    trials_csv,
    trials_markdown,
)

SPACE = """\
recipe = "sample"
seeds = 2
[search."training.learning_rate"]
min = 1e-2
max = 2e-2
"""


@pytest.fixture
def folder(tmp_path):
    space = tmp_path / "space.toml"
    space.write_text(SPACE, "utf-8")
    folder = tmp_path / "a search"
    folder.mkdir()
    (folder / "space.toml").write_bytes(space.read_bytes())
    (folder / "trials").mkdir()
    return folder


def test_a_report_holds_everything_and_can_be_written_again(folder, make_trials, monkeypatch):
    monkeypatch.setattr(importance, "_TREES", 20)  # what it says is tested elsewhere
    for trial in make_trials(14):
        write_trial(trial, folder)
    report = report_search(folder)
    assert {path.name for path in report.paths} == {
        "report.md",
        "trials.csv",
        "progress.png",
        "slices.png",
        "importance.png",
        "best.toml",
    }
    assert all(path.stat().st_size for path in report.paths)
    assert report.table.row_count == 14
    text = (folder / "report.md").read_text("utf-8")
    assert text.startswith("# a search: 14 trials on sample (sample corpus)\n")
    for path in report.paths:
        if path.suffix == ".png":
            assert f"({path.name})" in text
            assert path.read_bytes().startswith(b"\x89PNG")
    assert report_search(folder).paths == report.paths


def test_the_best_configuration_repeats_the_best_trial(folder, make_trials):
    trials = make_trials(9)
    for trial in trials:
        write_trial(trial, folder)
    report = report_search(folder)
    best = max((each for each in trials if each.status == "done"), key=lambda each: each.score)
    config = load_config(folder / "best.toml")
    assert config == load_space(folder / "space.toml").config(best.settings, best.seeds[0])
    assert config.training.seed == 4
    assert any("at least 10 trials" in note for note in report.notes)
    assert report.repeat == (
        f"mrca train --recipe '{folder}/best.toml' --name 'a search-best' --seeds 2"
    )
    assert report.repeat in (folder / "report.md").read_text("utf-8")
    assert "importance.png" not in {path.name for path in report.paths}


def test_while_no_trial_is_done_there_is_no_best(folder, make_trials):
    for trial in make_trials(7)[6:]:
        write_trial(trial, folder)
    report = report_search(folder)
    assert not (folder / "best.toml").exists()
    assert any("No trial is done yet" in note for note in report.notes)
    assert not report.repeat
    assert any("nothing to draw" in note for note in report.notes)
    assert {path.name for path in report.paths} == {"report.md", "trials.csv"}


def test_what_cannot_be_reported(folder, tmp_path, make_trials):
    with pytest.raises(MrcaError, match=r"No trial of .* has ended yet"):
        report_search(folder)
    with pytest.raises(MrcaError, match="There is no search"):
        report_search(tmp_path)
    write_trial(make_trials(1)[0], folder)
    (folder / "trials.csv").mkdir()
    with pytest.raises(MrcaError, match="Cannot write the report"):
        report_search(Path(folder))


def shown(table, width=160):
    console = Console(file=io.StringIO(), width=width)
    console.print(table)
    return console.file.getvalue()


def test_the_best_comes_first_and_every_setting_that_was_searched_is_shown(make_trials):
    trials = make_trials(12)
    best = max((each for each in trials if each.status == "done"), key=lambda each: each.score)
    text = shown(trial_table(trials, "micro.f1", "a search"))
    rows = [line for line in text.splitlines() if line.strip().startswith("00")]
    assert len(rows) == 12
    assert rows[0].split()[:6] == [best.id, "done", f"{best.score:.4f}", "0.0141", "1,234,567",
                                   "1:02:05"]  # fmt: skip
    assert all(word in text for word in ("rc_dice", "case true", "case false", "units 16"))
    assert "learning_rate 0.00" in text
    assert "The loss is [NaN] | no number." in text  # and brackets are no markup
    assert "micro.f1 on the validation split" in text


def test_markdown_has_the_same_rows_and_keeps_its_columns(make_trials):
    lines = trials_markdown(make_trials(12), "micro.f1").splitlines()
    rows = [line for line in lines if line.startswith("|")][2:]
    assert len(rows) == 12
    assert rows[0].startswith("| **00")
    assert all(row.replace("\\|", "").count("|") == 8 for row in rows)
    assert "*The loss is [NaN] \\| no number.*" in rows[-1]


def test_csv_has_every_setting_unrounded(make_trials):
    trials = make_trials(12)
    rows = list(csv.DictReader(io.StringIO(trials_csv(trials))))
    assert len(rows) == 12
    by_id = {trial.id: trial for trial in trials}
    for row in rows:
        trial = by_id[row["trial"]]
        assert float(row["training.learning_rate"]) == trial.settings["training.learning_rate"]
        assert row["features.case"] == str(trial.settings["features.case"]).lower()
        assert (row["loss.options.gamma"] == "") == (trial.settings["loss.name"] == "rc_dice")
        assert row["score"] == ("" if trial.score is None else str(trial.score))
