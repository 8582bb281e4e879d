"""Disks that are full or read-only from a drawn moment on: an error, and nothing half."""

import errno
import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_MAKES = {"open", "os.mkdir", "os.rename", "os.link", "os.symlink"}
_TAKES = {"os.remove", "os.rmdir"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Disk:
    """What a folder is on; from its n-th change on, it refuses.

    An audit hook sees every file that Python opens, makes, renames or deletes, and what it raises
    comes out where the change was asked for. (What TensorFlow and HDF5 write by themselves is seen
    by the tests of `RLIMIT_FSIZE` below.)
    """

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.here = Path()
        self.changes = 0
        self.left = 0
        self.error = 0
        sys.addaudithook(self._sees)  # for as long as the process lives

    @contextmanager
    def refusing(self, folder: Path, left: int, error: int) -> Iterator[None]:
        """Refuse with an error, after so many changes of the folder."""
        self.left, self.error, self.changes = left, error, 0
        self.folder, self.here = folder, Path.cwd()
        try:
            yield
        finally:
            self.folder = None

    def _sees(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.folder is None or not (event in _MAKES or event in _TAKES):
            return
        place = arguments[1] if event in ("os.rename", "os.link", "os.symlink") else arguments[0]
        if not isinstance(place, str | bytes | os.PathLike):
            return
        if event == "open" and not (arguments[2] or 0) & _WRITING:
            return
        place = Path(self.here, os.fsdecode(place))
        if self.folder not in (place, *place.parents):
            return
        if event in _TAKES and self.error != errno.EROFS:
            return
        self.changes += 1
        if self.changes > self.left:
            raise OSError(self.error, os.strerror(self.error), str(place))


@pytest.fixture(scope="session")
def disk() -> Disk:
    return Disk()


@pytest.fixture
def commands(
    tmp_path, slice_rows, tiny_pairs_run, tiny_run, load_once
) -> dict[str, tuple[Any, ...]]:
    """Commands that write, in the empty folder `here`; what they read lies beside it."""
    (tmp_path / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in slice_rows[:6]))
    (tmp_path / "v.txt").write_text("a 1 2\nb 3 4\n")
    fact = {
        "subject": {"text": "Ada", "char_start": 0, "char_end": 3},
        "relation": "met",
        "object": {"text": "Bo", "char_start": 8, "char_end": 10},
        "score": 0.9,
    }
    (tmp_path / "facts.jsonl").write_text(json.dumps({"line": 1, "facts": [fact]}))
    rows, run = tmp_path / "rows.jsonl", tiny_pairs_run.folder
    svm = ("--recipe", "svm", "--dataset", "sample", "--output", "runs")
    return {
        "data convert": ("data", "convert", "sample", "corpus"),
        "vectors import": ("vectors", "import", tmp_path / "v.txt", "--overwrite"),
        "bulk": ("bulk", run, rows, "--output", "out", "--shard-mb", 0.001),
        "predict": ("predict", run, rows, "--output", "facts.jsonl"),
        "predict, a graph": ("predict", run, rows, "--format", "neo4j", "--output", "graph"),
        "graph show": ("graph", "show", tmp_path / "facts.jsonl", "--out", "graph.html"),
        "train, an SVM": ("train", *svm, "--name", "svm", "--overwrite"),
        "evaluate": ("evaluate", tiny_run.folder, "--plots", "plots"),
    }


def _same_each_time(found: dict[str, str], *, deleted: bool = True) -> dict[str, str]:
    """What a folder holds without what has times in it, and what could not be deleted."""
    timed = (".png", ".html", "history.csv", "environment.json", "card.md")
    return {
        name: "" if name.endswith(timed) or "done" in name else content
        for name, content in found.items()
        if deleted or ".partial" not in name
    }


@pytest.mark.parametrize(
    "command",
    [
        *("data convert", "vectors import", "bulk", "predict", "predict, a graph"),
        *("graph show", "train, an SVM", "evaluate"),
    ],
)
def test_a_disk_that_refuses(
    drawn, chance, tells, tally, no_failures, disk, commands, tree_of, tmp_path, command, precious
):
    place = tmp_path / "here"
    cache = tmp_path / "cache"

    def clear() -> None:
        for folder in (place, cache):
            shutil.rmtree(folder, ignore_errors=True)
        place.mkdir()
        os.chdir(place)

    def state(error: int = 0) -> list[dict[str, str]]:
        deleted = error != errno.EROFS
        return [_same_each_time(tree_of(each), deleted=deleted) for each in (place, cache)]

    clear()
    with disk.refusing(tmp_path, 10**9, errno.ENOSPC):
        done, problem = tells(*commands[command])
        changes = disk.changes
    assert not problem
    assert done.code == 0, done
    expected = state()
    for _ in range(drawn(1, 25)):
        clear()
        error = chance.choice((errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT))
        left = chance.randrange(changes + 1)
        with disk.refusing(tmp_path, left, error):
            done, problem = tells(*commands[command])
        tally("disks that are full or read-only from a moment on")
        when = f"{command}, {errno.errorcode[error]} after {left} changes"
        if problem:
            no_failures.append(f"{when}: {problem}")
        elif done.code == 0 and state(error) != expected and command != "evaluate":
            no_failures.append(f"{when}: said nothing: {done}")
        # What it left stands in nobody's way.
        again, problem = tells(*commands[command])
        if problem or again.code or state(error) != expected:
            no_failures.append(f"{when}, then again: {problem or again} {state()} {expected}")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such limits")
def test_files_that_may_not_grow(drawn, chance, tells, tally, no_failures, commands, tmp_path):
    """Every write beyond a size fails, also those of HDF5 and TensorFlow."""
    import resource

    place = tmp_path / "here"
    tiny = ("--set", "model.units=8", "--set", "training.epochs=1", "--set", "model.hidden=8")
    train = ("--recipe", "pairs", "--dataset", "sample", "--vectors", "sample", "--output", "runs")
    several = {
        **{name: commands[name] for name in ("data convert", "vectors import", "train, an SVM")},
        "train": ("train", *train, "--name", "run", "--overwrite", *tiny),
    }
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    for number in range(drawn(1, 16)):
        name = list(several)[number % len(several)]
        size = int(10 ** chance.uniform(1.5, 5.5))
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            done, problem = tells(*several[name])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        tally("files that may not grow")
        if problem:
            no_failures.append(f"{name}, at most {size} bytes: {problem}")
        elif done.code == 0:  # it was room enough
            continue
        again, problem = tells(*several[name])
        if problem or again.code:
            no_failures.append(f"{name}, at most {size} bytes, then again: {problem or again}")
        shutil.rmtree(place)
        place.mkdir()
        os.chdir(place)
