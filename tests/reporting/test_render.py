import io
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from mrca.datasets import CandidateSelection
from mrca.evaluation import (
    KnownFacts,
    Score,
    evaluate_candidates,
    known_facts,
    threshold_for_precision,
)
from mrca.evaluation.seeds import summarise_runs
from mrca.models import Prediction
from mrca.reporting.render import (
    document_tables,
    examples_table,
    run_table,
    runs_table,
    threshold_table,
)
from mrca.text import Document, Entity, Fact, RelationSet, Span
from mrca.text.prediction import PredictedFact

RELATIONS = RelationSet(["rare[x]", "often", "absent"])
LABELS = np.array([[1, 1, 0], [0, 1, 0], [0, 0, 0]], dtype=bool)
PREDICTIONS = np.array([[1, 1, 0], [0, 0, 0], [0, 0, 0]], dtype=bool)


def shown(renderable, width=80):
    console = Console(file=io.StringIO(), width=width)
    console.print(renderable)
    return console.file.getvalue()


def line_of(text, start):
    return next(line for line in text.splitlines() if line.strip().startswith(start))


def whole(labels, predictions, relations, counts, scores=None):
    """A report of whole documents."""
    rows = [
        Document(
            ("A",), labels=tuple(name for name, gold in zip(relations, row, strict=True) if gold)
        )
        for row in labels
    ]
    candidates = CandidateSelection().select(rows).labelled(relations)
    scores = labels.astype(float) if scores is None else scores
    return evaluate_candidates(candidates, predictions, scores, relations, counts)


@pytest.fixture
def report():
    return whole(LABELS, PREDICTIONS, RELATIONS, [3, 250, 40])


ADA, BO, ROME = (
    Entity((Span(place, place + 1),), type, name=name)
    for place, type, name in ((0, "PER", "Ada"), (2, "PER", "Bo"), (9, "LOC", "Rome"))
)
FACTS = (Fact(0, "met", 1), Fact(0, "in", 2), Fact(1, "in", 2))
TOKENS = ("Ada", "met", "Bo", *"......", "Rome")
TRIO = Document(TOKENS, (ADA, BO, ROME), FACTS, ("met", "in")).with_unknown_roles()
FAR = Document(TOKENS, (ADA, Entity((), name="Cleo")), (Fact(0, "met", 1),), ("met",))


@pytest.fixture
def pairs_report():
    """Of the trio's facts one is found and one is predicted wrongly; one more is never asked."""
    rows = [TRIO, FAR.with_unknown_roles()]
    relations = RelationSet(["met", "in"])
    candidates = CandidateSelection("pairs").select(rows).labelled(relations)
    scores = np.full(candidates.labels.shape, 0.1)
    scores[0, 0] = scores[2, 1] = 0.9  # Ada met Bo; Bo in Ada
    return evaluate_candidates(candidates, scores > 0.5, scores, relations, [30, 5])


# === One model on one split ===


def test_the_summary_shows_the_title_the_averages_and_their_conventions(report):
    text = shown(document_tables(report, "sample corpus, test")[0])
    assert "sample corpus, test" in text
    assert line_of(text, "micro").split() == ["micro", "1.0000", "0.6667", "0.8000", "3"]
    assert f"{report.candidates.macro.f1:.4f}" in line_of(text, "macro  ")
    assert line_of(text, "documents").split() == ["documents", "3"]
    assert "zero_division=0" in text
    assert "macro present" in text
    assert "macro_present" not in text
    assert "average precision" in text
    assert "oracle" not in text


def test_of_pairs_facts_and_the_relations_of_documents_are_shown_apart(pairs_report):
    text = shown(document_tables(pairs_report, "t")[0])
    assert line_of(text, "micro").split() == ["micro", "0.5000", "0.2500", "0.3333", "4"]
    assert line_of(text, "relations of a document").split()[-4:] == [
        *("1.0000", "0.6667", "0.8000", "3"),
    ]
    assert line_of(text, "pairs of entities").split()[-1] == "6"
    assert line_of(text, "documents").split()[-1] == "2"
    assert line_of(text, "false positives of empty pairs").split()[-2:] == ["0.3333", "3"]
    assert line_of(text, "facts that no pair asks about").split()[-1] == "1"


def test_pairs_are_shown_by_distance_and_by_types(pairs_report):
    tables = document_tables(pairs_report, "t")
    titles = [str(table.title) for table in tables]
    distance = shown(tables[titles.index("by tokens between the entities")])
    assert line_of(distance, "0-4 tokens").split()[2:] == ["2", "1", "0.5000", "1.0000", "0.6667"]
    assert line_of(distance, "5-9 tokens").split()[2:4] == ["4", "2"]
    types = shown(tables[titles.index("by types of subject and object")])
    assert line_of(types, "PER → LOC").split()[3:5] == ["2", "2"]
    assert set(line_of(types, "LOC → PER").split()[-3:]) == {"–"}  # none is gold


def test_facts_are_shown_by_what_a_model_needs_for_them(pairs_report):
    tables = document_tables(pairs_report, "t")
    titles = [str(table.title) for table in tables]
    facts = shown(tables[titles.index("by kind of fact")])
    # Neither sentences nor training are known; Ada is in Rome as Bo is, whom she met.
    assert line_of(facts, "inferable from two others").split()[-1] == "1"
    assert line_of(facts, "pairs that are related").split()[-4:] == [
        *("0.5000", "0.2500", "0.3333", "4"),
    ]
    assert line_of(facts, "with those two").split()[3:] == ["1.0000", "0.3333", "0.5000", "3"]
    assert not any(word in facts for word in ("Ign", "sentence"))
    confusion = shown(tables[titles.index("predicted and missed facts")])
    assert line_of(confusion, "correct (C)").split()[-2:] == ["1", "0.2000"]
    assert line_of(confusion, "predicted of an unrelated pair (MR)").split()[-2:] == ["1", "0.2000"]
    assert line_of(confusion, "missed, nothing predicted").split()[-2:] == ["3", "0.6000"]


def test_what_training_states_and_sentences_are_shown_where_they_are_known():
    relations = RelationSet(["met", "in"])
    halves = replace(TRIO, sentences=(0, 5))
    candidates = CandidateSelection("pairs").select([halves]).labelled(relations)
    gold = candidates.labels.toarray().astype(bool)
    known = KnownFacts(known_facts([halves], [TRIO]), frozenset())
    report = evaluate_candidates(candidates, gold, gold * 0.9, relations, [9, 9], known=known)
    text = shown(document_tables(report, "t")[3])
    assert line_of(text, "not known from training").split()[-4:] == [
        *("0.0000", "1.0000", "0.0000", "3"),
    ]
    assert line_of(text, "not known from distant").split()[-4:-1] == ["1.0000"] * 3
    assert line_of(text, "intra-sentence").split()[-1] == "1"
    assert line_of(text, "inter-sentence").split()[-1] == "2"
    assert len(max(text.splitlines(), key=len)) <= 80


def test_oracle_marks_are_said_in_the_title():
    row = Document(TOKENS, (ADA, BO), FACTS[:1], ("met",), (0,), (1,), oracle=True)
    relations = RelationSet(["met"])
    candidates = CandidateSelection().select([row]).labelled(relations)
    found = np.ones((1, 1))
    report = evaluate_candidates(candidates, found > 0, found, relations, [3])
    title = str(document_tables(report, "mine, test")[0].title)
    assert title == "mine, test\noracle marks: only the entities of the facts are marked"


def test_the_scores_before_are_shown_next_to_those_of_a_new_decision(report):
    before = whole(LABELS, LABELS, RELATIONS, [3, 250, 40])
    text = shown(document_tables(report, "t", before)[0], width=100)
    assert "F1 before" in text
    assert line_of(text, "micro").split()[-1] == "1.0000"
    assert line_of(text, "exact match").split()[-2:] == ["0.6667", "1.0000"]


def test_scores_that_were_no_probabilities_are_said_to_be_none(report):
    before = whole(LABELS, LABELS, RELATIONS, [3, 250, 40], scores=LABELS * 1.5)
    text = shown(document_tables(report, "t", before)[0], width=100)
    assert line_of(text, "calibration error").split()[-2:] == ["0.0000", "–"]
    said = "Before, there was no calibration error: some scores were outside [0, 1]"
    assert said in " ".join(text.split())
    assert said not in " ".join(shown(document_tables(report, "t", report)[0], width=100).split())


def test_no_heading_breaks_within_a_word_and_no_cell_at_all_on_80_columns(pairs_report):
    many = whole(
        *(np.tile(cells, (2000, 1)) for cells in (LABELS, PREDICTIONS)), RELATIONS, [3] * 3
    )
    wrong = whole(*(np.tile(cells, (2000, 1)) for cells in (LABELS, ~LABELS)), RELATIONS, [3] * 3)
    for report in (many, wrong, pairs_report):
        for table in document_tables(report, "t", report):
            there = set(shown(table, width=80).split())
            for column in table.columns:
                assert set(str(column.header).split()) <= there
            for column in table.columns[1:]:
                assert {word for cell in column.cells for word in str(cell).split()} <= there


def test_the_groups_show_a_dash_where_there_is_no_score(report):
    text = shown(document_tables(report, "t")[1])
    assert set(line_of(text, "medium").split()[1:]) == {"–"}
    assert line_of(text, "tail").split()[1:3] == ["1", "1"]


def test_documents_are_shown_by_their_number_of_relations(report):
    text = shown(document_tables(report, "t")[2])
    two = line_of(text, "2").split()
    assert two[1] == "1"
    assert line_of(text, "5+")
    # of three relations both present ones are found
    assert two[-3:] == ["1.0000", "0.6667", "1.0000"]


def test_errors_are_shown_by_their_pattern(report):
    text = shown(document_tables(report, "t")[3])
    assert line_of(text, "F of all").split()[3:5] == ["1", "0.3333"]
    assert line_of(text, "FN of F").split()[3:5] == ["1", "1.0000"]
    assert line_of(text, "FN_CRK of FN").split()[3:5] == ["1", "1.0000"]
    # What a pattern is stands on its line.
    assert line_of(text, "FN of F").rstrip().endswith("gold, and nothing predicted")
    assert line_of(text, "FP of F").rstrip().endswith("not exactly what is gold")
    rows = [Document(("A",))]
    candidates = CandidateSelection().select(rows).labelled(RELATIONS)
    none = np.zeros((1, 3))
    without = evaluate_candidates(
        candidates, none > 0, none, RELATIONS, [1] * 3, has_threshold=False
    )
    assert "errors" not in [str(table.title) for table in document_tables(without, "t")]


def test_the_five_most_confused_pairs_are_shown_as_they_are_written():
    relations = RelationSet(["a[b]", *"cdefgh"])
    labels, predictions = np.zeros((2, 7), bool), np.zeros((2, 7), bool)
    labels[:, 0] = predictions[0, 1:] = predictions[1, 2] = True
    tables = document_tables(whole(labels, predictions, relations, [5] * 7), "t")
    (table,) = [table for table in tables if str(table.title) == "most often confused"]
    lines = [line.split() for line in shown(table).splitlines() if "a[b]" in line]
    assert lines == [["a[b]", "d", "2", "2"], *[["a[b]", other, "1", "2"] for other in "cefg"]]


def test_without_a_confused_pair_there_is_no_table_of_them(report):
    titles = [str(table.title) for table in document_tables(report, "t")]
    assert len(titles) == 5
    assert "most often confused" not in titles


def test_relations_are_sorted_by_training_count_and_printed_as_they_are(report):
    text = shown(document_tables(report, "t")[-1])
    positions = [text.index(name) for name in ("often", "absent", "rare[x]")]
    assert positions == sorted(positions)
    assert line_of(text, "rare[x]").endswith("████████  ")
    assert line_of(text, "absent").split() == ["absent", "40", "0", "0", "–", "–", "–"]


def test_the_dash_is_explained_only_where_there_is_one(report):
    assert "–: no positive in this split" in shown(document_tables(report, "t")[-1])
    present = whole(LABELS[:, :2], PREDICTIONS[:, :2], RelationSet("ab"), [3, 250])
    assert "no positive" not in shown(document_tables(present, "t")[-1])


def test_the_bar_is_as_long_as_the_f1(report):
    text = shown(document_tables(report, "t")[-1])
    # an F1 of 2/3 is 5 of 8 cells and 3 eighths of the next
    assert line_of(text, "often").split()[-1] == "█████▍"


# === Runs ===


def test_a_run_that_has_been_trained_has_a_line_for_each_split(report, pairs_report):
    metrics = {"corpus": "webnlg", "splits": {"valid": report.to_dict()}}
    text = shown(run_table("mine", metrics))
    assert line_of(text, "mine").strip() == "mine"
    assert line_of(text, "valid").split()[:4] == ["valid", "1.0000", "0.6667", "0.8000"]
    metrics = {"corpus": "sample", "splits": {"test": {**pairs_report.to_dict(), "oracle": True}}}
    text = shown(run_table("mine", metrics), width=120)
    assert line_of(text, "mine").strip() == "mine (sample corpus), oracle marks"
    assert line_of(text, "test").split()[-2:] == ["0.8000", "0.3333"]


def test_runs_are_shown_with_their_deviation(report):
    perfect = whole(LABELS, LABELS, RELATIONS, [3, 250, 40])
    summary = summarise_runs([report.to_dict(), perfect.to_dict()])
    text = shown(runs_table(summary, "webnlg, test"))
    micro = line_of(text, "micro")
    assert " ".join(micro.split()[1:]) == "1.0000 ± 0.0000 0.8333 ± 0.2357 0.9000 ± 0.1414"
    assert "2 runs" in text
    assert "%" not in text
    one = shown(runs_table(summarise_runs([report.to_dict()]), "webnlg, test"))
    assert "±" not in line_of(one, "micro")


def test_runs_of_pairs_show_documents_and_empty_pairs_too(pairs_report):
    summary = summarise_runs([pairs_report.to_dict()] * 2)
    text = shown(runs_table(summary, "t"), width=100)
    assert line_of(text, "relations of a document").split()[-3:] == ["0.8000", "±", "0.0000"]
    assert line_of(text, "false positives of empty pairs").split()[-3:] == ["0.3333", "±", "0.0000"]


# === Predictions ===


def test_what_is_predicted_of_a_document_is_ticked_where_it_is_gold():
    found = [("Ada", "met", "Bo", 0.91, ADA, BO), ("Bo", "in", "Ada", 0.5, BO, ADA)]
    prediction = Prediction.of_facts(TRIO, [PredictedFact(*fact) for fact in found])
    lines = [
        " ".join(line.split())
        for line in shown(examples_table([prediction], "t", pairs=True)).splitlines()
    ]
    assert "Ada met Bo 0.91 ✓" in lines
    assert "Bo in Ada 0.50 no" in lines
    assert "Ada in Rome missed ✓" in lines
    assert "Bo in Rome missed ✓" in lines


def test_the_relations_of_a_whole_document_are_ticked_too():
    prediction = Prediction(TRIO, (), (("met", 0.9), ("left[x]", 0.6)))
    lines = [
        " ".join(line.split())
        for line in shown(examples_table([prediction], "t", pairs=False)).splitlines()
    ]
    assert {"met 0.90 ✓", "left[x] 0.60 no", "in missed ✓"} <= set(lines)


# === Thresholds ===


def test_thresholds_are_shown_with_their_relations():
    text = shown(threshold_table(0.25, RELATIONS))
    assert line_of(text, "all").split() == ["all", "0.2500"]
    text = shown(threshold_table([0.1, 0.2, 0.3], RELATIONS))
    assert line_of(text, "rare[x]").split() == ["rare[x]", "0.1000"]
    assert line_of(text, "absent").split() == ["absent", "0.3000"]


def test_what_thresholds_for_a_precision_reach_is_shown_and_where_they_do_not():
    labels = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0]], bool)
    scores = np.array([[0.9, 0.8, 0.2], [0.1, 0.4, 0.1], [0.8, 0.3, 0.3]])
    found = threshold_for_precision(labels, scores, 0.9, per_relation=True)
    text = shown(threshold_table(found.threshold, RELATIONS, found))
    assert "chosen on validation for a precision of 0.9" in text
    assert line_of(text, "rare[x]").split()[2:] == ["1.0000", "1.0000", "2"]
    assert "often  (never predicted: out of reach)" in text
    assert "absent  (that of all: too few gold)" in text
    assert line_of(text, "all").split() == ["all", "1.0000", "0.5000", "4"]
    assert "Not reached" not in text
    nowhere = threshold_for_precision(labels, 1 - scores, 0.9)
    text = shown(threshold_table(nowhere.threshold, RELATIONS, nowhere))
    assert "Not reached: 0.0000 in all." in text


def test_a_decision_that_was_precise_enough_already_is_said():
    labels = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0]], bool)
    scores = np.array([[0.9, 0.8, 0.2], [0.1, 0.4, 0.1], [0.8, 0.3, 0.3]])
    found = threshold_for_precision(labels, scores, 0.6)
    assert (found.score.precision, found.score.recall) == (2 / 3, 1)

    def lines(own):
        text = shown(threshold_table(found.threshold, RELATIONS, found, own))
        return [" ".join(line.split()) for line in text.splitlines()]

    precise = Score(precision=1.0, recall=0.25, f1=0.4, support=4)
    said = "the decision before (has it already) 1.0000 0.2500 4"
    assert said in lines(precise)
    assert "the decision before 0.5000 0.2500 4" in lines(replace(precise, precision=0.5))


def test_relations_are_grouped_by_what_was_counted_in_training(report, pairs_report):
    assert str(document_tables(report, "t")[1].title) == "by number of training documents"
    assert str(document_tables(pairs_report, "t")[1].title) == "by number of training facts"


def test_nothing_is_printed(report, capsys):
    document_tables(report, "t")
    assert capsys.readouterr() == ("", "")
