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
    rows = [{"text": "Ada met Bob", "facts": [["Ada", "met", "Bob"]]}] * 30
    rows.append({"text": "Ada met Bob", "facts": [["Ada", "[red]", "Cleo"]]})
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


@pytest.mark.processes
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
    for part in ("relations per document", "1.00 ± 0.00", "met", "[red]", "medium", "█"):
        assert part in result.stdout, part
    assert "pairs to ask about" in result.stdout
    assert "do not stand in their text and are not marked: 1." in result.stdout
    assert f"mrca data validate {corpus}" in result.stdout


def test_stats_as_json_and_as_a_picture(corpus, tmp_path):
    result = run("stats", corpus, "--json", "--plot", tmp_path / "tail.png")
    statistics = json.loads(result.stdout)
    assert statistics["train_counts"] == {"[red]": 0, "met": 30}
    assert statistics["groups"]["medium"] == ["met"]
    assert (tmp_path / "tail.png").stat().st_size > 1000
    # one relation in each document: there is nothing to draw
    assert "No document states two of its most frequent relations" in result.stderr
    assert not (tmp_path / "tail-cooccurrence.png").exists()


def test_stats_counts_what_a_run_is_evaluated_by(tiny_pairs_run, sample_slice):
    result = run("stats", "sample", "--data-dir", sample_slice, "--json")
    counts = list(json.loads(result.stdout)["train_counts"].values())
    assert counts == tiny_pairs_run.classifier.label_counts.counts


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
    assert json.loads(result.stdout)["splits"]["valid"]["documents"] == 3
    assert "3 of the 31 training rows are held out for validation" in result.stderr


def test_validate_passes_notices_and_fails_errors(corpus):
    result = run("validate", corpus)
    assert "unmatched: " in result.stdout
    assert "line 31, facts[0].object: expected words of the text" in result.stdout
    assert "\n32 rows, 0 errors, 2 notices\n" in result.stdout
    assert f"Next: mrca data stats {corpus}" in result.stderr
    (corpus / "valid.jsonl").write_text('{"text": "A"}\n{"text": 3, "labels": ["died"]}\n')
    result = run("validate", corpus, code=1)
    assert "valid.jsonl, line 2, text: expected a valid string, received 3" in result.stdout
    report = json.loads(run("validate", corpus, "--json", code=1).stdout)
    assert report["valid"] is False
    errors = [problem for problem in report["problems"] if problem["kind"] == "error"]
    assert [(error["line"], error["field"], error["received"]) for error in errors] == [
        (1, "facts", "a row without them"),
        (2, "text", "3"),
    ]
    report = json.loads(run("validate", corpus / "train.jsonl", "--json").stdout)
    assert (report["valid"], report["unlabelled"]) == (True, 0)
    assert (report["marked"], report["oracle"]) == (31, 31)


def test_equal_rows_are_told(corpus):
    first = (corpus / "train.jsonl").read_text().splitlines()[0]
    (corpus / "test.jsonl").write_text(f"{first}\n")
    said = "1 of 1 test rows stand in the training split too"
    assert said in run("validate", corpus).stdout
    assert said in run("stats", corpus).stdout
    assert json.loads(run("stats", corpus, "--json").stdout)["repeats"]["in_train"]["test"] == 1


def test_validate_says_how_many_rows_of_a_file_have_no_labels(corpus):
    (corpus / "new.jsonl").write_text('{"text": "A"}\n{"text": "B", "labels": []}\n')
    result = run("validate", corpus / "new.jsonl")
    lines = result.stdout.splitlines()
    assert f"Next: mrca predict RUN {corpus / 'new.jsonl'}" in result.stderr
    assert lines[0] == "2 rows, 0 errors, 0 notices"
    assert lines[1].startswith("1 row without labels: ")
    (corpus / "new.jsonl").rename(corpus / "test.jsonl")
    lines = run("validate", corpus / "test.jsonl", code=1).stdout.splitlines()
    assert "line 1, facts: expected" in lines[0]
    assert lines[1:] == ["2 rows, 1 error, 0 notices"]


def table_row(output: str, name: str) -> list[str]:
    """The cells of a line of a table, after its name."""
    lines = [line for line in output.splitlines() if line.strip("│ ").startswith(name)]
    assert len(lines) == 1, name
    return [cell.strip() for cell in lines[0].split("│")[2:-1]]


def test_stats_of_a_corpus_with_one_label_each_names_the_softmax(tmp_path):
    rows = [json.dumps({"text": "A", "labels": [name]}) for name in ("NA", "born_in", "NA")]
    for split in ("train", "valid", "test"):
        (tmp_path / f"{split}.jsonl").write_text("\n".join(rows), "utf-8")
    said = run("stats", tmp_path).stderr
    assert f"mrca train --dataset {tmp_path} --recipe mrca --loss categorical_crossentropy" in said
    assert "mrca evaluate RUN --ignore NA" in said


def test_stats_counts_entities_pairs_and_types(news):
    result = run("stats", news)
    assert table_row(result.stdout, "entities per document") == ["3.00 ± 0.00"] * 3
    shares = [line for line in result.stdout.splitlines() if "three or more" in line]
    assert [line.count("100.00%") + line.count(" 0.00%") for line in shares] == [3, 3, 3]
    assert table_row(result.stdout, "pairs to ask about") == ["12"] * 3
    assert table_row(result.stdout, "without a fact") == ["83.33%"] * 3
    assert table_row(result.stdout, "documents that state nothing") == ["50.00%"] * 3
    assert "3 entity types: Loc, Org, Peop" in result.stdout
    assert f"Next: mrca train --dataset {news}\n" in result.stderr
    assert f"  or: mrca data stats {news} --plot counts.png\n" in result.stderr
    statistics = json.loads(run("stats", news, "--json").stdout)
    assert statistics["types"] == ["Loc", "Org", "Peop"]
    train = statistics["splits"]["train"]
    assert (train["pairs"], train["mentions"], train["oracle"]) == (12, 6, 0)


DOCRED = {
    "title": "Ada Moss",
    "sents": [["Ada", "Moss", "came", "to", "Oslo", "."], ["She", "liked", "it", "."]],
    "vertexSet": [
        [{"name": "Ada Moss", "sent_id": 0, "pos": [0, 2], "type": "PER"}],
        [{"name": "Oslo", "sent_id": 0, "pos": [4, 5], "type": "LOC"}],
        [{"name": "it", "sent_id": 1, "pos": [2, 3], "type": "LOC"}],
    ],
    "labels": [
        {"h": 0, "r": "P19", "t": 1},
        {"h": 0, "r": "P27", "t": 1},
        {"h": 2, "r": "P17", "t": 0},
    ],
}


def test_a_folder_as_docred_is_published(tmp_path):
    for name, content in {
        "train_revised": [DOCRED] * 3,
        "dev_revised": [DOCRED],
        "test_revised": [{**DOCRED, "labels": []}],
        "rel2id": {"Na": 0, "P27": 1, "P19": 2, "P17": 3},
        "rel_info": {"P17": "country", "P19": "place of [birth]"},
    }.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content), "utf-8")
    shown = run("validate", tmp_path).stdout
    assert (
        "2 of 3 train rows repeat an earlier one; 1 of 1 valid rows stand in the training" in shown
    )
    assert "\n5 rows, 0 errors, 1 notice\n" in shown
    shown = run("stats", tmp_path).stdout
    assert table_row(shown, "sentences per document") == ["2.0"] * 3
    assert table_row(shown, "within a sentence") == ["66.67%", "66.67%", "–"]
    assert table_row(shown, "with 1 relation") == ["3", "1", "0"]
    assert table_row(shown, "with 2 relations") == ["3", "1", "0"]
    (line,) = [line for line in shown.splitlines() if "P19" in line]
    assert [cell.strip() for cell in line.split("│")[1:4]] == ["P19", "place of [birth]", "3"]
    run("convert", tmp_path, tmp_path / "converted")
    assert json.loads((tmp_path / "converted" / "relations.json").read_text("utf-8")) == [
        *("P27", "P19", "P17"),
    ]
    assert "\n5 rows, 0 errors" in run("validate", tmp_path / "converted").stdout


@pytest.mark.parametrize("command", ["stats", "validate"])
def test_where_the_marks_come_from_is_said(news, corpus, command):
    listed = "Entities are listed by the corpus; pairs of them without a fact are negatives."
    assert listed in run(command, news).stdout
    assert "the marks are an oracle" not in run(command, news).stdout
    shown = run(command, corpus).stdout
    assert "the marks are an oracle" in shown
    assert listed not in shown


def test_some_rows_without_entities_are_counted(news):
    with (news / "train.jsonl").open("a") as file:
        file.write('\n{"text": "Ada met Bob", "facts": [["Ada", "Live_In", "Bob"]]}')
    assert "1 of 7 rows list no entities" in run("validate", news).stdout
    report = json.loads(run("validate", news, "--json").stdout)
    assert (report["marked"], report["oracle"]) == (7, 1)


def test_offsets_inside_a_word_are_errors_or_widened_and_counted(news, tmp_path):
    within = {"char_start": 7, "char_end": 10}
    row = {
        "text": "Ada of Arden works.",
        "entities": [{"char_start": 0, "char_end": 3}, within],
        "facts": [["Ada", "Live_In", within]],
    }
    with (news / "train.jsonl").open("a") as file:
        file.write(f"\n{json.dumps(row)}")
    wrong = run("validate", news, code=1)
    assert "train.jsonl, line 3, entities[1]" in wrong.stdout
    assert "7 rows, 1 error" in wrong.stdout
    for command in (["stats", news], ["convert", news, "out"]):
        assert "line 3, entities[1]" in fail(*command)
    assert not (tmp_path / "out").exists()

    result = run("validate", news, "--offsets", "widen")
    assert "widened: " in result.stdout
    assert "7 rows, 0 errors, 3 notices, of them 2 widened spans" in result.stdout
    run("stats", news, "--offsets", "widen")
    run("convert", news, "out", "--offsets", "widen")
    last = json.loads((tmp_path / "out" / "train.jsonl").read_text().splitlines()[-1])
    assert last["entities"][1] == {"token_start": 2, "token_end": 3, "text": "Arden"}


def test_convert_keeps_entities_types_and_facts(news, tmp_path):
    result = run("convert", news, "copy")
    assert result.stdout == "copy\n"
    assert "Next: mrca data validate copy" in result.stderr
    before = json.loads(run("stats", news, "--json").stdout)["splits"]
    assert json.loads(run("stats", "copy", "--json").stdout)["splits"] == before
    stated, quiet = map(json.loads, (tmp_path / "copy/train.jsonl").read_text().splitlines())
    assert stated["tokens"][:4] == ["Ada", "Lane", "of", "Arden"]
    assert stated["entities"][0] == {
        "token_start": 0,
        "token_end": 2,
        "text": "Ada Lane",
        "type": "Peop",
    }
    assert [fact[1] for fact in stated["facts"]] == ["Live_In", "Work_For"]
    assert quiet["facts"] == []


def test_convert_reads_conll04_as_it_is_published(tmp_path):
    row = {
        "tokens": ["Ada", "of", "Arden", "."],
        "entities": [
            {"type": "Peop", "start": 0, "end": 1},
            {"type": "Loc", "start": 2, "end": 3},
        ],
        "relations": [{"type": "Live_In", "head": 0, "tail": 1}],
        "orig_id": 7,
    }
    (tmp_path / "conll04_train.json").write_text(json.dumps([row]))
    run("convert", "conll04_train.json", "train.jsonl")
    converted = json.loads((tmp_path / "train.jsonl").read_text())
    assert converted["entities"] == [
        {"token_start": 0, "token_end": 1, "text": "Ada", "type": "Peop"},
        {"token_start": 2, "token_end": 3, "text": "Arden", "type": "Loc"},
    ]
    assert len(converted["facts"]) == 1
    assert "1 row, 0 errors" in run("validate", "train.jsonl").stdout


def test_validate_takes_a_name(tmp_path):
    folder = tmp_path / "given" / "nyt_small"
    folder.mkdir(parents=True)
    for split in ("train", "valid", "test"):
        (folder / f"{split}.jsonl").write_text(json.dumps({"text": split, "labels": [split]}))
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


@pytest.fixture
def notes(tmp_path) -> Path:
    """Two folders of brat's, with an event that is not read."""
    for split in ("train", "dev"):
        folder = tmp_path / "notes" / split
        folder.mkdir(parents=True)
        for number in range(2):
            (folder / f"d{number}.txt").write_text("Ada left Oslo.", encoding="utf-8")
            (folder / f"d{number}.ann").write_text(
                "T1\tPerson 0 3\tAda\nT2\tCity 9 13\tOslo\nT3\tLeave 4 8\tleft\n"
                "R1\tleft Arg1:T1 Arg2:T2\nE1\tLeave:T3 Who:T1\n",
                encoding="utf-8",
            )
    return tmp_path / "notes"


def test_a_folder_of_brat_is_taken_as_it_is_and_says_what_it_leaves_out(notes):
    said = "notes/train: expected relations of two entities (R), received 2 events, left out"
    assert said in run("validate", notes).stdout
    result = run("convert", notes, "made")
    assert said in result.stderr
    assert "4 rows, 0 errors" in run("validate", "made").stdout
    run("convert", notes / "dev", "dev.jsonl")
    assert len(Path("dev.jsonl").read_text(encoding="utf-8").splitlines()) == 2
    statistics = json.loads(run("stats", notes, "--json").stdout)
    assert statistics["train_counts"] == {"left": 2}


def test_rows_that_cannot_be_used_are_skipped_where_that_is_asked_for(corpus, tmp_path):
    with (corpus / "train.jsonl").open("a") as file:
        file.write('\nnonsense\n{"text": "Ada"}')
    assert "31 rows" not in run("validate", corpus, code=1).stdout
    result = run("validate", corpus, "--on-error", "skip")
    assert "34 rows, 0 errors" in result.stdout
    assert "2 rows skipped" in result.stdout
    assert (
        json.loads(run("validate", corpus, "--on-error", "skip", "--json").stdout)["skipped"] == 2
    )
    assert "leave them out with: --on-error skip" in fail("stats", corpus)
    for command in (["stats", corpus], ["convert", corpus, "whole"]):
        said = run(*command, "--on-error", "skip").stderr
        assert "received 2 unusable rows, skipped:" in said
        assert "line 32: expected JSON" in said
    file = corpus / "train.jsonl"
    assert "1 unusable row, skipped" in run("convert", file, "a.jsonl", "--on-error", "skip").stderr
