"""The README's examples run as they stand, and its commands are where CI looks for them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mrca.datasets import iter_jsonl

README = Path(__file__).parents[1] / "README.md"
TEXT = README.read_text("utf-8")
EXAMPLES = re.findall(r"<!-- example -->\n```python\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.processes
def test_the_classifier_of_the_example_finds_the_fact_that_it_shows(tmp_path):
    shown = re.search(r"# (Prediction\(.*) \(", EXAMPLES[0])
    assert shown
    # Its output is UTF-8 whatever the locale, as on a user's terminal.
    environment = {**os.environ, "MRCA_CACHE_DIR": str(tmp_path / "cache"), "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-c", EXAMPLES[0]],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert shown[1] in done.stdout
    assert (tmp_path / "saved_models" / "from_python" / "model.keras").is_file()


def test_the_example_of_losses_learns():
    namespace = {}
    exec(compile(EXAMPLES[1], str(README), "exec"), namespace)
    assert namespace["model"].history.history["micro_f1"][-1] > 0.5


def test_the_rows_that_it_shows_are_read_without_a_problem():
    rows = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    assert rows
    for row in iter_jsonl(rows, "README"):
        assert row.error is None
        assert row.problems == ()


def test_the_test_command_is_marked():
    found = re.findall(r"<!-- test command -->\n```\n(.*?)\n```", TEXT)
    assert len(found) == 1
    assert found[0].endswith("python -m pytest")
