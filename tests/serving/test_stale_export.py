import json
import shutil
from pathlib import Path

import pytest

from mrca.runs.layout import NETWORK
from mrca.serving.stale_export import stale_export


@pytest.fixture
def run(tiny_run, exported_run, tmp_path, monkeypatch) -> Path:
    """A run in saved_models/ with an exported version."""
    monkeypatch.chdir(tmp_path)
    folder = shutil.copytree(tiny_run.folder, Path("saved_models/a run"))
    shutil.copytree(exported_run / "assets.extra", folder / "1" / "assets.extra")
    return folder


def test_nothing_has_changed(run, exported_run):
    assert stale_export(run, run / "1") is None
    assert stale_export(Path("a run"), run / "1") is None
    assert stale_export(exported_run.parent, exported_run) is None


def test_another_training(run):
    with (run / NETWORK).open("ab") as file:
        file.write(b"more")
    note = stale_export(Path("a run"), run / "1")
    assert note == (
        "version 1 was exported from another training of this run; export again with "
        "`mrca export 'a run'`."
    )


def test_another_decision_rule(run):
    (run / "decision.json").write_text(json.dumps({"another": 1}))
    note = stale_export(run, run / "1")
    assert note is not None and "exported with another decision rule of this run" in note


def test_what_cannot_be_known_is_not_said(run):
    shutil.rmtree(run / "1" / "assets.extra")
    (run / NETWORK).unlink()
    assert stale_export(run, run / "1") is None
