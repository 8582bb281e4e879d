"""The command line as a person meets it, in this process."""

import io
import json
import re
import shutil
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest


class Result(NamedTuple):
    """What a command left on the screen; `err` without the borders and line breaks of its boxes."""

    code: int
    out: str
    err: str


@pytest.fixture
def mrca(monkeypatch, capsys, tmp_path, sample_slice) -> Callable[..., Result]:
    """Runs `mrca ARGUMENTS` in an empty folder, where `--dataset sample` is the slice."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MRCA_DATA_DIR", str(sample_slice))
    monkeypatch.setenv("MRCA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("MRCA_VECTORS_DIR", raising=False)
    monkeypatch.delenv("MRCA_DEBUG", raising=False)
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setattr(warnings, "formatwarning", warnings.formatwarning)  # put back afterwards

    def run(*arguments: object, stdin: str | bytes = b"") -> Result:
        from mrca.cli.main import main

        data = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "argv", ["mrca", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        err = re.sub(r"[│╭╮╰╯─\s]+", " ", captured.err)
        return Result(int(ended.value.code or 0), captured.out, err)

    return run


@pytest.fixture(scope="session")
def _loaded() -> dict[Path, tuple]:
    return {}


@pytest.fixture
def load_once(monkeypatch, _loaded) -> None:
    """A shared run is read from its folder once and compiled once. Not for copies that change."""
    from mrca import training

    load = training.load

    def cached(folder, vectors=None, encoder=None, *, trust=False):
        if vectors is not None or encoder is not None:
            return load(folder, vectors, encoder, trust=trust)
        if folder not in _loaded:
            run = load(folder)
            _loaded[folder] = (run, run.classifier.decision)
        run, decision = _loaded[folder]
        run.classifier.decision = decision  # what a command before has tuned is forgotten
        return run

    monkeypatch.setattr(training, "load", cached)


@pytest.fixture
def run_copy(tiny_run, tmp_path) -> Path:
    """A copy of the tiny run which a test may change."""
    return shutil.copytree(tiny_run.folder, tmp_path / "runs" / "tiny")


def _entity(text: str, words: str, kind: str) -> dict[str, object]:
    """As a row lists it, by its characters."""
    start = text.index(words)
    return {"char_start": start, "char_end": start + len(words), "type": kind}


def _news_row(person: str, place: str, office: str) -> dict[str, object]:
    """A sentence with three typed entities, two facts, and four pairs without one."""
    text = f"{person} of {place} works for {office}."
    return {
        "text": text,
        "entities": [
            _entity(text, person, "Peop"),
            _entity(text, place, "Loc"),
            _entity(text, office, "Org"),
        ],
        "facts": [[person, "Live_In", place], [person, "Work_For", office]],
    }


@pytest.fixture
def news(tmp_path) -> Path:
    """A corpus that lists all entities of its documents, with types."""
    folder = tmp_path / "news"
    folder.mkdir()
    quiet = {**_news_row("Bo Marsh", "Belby", "Rook Press"), "facts": []}
    rows = [_news_row("Ada Lane", "Arden", "Quill Labs"), quiet]
    for split in ("train", "valid", "test"):
        (folder / f"{split}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder
