import json
import shutil
from pathlib import Path

import pytest

from mrca.config import dump_config

FOUR = ["comparison.csv", "comparison.json", "comparison.md", "comparison.png"]


@pytest.fixture
def three_runs(tiny_run) -> None:
    """`saved_models/` with a run and another that decides otherwise, twice."""
    for name, threshold in (("mrca", 0.5), ("strict-seed1", 0.8), ("strict-seed2", 0.9)):
        folder = Path(shutil.copytree(tiny_run.folder, f"saved_models/{name}"))
        decision = {**tiny_run.classifier.decision.get_config(), "threshold": threshold}
        (folder / "decision.json").write_text(json.dumps(decision), "utf-8")


@pytest.fixture
def runs_by_name(tiny_config) -> None:
    """The same, as far as names and settings go."""
    for name in ("mrca", "strict-seed1", "strict-seed2"):
        folder = Path("saved_models", name)
        folder.mkdir(parents=True)
        for file in ("relations", "label_counts", "decision", "environment"):
            (folder / f"{file}.json").touch()
        (folder / "model.keras").touch()
        (folder / "config.toml").write_text(dump_config(tiny_config), "utf-8")


@pytest.fixture
def asked(mrca, monkeypatch):
    """Nothing is compared, but stopped; what would have been."""
    from mrca import experiments

    calls = []

    def record(config, folder, **options):
        calls.append((config, folder, options))
        raise KeyboardInterrupt

    monkeypatch.setattr(experiments, "compare", record)
    return calls


def test_runs_are_compared_and_written(mrca, three_runs, tiny_run, sample_slice):
    command = ["compare", "mrca", "strict", "--metric", "macro", "--data-dir", sample_slice]
    done = mrca(*command)
    assert done.code == 0, done.err
    f1 = tiny_run.metrics["splits"]["test"]["micro"]["f1"]
    for part in ("mrca vs. strict", f"{f1:.4f}", " ± ", "sample (sample corpus)"):
        assert part in done.out
    folder = Path("saved_models/comparisons/mrca-vs-strict")
    assert sorted(path.name for path in folder.glob("comparison.*")) == FOUR
    assert "Written: " in done.err
    assert "Written: " not in done.out
    printed = mrca(*command, "--json")
    values = json.loads(printed.out)
    assert values == json.loads((folder / "comparison.json").read_text("utf-8"))
    assert values["methods"]["mrca"]["summary"]["micro"]["f1"]["mean"] == f1
    assert values["methods"]["strict"]["runs"] == 2
    best = values["made_from"]["runs"][values["best"]][0]
    assert f"Next: mrca evaluate {best}" in printed.err
    other = mrca("compare", "mrca", "strict", "--data-dir", sample_slice)
    assert other.code == 1
    assert f"{folder} holds another comparison (metric: macro)" in other.err


def test_a_file_is_trained_and_resumed(mrca, tiny_run, tiny_settings, sample_slice):
    methods = '[[methods]]\nname = "One"\n[[methods]]\nname = "Two"\n[[methods]]\nname = "Three"\n'
    text = f'title = "Mine"\nset = {json.dumps(tiny_settings)}\n{methods}'
    Path("mine.toml").write_text(f'{text}set = ["training.epochs=1"]\n', "utf-8")
    folder = Path("saved_models/comparisons/mine")
    shutil.copytree(tiny_run.folder, folder / "one-seed1")  # finished before
    only = ["--only", "One", "--only", "Three"]
    command = ["compare", "mine.toml", *only, "--json", "--data-dir", sample_slice]
    done = mrca(*command)
    assert done.code == 0, done.err
    values = json.loads(done.out)
    assert list(values["methods"]) == ["One", "Three"]
    assert (
        values["methods"]["One"]["summary"]["micro"]["f1"]["mean"]
        == tiny_run.metrics["splits"]["test"]["micro"]["f1"]
    )
    names = sorted(path.name for path in folder.iterdir())
    assert names == [*FOUR, "one-seed1", "predictions", "three-seed1"]
    assert "1 of 2 runs are finished" in done.err
    assert "training three-seed1 (1 of 1)" in done.err
    again = mrca(*command)
    assert again.out == done.out
    assert "2 of 2 runs are finished" in again.err
    assert "epoch" not in again.err


def test_options_go_before_the_file(mrca, asked):
    given = ["--seeds", 7, "--tune", "global", "--limits", "reuters", "--ignore", "a b"]
    done = mrca("compare", "sample", *given)
    assert done.code == 130
    command = "mrca compare sample --seeds 7 --tune global --limits reuters --ignore 'a b'"
    assert f"stopped. Resume it with: {command}" in done.err
    config, folder, options = asked[0]
    assert (config.seeds, config.tune, config.limits) == (7, "global", "reuters")
    assert (config.metric, config.ignore) == ("macro", ["a b"])
    assert folder == Path("saved_models/comparisons/sample")
    assert options["only"] == []
    assert (options["workers"], options["ray"]) == (None, None)
    mrca("compare", "sample", "--name", "mine", "--seeds", "1,5", "--workers", 2, "--ray", "auto")
    assert asked[1][0].seeds == (1, 5)
    assert (asked[1][2]["workers"], asked[1][2]["ray"]) == (2, "auto")
    mrca("compare", "sample", "--output", "there")
    assert [call[1] for call in asked[1:]] == [Path("saved_models/comparisons/mine"), Path("there")]


def test_settings_go_to_every_method_after_the_files_own(mrca, asked):
    settings = ["--set", "training.epochs=3", "--set", "loss.name=focal", "--vectors", "other"]
    assert mrca("compare", "sample", *settings).code == 130
    config = asked[0][0]
    first, bce, _ = (config.run_config(method) for method in config.methods)
    for each in (first, bce):
        assert each.training.epochs == 3  # the file says 8
        assert each.vectors.name == "other"
    assert (first.loss.name, bce.loss.name) == ("focal", "binary_crossentropy")  # own ones go last


def test_the_encoder_goes_to_the_methods_that_have_one(mrca, asked):
    Path("bert").mkdir()
    methods = "".join(
        f'[[methods]]\nname = "{recipe}"\nrecipe = "{recipe}"\nset = ["data.dataset=sample"]\n'
        for recipe in ("svm", "webnlg", "webnlg-bert")
    )
    Path("mine.toml").write_text(f'title = "Mine"\n{methods}', "utf-8")
    mrca("compare", "mine.toml", "--encoder", "hub:bert")
    config = asked[0][0]
    names = [config.run_config(method).encoder.name for method in config.methods]
    assert names == ["tfidf", "word_vectors", f"hub:{Path('bert').resolve()}"]


def test_the_list(mrca):
    done = mrca("compare", "--list")
    assert "Three losses on the sample corpus" in done.out
    assert "Next: mrca compare NAME" in done.err
    assert "sample" in json.loads(mrca("compare", "--list", "--json").out)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "Give a comparison file, its name"),
        (["smaple"], 1, "Did you mean 'sample'?"),
        (["mrca", "strict", "--seeds", 2], 2, "go with a comparison file"),
        (["mrca", "strict", "--set", "training.epochs=1"], 2, "go with a comparison file"),
        (["mrca", "strict", "--workers", 2], 2, "go with a comparison file"),
        (["sample", "--workers", 0], 2, "'--workers'"),
        (["mrca", "strict", "--encoder", "hub:x"], 2, "go with a comparison file"),
        (["mrca", "strict", "--name", "a", "--output", "b"], 2, "not both"),
        (["sample", "--encoder", "hub:x"], 1, "with --set encoder.name=hub:x"),
        (["sample", "--set", "training.epoch=1"], 1, "Method 'ATL': The settings do not fit"),
        (["mrca", "none"], 1, "There is no run at saved_models/none"),
        (["mrca", "mine.toml"], 1, "mine.toml is a file"),
        (["mrca", "strict", "--limits", "reuter"], 1, "Did you mean 'reuters'?"),
        (["sample", "--only", "BCW"], 1, "Did you mean 'BCE'?"),
        (["mrca", "strict", "--ignore", "no_relation"], 1, "Unknown relation 'no_relation'"),
        (["mrca", "strict", "--metric", "f1"], 2, "'micro', 'macro', 'macro_present'"),
    ],
)
def test_what_does_not_fit_is_said(mrca, runs_by_name, arguments, code, said):
    Path("mine.toml").write_text("", "utf-8")
    done = mrca("compare", *arguments)
    assert done.code == code
    assert said in done.err
    assert not Path("saved_models/comparisons").exists()
