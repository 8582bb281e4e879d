import io

import numpy as np
import pytest
from rich.console import Console

from mrca.evaluation.report import evaluate
from mrca.evaluation.seeds import summarise_runs
from mrca.reporting.render import report_tables, runs_table
from mrca.text import RelationSet

RELATIONS = RelationSet(["rare[x]", "often", "absent"])
LABELS = np.array([[1, 1, 0], [0, 1, 0], [0, 0, 0]], dtype=bool)
PREDICTIONS = np.array([[1, 1, 0], [0, 0, 0], [0, 0, 0]], dtype=bool)


def shown(renderable, width=80):
    console = Console(file=io.StringIO(), width=width)
    console.print(renderable)
    return console.file.getvalue()


@pytest.fixture
def report():
    return evaluate(LABELS, PREDICTIONS, RELATIONS, [3, 250, 40], LABELS.astype(float))


def test_the_summary_shows_the_title_the_averages_and_their_conventions(report):
    text = shown(report_tables(report, "sample corpus, test")[0])
    assert "sample corpus, test" in text
    micro = next(line for line in text.splitlines() if line.strip().startswith("micro"))
    assert micro.split() == ["micro", "1.0000", "0.6667", "0.8000", "3"]
    macro = next(line for line in text.splitlines() if line.strip().startswith("macro  "))
    assert f"{report.macro.f1:.4f}" in macro
    assert "zero_division=0" in text
    assert "macro present over" in text
    assert "macro_present" not in text
    assert "average precision" in text


def test_the_groups_show_a_dash_where_there_is_no_score(report):
    text = shown(report_tables(report, "t")[1])
    medium = next(line for line in text.splitlines() if "medium" in line)
    assert set(medium.split()[1:]) == {"–"}
    tail = next(line for line in text.splitlines() if line.strip().startswith("tail"))
    assert tail.split()[1:3] == ["1", "1"]


def test_rows_are_shown_by_their_number_of_relations(report):
    lines = shown(report_tables(report, "t")[2]).splitlines()
    assert next(line for line in lines if line.strip().startswith("2")).split()[1] == "1"
    assert any(line.strip().startswith("5+") for line in lines)

    two = next(line for line in lines if line.strip().startswith("2")).split()
    # of three relations both present ones are found
    assert two[-3:] == ["1.0000", "0.6667", "1.0000"]


def test_the_five_most_confused_pairs_are_shown_as_they_are_written():
    relations = RelationSet(["a[b]", *"cdefgh"])
    labels, predictions = np.zeros((2, 7), bool), np.zeros((2, 7), bool)
    labels[:, 0] = predictions[0, 1:] = predictions[1, 2] = True
    tables = report_tables(evaluate(labels, predictions, relations, [5] * 7), "t")
    lines = [line.split() for line in shown(tables[3]).splitlines() if "a[b]" in line]
    assert lines == [["a[b]", "d", "2", "2"], *[["a[b]", other, "1", "2"] for other in "cefg"]]


def test_without_a_confused_pair_there_is_no_table_of_them(report):
    assert len(report_tables(report, "t")) == 4


def test_relations_are_sorted_by_training_count_and_printed_as_they_are(report):
    text = shown(report_tables(report, "t")[3])
    positions = [text.index(name) for name in ("often", "absent", "rare[x]")]
    assert positions == sorted(positions)
    assert next(line for line in text.splitlines() if "rare[x]" in line).endswith("████████  ")
    absent = next(line for line in text.splitlines() if "absent" in line).split()
    assert absent == ["absent", "40", "0", "0", "–", "–", "–"]


def test_the_dash_is_explained_only_where_there_is_one(report):
    assert "–: no positive in this split" in shown(report_tables(report, "t")[3])
    present = evaluate(LABELS[:, :2], PREDICTIONS[:, :2], RelationSet("ab"), [3, 250])
    assert "no positive" not in shown(report_tables(present, "t")[3])


def test_the_bar_is_as_long_as_the_f1(report):
    text = shown(report_tables(report, "t")[3])
    often = next(line for line in text.splitlines() if "often" in line)
    # an F1 of 2/3 is 5 of 8 cells and 3 eighths of the next
    assert often.split()[-1] == "█████▍"


def test_runs_are_shown_with_their_deviation(report):
    perfect = evaluate(LABELS, LABELS, RELATIONS, [3, 250, 40])
    summary = summarise_runs([report.to_dict(), perfect.to_dict()])
    text = shown(runs_table(summary, "webnlg, test"))
    micro = next(line for line in text.splitlines() if line.strip().startswith("micro"))
    assert " ".join(micro.split()[1:]) == "1.0000 ± 0.0000 0.8333 ± 0.2357 0.9000 ± 0.1414"
    assert "2 runs" in text
    assert "%" not in text
    one = shown(runs_table(summarise_runs([report.to_dict()]), "webnlg, test"))
    assert "±" not in next(line for line in one.splitlines() if line.strip().startswith("micro"))


def test_nothing_is_printed(report, capsys):
    report_tables(report, "t")
    assert capsys.readouterr() == ("", "")
