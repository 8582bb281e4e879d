"""The README's examples run as they stand, and its commands are where CI looks for them."""

import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def test_examples_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MRCA_CACHE_DIR", str(tmp_path / "cache"))
    examples = re.findall(r"<!-- example -->\n```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert len(examples) == 3
    namespace = {}
    for example in examples:
        exec(compile(example, str(README), "exec"), namespace)
    assert 0.5 < namespace["run"].metrics["splits"]["test"]["micro"]["f1"] <= 1
    assert "born_in" in capsys.readouterr().out
    assert namespace["model"].history.history["micro_f1"][-1] > 0.5


def test_the_test_command_is_marked():
    found = re.findall(r"<!-- test command -->\n```\n(.*?)\n```", README.read_text())
    assert len(found) == 1
    assert found[0].endswith("python -m pytest")
