import json
import shutil

import pytest

import mrca
from mrca.runs import layout as run_folder
from mrca.runs.layout import check_run_folder, read_json, write_json, write_text


def test_a_whole_run_passes(tiny_run):
    check_run_folder(tiny_run.folder)


def test_what_is_there_instead_of_a_run_is_said(tiny_run, tmp_path):
    with pytest.raises(mrca.MrcaError, match=r"There is no run at .*mrca train --dataset"):
        check_run_folder(tmp_path / "no" / "run")
    with pytest.raises(mrca.MrcaError, match=r"Runs in .*: tiny\."):
        check_run_folder(tiny_run.folder.with_name("tinny"))
    (tmp_path / "file").write_text("")
    with pytest.raises(mrca.MrcaError, match="There is no run at"):
        check_run_folder(tmp_path / "file")
    (tmp_path / "killed.unfinished").mkdir()
    with pytest.raises(mrca.MrcaError, match=r"not finished.*--resume"):
        check_run_folder(tmp_path / "killed")


@pytest.mark.parametrize("name", ["config.toml", "model.keras", "vectors", "decision.json"])
def test_a_missing_part_is_named(tiny_run, tmp_path, name):
    folder = shutil.copytree(tiny_run.folder, tmp_path / "run")
    (folder / name).rename(tmp_path / "away")
    with pytest.raises(mrca.MrcaError, match=f"not a whole run: {name} missing"):
        check_run_folder(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000])
def test_unreadable_json_names_the_file(tmp_path, content):
    path = tmp_path / "metrics.json"
    path.write_bytes(content)
    with pytest.raises(mrca.MrcaError, match=r"Cannot read .*metrics\.json.*damaged"):
        read_json(path)


def test_a_missing_json_file_names_the_file(tmp_path):
    with pytest.raises(mrca.MrcaError, match=r"Cannot read .*metrics\.json"):
        read_json(tmp_path / "metrics.json")


def test_files_are_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "card.md"
    write_text(path, "long text é")
    write_text(path, "short")
    assert path.read_bytes() == b"short"
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "half \ud800")
    write_json(path, {"naïve": 1})
    assert json.loads(path.read_text("utf-8")) == {"naïve": 1}
    with pytest.raises(ValueError, match="JSON"):
        write_json(path, float("nan"))
    assert [file.name for file in tmp_path.iterdir()] == ["card.md"]
    assert "naïve" in path.read_text("utf-8")


def test_the_unfinished_folder_lies_beside(tmp_path):
    assert run_folder.unfinished_folder(tmp_path / "a.b") == tmp_path / "a.b.unfinished"
