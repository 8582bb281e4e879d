import json

import pytest

from mrca import training


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


BAD = [
    "not json",
    '{"text": 3}',
    '{"text": "Ada met Bob", "subjects": [{"char_start": 0, "char_end": 2}]}',
    '{"tokens": []}',
    '{"text": "Ada", "colour": "red"}',
    '{"text": "Ada"',
    "[]",
]


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("chunk", [2, 1024])
def test_a_bad_line_stops_after_the_rows_before_it(mrca, tiny_run, lines, bad, chunk, monkeypatch):
    monkeypatch.setattr(training, "CHUNK", chunk)
    done = mrca("predict", tiny_run.folder, stdin="\n".join([*lines[:3], bad, *lines[3:]]))
    assert done.code == 1
    assert [answer["line"] for answer in parsed(done.out)] == [1, 2, 3]
    assert "standard input, line 4" in done.err
    assert "--on-error skip" in done.err
    assert "did not expect" not in done.err


@pytest.mark.parametrize("chunk", [2, 1024])
def test_bad_lines_are_answered_in_place_if_skipped(mrca, tiny_run, lines, chunk, monkeypatch):
    monkeypatch.setattr(training, "CHUNK", chunk)
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


def test_one_line_is_not_lines(mrca, tiny_run):
    done = mrca("predict", tiny_run.folder, "--on-error", "skip", stdin="not json")
    assert "1 line of standard input could not be used and was skipped" in done.err


def test_pairs_give_triples(mrca, tiny_run, lines, slice_rows):
    text = "\n".join([*lines, '{"text": "nobody is here"}'])
    done = mrca("predict", tiny_run.folder, "--pairs", stdin=text)
    assert done.code == 0, done.err
    answers = parsed(done.out)
    expected = tiny_run.predict_triples(slice_rows[:7])
    assert any(expected)
    assert answers[-1] == {"line": 8, "triples": []}
    for answer, row, facts in zip(answers[:-1], slice_rows, expected, strict=False):
        assert set(answer) == {"line", "id", "triples"}
        assert answer["id"] == row["id"]
        assert answer["triples"] == [
            {**fact.triple._asdict(), "score": pytest.approx(fact.score, abs=1e-4)}
            for fact in facts
        ]
