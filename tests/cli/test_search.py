"""`mrca tune`: what it passes on, what it prints, what it refuses."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from mrca.cli.search_progress import SearchProgress, short_settings
from mrca.experiments.search import Trial, write_trial

pytest.importorskip("keras_tuner")

SPACE = """
recipe = "sample"
algorithm = "random"
max_trials = 2
[search."model.units"]
min = 4
max = 8
"""


def trial(number, score, status="done", **kwargs):
    return Trial(
        id=f"{number:04}",
        settings={"model.units": number},
        seeds=[1],
        status=status,
        score=score,
        scores=[score],
        history=[[0.1, 0.2]],
        seconds=10.0,
        **kwargs,
    )


@pytest.fixture
def searched(monkeypatch):
    """Nothing is searched; what would have been."""
    from mrca.experiments.search import search

    calls = []

    def remember(space, folder, **options):
        calls.append((space, folder, options))
        return [trial(4, 0.5), trial(8, 0.9), trial(6, None, "failed", error="The loss is nan.")]

    monkeypatch.setattr(search, "search", remember)
    return calls


@pytest.fixture
def space(mrca):
    path = Path("spaces/small.toml")
    path.parent.mkdir()
    path.write_text(SPACE)
    return path


def test_a_space_is_searched_and_the_best_trial_named(mrca, space, searched):
    done = mrca("tune", space)
    assert done.code == 0, done.err
    [(found, folder, options)] = searched
    assert folder == Path("tuning/results/small")
    assert found.max_trials == 2
    assert (options["workers"], options["ray"]) == (None, None)
    assert not options["resume"]
    assert "trial 0008, micro.f1 0.9000" in done.out
    assert "units=8" in done.out
    assert "Next: mrca train --recipe tuning/results/small/best.toml" in done.err


def test_the_command_for_the_best_finds_what_the_search_found(mrca, space, searched, tmp_path):
    space.write_text("seeds = 2\n" + SPACE)
    done = mrca("tune", space, "--data-dir", tmp_path)
    assert f"--name small-best --seeds 2 --data-dir {tmp_path}" in done.err


def test_options_are_passed_on(mrca, space, searched):
    options = ["--name", "mine", "--output", "here", "--resume", "--max-trials", 7]
    options += [
        "--set",
        "training.epochs=3",
        "--max-hours",
        0.5,
        "--workers",
        3,
        "--keep",
        1,
        "--ray",
        "10.0.0.5:6379",
    ]
    done = mrca("tune", "search", space, *options, "--json")
    assert done.code == 0, done.err
    [(found, folder, passed)] = searched
    assert (found.max_trials, found.max_hours) == (7, 0.5)
    assert found.base.training.epochs == 3
    assert folder == Path("here/mine")
    assert passed["resume"]
    assert (passed["workers"], passed["keep"]) == (3, 1)
    assert passed["ray"] == "10.0.0.5:6379"
    assert [each["score"] for each in json.loads(done.out)] == [0.5, 0.9, None]


def test_options_may_come_first(mrca, space, searched):
    assert mrca("tune", "--resume", space).code == 0
    assert searched[0][2]["resume"]


@pytest.mark.parametrize(
    "options, code, reason",
    [
        (["--max-hours", "0"], 2, "above 0"),
        (["--max-hours", "inf"], 2, "above 0"),
        (["--workers", "0"], 2, "--workers"),
        (["--name", "a/b"], 2, "is not a name"),
    ],
)
def test_what_it_refuses(mrca, space, searched, options, code, reason):
    done = mrca("tune", space, *options)
    assert done.code == code
    assert reason in done.err
    assert searched == []


def test_a_wrong_space_is_told_before_anything_is_written(mrca, space):
    space.write_text(SPACE.replace("model.units", "model.unit"))
    done = mrca("tune", space)
    assert done.code == 1
    assert "line 5" in done.err
    assert "Did you mean 'units'?" in done.err
    assert not Path("tuning").exists()


def test_ctrl_c_says_how_to_resume(mrca, space, monkeypatch):
    from mrca.experiments.search import search

    def interrupt(searched, folder, **_):
        folder.mkdir(parents=True)
        raise KeyboardInterrupt

    monkeypatch.setattr(search, "search", interrupt)
    done = mrca("tune", space, "--workers", 1)
    assert done.code == 130
    assert f"Resume it with: mrca tune {space} --workers 1 --resume" in done.err


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("model.units=8", "model.units is searched"),
        ("model.unit=8", "Did you mean"),
        ("training.epochs=none", "training.epochs"),
    ],
)
def test_a_setting_that_does_not_fit(mrca, space, searched, setting, said):
    done = mrca("tune", space, "--set", setting)
    assert done.code == 1
    assert said in done.err
    assert searched == []


def test_a_report_of_a_search(mrca, space, tmp_path):
    from mrca.experiments.search import load_space
    from mrca.experiments.search.search_folder import start_folder

    folder = tmp_path / "found"
    start_folder(folder, load_space(space), {})
    for number in (4, 6, 8):
        write_trial(trial(number, number / 10), folder)
    done = mrca("tune", "report", folder)
    assert done.code == 0, done.err
    assert "0.8" in done.out
    assert "report.md" in done.err
    assert f"Next: mrca train --recipe {folder}/best.toml" in done.err
    assert (folder / "best.toml").is_file()
    assert "There is no search" in mrca("tune", "report", tmp_path).err


def test_a_report_by_the_name_of_a_search(mrca, space):
    from mrca.experiments.search import load_space
    from mrca.experiments.search.search_folder import start_folder

    folder = Path("tuning/results/found")
    start_folder(folder, load_space(space), {})
    write_trial(trial(8, 0.8), folder)
    assert mrca("tune", "report", "found").code == 0
    assert (folder / "report.md").is_file()
    wrong = mrca("tune", "report", "fuond")
    assert wrong.code == 1
    assert "Did you mean 'found'? Searches in tuning/results: found." in " ".join(wrong.err.split())


# === The table ===


def shown(terminal):
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=terminal, width=150, _environ={})
    with SearchProgress(console) as progress:
        progress.preparing("fetching", 1, 2)
        progress.search_starts(4, 3600.0, [trial(1, 0.3)])
        progress.message("worker1 died [signal 9].")
        progress.trial_starts("0002", {"model.units": 2, "loss.name": "focal"}, 7)
        progress.trial_advances("0002", 1, 1, 0.25)
        progress.trial_ends(trial(2, 0.6))
        progress.trial_starts("0003", {"model.units": 3}, 7)
        progress.trial_advances("0003", 2, 5, 0.125)
        progress.trial_ends(trial(4, None, "too_large"))
    return screen.getvalue()


def test_lines_where_there_is_no_terminal():
    text = shown(terminal=False)
    lines = text.splitlines()
    assert "Note: worker1 died [signal 9]." in lines
    assert "trial 0002: units=2 loss=focal" in lines
    [ended] = [line for line in lines if line.startswith("trial 0002 done")]
    assert "0.6000" in ended
    assert "2 of at most 4 trials; best so far 0.6000 (trial 0002)" in ended
    assert "about 20 s left" in ended  # two more of ten seconds each
    assert "trial 0002: epoch 1 of 7, micro F1 so far 0.2500" in lines
    assert "trial 0004 too large: -" in text
    assert "\x1b" not in text


def test_a_table_on_a_terminal():
    text = shown(terminal=True)
    assert "0003" in text
    assert "0.1250" in text
    assert "5/7" in text
    assert "running" in text
    assert "best so far 0.6000 (trial 0002)" in text


def test_settings_are_shortened():
    settings = {"loss.name": "focal", "training.learning_rate": 0.00123456, "features.case": True}
    assert short_settings(settings) == "loss=focal learning_rate=0.001235 case=true"
