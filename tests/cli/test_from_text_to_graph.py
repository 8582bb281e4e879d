"""The page of the documentation from plain text to a picture, line by line."""

import json
import re
import runpy
import shlex
import shutil
from pathlib import Path

import pytest

pytest.importorskip("spacy")

PAGE = (Path(__file__).parents[2] / "docs" / "from-text-to-graph.md").read_text("utf-8")
FILES = re.findall(r"<!-- run: (\S+) -->\n```\w+\n(.*?)```", PAGE, re.DOTALL)


def test_every_line_of_the_page_but_the_training(mrca, tiny_pairs_run, capsys):
    """With a run that was trained for less long, so that it finds less."""
    shutil.copytree(tiny_pairs_run.folder, "saved_models/sample")
    for name, content in FILES:
        Path(name).write_text(content, "utf-8")
    runpy.run_path("find_facts.py")
    assert "Norvid Foundry —founded_by→ Tola Metolowan" in capsys.readouterr().out
    texts = Path("texts.txt").read_text("utf-8").splitlines()
    lines = [json.loads(line) for line in Path("facts.jsonl").read_text("utf-8").splitlines()]
    assert [line["line"] for line in lines] == list(range(1, len(texts) + 1))
    for text, line in zip(texts, lines, strict=True):
        for side in (fact[side] for fact in line["facts"] for side in ("subject", "object")):
            assert text[side["char_start"] : side["char_end"]] == side["text"]

    commands = re.findall(r"^mrca (graph .*)$", PAGE, re.MULTILINE)
    assert len(commands) == 5
    for command in commands:
        done = mrca(*shlex.split(command))
        assert done.code == 0, done.err
    assert Path("graph.png").read_bytes().startswith(b"\x89PNG")
    assert "Norvid Foundry" in Path("graph.html").read_text("utf-8")
