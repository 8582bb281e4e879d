import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mrca.cli.data import app
from mrca.datasets import CORPORA
from mrca.errors import MrcaError


@pytest.fixture(autouse=True)
def own_places(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MRCA_DATA_DIR", raising=False)
    monkeypatch.setenv("MRCA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "160")


@pytest.fixture
def corpus(tmp_path) -> Path:
    folder = tmp_path / "mine"
    folder.mkdir()
    rows = [{"text": "Ada met Bob", "triples": [["Ada", "met", "Bob"]]}] * 30
    rows.append({"text": "Ada met Bob", "triples": [["Ada", "[red]", "Cleo"]]})
    (folder / "train.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (folder / "valid.jsonl").write_text(json.dumps(rows[0]))
    return folder


def run(*arguments: object, code: int = 0):
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == code, (result.output, result.exception)
    return result


def fail(*arguments: object) -> str:
    """The message of the error that the program's main function would show."""
    result = run(*arguments, code=1)
    assert isinstance(result.exception, MrcaError), result.exception
    assert result.stdout == ""
    return str(result.exception)


def test_importing_the_command_is_light():
    code = (
        "import sys, mrca.cli.data\n"
        "print(sorted({'tensorflow', 'keras', 'gensim', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_list_names_every_corpus_and_where_it_is(tmp_path):
    place = tmp_path / "data" / "nyt_small"
    place.mkdir(parents=True)
    for split in ("train", "valid", "test"):
        (place / f"{split}.json").write_text("[]")
    output = run("list").stdout
    assert all(name in output for name in CORPORA)
    assert "data/nyt_small" in output
    assert "fetched when it is needed" in output
    rows = {row["name"]: row for row in json.loads(run("list", "--json").stdout)}
    assert rows["nyt_small"]["folder"] == "data/nyt_small"
    assert rows["nyt_small"]["origin"] == "local"
    assert rows["nyt"]["folder"] is None


def test_stats_shows_tables(corpus):
    result = run("stats", corpus)
    for part in ("relations per sentence", "1.00 ± 0.00", "met", "[red]", "medium", "█"):
        assert part in result.stdout, part
    assert "%" not in result.stdout
    assert "do not stand in their sentence and are not marked: 1." in result.stdout
    assert f"mrca data validate {corpus}" in result.stdout


def test_stats_as_json_and_as_a_picture(corpus, tmp_path):
    result = run("stats", corpus, "--json", "--plot", tmp_path / "tail.png")
    statistics = json.loads(result.stdout)
    assert statistics["train_counts"] == {"[red]": 1, "met": 30}
    assert statistics["groups"]["medium"] == ["met"]
    assert (tmp_path / "tail.png").stat().st_size > 1000
    # one relation in each sentence: there is nothing to draw
    assert "No two of its most frequent relations hold together" in result.stderr
    assert not (tmp_path / "tail-cooccurrence.png").exists()


def test_stats_draws_what_holds_together_and_takes_a_papers_limits(corpus, tmp_path):
    with (corpus / "train.jsonl").open("a") as rows:
        rows.write('\n{"text": "A", "labels": ["[red]", "met"]}\n')
    options = ("--json", "--limits", "pubmed", "--plot", tmp_path / "tail.svg")
    result = run("stats", corpus, *options)
    statistics = json.loads(result.stdout)
    assert (statistics["limits"], statistics["groups"]["medium"]) == ("pubmed", ["met"])
    assert (tmp_path / "tail-cooccurrence.svg").read_text().startswith("<?xml")
    assert f"Drew {tmp_path / 'tail-cooccurrence.svg'}" in result.stderr


def test_stats_says_what_was_decided_on_stderr(corpus):
    (corpus / "valid.jsonl").unlink()
    result = run("stats", corpus, "--json")
    assert json.loads(result.stdout)["splits"]["valid"]["sentences"] == 3
    assert "3 of the 31 training rows are held out for validation" in result.stderr


def test_validate_passes_notices_and_fails_errors(corpus):
    result = run("validate", corpus)
    assert "unmatched: " in result.stdout
    assert "line 31, triples[0].object: expected words of the sentence" in result.stdout
    assert result.stdout.endswith("32 rows, 0 errors, 1 notice\n")
    (corpus / "valid.jsonl").write_text('{"text": "A"}\n{"text": 3, "labels": ["died"]}\n')
    result = run("validate", corpus, code=1)
    assert "valid.jsonl, line 2, text: expected a valid string, received 3" in result.stdout
    report = json.loads(run("validate", corpus, "--json", code=1).stdout)
    assert report["valid"] is False
    errors = [problem for problem in report["problems"] if problem["kind"] == "error"]
    assert [(error["line"], error["field"], error["received"]) for error in errors] == [
        (1, "labels", "a row without them"),
        (2, "text", "3"),
    ]
    report = json.loads(run("validate", corpus / "train.jsonl", "--json").stdout)
    assert (report["valid"], report["unlabelled"]) == (True, 0)


def test_validate_says_how_many_rows_of_a_file_have_no_labels(corpus):
    (corpus / "new.jsonl").write_text('{"text": "A"}\n{"text": "B", "labels": []}\n')
    lines = run("validate", corpus / "new.jsonl").stdout.splitlines()
    assert lines[0] == "2 rows, 0 errors, 0 notices"
    assert lines[1].startswith("1 row without labels: ")
    (corpus / "new.jsonl").rename(corpus / "test.jsonl")
    lines = run("validate", corpus / "test.jsonl", code=1).stdout.splitlines()
    assert "line 1, labels: expected" in lines[0]
    assert lines[1:] == ["2 rows, 1 error, 0 notices"]


def test_validate_takes_a_name(tmp_path):
    folder = tmp_path / "given" / "nyt_small"
    folder.mkdir(parents=True)
    for split in ("train", "valid", "test"):
        (folder / f"{split}.jsonl").write_text(json.dumps({"text": "A", "labels": [split]}))
    result = run("validate", "nyt_small", "--data-dir", tmp_path / "given")
    assert result.stdout == "3 rows, 0 errors, 0 notices\n"


def test_convert_a_file_and_a_corpus(corpus, tmp_path):
    run("convert", corpus, tmp_path / "copy")
    assert sorted(p.name for p in (tmp_path / "copy").iterdir()) == [
        "relations.json",
        "train.jsonl",
        "valid.jsonl",
    ]
    result = run("convert", corpus / "train.jsonl", tmp_path / "one.jsonl")
    assert result.stdout == f"{tmp_path / 'one.jsonl'}\n"
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "copy/train.jsonl").read_bytes()


def test_fetch_refuses_what_it_cannot_have(tmp_path):
    (tmp_path / "wrong.json").write_text("[]")
    message = fail("fetch", "webnlg", "--from-file", "wrong.json", "--data-dir", "here")
    assert "none of the expected files" in message
    assert not (tmp_path / "here").exists()
    assert "cannot be downloaded" in fail("fetch", "nyt_small")


@pytest.mark.parametrize(
    "arguments, expected",
    [
        (["stats", "webnlq"], "Did you mean 'webnlg'?"),
        (["stats", "mine/train.jsonl"], "is a file"),
        (["stats", "mine", "--plot", "tail.doc"], "Cannot draw into tail.doc"),
        (["stats", "mine", "--limits", "pubmad"], "Did you mean 'pubmed'?"),
        (["fetch", "webnlq"], "Did you mean 'webnlg'?"),
        (["fetch", "sample", "--from-file", "x"], "no published files to bring"),
        (["fetch", "nyt", "--from-file", "missing"], "Cannot read missing"),
        (["validate", "nowhere"], "Nothing is at nowhere"),
        (["convert", "nowhere", "out"], "No corpus is called 'nowhere'"),
        (["convert", "mine", "mine"], "mine exists"),
    ],
)
def test_wrong_use_is_one_readable_error(arguments, expected, corpus):
    assert expected in fail(*arguments)
