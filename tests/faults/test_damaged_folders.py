"""Folders of every kind whose files are cut, changed or another folder's: refused in words."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mrca import training
from mrca.vectors import VectorStore

_SVM = ("--recipe", "svm", "--dataset", "sample")
_SPACE = """\
recipe = "svm"
dataset = "sample"
max_trials = 2

[search."classifier.options.C"]
choices = [0.1, 0.5, 1.0]
"""


@pytest.fixture
def made(mrca, tmp_path) -> Callable[..., None]:
    """Runs a command that has to work."""

    def run(*arguments: object) -> None:
        done = mrca(*arguments)
        assert done.code == 0, done.err

    return run


@pytest.fixture
def damage(mutations) -> Callable[[Path, Path | None], str]:
    """Damages a drawn file of a folder, or puts another folder's in its place; which."""

    def one(folder: Path, other: Path | None = None) -> str:
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        path = mutations.chance.choice([file for file in files if file.suffix != ".png"])
        name = path.relative_to(folder).as_posix()
        content = path.read_bytes()
        kind = mutations.chance.randrange(4)
        if kind == 0 and other is not None and (other / name).is_file():
            shutil.copy(other / name, path)
        elif kind < 3 and path.suffix == ".json" and content:
            path.write_bytes(mutations.json(json.loads(content)))
        else:
            path.write_bytes(mutations.content(content))
        return f"{name} = {path.read_bytes()[:300]!r}"

    return one


@pytest.fixture
def tried(tells, tally, no_failures, precious) -> Callable[..., None]:
    def one(kind: str, what: str, *arguments: object) -> None:
        _, problem = tells(*arguments)
        tally(f"damaged folders: {kind}")
        if problem:
            no_failures.append(f"{arguments} with {what}: {problem[:700]}")

    return one


def test_runs(drawn, damage, tried, mutations, tiny_run, tiny_pairs_run, slice_rows, tmp_path):
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps(slice_rows[0]))
    runs = [tiny_run.folder, tiny_pairs_run.folder]
    for number in range(drawn(3, 100)):
        folder, other = runs if number % 2 else runs[::-1]
        copy = shutil.copytree(folder, tmp_path / f"run-{number}")
        what = damage(copy, other)
        command = mutations.chance.choice(
            (
                ("predict", copy, rows),
                ("predict", copy, rows, "--format", "docred"),
                ("evaluate", copy, "--no-plots"),
                ("evaluate", copy, "--no-plots", "--tune", "global", "--save"),
                ("bulk", copy, rows, "--output", f"out-{number}"),
            )
        )
        tried("runs", what, *command)
        shutil.rmtree(copy)


def test_runs_of_svms(drawn, damage, tried, made, mutations, slice_rows, tmp_path):
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps(slice_rows[0]))
    made("train", *_SVM, "--output", "runs", "--name", "one")
    made("train", *_SVM, "--output", "runs", "--name", "two", "--set", "classifier.options.C=0.1")
    one, two = (tmp_path / "here" / "runs" / name for name in ("one", "two"))
    for number in range(drawn(4, 120)):
        copy = shutil.copytree(one, tmp_path / "here" / "runs" / f"copy-{number}")
        what = damage(copy, two)
        command = mutations.chance.choice(
            (
                ("predict", copy, rows),
                ("evaluate", copy, "--no-plots", "--tune", "none", "--save"),
                ("compare", copy, two, "--output", f"comparison-{number}"),
                ("train", *_SVM, "--output", "runs", "--name", copy.name, "--resume"),
                ("push", copy, "ada/x"),
            )
        )
        tried("runs of SVMs", what, *command)
        shutil.rmtree(copy)


class Stopped(training.SilentReporter):
    """Stops after the first epoch, as Ctrl-C does."""

    def epoch_ends(self, *_: object) -> None:
        raise KeyboardInterrupt


def test_unfinished_runs(drawn, damage, tried, mrca, tiny_config, sample_slice, tmp_path):
    from mrca.config import dump_config

    config = tiny_config.changed({"training.epochs": 2, "features.max_length": 20})
    (tmp_path / "config.toml").write_text(dump_config(config))
    with pytest.raises(KeyboardInterrupt):
        training.train(config, tmp_path / "kept" / "run", data_dir=sample_slice, reporter=Stopped())
    again = ("train", "--recipe", tmp_path / "config.toml", "--name", "run", "--resume", "--json")
    for number in range(drawn(0, 15)):
        runs = tmp_path / f"runs-{number}"
        shutil.copytree(tmp_path / "kept", runs)
        what = damage(runs / "run.unfinished")
        tried("unfinished runs", what, *again, "--output", runs)
        shutil.rmtree(runs)


def test_vector_stores(drawn, damage, tried, tmp_path):
    kept = [
        VectorStore.write(tmp_path / name, words, matrix, name).folder
        for name, words, matrix in (
            ("one", ["a", "b", "c"], [[1.0, 2.0]] * 3),
            ("two", ["d"], [[1.0, 2.0, 3.0]]),
        )
    ]
    for number in range(drawn(15, 400)):
        copy = shutil.copytree(kept[0], tmp_path / f"store-{number}")
        tried("vector stores", damage(copy, kept[1]), "vectors", "info", copy)
        shutil.rmtree(copy)


def test_searches(drawn, damage, tried, made, mutations, tmp_path):
    (tmp_path / "space.toml").write_text(_SPACE)
    search = ("tune", tmp_path / "space.toml")
    for name in ("one", "two"):
        made(*search, "--output", tmp_path / "searches", "--name", name)
    for number in range(drawn(2, 60)):
        copy = tmp_path / "searches" / f"copy-{number}"
        shutil.copytree(tmp_path / "searches" / "one", copy)
        what = damage(copy, tmp_path / "searches" / "two")
        again = (*search, "--output", copy.parent, "--name", copy.name, "--resume")
        command = mutations.chance.choice(
            (("tune", "report", copy), again, (*again, "--max-trials", 3))
        )
        tried("searches", what, *command)
        shutil.rmtree(copy)


def test_comparisons(drawn, damage, tried, made, two_methods, tmp_path):
    (tmp_path / "two.toml").write_text(two_methods)
    compare = ("compare", tmp_path / "two.toml", "--output")
    made(*compare, tmp_path / "kept")
    for number in range(drawn(2, 50)):
        copy = shutil.copytree(tmp_path / "kept", tmp_path / f"copy-{number}")
        tried("comparisons", damage(copy), *compare, copy)
        shutil.rmtree(copy)


def test_results_of_bulk(
    drawn, damage, tried, made, load_once, tiny_pairs_run, slice_rows, tmp_path
):
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(f"{json.dumps(row)}\n" for row in slice_rows[:8]))
    bulk = ("bulk", tiny_pairs_run.folder, rows, "--shard-mb", 0.001, "--output")
    made(*bulk, tmp_path / "kept")
    for number in range(drawn(3, 100)):
        copy = shutil.copytree(tmp_path / "kept", tmp_path / f"copy-{number}")
        tried("results of bulk", damage(copy), *bulk, copy)
        shutil.rmtree(copy)


def test_exports(drawn, damage, tally, no_failures, exported_run, tmp_path):
    from mrca.errors import MrcaError
    from mrca.serving.served_model import ServedModel

    for number in range(drawn(1, 30)):
        copy = shutil.copytree(exported_run, tmp_path / f"{number}" / "tiny" / "1")
        what = damage(copy)
        tally("damaged folders: exports")
        try:
            ServedModel.load(copy)
        except MrcaError:
            pass
        except Exception as error:
            no_failures.append(f"{what}: {type(error).__name__}: {error}")
        shutil.rmtree(tmp_path / f"{number}")
