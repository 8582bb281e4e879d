import csv
import json

import pytest


def row(line: int, *facts: tuple[str, str, str]) -> str:
    found = [
        {
            "subject": {"text": subject, "char_start": 0, "char_end": 3, "type": "PER"},
            "relation": relation,
            "object": {"text": object_, "char_start": 9, "char_end": 12, "id": f"Q-{object_}"},
            "score": 0.75,
        }
        for subject, relation, object_ in facts
    ]
    return json.dumps({"line": line, "id": f"d{line}", "facts": found})


@pytest.fixture
def facts(tmp_path):
    """Facts of two rows, and a row that could not be used."""
    path = tmp_path / "my facts.jsonl"
    rows = [
        row(1, ("Ada", "born_in", "Oslo"), ("Ada", "knows", "Bo")),
        row(2, ("Ada", "born_in", "Oslo")),
        '{"line": 3, "error": "rows, line 3: expected JSON"}',
    ]
    path.write_text("\n".join(rows), "utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "start"), [("g.html", b"<!DOCTYPE html>"), ("g.PNG", b"\x89PNG"), ("g.svg", b"<?xml")]
)
def test_show(mrca, facts, tmp_path, name, start):
    done = mrca("graph", "show", facts, "--out", tmp_path / "new" / name)
    assert done.code == 0, done.err
    assert (tmp_path / "new" / name).read_bytes().startswith(start)
    assert f"Drawn: {tmp_path / 'new' / name}, 2 facts between 3 entities" in done.err
    assert f"3 facts in 2 rows of {facts} (1 row could not be used)" in done.err
    assert f"Next: mrca graph convert '{facts}' --format graphml" in done.err


def test_show_says_what_is_left_out(mrca, facts):
    done = mrca("graph", "show", facts, "--most", 1)
    assert done.code == 0
    assert "Note: Drawn: 1 of 2 facts, those among 2 of 3 entities" in done.err
    assert "More: --most N." in done.err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--out", "g.gif"], "Expected a name in .html, .png, .svg, .pdf"),
        (["--min-score", 0.9], "nothing to draw: 3 facts in 2 rows"),
        (["--base-iri", "mine"], "Expected one such as http://example.org/"),
        (["--out", "/proc/no/g.html"], "Cannot write /proc/no/g.html"),
    ],
)
def test_show_says_what_cannot_be(mrca, facts, options, says):
    done = mrca("graph", "show", facts, *options)
    assert done.code == 1
    assert says in done.err


def test_a_damaged_line_is_named_with_its_file(mrca, facts):
    facts.write_text(facts.read_text("utf-8") + '\n{"line": 4, "facts": [{}]}\n', "utf-8")
    for command in (["show"], ["convert", "--format", "csv", "--output", "facts.csv"]):
        done = mrca("graph", command[0], facts, *command[1:])
        assert done.code == 1
        assert f"{facts}, line 4, facts[0].subject: expected this field" in done.err
    missing = mrca("graph", "show", "nowhere.jsonl")
    assert missing.code == 1
    assert "Cannot read nowhere.jsonl: No such file" in missing.err


def test_convert_puts_files_and_standard_input_together(mrca, facts, tmp_path):
    done = mrca(
        *("graph", "convert", facts, "-", "--format", "csv"),
        stdin=row(7, ("Cleo", "born_in", "Oslo")),
    )
    assert done.code == 0, done.err
    rows = list(csv.DictReader(done.out.splitlines()))
    assert [each["document"] for each in rows] == ["d1", "d1", "d2", "d7"]
    assert "Written to standard output: 4 facts in 3 rows of 2 files" in done.err


def test_convert_to_neo4j_says_how_it_is_imported(mrca, facts, tmp_path):
    folder = tmp_path / "neo"
    options = ("--format", "neo4j", "--ignore-ids", "--base-iri", "https://my.org/")
    done = mrca("graph", "convert", facts, *options, "--output", folder)
    assert done.code == 0, done.err
    text = (folder / "nodes.csv").read_text("utf-8")
    assert "https://my.org/name/Oslo," in text
    files = f"--nodes={folder}/nodes.csv --relationships={folder}/relationships.csv"
    assert f"Next: neo4j-admin database import full {files} neo4j" in done.err
    assert "Expected --output FOLDER" in mrca("graph", "convert", facts, *options[:2]).err
