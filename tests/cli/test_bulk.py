import importlib.util
import json
import signal
import subprocess
import sys
import time

import pytest

BAD = "nonsense"


@pytest.fixture(autouse=True)
def _runs(load_once) -> None:
    pass


@pytest.fixture
def rows(slice_rows, tmp_path):
    """A file of rows, one of which cannot be used."""
    lines = [json.dumps(row) for row in slice_rows]
    lines.insert(5, BAD)
    path = tmp_path / "here" / "rows.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def results(folder, ending="jsonl"):
    return [
        json.loads(line)
        for path in sorted(folder.glob(f"shard-*.{ending}"))
        for line in path.read_text().splitlines()
    ]


def same_but_for_last_digits(found, expected):
    """Scores may differ in their last digit: rows are scored beside others."""
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for key in expected:
            same_but_for_last_digits(found[key], expected[key])
    elif isinstance(expected, list):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            same_but_for_last_digits(one, other)
    else:
        assert found == (pytest.approx(expected, abs=2e-4) if type(found) is float else expected)


def test_rows_are_answered_as_predict_answers_them(mrca, tiny_pairs_run, rows, tmp_path):
    run, out = tiny_pairs_run.folder, tmp_path / "out"
    command = ("bulk", run, "rows.jsonl", "--output", out, "--shard-mb", 0.004)
    done = mrca(*command)
    assert done.code == 0, done.err
    predicted = mrca("predict", run, "rows.jsonl", "--on-error", "skip")
    expected = [{"file": "rows.jsonl", **json.loads(line)} for line in predicted.out.splitlines()]
    same_but_for_last_digits(results(out), expected)
    shards = len(list(out.glob("shard-*.jsonl")))
    assert shards > 2
    found = sum(len(line.get("facts", ())) for line in expected)
    assert found
    assert f"{shards} of {shards} {len(expected)} 1 0 {found}" in done.err
    assert "The first bad row: rows.jsonl, line 6: expected JSON" in done.err
    assert f"Next: cat {out}/shard-*.jsonl > facts.jsonl" in done.err
    assert f"0 of {shards} shards, 0 rows" in done.err
    again = mrca(*command)
    assert f"{shards} shards of {shards} done before." in again.err
    assert f"{shards} of {shards} ({shards} before) {len(expected)} 1 0" in again.err
    refused = mrca(*command, "--top", 1)
    assert refused.code == 1
    assert "--top was not given, is 1" in refused.err


def test_docreds_form(mrca, tiny_pairs_run, rows, tmp_path):
    done = mrca("bulk", tiny_pairs_run.folder, rows, "--output", "out", "--format", "docred")
    assert done.code == 0, done.err
    predicted = mrca(
        *("predict", tiny_pairs_run.folder, rows, "--format", "docred", "--on-error", "skip")
    )
    assert json.loads((tmp_path / "here/out/shard-00001.json").read_text()) == json.loads(
        predicted.out
    )
    assert "Next: jq -s add out/shard-*.json > result.json" in done.err


def test_an_exported_model_says_what_its_run_says(mrca, tiny_run, exported_run, rows, tmp_path):
    answers = {}
    for name, model in (("run", tiny_run.folder), ("export", exported_run)):
        done = mrca("bulk", model, rows, "--output", tmp_path / name, "--shard-mb", 0.01)
        assert done.code == 0, done.err
        answers[name] = results(tmp_path / name)
    same_but_for_last_digits(answers["export"], answers["run"])
    # The folder of its versions stands for the highest of them.
    versions = mrca("bulk", exported_run.parent, rows, "--output", tmp_path / "versions")
    assert versions.code == 0, versions.err
    refused = mrca("bulk", exported_run, rows, "--output", tmp_path / "x", "--top", 3)
    assert "exported model" in refused.err
    assert "Leave --top out" in refused.err
    docred = mrca("bulk", exported_run, rows, "--output", tmp_path / "x", "--format", "docred")
    assert "Leave --format out" in docred.err


def test_a_model_that_decides_otherwise_is_another_one(mrca, run_copy, rows, tmp_path):
    assert mrca("bulk", run_copy, rows, "--output", tmp_path / "out").code == 0
    decision = run_copy / "decision.json"
    decision.write_text(decision.read_text() + " ")
    refused = mrca("bulk", run_copy, rows, "--output", tmp_path / "out")
    assert refused.code == 1
    assert "is another one, or decides otherwise" in refused.err


def test_a_shard_that_fails_gives_exit_code_1(mrca, tiny_run, rows, tmp_path):
    (tmp_path / "broken.jsonl.gz").write_bytes(b"\x1f\x8b nonsense")
    done = mrca(
        "bulk", tiny_run.folder, tmp_path / "broken.jsonl.gz", rows, "--output", tmp_path / "out"
    )
    assert done.code == 1
    assert "1 shard of 2 could not be scored; the others are." in done.err
    assert "shard-00001: " in done.err
    assert "is a broken gzip file" in done.err
    assert results(tmp_path / "out")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere", "rows.jsonl"], "There is no run at saved_models/nowhere"),
        (["RUN", "no.jsonl"], "no.jsonl does not exist"),
        (["RUN", "-"], "Standard input cannot be read again"),
        (["RUN", "rows.jsonl", "--format", "docred"], "finds no facts to write in DocRED's form"),
        (["RUN", "rows.jsonl", "--threshold", "nan"], "The threshold is no number"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_written(
    mrca, tiny_run, rows, tmp_path, arguments, message
):
    given = [tiny_run.folder if each == "RUN" else each for each in arguments]
    done = mrca("bulk", *given, "--output", "out")
    assert done.code == 1
    assert message in done.err
    assert not (tmp_path / "here" / "out").exists()


@pytest.mark.slow
@pytest.mark.processes
def test_workers_of_ray_go_on_where_a_killed_process_stopped(
    mrca, tiny_run, rows, tmp_path, monkeypatch
):
    if importlib.util.find_spec("ray") is None:  # not imported: Ray reads its settings then
        pytest.skip("Ray is not installed")
    out = tmp_path / "out"
    command = ["bulk", tiny_run.folder, "rows.jsonl", "--output", out, "--shard-mb", "0.001"]
    command = [*map(str, command), "--workers", "2"]
    start = [sys.executable, "-c", "from mrca.cli.main import main; main()", *command]
    process = subprocess.Popen(start)
    while process.poll() is None and not list(out.glob("*.done")):
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = {path: path.stat().st_mtime_ns for path in out.glob("*.done")}
    assert before
    assert subprocess.run(start, check=False).returncode == 0
    assert before.items() <= {path: path.stat().st_mtime_ns for path in before}.items()
    predicted = mrca("predict", tiny_run.folder, "rows.jsonl", "--on-error", "skip")
    expected = [{"file": "rows.jsonl", **json.loads(line)} for line in predicted.out.splitlines()]
    same_but_for_last_digits(results(out), expected)
