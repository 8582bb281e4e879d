import json
from types import SimpleNamespace

import pytest

from mrca import models
from mrca.bulk.answers import Answer
from mrca.cli import prediction_lines
from mrca.datasets import iter_rows, row_from_value
from mrca.text import Document


@pytest.fixture(autouse=True)
def _runs(load_once) -> None:
    pass


@pytest.fixture
def lines(slice_rows) -> list[str]:
    return [json.dumps(row) for row in slice_rows[:7]]


def parsed(output: str) -> list[dict]:
    return [json.loads(line) for line in output.splitlines()]


def test_a_line_for_each_line_in_the_same_order(mrca, tiny_run, lines, slice_rows, tmp_path):
    done = mrca("predict", tiny_run.folder, stdin="\n".join(lines))
    assert done.code == 0, done.err
    answers = parsed(done.out)
    assert [answer["line"] for answer in answers] == [1, 2, 3, 4, 5, 6, 7]
    assert [answer["id"] for answer in answers] == [row["id"] for row in slice_rows[:7]]
    for answer, expected in zip(answers, tiny_run.predict(slice_rows[:7]), strict=True):
        assert set(answer) == {"line", "id", "relations"}
        assert [(entry["relation"], entry["score"]) for entry in answer["relations"]] == [
            (name, pytest.approx(score, abs=1e-4)) for name, score in expected.relations
        ]
    # The same from a file, and with - for standard input.
    (tmp_path / "rows.jsonl").write_text("\n".join(lines) + "\n")
    assert mrca("predict", tiny_run.folder, tmp_path / "rows.jsonl").out == done.out
    assert mrca("predict", tiny_run.folder, "-", stdin="\n".join(lines)).out == done.out


def test_what_was_written_into_a_file_is_said(mrca, tiny_run, lines, monkeypatch):
    quiet = mrca("predict", tiny_run.folder, stdin="\n".join(lines))
    assert "Written" not in quiet.err  # it may be piped into what writes to the same terminal
    monkeypatch.setattr(prediction_lines, "_is_file", lambda stream: True)
    text = "\n".join([*lines, '{"text": "a b", "entities": ["c"]}'])
    done = mrca("predict", tiny_run.folder, stdin=text)
    found = sum(len(answer["relations"]) for answer in parsed(done.out))
    said = f"Written to standard output: 8 rows of standard input with {found} relations"
    assert f"{said}; 1 row noted above." in done.err
    assert f"Next: mrca evaluate {tiny_run.folder}" in done.err
    skipped = mrca("predict", tiny_run.folder, "--on-error", "skip", stdin="not json")
    assert "Written to standard output: 0 rows of standard input." in skipped.err
    assert "1 line of standard input could not be used" in skipped.err


def test_facts_are_to_be_looked_at_next(mrca, tiny_pairs_run, lines, monkeypatch):
    monkeypatch.setattr(prediction_lines, "_is_file", lambda stream: True)
    done = mrca("predict", tiny_pairs_run.folder, stdin=lines[0])
    assert "Next: mrca graph show FACTS.jsonl --out graph.html" in done.err


def test_plain_text_is_sent_to_what_marks_it_and_not_to_skip_it(mrca, tiny_pairs_run, tmp_path):
    (tmp_path / "plain.txt").write_text("Ada Moss lives in Oslo.\nBo Dahl does, too.\n")
    done = mrca("predict", tiny_pairs_run.folder, tmp_path / "plain.txt")
    assert done.code == 1
    assert "docs/from-text-to-graph.md" in done.err
    assert "--on-error" not in done.err


def test_blank_lines_are_passed_over_and_counted(mrca, tiny_run, lines):
    done = mrca("predict", tiny_run.folder, stdin=f"\n{lines[0]}\n  \n\r\n{lines[1]}\n\n")
    assert done.code == 0
    assert [answer["line"] for answer in parsed(done.out)] == [2, 5]


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_nothing_gives_nothing(mrca, tiny_run, data):
    assert mrca("predict", tiny_run.folder, stdin=data)[:2] == (0, "")


def test_rows_need_no_id_and_any_id_comes_back_as_text(mrca, tiny_run):
    rows = '{"text": "a b"}\n{"text": "a b", "id": 7}\n{"text": "a b", "id": "é"}\n'
    answers = parsed(mrca("predict", tiny_run.folder, stdin=rows).out)
    assert [answer.get("id") for answer in answers] == [None, "7", "é"]


def test_a_terminal_shows_how_many_rows_are_done(monkeypatch, capfd):
    monkeypatch.setenv("FORCE_COLOR", "1")  # then the console on stderr is a terminal
    with prediction_lines._RowProgress(is_file=True) as progress:
        progress._progress.refresh()
        progress.advance(1200)
        progress._progress.refresh()
    shown = capfd.readouterr().err
    assert "0 rows" in shown
    assert "1,200 rows" in shown


def test_rows_per_second_are_left_out_while_they_are_unknown():
    for speed, shown in ((None, ""), (1234.4, "1,234 rows/s")):
        assert prediction_lines._Speed().render(SimpleNamespace(speed=speed)).plain == shown


BAD = [
    "not json",
    '{"text": 3}',
    '{"text": "Ada met Bob", "subjects": [{"char_start": 0, "char_end": 2}]}',
    '{"tokens": []}',
    '{"text": "Ada", "colour": "red"}',
    '{"text": "Ada"',
    "[]",
]


@pytest.mark.parametrize(
    ("bad", "chunk"), [(bad, (2, 1024)[number % 2]) for number, bad in enumerate(BAD)]
)
def test_a_bad_line_stops_after_the_rows_before_it(mrca, tiny_run, lines, bad, chunk, monkeypatch):
    monkeypatch.setattr(models, "CHUNK", chunk)
    done = mrca("predict", tiny_run.folder, stdin="\n".join([*lines[:3], bad, *lines[3:]]))
    assert done.code == 1
    assert [answer["line"] for answer in parsed(done.out)] == [1, 2, 3]
    assert "standard input, line 4" in done.err
    assert "--on-error skip" in done.err
    assert "did not expect" not in done.err


@pytest.mark.parametrize("chunk", [2, 1024])
def test_bad_lines_are_answered_in_place_if_skipped(mrca, tiny_run, lines, chunk, monkeypatch):
    monkeypatch.setattr(models, "CHUNK", chunk)
    text = "\n".join([lines[0], BAD[0], lines[1], *BAD[1:], lines[2]])
    done = mrca("predict", tiny_run.folder, "--on-error", "skip", stdin=text)
    assert done.code == 1
    answers = parsed(done.out)
    assert [answer["line"] for answer in answers] == list(range(1, 11))
    assert [answer["line"] for answer in answers if "error" in answer] == [2, 4, 5, 6, 7, 8, 9]
    assert all(("error" in answer) != ("relations" in answer) for answer in answers)
    assert "expected JSON" in answers[1]["error"]
    assert f"{len(BAD)} lines of standard input could not be used" in done.err
    assert "Skipped: standard input, line 2" in done.err


def test_bytes_that_are_not_utf8_are_one_bad_line(mrca, tiny_run, lines):
    data = b"\xff\xfe\n" + lines[0].encode() + b"\n\x80\n"
    done = mrca("predict", tiny_run.folder, "--on-error", "skip", stdin=data)
    assert done.code == 1
    assert ["error" in answer for answer in parsed(done.out)] == [True, False, True]


def test_a_mention_that_is_not_there_is_noted(mrca, tiny_run):
    done = mrca("predict", tiny_run.folder, stdin='{"text": "Ada met Bob", "subjects": ["Cleo"]}')
    assert done.code == 0
    assert "Note: standard input, line 1, subjects[0]" in done.err
    assert len(parsed(done.out)) == 1


def test_rows_in_which_nothing_is_marked_are_noted_once(mrca, tiny_run, lines):
    lost = '{"text": "Ada met Bob", "subjects": ["Cleo"]}'
    done = mrca(
        "predict", tiny_run.folder, stdin="\n".join([lines[0], lost, *['{"text": "a"}'] * 6])
    )
    assert done.code == 0
    assert len(parsed(done.out)) == 8
    assert done.err.count("no entity is marked") == 1
    assert "no entity is marked in 7 rows (lines 2, 3, 4, 5, 6, …)" in done.err
    assert "no entity" not in mrca("predict", tiny_run.folder, stdin="\n".join(lines)).err
    stopped = mrca("predict", tiny_run.folder, stdin="\n".join(['{"text": "a"}', "not json"])).err
    assert "no entity is marked in 1 row (line 1)." in stopped


def test_no_row_lacks_marks_that_nobody_reads(capsys):
    unmarked = prediction_lines._Notes(needed=0, types=())
    unmarked.add(1, Document(("Ada",)), Answer({}), noted=False)
    unmarked.say()
    assert capsys.readouterr().err == ""


def test_one_line_is_not_lines(mrca, tiny_run):
    done = mrca("predict", tiny_run.folder, "--on-error", "skip", stdin="not json")
    assert "1 line of standard input could not be used and was skipped" in done.err


# === Pairs of entities ===


def test_facts_of_pairs_say_who_is_related_to_whom(mrca, tiny_pairs_run, lines, slice_rows):
    done = mrca("predict", tiny_pairs_run.folder, stdin="\n".join(lines))
    assert done.code == 0, done.err
    answers = parsed(done.out)
    predicted = tiny_pairs_run.predict(slice_rows[:7])
    assert sum(len(each.facts) for each in predicted) > 0
    for answer, row, expected in zip(answers, slice_rows[:7], predicted, strict=True):
        assert set(answer) == {"line", "id", "facts"}
        assert answer["id"] == row["id"]
        assert [
            (fact["subject"]["text"], fact["relation"], fact["object"]["text"], fact["score"])
            for fact in answer["facts"]
        ] == [(*fact[:3], pytest.approx(fact.score, abs=1e-4)) for fact in expected.facts]
        for entity in (fact[side] for fact in answer["facts"] for side in ("subject", "object")):
            assert row["text"][entity["char_start"] : entity["char_end"]] == entity["text"]
            assert entity["type"] in {"PERSON", "PLACE", "ORGANISATION"}


ROW = {
    "id": 7,
    "text": "Ada Lane met the Belby Choir.",
    "entities": [{"text": "Ada Lane", "type": "PERSON", "id": "Q7"}, "Belby Choir"],
}


def test_a_row_as_a_tool_for_named_entities_gives_it(mrca, tiny_pairs_run):
    every = mrca("predict", tiny_pairs_run.folder, "--threshold", -1, stdin=json.dumps(ROW))
    assert every.code == 0, every.err
    [answer] = parsed(every.out)
    assert answer["id"] == "7"
    assert len(answer["facts"]) == 2 * len(tiny_pairs_run.classifier.relations)
    ada = {"text": "Ada Lane", "char_start": 0, "char_end": 8, "type": "PERSON", "id": "Q7"}
    choir = {"text": "Belby Choir", "char_start": 17, "char_end": 28}
    for fact in answer["facts"]:
        assert (fact["subject"], fact["object"]) in ((ada, choir), (choir, ada))
        assert fact["relation"] in tiny_pairs_run.classifier.relations
    scores = [fact["score"] for fact in answer["facts"]]
    assert scores == sorted(scores, reverse=True)


def test_words_have_offsets_in_words(mrca, tiny_pairs_run):
    row = {"tokens": ["Ada", "met", "Bo", "."], "entities": ["Ada", "Bo"]}
    options = ("--threshold", -1, "--top", 1)
    done = mrca("predict", tiny_pairs_run.folder, *options, stdin=json.dumps(row))
    [fact] = parsed(done.out)[0]["facts"]
    assert fact["subject"] in (
        {"text": "Ada", "token_start": 0, "token_end": 1},
        {"text": "Bo", "token_start": 2, "token_end": 3},
    )


def test_threshold_and_top_choose_among_the_scores(mrca, tiny_pairs_run):
    def facts(*options: object) -> list[dict]:
        done = mrca("predict", tiny_pairs_run.folder, *options, stdin=json.dumps(ROW))
        assert done.code == 0, done.err
        return parsed(done.out)[0]["facts"]

    every = facts("--threshold", -1)
    assert facts("--threshold", -1, "--top", 3) == every[:3]
    middle = every[4]["score"] + 5e-5  # scores are rounded
    above = facts("--threshold", middle)
    assert above == every[: len(above)]
    assert 0 < len(above) <= 5
    assert facts("--threshold", 1.01) == []


def test_relations_of_whole_texts_are_chosen_alike(mrca, tiny_run, lines):
    done = mrca("predict", tiny_run.folder, "--threshold", -9, "--top", 2, stdin=lines[0])
    relations = parsed(done.out)[0]["relations"]
    assert len(relations) == 2
    assert relations[0]["score"] >= relations[1]["score"]


def docred_form(rows: list[dict]) -> list[dict]:
    """Rows with listed entities as DocRED publishes documents."""
    documents = []
    for row in map(row_from_value, rows, ["rows"] * len(rows), range(len(rows))):
        entities = row.document.entities
        documents.append(
            {
                "title": f"Title {row.line}",
                "sents": [list(row.document.tokens)],
                "vertexSet": [
                    [
                        {"sent_id": 0, "pos": list(span), "type": entity.type}
                        for span in entity.mentions
                    ]
                    for entity in entities
                ],
            }
        )
    return documents


def test_docreds_form_holds_what_was_predicted_of_a_published_file(
    mrca, tiny_pairs_run, slice_rows, tmp_path
):
    path = tmp_path / "test.json"
    path.write_text(json.dumps(docred_form(slice_rows[:7])), "utf-8")
    done = mrca("predict", tiny_pairs_run.folder, path, "--format", "docred")
    assert done.code == 0, done.err
    result = json.loads(done.out)
    assert all(set(each) == {"title", "h_idx", "t_idx", "r", "evidence"} for each in result)
    documents = [row.document for row in iter_rows(path)]
    expected = {
        (
            document.id,
            document.entities.index(fact.subject_entity),
            fact.relation,
            document.entities.index(fact.object_entity),
        )
        for document, prediction in zip(documents, tiny_pairs_run.predict(documents), strict=True)
        for fact in prediction.facts
    }
    assert expected
    found = [(each["title"], each["h_idx"], each["r"], each["t_idx"]) for each in result]
    assert set(found) == expected
    assert len(found) == len(expected)
    lines = mrca("predict", tiny_pairs_run.folder, path)  # a published form in, lines out
    assert [answer["id"] for answer in parsed(lines.out)] == [each.id for each in documents]


def test_docreds_form_of_nothing_is_an_empty_list(mrca, tiny_pairs_run):
    row = json.dumps(ROW)
    done = mrca("predict", tiny_pairs_run.folder, "--format", "docred", "--threshold", 9, stdin=row)
    assert (done.code, json.loads(done.out)) == (0, [])


def test_docreds_form_needs_pairs_and_titles(mrca, tiny_run, tiny_pairs_run, lines):
    done = mrca("predict", tiny_run.folder, "--format", "docred", stdin=lines[0])
    assert done.code == 1
    assert "finds no facts to write in DocRED's form" in done.err
    row = json.dumps({name: value for name, value in ROW.items() if name != "id"})
    options = ("--format", "docred", "--threshold", -1)
    done = mrca("predict", tiny_pairs_run.folder, *options, stdin=row)
    assert done.code == 1
    assert "has no id" in done.err


def test_a_row_without_two_marked_entities_has_no_facts_and_is_noted(mrca, tiny_pairs_run):
    one = {"text": "Ada sleeps.", "entities": ["Ada"]}
    rows = [ROW, one, {"text": "Nobody is here."}, {**one, "entities": ["Ada", "Cleo"]}]
    done = mrca("predict", tiny_pairs_run.folder, stdin="\n".join(map(json.dumps, rows)))
    assert done.code == 0, done.err
    assert [answer["facts"] for answer in parsed(done.out)[1:]] == [[], [], []]
    assert "fewer than two entities are marked in 3 rows (lines 2, 3, 4)" in done.err
    assert "standard input, line 4, entities[1]" in done.err


def test_types_that_the_run_does_not_know_are_noted(mrca, tiny_pairs_run):
    known = {"text": "Ada met Bob.", "entities": [{"text": "Ada", "type": "PERSON"}]}
    known["entities"].append({"text": "Bob", "type": "PERSON"})
    other = {"text": "Ada met Bob.", "entities": [{"text": "Ada", "type": "PER"}, "Bob"]}
    done = mrca("predict", tiny_pairs_run.folder, stdin="\n".join(map(json.dumps, [known, other])))
    assert done.code == 0, done.err
    assert "entities of 1 row (line 2) have no type" in done.err
    assert "BUILDING, " in done.err  # what to give them


BAD_ENTITIES = {
    "entities[0]": [{"char_start": 5, "char_end": 2}],
    "entities[1].text": ["Ada Lane", {"char_start": 0, "char_end": 3, "text": "Bob"}],
    "entities": "Ada Lane",
    "entities[1]": ["Ada Lane", 7],
    "entities[0].kind": [{"text": "Ada Lane", "kind": "PERSON"}],
    "entities[1].id": [{"text": "Ada Lane", "id": "a"}, {"text": "Belby Choir", "id": "a"}],
}


def test_malformed_entities_are_named(mrca, tiny_pairs_run):
    rows = [ROW, *({**ROW, "entities": entities} for entities in BAD_ENTITIES.values()), ROW]
    text = "\n".join(map(json.dumps, rows))
    done = mrca("predict", tiny_pairs_run.folder, "--on-error", "skip", stdin=text)
    assert done.code == 1
    first, *wrong, last = parsed(done.out)
    assert "facts" in first
    assert "facts" in last
    assert len(wrong) == len(BAD_ENTITIES)
    for answer, place in zip(wrong, BAD_ENTITIES, strict=True):
        assert f"standard input, line {answer['line']}, {place}: expected" in answer["error"]
    assert "6 lines of standard input could not be used" in done.err


LONG = {"text": "Ada met Bo. " + "They spoke. " * 20 + "Cy left.", "entities": ["Ada", "Cy"]}


def test_a_document_that_is_cut_is_noted(mrca, tiny_run):
    done = mrca("predict", tiny_run.folder, stdin=json.dumps(LONG))
    assert done.code == 0
    assert "line 1: cut after 40 of" in done.err
    assert "and 1 of its 2 entities with them (features.max_length)" in done.err
    assert "relations" in parsed(done.out)[0]


def test_of_pairs_a_long_document_is_read_whole(mrca, tiny_pairs_run):
    done = mrca("predict", tiny_pairs_run.folder, "--threshold", "-1e9", stdin=json.dumps(LONG))
    assert done.code == 0
    assert "cut" not in done.err
    facts = parsed(done.out)[0]["facts"]
    assert {fact["object"]["text"] for fact in facts} == {"Ada", "Cy"}


# === Forms for other programs ===


@pytest.fixture
def jsonl(mrca, tiny_pairs_run, lines, tmp_path):
    """What is predicted of some rows, in a file."""
    path = tmp_path / "facts.jsonl"
    done = mrca("predict", tiny_pairs_run.folder, "--output", path, stdin="\n".join(lines))
    assert done.code == 0, done.err
    assert done.out == ""
    assert f"Written to {path}: 7 rows of standard input with" in done.err
    assert f"Next: mrca graph show {path} --out graph.html" in done.err
    return path


@pytest.mark.parametrize("form", ["csv", "tsv", "ntriples", "graphml"])
def test_a_form_holds_the_facts_of_the_lines(mrca, tiny_pairs_run, lines, jsonl, form):
    done = mrca("predict", tiny_pairs_run.folder, "--format", form, stdin="\n".join(lines))
    assert done.code == 0, done.err
    assert done.out == mrca("graph", "convert", jsonl, "--format", form).out
    facts = sum(len(answer["facts"]) for answer in parsed(jsonl.read_text("utf-8")))
    assert facts > 0
    if form in ("csv", "tsv"):
        assert done.out.count("\n") == facts + 1


def test_neo4js_two_files(mrca, tiny_pairs_run, lines, jsonl, tmp_path):
    options = ("--format", "neo4j", "--base-iri", "https://my.org/", "--output", tmp_path / "neo")
    done = mrca("predict", tiny_pairs_run.folder, *options, stdin="\n".join(lines))
    assert done.code == 0, done.err
    assert f"Next: neo4j-admin database import full --nodes={tmp_path / 'neo'}" in done.err
    assert "https://my.org/name/PERSON/" in (tmp_path / "neo" / "nodes.csv").read_text("utf-8")
    done = mrca("predict", tiny_pairs_run.folder, *options[:2], stdin=lines[0])
    assert done.code == 1
    assert "Expected --output FOLDER" in done.err


def test_a_file_is_whole_or_not_at_all(mrca, tiny_pairs_run, lines, tmp_path):
    path = tmp_path / "facts.csv"
    options = ("--format", "csv", "--output", path)
    text = "\n".join([lines[0], "not json", lines[1]])
    assert mrca("predict", tiny_pairs_run.folder, *options, stdin=text).code == 1
    assert not path.exists()
    skipped = mrca("predict", tiny_pairs_run.folder, *options, "--on-error", "skip", stdin=text)
    assert skipped.code == 1
    assert path.read_text("utf-8").startswith("document,subject,")
    assert [each.name for each in tmp_path.iterdir() if "facts" in each.name] == ["facts.csv"]


def test_whole_texts_have_no_facts_for_a_graph(mrca, tiny_run, lines):
    done = mrca("predict", tiny_run.folder, "--format", "csv", stdin=lines[0])
    assert done.code == 1
    assert "finds no facts to write in the form csv. Expected a run of entity pairs" in done.err
