"""The README's examples run as they stand, and its commands are where CI looks for them."""

import re
from pathlib import Path

from mrca.datasets import iter_jsonl

README = Path(__file__).parents[1] / "README.md"
TEXT = README.read_text("utf-8")


def test_examples_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MRCA_CACHE_DIR", str(tmp_path / "cache"))
    examples = re.findall(r"<!-- example -->\n```python\n(.*?)```", TEXT, re.DOTALL)
    assert len(examples) == 2
    namespace = {}
    for example in examples:
        exec(compile(example, str(README), "exec"), namespace)
    assert "\nPrediction(" in capsys.readouterr().out
    assert (tmp_path / "saved_models" / "from_python" / "model.keras").is_file()
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
