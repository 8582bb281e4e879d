import gzip
import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from mrca.cli.vectors import app
from mrca.errors import MrcaError
from mrca.vectors import VectorStore

TEXT = b"a 0.5 2.5\nb 1 2\na 3 3\n"


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MRCA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("MRCA_VECTORS_DIR", raising=False)
    monkeypatch.chdir(tmp_path)


def run(*arguments):
    """The result; errors that main.py turns into messages are raised."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if isinstance(result.exception, MrcaError):
        raise result.exception
    return result


def test_import_then_info_by_name(tmp_path):
    (tmp_path / "mine.2d.txt.gz").write_bytes(gzip.compress(TEXT))
    result = run("import", tmp_path / "mine.2d.txt.gz", "--name", "mine", "--json")
    facts = json.loads(result.stdout)
    assert (facts["rows"], facts["dim"], facts["v"], facts["duplicates"]) == (2, 2, 3.0, 1)
    assert json.loads(run("info", "mine", "--json").stdout) == facts
    table = run("info", "mine").stdout
    assert "mine" in table
    assert "2.5" in table
    assert VectorStore.open(facts["folder"]).name == "mine"


def test_import_keeps_what_is_there(tmp_path):
    (tmp_path / "mine.txt").write_bytes(TEXT)
    assert run("import", "mine.txt").exit_code == 0
    with pytest.raises(MrcaError, match="--overwrite"):
        run("import", "mine.txt")
    assert run("import", "mine.txt", "--overwrite").exit_code == 0


def test_the_format_option(tmp_path):
    (tmp_path / "mine.txt").write_bytes(b"1990 3\nyear 4\n")
    with pytest.raises(MrcaError):
        run("import", "mine.txt")
    assert run("import", "mine.txt", "--format", "glove").exit_code == 0
    assert run("import", "mine.txt", "--format", "fasttext").exit_code == 2


@pytest.mark.parametrize("name", ["", "a/b", "..", ".hidden", "/"])
def test_import_refuses_names_that_are_paths(tmp_path, name):
    (tmp_path / "mine.txt").write_bytes(TEXT)
    with pytest.raises(MrcaError, match="cannot be the name"):
        run("import", "mine.txt", "--name", name)


def test_import_of_a_bad_or_missing_file(tmp_path):
    (tmp_path / "mine.txt").write_bytes(b"a 1 2\nb 1\n")
    with pytest.raises(MrcaError, match="line 2"):
        run("import", "mine.txt")
    with pytest.raises(MrcaError, match="Cannot read"):
        run("import", "missing.txt")
    assert not (tmp_path / "cache").exists()


def test_fetch_takes_a_file_that_was_brought(tmp_path):
    (tmp_path / "brought").write_text("a " + "1 " * 299 + "1\n")
    result = run("fetch", "glove-wiki-gigaword-300", "--from-file", "brought", "--json")
    assert json.loads(result.stdout)["name"] == "glove-wiki-gigaword-300"


def test_info_never_downloads():
    with pytest.raises(MrcaError, match="--from-file"):
        run("info", "glove-wiki-gigaword-300")


def test_info_warns_where_no_look_up_can_succeed(tmp_path):
    (tmp_path / "upper.txt").write_bytes(b"CAT 1 2\nDog 3 4\n")
    result = run("info", "upper.txt", "--json")
    assert json.loads(result.stdout)["has_lower_case"] is False
    assert "lower case" in run("info", "upper.txt").stderr


def test_list_shows_what_is_where(tmp_path):
    VectorStore.write(tmp_path / "here" / "mine", ["a"], [[1.0]], "mine")
    (tmp_path / "here" / "minilm-static.300d.txt.gz").write_bytes(gzip.compress(TEXT))
    rows = json.loads(run("list", "--vectors-dir", "here", "--json").stdout)
    status = {row["name"]: row["status"] for row in rows}
    assert status == {
        "glove-wiki-gigaword-300": "can be fetched",
        "minilm-static": "imported on use",
        "mine": "ready",
        "sample": "ready",
    }
    table = run("list", "--vectors-dir", "here").stdout
    assert "mine" in table
    assert "the path of a file" in " ".join(table.split())


@pytest.mark.processes
def test_the_module_loads_nothing_heavy():
    heavy = "{'tensorflow', 'keras', 'gensim', 'matplotlib', 'scipy'}"
    code = f"import sys, mrca.cli.vectors; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_name_is_shown_as_it_is(tmp_path):
    for name in ("[/]", "[red]x"):
        VectorStore.write(tmp_path / "stores" / name.replace("/", "-"), ["a"], [[1.0]], name)
    for folder in (tmp_path / "stores").iterdir():
        assert VectorStore.open(folder).name in run("info", folder).stdout
    assert "[red]x" in run("list", "--vectors-dir", "stores").stdout


@pytest.mark.parametrize("name", ["a\x1b[31m", " ", "a\nb"])
def test_a_name_that_cannot_be_shown_is_refused(tmp_path, name):
    (tmp_path / "mine.txt").write_bytes(TEXT)
    with pytest.raises(MrcaError, match="cannot be the name of vectors"):
        run("import", "mine.txt", "--name", name)
    folder = VectorStore.write(tmp_path / "store", ["a"], [[1.0]], "mine").folder
    meta = json.loads((folder / "meta.json").read_text())
    (folder / "meta.json").write_text(json.dumps({**meta, "name": f"{name}\x07"}))
    with pytest.raises(MrcaError, match="field 'name'"):
        run("info", folder)
