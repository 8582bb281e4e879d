"""Folders, archives and models that mean harm: nothing outside a command's own folders changes."""

import json
import os
import pickle
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mrca.config import load_config
from mrca.vectors import VectorStore

_SPACE = 'recipe = "svm"\ndataset = "sample"\nmax_trials = 2\n' + (
    '[search."classifier.options.C"]\nchoices = [0.1, 0.5, 1.0]\n'
)


@pytest.fixture
def harmless(tells, tally, no_failures, precious, tree_of) -> Callable[..., None]:
    """Runs a command on something that means harm, and sees that none was done."""
    before = tree_of(precious)

    def one(kind: str, what: object, *arguments: object) -> None:
        _, problem = tells(*arguments)
        tally(f"malicious: {kind}")
        if tree_of(precious) != before:
            no_failures.append(f"{arguments} with {what} changed what is not its own")
            for path in sorted(precious.rglob("*"), reverse=True):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            (precious / "inner").mkdir()
            (precious / "file.txt").write_text("mine")
            (precious / "inner" / "meta.json").write_text("{}")
        if problem:
            no_failures.append(f"{arguments} with {what}: {problem[:500]}")

    return one


def test_links_in_folders(
    drawn, chance, harmless, mrca, precious, tiny_run, tiny_pairs_run, slice_rows, tmp_path
):
    """A drawn file or folder in a folder of each kind is a link that leads out of it."""
    rows, space = tmp_path / "rows.jsonl", tmp_path / "space.toml"
    rows.write_text("".join(f"{json.dumps(row)}\n" for row in slice_rows[:4]))
    space.write_text(_SPACE)
    kept = tmp_path / "kept"
    kept.mkdir()
    shutil.copytree(tiny_run.folder, kept / "run")
    (kept / "v.txt").write_text("a 1 2\n")
    svm = ("train", "--recipe", "svm", "--dataset", "sample", "--name", "svm")
    search = ("tune", space, "--name", "search")
    bulk = ("bulk", tiny_pairs_run.folder, rows, "--shard-mb", 0.001)
    for command in (
        (*svm, "--output", kept),
        (*search, "--output", kept),
        (*bulk, "--output", kept / "bulk"),
    ):
        assert mrca(*command).code == 0
    VectorStore.write(tmp_path / "cache" / "vectors" / "v", ["a"], [[1.0]], "v")
    shutil.copytree(kept / "svm", kept / "svm.unfinished")
    for number in range(drawn(4, 120)):
        copy = shutil.copytree(kept, tmp_path / f"copy-{number}", symlinks=True)
        kind = chance.choice(("run", "svm", "svm.unfinished", "search", "bulk"))
        held = [copy / kind, *(copy / kind).rglob("*")]
        place = chance.choice(held)
        target = precious / ("inner" if place.is_dir() and chance.random() < 0.8 else "file.txt")
        if chance.random() < 0.2:  # a name that a command is about to make
            place = copy / kind / chance.choice((".lock", "plots", "trials/0002", "x.partial"))
            place.parent.mkdir(parents=True, exist_ok=True)
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)
        place.symlink_to(target)
        command = {
            "run": ("evaluate", copy / "run", "--tune", "global", "--save"),
            "svm": chance.choice(
                (
                    (*svm, "--output", copy, "--overwrite"),
                    (*svm, "--output", copy, "--resume"),
                    ("evaluate", copy / "svm", "--tune", "global", "--save"),
                )
            ),
            "svm.unfinished": (*svm, "--output", copy, chance.choice(("--overwrite", "--resume"))),
            "search": chance.choice(
                (
                    ("tune", "report", copy / "search"),
                    *((("tune", space, "--name", "search", "--output", copy, "--resume"),) * 2),
                    (
                        "tune",
                        space,
                        "--name",
                        "search",
                        "--output",
                        copy,
                        "--resume",
                        "--max-trials",
                        3,
                    ),
                )
            ),
            "bulk": (*bulk, "--output", copy / "bulk"),
        }[kind]
        harmless("links in folders", f"{place.relative_to(copy)} -> {target}", *command)
        shutil.rmtree(copy)


def test_names_in_archives(drawn, chance, harmless, precious, tmp_path):
    """Members whose names lead out of the folder that they are unpacked into, or are links."""
    for number in range(drawn(5, 80)):
        path = tmp_path / f"{number}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for _ in range(chance.choice((1, 1, 2))):
                name = chance.choice(
                    (
                        *("../../precious/file.txt", "/tmp/x.txt", str(precious / "file.txt")),
                        *("..\\..\\precious\\file.txt", "a/../../../precious/new.txt", "\x1b[2J"),
                        *("C:\\x.txt", "con", "", ".", "..", "vectors.txt", "x\x00.txt", "a" * 300),
                    )
                )
                member = zipfile.ZipInfo(name or "x")
                member.filename = name
                content = b"a 1 2\nb 3 4\n"
                if chance.random() < 0.3:
                    member.external_attr = 0o120777 << 16  # a link
                    content = str(precious / "file.txt").encode()
                archive.writestr(member, content)
        command = chance.choice((("vectors", "import", path), ("vectors", "info", path)))
        harmless("archives", path.name, *command)


def test_ids_and_names_in_files(drawn, chance, mutations, harmless, mrca, precious, tmp_path):
    """Ids of trials, names of runs and methods that are paths."""
    space = tmp_path / "space.toml"
    space.write_text(_SPACE)
    search = ("tune", space, "--name", "search", "--output", tmp_path / "kept")
    assert mrca(*search).code == 0
    odd = ("../precious", "../../precious/inner", str(precious), "..", ".", "", "0000/../../x")
    for number in range(drawn(2, 40)):
        copy = shutil.copytree(tmp_path / "kept", tmp_path / f"copy-{number}")
        path = chance.choice([each for each in copy.rglob("*.json") if each.stat().st_size])
        text = path.read_text("utf-8")
        for old in ('"0000"', '"0001"', '"sample"'):
            if chance.random() < 0.6:
                text = text.replace(old, json.dumps(chance.choice(odd)))
        path.write_text(text)
        command = chance.choice(
            (
                ("tune", "report", copy / "search"),
                (*search[:-1], copy, "--resume", "--max-trials", 3),
                (*search[:-1], copy, "--resume"),
            )
        )
        harmless("ids and names that are paths", path.relative_to(copy), *command)
        shutil.rmtree(copy)


class Touches:
    """What unpickling runs: it would make a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.system, (f"touch '{self.path}'",)


def test_models(drawn, chance, harmless, precious, tiny_run, slice_rows, tmp_path):
    """Programs in what Keras, NumPy and pickle read."""
    import keras

    made = str(precious / "made")
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps(slice_rows[0]))
    touch = Path(made).touch
    program = keras.Sequential([keras.Input((1,)), keras.layers.Lambda(lambda x: (touch(), x)[1])])
    program.save(tmp_path / "lambda.keras")
    Path(made).unlink()  # Keras has called it to build the model
    objects = (
        *(("os", "system", {"command": f"touch {made}"}), ("builtins", "exec", {"source": "1"})),
        *(("subprocess", "Popen", {"args": ["touch", made]}), ("os", "mkdir", {"path": made})),
        *(("pathlib", "Path", {"args": made}), ("shutil", "rmtree", {"path": str(precious)})),
        *(("keras.layers", "TFSMLayer", {"filepath": str(precious)}), ("keras", "Lambda", {})),
        *(("keras.utils", "get_file", {"fname": made, "origin": f"file://{rows}"}),),
    )
    for number in range(drawn(2, 40)):
        copy = shutil.copytree(tiny_run.folder, tmp_path / f"run-{number}")
        network = copy / "model.keras"
        kind = number % 5
        module, name, config = chance.choice(objects)
        if kind == 0:
            shutil.copy(tmp_path / "lambda.keras", network)
        elif kind == 1:
            arrays = np.array([Touches(Path(made))], dtype=object)
            np.save(copy / "vectors" / "vectors.npy", arrays, allow_pickle=True)
        elif kind == 2:
            network.write_bytes(pickle.dumps(Touches(Path(made))))
        else:
            harm = {
                "module": module,
                "class_name": name,
                "config": config,
                "registered_name": chance.choice((None, name)),
            }
            with zipfile.ZipFile(network) as archive:
                held = {each: archive.read(each) for each in archive.namelist()}
            described = json.loads(held["config.json"])
            where = chance.choice(("itself", *described["config"]))
            if where == "itself":
                described = {**described, **harm}
            else:
                described["config"][where] = harm
            held["config.json"] = json.dumps(described).encode()
            with zipfile.ZipFile(network, "w") as archive:
                for each, content in held.items():
                    archive.writestr(each, content)
                archive.writestr("../../precious/file.txt", b"written")
        harmless("models", (kind, module, name), "predict", copy, rows)
        shutil.rmtree(copy)


def test_no_pickle_in_a_saved_state(harmless, precious, mrca, sample_slice, tiny_run, tmp_path):
    """A state to go on from, whose arrays are objects."""
    made = precious / "made"
    unfinished = shutil.copytree(tiny_run.folder, tmp_path / "runs" / "run.unfinished")
    for name in ("state.npz", "best-1.npz"):
        np.savez(unfinished / name, allow_pickle=True, history=np.array([Touches(made)], object))
    assert load_config(unfinished / "config.toml") == tiny_run.config
    command = ("train", "--recipe", unfinished / "config.toml", "--name", "run", "--resume")
    harmless("models", "a saved state", *command, "--output", tmp_path / "runs")
