"""The whole product on the sample corpus, in processes of its own."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.processes

MRCA = [sys.executable, "-c", "from mrca.cli.main import main; main()"]


@pytest.fixture
def environment(sample_slice, tmp_path) -> dict[str, str]:
    """Without what the user of this machine has set; `sample` is the slice."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MRCA_")}
    return {**kept, "MRCA_DATA_DIR": str(sample_slice), "MRCA_CACHE_DIR": str(tmp_path / "cache")}


def test_train_then_predict_into_a_pipe_that_closes(
    environment, tiny_settings, slice_rows, tmp_path
):
    settings = [word for setting in tiny_settings for word in ("--set", setting)]
    what = ["--recipe", "mrca", "--dataset", "sample", "--name", "sample"]
    trained = subprocess.run(
        [*MRCA, "train", *what, "--deterministic", "--json", *settings],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert trained.returncode == 0, trained.stderr
    metrics = json.loads(trained.stdout)
    assert metrics["splits"]["test"]["micro"]["f1"] > 0.3
    # Progress and notes on the data: none of TensorFlow's notices, no warning.
    notices = [line for line in trained.stderr.splitlines() if line.strip()]
    starts = ("epoch ", "Note: ", "Next: ", "  or: ")
    assert all(line.startswith(starts) for line in notices), trained.stderr

    # More than a pipe holds, and a last line that is never reached.
    rows = tmp_path / "rows.jsonl"
    row = json.dumps({**slice_rows[0], "id": "x" * 100})
    rows.write_text(f"{row}\n" * 3000 + "not json\n")
    with subprocess.Popen(
        [*MRCA, "predict", "sample", rows],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = json.loads(process.stdout.readline())
        process.stdout.close()
        errors = process.stderr.read()
    assert first["line"] == 1
    assert {entry["relation"] for entry in first["relations"]} <= set(
        json.loads((tmp_path / "saved_models" / "sample" / "relations.json").read_text())
    )
    assert "Traceback" not in errors
    assert "Exception ignored" not in errors
    assert "not json" not in errors


@pytest.mark.slow
def test_the_readmes_first_command_offline(environment, tmp_path):
    """In an empty folder: the corpus and its vectors are written, then learnt."""
    del environment["MRCA_DATA_DIR"]
    for arguments in (
        ["train", "--dataset", "sample"],
        ["evaluate", "saved_models/sample", "--json"],
    ):
        done = subprocess.run(
            [*MRCA, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["documents"]["rows"] == 500
    assert report["micro"]["f1"] > 0.7
    assert (Path(tmp_path) / "saved_models/sample/plots/test-f1-by-count.png").is_file()
    assert [path.name for path in (tmp_path / "saved_models").iterdir()] == ["sample"]

    # What the page finds in plain text with this run; nearly, since machines differ.
    page = (Path(__file__).parents[2] / "docs" / "from-text-to-graph.md").read_text("utf-8")
    for name, content in re.findall(r"<!-- run: (\S+) -->\n```\w+\n(.*?)```", page, re.DOTALL):
        (tmp_path / name).write_text(content, "utf-8")
    found = subprocess.run(
        [sys.executable, "find_facts.py"],
        cwd=tmp_path,
        env={**environment, "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert found.returncode == 0, found.stderr
    shown = set(re.findall(r"^(.* —\w+→ .*) \(", page, re.MULTILINE))
    facts = set(re.findall(r"^(.* —\w+→ .*) \(", found.stdout, re.MULTILINE))
    assert len(shown) == 15
    assert len(facts & shown) > 12
