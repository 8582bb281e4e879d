import json
import re
from pathlib import Path

import pytest

from mrca.config import RunConfig, dump_config
from mrca.errors import MrcaError
from mrca.runs import layout

PARTS = ["config.toml", "relations.json", "label_counts.json", "decision.json", "environment.json"]


@pytest.fixture
def make_run(tmp_path):
    """Write a folder that has what a run has."""

    def make(name: str = "run", learned: str = "model.keras") -> Path:
        folder = tmp_path / name
        folder.mkdir(parents=True)
        for part in [*PARTS, learned]:
            (folder / part).write_text("{}", "utf-8")
        (folder / "config.toml").write_text(dump_config(RunConfig()), "utf-8")
        return folder

    return make


# === Whole runs ===


def test_a_whole_run_passes(tiny_run, tiny_pairs_run, make_run):
    layout.check_run_folder(tiny_run.folder)
    layout.check_run_folder(tiny_pairs_run.folder)
    layout.check_run_folder(make_run("svm", learned="svm"))


def test_what_is_there_instead_of_a_run_is_said(make_run, tmp_path):
    with pytest.raises(MrcaError, match=r"There is no run at .*mrca train --dataset"):
        layout.check_run_folder(tmp_path / "no" / "run")
    make_run("tiny")
    with pytest.raises(MrcaError, match=r"Runs in .*: tiny\."):
        layout.check_run_folder(tmp_path / "tinny")
    (tmp_path / "file").write_text("")
    with pytest.raises(MrcaError, match="There is no run at"):
        layout.check_run_folder(tmp_path / "file")
    (tmp_path / "killed.unfinished").mkdir()
    with pytest.raises(MrcaError, match=r"not finished.*--resume"):
        layout.check_run_folder(tmp_path / "killed")


@pytest.mark.parametrize("name", [*PARTS, "model.keras"])
def test_a_missing_part_is_named(make_run, name):
    folder = make_run()
    (folder / name).unlink()
    with pytest.raises(MrcaError, match=f"not a whole run: {re.escape(name)} missing"):
        layout.check_run_folder(folder)


def test_the_runs_beside_a_missing_one_are_named(tmp_path):
    for name in ("webnlg", "nyt", "half.unfinished"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.toml").touch()
    (tmp_path / "corpus").mkdir()
    said = layout.other_runs(tmp_path / "webngl")
    assert said == f" Did you mean 'webnlg'? Runs in {tmp_path}: nyt, webnlg."
    assert layout.other_runs(tmp_path / "corpus" / "webnlg") == ""
    assert layout.other_runs(Path("nowhere/webnlg")) == ""


def test_a_bare_name_means_a_run_among_the_saved_ones(make_run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    saved = make_run("saved_models/mine")
    assert layout.find_run(Path("mine")) == Path("saved_models/mine")
    (tmp_path / "mine").mkdir()  # the corpus that it was trained on
    assert layout.find_run(Path("mine")) == Path("saved_models/mine")
    saved.rename(saved.with_name("mine.unfinished"))
    assert layout.find_run(Path("mine")) == Path("saved_models/mine")
    saved.with_name("mine.unfinished").rename(saved.with_name("other"))
    assert layout.find_run(Path("mine")) == Path("mine")
    (tmp_path / "mine" / "config.toml").touch()
    saved.with_name("other").rename(saved)
    assert layout.find_run(Path("mine")) == Path("mine")  # a run of that name right here
    assert layout.find_run(Path("saved_models/mine")) == Path("saved_models/mine")
    assert layout.find_run(Path("new")) == Path("saved_models/new")


# === Unfinished ones ===


def test_the_unfinished_folder_lies_beside(tmp_path):
    assert layout.unfinished_folder(tmp_path / "a.b") == tmp_path / "a.b.unfinished"


def test_an_unfinished_run_is_resumable_once_it_was_written_whole(make_run):
    folder = make_run("run.unfinished")
    assert layout.is_resumable(folder)
    (folder / "environment.json").unlink()
    assert not layout.is_resumable(folder)


def test_a_folder_that_is_no_unfinished_run_is_left_alone(make_run, tmp_path):
    layout.check_unfinished_folder(make_run("run.unfinished"))
    mine = tmp_path / "mine.unfinished"
    mine.mkdir()
    (mine / ".hidden").touch()
    layout.check_unfinished_folder(mine)
    (mine / "thesis.doc").touch()
    with pytest.raises(MrcaError, match=r"is not one; it holds: thesis\.doc\. Rename it"):
        layout.check_unfinished_folder(mine)


# === Its files ===


def test_a_configuration_that_is_cut_off_is_said(make_run):
    folder = make_run()
    assert layout.read_config(folder) == RunConfig()
    text = dump_config(RunConfig())
    lines = text.strip().splitlines()
    (folder / "config.toml").write_text("\n".join(lines[:-1]), "utf-8")
    with pytest.raises(MrcaError, match=r"is cut off: training\.\w+ is missing"):
        layout.read_config(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000])
def test_unreadable_json_names_the_file(tmp_path, content):
    path = tmp_path / "metrics.json"
    path.write_bytes(content)
    with pytest.raises(MrcaError, match=r"Cannot read .*metrics\.json.*damaged"):
        layout.read_json(path)


def test_a_missing_json_file_names_the_file(tmp_path):
    with pytest.raises(MrcaError, match=r"Cannot read .*metrics\.json"):
        layout.read_json(tmp_path / "metrics.json")


@pytest.mark.parametrize(
    "use", [lambda value: value["b"], lambda value: value + 1, lambda value: value.x]
)
def test_json_that_does_not_fit_its_use_names_the_file(tmp_path, use):
    path = tmp_path / "decision.json"
    path.write_text('{"a": 1}', "utf-8")
    expected = pytest.raises(MrcaError, match=r"decision\.json does not hold what it should")
    with expected, layout.reading(path) as value:
        use(value)
    with layout.reading(path) as value:
        assert value == {"a": 1}


def test_files_are_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "card.md"
    layout.write_text(path, "long text é")
    layout.write_text(path, "short")
    assert path.read_bytes() == b"short"
    with pytest.raises(UnicodeEncodeError):
        layout.write_text(path, "half \ud800")
    layout.write_json(path, {"naïve": 1})
    assert json.loads(path.read_text("utf-8")) == {"naïve": 1}
    with pytest.raises(ValueError, match="JSON"):
        layout.write_json(path, float("nan"))
    assert [file.name for file in tmp_path.iterdir()] == ["card.md"]
    assert "naïve" in path.read_text("utf-8")


# === What it has learned ===


def test_the_fingerprint_is_of_what_was_learned(make_run):
    first, second = make_run("one"), make_run("two")
    (second / "card.md").write_text("another", "utf-8")
    assert layout.fingerprint_of_run(first) == layout.fingerprint_of_run(second)
    (second / "encoder").mkdir()
    (second / "encoder" / "weights").write_text("1", "utf-8")
    with_encoder = layout.fingerprint_of_run(second)
    assert with_encoder != layout.fingerprint_of_run(first)
    (second / "encoder" / "weights").write_text("2", "utf-8")
    assert layout.fingerprint_of_run(second) != with_encoder
    (first / "model.keras").write_text("other", "utf-8")
    assert layout.fingerprint_of_run(first) != with_encoder


def test_exported_versions_are_folders_of_a_number_with_a_model(tmp_path):
    for name in ("1", "10", "2", "03", "0", "x", "-1", str(2**63), "9" * 30):
        (tmp_path / name).mkdir()
        (tmp_path / name / "saved_model.pb").touch()
    (tmp_path / "4").mkdir()
    (tmp_path / "5").touch()
    assert layout.exported_versions(tmp_path) == [1, 2, 10]
    assert layout.exported_versions(tmp_path / "nowhere") == []


@pytest.mark.parametrize("name", ["a.unfinished", "A.Unfinished", ".unfinished", "a\nb", "a\x1b"])
def test_a_name_that_is_no_runs(name):
    with pytest.raises(MrcaError, match="cannot be a run's name"):
        layout.check_run_name(name)


@pytest.mark.parametrize("name", ["a", "unfinished", "a.unfinished-2", "né à"])
def test_a_name_that_is_one(name):
    layout.check_run_name(name)
