import sys

import numpy as np
import pytest

from mrca.datasets import GroupLimits
from mrca.errors import MrcaError
from mrca.evaluation.precision_recall_curve import average_precision, precision_recall_curve
from mrca.evaluation.report import evaluate
from mrca.reporting.plots import (
    plot_f1_by_count,
    plot_f1_by_labels_per_row,
    plot_history,
    plot_precision_recall,
)
from mrca.text import RelationSet

RELATIONS = RelationSet(["often", "sometimes", "rare", "unseen", "absent"])
COUNTS = [900, 60, 3, 0, 7]
GENERATOR = np.random.default_rng(5)
LABELS = GENERATOR.random((40, 5)) < [0.6, 0.3, 0.15, 0.1, 0.0]
SCORES = (LABELS + GENERATOR.normal(0, 0.4, LABELS.shape)).astype(np.float32)
HISTORY = [
    {"epoch": 1, "loss": 0.9, "val_micro_f1": 0.2},
    {"epoch": 2, "loss": 0.5, "val_micro_f1": 0.8},
    {"epoch": 3, "loss": 0.4, "val_micro_f1": 0.8},
    {"epoch": 4, "loss": 0.3, "val_micro_f1": 0.7},
]


@pytest.fixture
def report():
    return evaluate(LABELS, SCORES >= 0.5, RELATIONS, COUNTS, SCORES)


def texts_of(axes):
    return [text.get_text() for text in axes.texts]


def test_f1_by_count_draws_every_present_relation_where_the_report_says(report):
    axes = plot_f1_by_count(report, "sample corpus, test").axes[0]
    points = axes.collections[0].get_offsets()
    present = [entry for entry in report.relations.values() if entry.score.support]
    assert len(present) == 4
    assert points[:, 1].tolist() == [entry.score.f1 for entry in present]
    # a log axis has no zero: the relation never seen in training is ticked "0" at 0.5
    assert points[:, 0].tolist() == [900, 60, 3, 0.5]
    assert axes.get_xscale() == "log"
    ticks = dict(
        zip((t.get_text() for t in axes.get_xticklabels()), axes.get_xticks(), strict=True)
    )
    assert ticks == {"0": 0.5, "1": 1, "10": 10, "100": 100, "1,000": 1000}
    assert axes.get_title(loc="left") == "sample corpus, test"
    assert "1 relations without a positive" in axes.get_xlabel()


def test_f1_by_count_sizes_markers_by_positives_and_colours_them_by_group(report):
    scatter = plot_f1_by_count(report, "t").axes[0].collections[0]
    supports = [e.score.support for e in report.relations.values() if e.score.support]
    sizes = scatter.get_sizes()
    assert np.argsort(sizes).tolist() == np.argsort(supports).tolist()
    colours = [tuple(colour[:3]) for colour in scatter.get_facecolors()]
    assert colours[2] == colours[3]  # both tail
    assert len(set(colours)) == 3


def test_f1_by_count_shades_and_scores_the_groups(report):
    axes = plot_f1_by_count(report, "t").axes[0]
    edges = [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in axes.patches]
    assert [edge[1] for edge in edges[:2]] == pytest.approx([20, 100])
    for name in ("head", "medium", "tail"):
        expected = f"{name}\nmicro F1 {report.groups[name].micro.f1:.3f}"
        assert expected in texts_of(axes)


def test_f1_by_count_shades_the_most_frequent_relations_and_the_rest():
    limits = GroupLimits("mine", 0, 0, (0, 1), most_frequent=2)
    report = evaluate(LABELS, SCORES >= 0.5, RELATIONS, COUNTS, SCORES, limits)
    axes = plot_f1_by_count(report, "t").axes[0]
    shades = {
        text.split("\n")[0]: patch for text, patch in zip(texts_of(axes), axes.patches, strict=True)
    }
    assert set(shades) == {"head", "tail"}
    border = shades["head"].get_x()
    assert 7 < border < 60
    assert shades["tail"].get_x() + shades["tail"].get_width() == border
    assert f"head\nmicro F1 {report.groups['head'].micro.f1:.3f}" in texts_of(axes)


def test_f1_by_count_of_a_split_without_a_positive_says_that_all_is_absent():
    empty = evaluate(np.zeros_like(LABELS), SCORES >= 0.5, RELATIONS, COUNTS)
    axes = plot_f1_by_count(empty, "t").axes[0]
    assert len(axes.collections[0].get_offsets()) == 0
    assert set(texts_of(axes)) == {"tail\nabsent", "medium\nabsent", "head\nabsent"}


def test_f1_by_labels_per_row_draws_the_groups_that_have_rows(report):
    axes = plot_f1_by_labels_per_row(report, "sample corpus, test").axes[0]
    shown = {n: e for n, e in report.by_relation_count.items() if n != "0" and e.rows}
    micro, macro = ([bar.get_height() for bar in bars] for bars in axes.containers)
    assert micro == [entry.micro.f1 for entry in shown.values()]
    assert macro == [entry.macro_present.f1 for entry in shown.values()]
    ticks = [tick.get_text() for tick in axes.get_xticklabels()]
    assert [tick.split("\n")[0] for tick in ticks] == list(shown)
    assert ticks[0].endswith(f"{shown['1'].rows} rows")
    without = report.by_relation_count["0"]
    assert f"{without.rows} rows without a relation" in axes.get_xlabel()
    assert axes.get_title(loc="left") == "sample corpus, test"


def test_f1_by_labels_per_row_of_a_split_without_a_positive_is_empty():
    empty = evaluate(np.zeros_like(LABELS), SCORES >= 0.5, RELATIONS, COUNTS)
    axes = plot_f1_by_labels_per_row(empty, "t").axes[0]
    assert not any(len(bars) for bars in axes.containers)
    assert "40 rows without a relation" in axes.get_xlabel()


def test_precision_recall_draws_the_curve_and_the_decided_point(report):
    axes = plot_precision_recall(LABELS, SCORES, report, "nyt, test").axes[0]
    lines = {line.get_label(): line for line in axes.lines if line.get_label()[0] != "_"}
    area = average_precision(LABELS, SCORES)
    curve = lines[f"all thresholds (average precision {area:.3f})"]
    precision, recall, _ = precision_recall_curve(LABELS, SCORES)
    drawn = set(zip(*curve.get_data(), strict=True))
    assert drawn <= set(zip(recall, precision, strict=True))
    # the area under the drawn steps is the average precision still
    x, y = curve.get_data()
    assert np.sum(y * np.diff(x, prepend=0)) == pytest.approx(area)
    assert curve.get_drawstyle() == "steps-pre"
    point = lines[f"decision rule (F1 {report.micro.f1:.3f})"]
    assert point.get_xydata().tolist() == [[report.micro.recall, report.micro.precision]]


def test_precision_recall_draws_lines_of_equal_f1(report):
    axes = plot_precision_recall(LABELS, SCORES, report, "t").axes[0]
    levels = [float(text.get_text().removeprefix("F1 ")) for text in axes.texts]
    assert levels == [0.2, 0.4, 0.6, 0.8, 0.9]
    for level, line in zip(levels, axes.lines, strict=False):
        recall, precision = line.get_data()
        np.testing.assert_allclose(2 * precision * recall / (precision + recall), level)


def test_precision_recall_without_a_positive_is_refused(report):
    with pytest.raises(MrcaError, match="no positive label"):
        plot_precision_recall(np.zeros_like(LABELS), SCORES, report, "t")


def test_history_draws_f1_and_loss_and_marks_the_first_best_epoch():
    left, right = plot_history(HISTORY, "webnlg, seed 0").axes
    assert left.lines[0].get_xydata().tolist() == [[1, 0.2], [2, 0.8], [3, 0.8], [4, 0.7]]
    assert left.lines[1].get_xydata().tolist() == [[2, 0.8]]
    assert texts_of(left) == ["best: 0.8000\nepoch 2"]
    assert right.lines[0].get_xydata().tolist() == [[1, 0.9], [2, 0.5], [3, 0.4], [4, 0.3]]
    assert left.get_title(loc="left") == "webnlg, seed 0"


def test_history_takes_the_texts_of_a_csv_file():
    rows = [{"epoch": "1", "loss": "0.9", "val_micro_f1": "0.4"}]
    left, right = plot_history(rows, "t").axes
    assert left.lines[0].get_xydata().tolist() == [[1, 0.4]]
    assert right.lines[0].get_xydata().tolist() == [[1, 0.9]]
    assert left.lines[0].get_marker() == "o"  # a single epoch must be visible


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "at least one epoch"),
        ([HISTORY[0], {"epoch": 2, "loss": 0.5}], "Entry 2 .* 'val_micro_f1'"),
        ([{"epoch": 1, "loss": "", "val_micro_f1": 0.5}], "Entry 1 .* 'loss'"),
    ],
)
def test_a_history_that_cannot_be_drawn_is_refused(rows, message):
    with pytest.raises(MrcaError, match=message):
        plot_history(rows, "t")


def test_figures_are_written_without_a_window_system(report, tmp_path):
    figures = [
        plot_f1_by_count(report, "t"),
        plot_f1_by_labels_per_row(report, "t"),
        plot_precision_recall(LABELS, SCORES, report, "t"),
        plot_history(HISTORY, "t"),
    ]
    for number, figure in enumerate(figures):
        path = tmp_path / f"{number}.png"
        figure.savefig(path)
        assert path.read_bytes().startswith(b"\x89PNG")
    assert (
        "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()
    )
