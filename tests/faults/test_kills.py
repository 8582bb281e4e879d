"""Long commands that are killed at drawn moments: the same command ends as if it had not been."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

_KILLED = Path(__file__).with_name("killed.py")
_MOST = 40  # attempts, of which each is killed unless it has nothing left to do
# What has times in it.
_TIMED = {
    *("environment.json", "card.md", "history.csv", "search.json", "report.md", "manifest.json"),
    "about.json",
}
_TINY = (
    *("--vectors", "sample", "--set", "model.units=6", "--set", "training.learning_rate=2e-2"),
    *("--set", "training.batch_size=16"),
)
_SPACE = """\
recipe = "mrca"
dataset = "sample"
max_trials = 3

[set]
"vectors.name" = "sample"
"training.epochs" = 1
"model.pool_size" = 20
"features.max_length" = 30

[search."model.units"]
choices = [2, 3, 4, 5]
"""


class Place:
    """A folder in which a command is run, by itself or killed."""

    def __init__(self, folder: Path, data: Path, command: list[Any]) -> None:
        self.folder = folder
        self.command = [str(each) for each in command]
        folder.mkdir(parents=True)
        self.environment = {
            **os.environ,
            "MRCA_DATA_DIR": str(data),
            "MRCA_CACHE_DIR": str(folder / "cache"),
            "TF_NUM_INTRAOP_THREADS": "1",
            "PYTHONPATH": os.pathsep.join(sys.path),
        }

    def run(self, changes: int = -1, seconds: float = 0.0, *more: str) -> tuple[int, str]:
        """The exit code, negative for a signal, and what it said."""
        done = subprocess.run(
            [
                *(sys.executable, "-W", "ignore", _KILLED, self.folder, str(changes)),
                *(str(seconds), *self.command, *more),
            ],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        return done.returncode, done.stderr

    def content(self) -> dict[str, Any]:
        """What the folder holds but for times."""
        return {
            path.relative_to(self.folder).as_posix(): _content(path)
            for path in sorted(self.folder.rglob("*"))
            # A killed process's lock is nobody's; predictions are kept by a digest of their place.
            if path.is_file() and path.suffix not in (".png", ".lock", ".npz")
        }


def _content(path: Path) -> Any:
    if path.name in _TIMED or path.name.endswith(".done"):
        return ""
    if path.suffix == ".keras":
        return _weights(path.read_bytes())
    if path.suffix == ".json":
        return _without_seconds(json.loads(path.read_text("utf-8")))
    if path.name in ("saved_model.pb", "fingerprint.pb", "saved_model_warmup_requests"):
        return ""  # a graph's names and hashes differ from process to process
    return path.read_bytes()


def _weights(content: bytes) -> dict[str, bytes]:
    """The arrays of a Keras file, whose own bytes have times in them."""
    import h5py

    found: dict[str, bytes] = {}
    with zipfile.ZipFile(BytesIO(content)) as archive:
        held = BytesIO(archive.read("model.weights.h5"))
    with h5py.File(held) as file:
        file.visititems(
            lambda name, each: (
                found.update({name: each[()].tobytes()}) if isinstance(each, h5py.Dataset) else None
            )
        )
    return found


def _without_seconds(value: Any) -> Any:
    if isinstance(value, dict):
        left_out = ("seconds", "created", "folder", "runs")
        return {key: _without_seconds(value[key]) for key in value if key not in left_out}
    return [_without_seconds(each) for each in value] if isinstance(value, list) else value


@pytest.fixture(scope="session")
def small_data(sample_slice: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's first rows, which are trained on in a second."""
    data = tmp_path_factory.mktemp("small")
    shutil.copytree(sample_slice / "sample", data / "sample")
    for split in ("train", "valid", "test"):
        path = data / "sample" / f"{split}.jsonl"
        path.write_text("".join(path.read_text("utf-8").splitlines(keepends=True)[:30]), "utf-8")
    return data


@pytest.fixture
def commands(
    small_data: Path,
    slice_rows: list[Any],
    two_methods: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> Callable[[str], list[Any]]:
    """The command of a name; what it reads lies beside the folder that it writes."""

    def command(name: str) -> list[Any]:
        (tmp_path / "space.toml").write_text(_SPACE)
        (tmp_path / "two.toml").write_text(two_methods)
        rows = "".join(f"{json.dumps(row)}\n" for row in slice_rows)
        (tmp_path / "rows.jsonl").write_text(rows)
        words = (f"w{number} {number} 0.5 {number % 7}\n" for number in range(20_000))
        (tmp_path / "v.txt").write_text("".join(words))
        if name == "bulk":
            run = request.getfixturevalue("tiny_pairs_run").folder
            return ["bulk", run, tmp_path / "rows.jsonl", "--output", "out", "--shard-mb", 0.002]
        if name == "export":
            run = shutil.copytree(request.getfixturevalue("tiny_run").folder, tmp_path / "tiny")
            return ["export", run, "--output", "exports", "--version", 1]
        return {
            "train": [
                *("train", "--dataset", "sample", "--recipe", "pairs", "--output", "runs"),
                *("--name", "run", "--set", "training.epochs=3", *_TINY, "--resume"),
            ],
            "tune": ["tune", tmp_path / "space.toml", "--output", "searches", "--resume"],
            "compare": ["compare", tmp_path / "two.toml", "--output", "comparison"],
            "vectors import": ["vectors", "import", tmp_path / "v.txt", "--overwrite"],
        }[name]

    return command


@pytest.mark.parametrize(
    ("name", "few", "whole"),
    [
        *(("vectors import", 0, 25), ("train", 0, 20), ("compare", 0, 15), ("tune", 0, 10)),
        *(("bulk", 0, 15), ("export", 0, 6)),
    ],
)
def test_killed_at_drawn_moments_it_ends_as_if_it_had_not_been(
    drawn, chance, tally, commands, small_data, tmp_path, name, few, whole
):
    kills = drawn(few, whole)
    if not kills:
        pytest.skip("one of the whole form: MRCA_FAULTS=whole")
    command = commands(name)
    unkilled = Place(tmp_path / "unkilled", small_data, command)
    code, said = unkilled.run()
    assert code == 0, said
    changes = int(re.findall(r"changes: (\d+)", said)[-1])
    expected = unkilled.content()
    number = done = 0
    while done < kills:
        place = Place(tmp_path / f"killed-{number}", small_data, command)
        number += 1
        for _ in range(_MOST):
            # Killed early again and again, or once near the end.
            moment = chance.randrange(1, max(2, changes // chance.choice((1, 1, 3))))
            seconds = chance.choice((0.0, 0.0, chance.uniform(0, 0.3)))
            code, said = place.run(moment if done < kills else -1, seconds)
            assert "did not expect" not in said
            assert "Traceback" not in said
            if code != -signal.SIGKILL:
                break
            done += 1
            tally(f"kills: {name}")
        assert code == 0, (name, said)
        assert place.content() == expected
        shutil.rmtree(place.folder)


def test_import_that_replaces_leaves_the_old_or_the_new(drawn, chance, tally, tmp_path, small_data):
    """`vectors import --overwrite` over a store: at every moment one of the two is there, whole."""
    from mrca.vectors import VectorStore

    for name, size in (("old", 300), ("new", 500)):
        (tmp_path / name).mkdir()
        words = "".join(f"w{number} 1 2\n" for number in range(size))
        (tmp_path / name / "v.txt").write_text(words)
    place = Place(
        tmp_path / "here",
        small_data,
        ["vectors", "import", tmp_path / "old" / "v.txt", "--overwrite"],
    )
    assert place.run()[0] == 0
    replacing = ["vectors", "import", str(tmp_path / "new" / "v.txt"), "--overwrite"]
    store = tmp_path / "here" / "cache" / "vectors" / "v"
    kept = tmp_path / "kept"
    shutil.copytree(store, kept)
    place.command = replacing
    changes = int(re.findall(r"changes: (\d+)", place.run()[1])[-1])
    for _ in range(drawn(1, 10)):
        shutil.rmtree(store.parent)
        store.parent.mkdir()
        shutil.copytree(kept, store)
        place.run(chance.randrange(1, changes + 1))
        tally("kills: vectors import over a store")
        assert len(VectorStore.open(store)) in (300, 500)
        assert place.run()[0] == 0
        assert [path.name for path in store.parent.iterdir()] == ["v"]
