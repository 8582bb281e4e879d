import csv
import io
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from mrca.evaluation import compare_methods
from mrca.reporting import (
    comparison_csv,
    comparison_markdown,
    comparison_tables,
    write_comparison,
)
from mrca.text import RelationSet


def printed(comparison, width=200):
    console = Console(width=width, record=True, file=io.StringIO())
    for table in comparison_tables(comparison):
        console.print(table)
    return console.export_text(styles=True)


def test_the_tables_show_mean_deviation_marks_and_the_best_in_bold(three_methods):
    comparison = three_methods()
    text = printed(comparison)
    macro = comparison.methods["bad"].summary["macro"]["f1"]
    assert f"{macro['mean']:.4f} ± {macro['deviation']:.4f}*†" in text
    best = comparison.methods["good"].summary["micro"]["f1"]["mean"]
    assert f"\x1b[1m{best:.4f}" in text
    assert "Three methods" in text
    assert "middling [x|y]" in text
    assert "head micro F1" in text
    plain = re.sub(r"\x1b\[\d+m|\s+", " ", text)
    assert "paired bootstrap over the 300 test rows" in re.sub(" +", " ", plain)


def test_the_marks_stand_at_the_metric(three_methods):
    for metric, column in (("micro", 4), ("macro", 5), ("macro_present", 6)):
        page = comparison_markdown(three_methods(metric=metric))
        bad = next(line for line in page.splitlines() if line.startswith("| bad |"))
        cells = [cell.strip() for cell in bad.strip("| ").split(" | ")]
        assert [place for place, cell in enumerate(cells) if cell.endswith("*†")] == [column]


def test_markdown_has_both_tables_the_figure_and_the_tests(three_methods):
    page = comparison_markdown(three_methods(), figure="comparison.png")
    assert page.startswith("# Three methods\n")
    assert r"| middling [x\|y] | 2 |" in page
    assert "![macro F1 of each method](comparison.png)" in page
    assert re.search(
        r"\| good \| – \| – \| \+0\.\d{4} \[\+0\.\d{4}, \+0\.\d{4}\] \| 0\.005 \|", page
    )
    for line in page.splitlines():  # every table is one
        if line.startswith("| method"):
            columns = line.count(" | ")
        elif line.startswith("|"):
            assert line.count(" | ") == columns


def test_the_cost_of_training(three_methods):
    seconds = {"good": [30.0, 31.0], "bad": [600.0, 660.0], "middling [x|y]": [3.0, None]}
    comparison = three_methods(seconds=seconds)
    lines = comparison_markdown(comparison).splitlines()
    totals = [line for line in lines if line.endswith((" time |", " s |", " min |", " – |"))]
    assert totals[0].endswith("| macro F1 | empty FP | time |")
    assert [line.split(" | ")[-1] for line in totals[1:4]] == ["– |", "30 s |", "10.5 min |"]
    assert "10.5 min" in printed(comparison)
    assert any(note.startswith("time: ") for note in comparison.notes)
    values = list(csv.DictReader(io.StringIO(comparison_csv(comparison))))
    assert [line["training seconds"] for line in values] == ["", "30.5", "630.0"]
    assert not any(note.startswith("time: ") for note in three_methods().notes)


def test_the_lowest_rate_of_false_positives_is_the_best(three_methods):
    gold = np.array([[1, 0], [0, 0], [0, 0]], bool)
    runs = {"careful": [gold], "eager": [gold | [[0, 0], [0, 0], [0, 1]]]}
    comparison = compare_methods(gold, runs, RelationSet("ab"), [200, 200])
    page = comparison_markdown(comparison)
    assert "| macro F1 | empty FP | time |" in page
    careful, eager = page.splitlines()[4:6]
    assert careful.endswith("| **0.0000** | – |")
    assert eager.endswith("| 0.5000 | – |")
    line = next(csv.DictReader(io.StringIO(comparison_csv(comparison))))
    assert line["empty FP mean"] == "0.0"
    whole = compare_methods(gold[:1], {"a": [gold[:1]]}, RelationSet("ab"), [200, 200])
    assert "empty FP" not in comparison_markdown(whole)


def test_chosen_measures_have_a_table_of_their_own(three_methods):
    names = ["micro.f1", "by_relation_count.2.exact_match", "groups.tail.macro.recall", "infer.f1"]
    comparison = three_methods(columns=names)
    page = comparison_markdown(comparison)
    head = "| method | runs | by relation count 2 exact match | tail macro R | infer F1 |"
    assert head in page  # micro F1 stands in the first table already
    good = next(line for line in page[page.index(head) :].splitlines() if "good" in line)
    tail = comparison.methods["good"].summary["groups"]["tail"]["macro"]["recall"]["mean"]
    assert f"{tail:.4f}" in good
    assert good.endswith("– |")  # whole documents have no inferable facts
    assert "more measures" in printed(comparison)
    assert "more measures" not in printed(three_methods())
    line = next(csv.DictReader(io.StringIO(comparison_csv(comparison))))
    assert line["infer F1 mean"] == ""


def test_groups_are_those_of_the_limits(three_methods):
    from mrca.datasets import group_limits

    page = comparison_markdown(three_methods(limits=group_limits("docred")))
    assert "| head micro F1 | tail micro F1 | head macro F1 | tail macro F1 |" in page


def test_a_group_without_a_positive_is_left_undefined(three_methods):
    from mrca.datasets import group_limits

    comparison = three_methods(limits=group_limits("reuters"))
    assert "–" in printed(comparison)
    lines = list(csv.DictReader(io.StringIO(comparison_csv(comparison))))
    assert lines[0]["medium micro F1 mean"] == ""


def test_csv_has_every_number_in_full(three_methods):
    comparison = three_methods()
    lines = list(csv.DictReader(io.StringIO(comparison_csv(comparison))))
    assert [line["method"] for line in lines] == list(comparison.methods)
    bad = comparison.methods["bad"]
    assert float(lines[2]["micro F1 mean"]) == bad.summary["micro"]["f1"]["mean"]
    assert float(lines[2]["from first p"]) == bad.from_first.p_value
    assert lines[1]["from best difference"] == ""


def test_neither_names_nor_numbers_are_broken_at_80_columns(three_methods):
    comparison = three_methods(seconds={})
    long = "sample-attentive_relation_routing"
    methods = {long: comparison.methods["bad"], **comparison.methods}
    lines = printed(replace(comparison, methods=methods), 80).splitlines()
    text = "\n".join(lines)
    for line in ("sample-attentive_ ", "relation_routing "):
        assert text.count(f" {line}") == 2
    summary = comparison.methods["bad"].summary
    for measure in (
        *(summary["micro"][key] for key in ("precision", "f1")),
        summary["macro"]["f1"],
    ):
        assert f"{measure['mean']:.4f}" in text
    assert "…" not in text
    assert max(map(len, re.sub(r"\x1b\[\d+m", "", text).splitlines())) <= 80


@pytest.mark.parametrize("width", [40, 80])
def test_narrow_screens_lose_no_method(three_methods, width):
    assert "good" in printed(three_methods(), width)


def test_four_files_that_replace_those_before(three_methods, tmp_path):
    folder = tmp_path / "new" / "folder"
    paths = write_comparison(three_methods(), folder)
    write_comparison(three_methods(title="Again"), folder)
    names = ["comparison.csv", "comparison.json", "comparison.md", "comparison.png"]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert sorted(path.name for path in paths) == names
    assert (folder / "comparison.md").read_text("utf-8").startswith("# Again\n")
    assert json.loads((folder / "comparison.json").read_text("utf-8"))["best"] == "good"
    assert (folder / "comparison.png").read_bytes().startswith(b"\x89PNG")


def test_nothing_is_half_written(three_methods, tmp_path, monkeypatch):
    from matplotlib.figure import Figure

    def fail(self, target, **options):
        target.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(Figure, "savefig", fail)
    with pytest.raises(OSError, match="disk full"):
        write_comparison(three_methods(), tmp_path)
    assert not (tmp_path / "comparison.png").exists()
    assert not list(tmp_path.glob(".*"))
