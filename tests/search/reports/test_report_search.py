from pathlib import Path

import pytest

from mrca.config import load_config
from mrca.errors import MrcaError
from mrca.search import load_space, write_trial
from mrca.search.report_search import report_search

SPACE = """\
preset = "sample"
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


def test_a_report_holds_everything_and_can_be_written_again(folder, make_trials):
    for trial in make_trials(14):
        write_trial(trial, folder)
    report = report_search(folder)
    assert {path.name for path in report.paths} == {
        "report.md",
        "trials.csv",
        "progress.png",
        "parallel_coordinates.png",
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
    again = f"mrca train --preset '{folder}/best.toml' --name 'a search-best' --seeds 2"
    assert any(note.endswith(again) for note in report.notes)
    assert "importance.png" not in {path.name for path in report.paths}


def test_while_no_trial_is_done_there_is_no_best(folder, make_trials):
    for trial in make_trials(7)[6:]:
        write_trial(trial, folder)
    report = report_search(folder)
    assert not (folder / "best.toml").exists()
    assert any("No trial is done yet" in note for note in report.notes)
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
