import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from mrca.vectors import VectorStore, find_vectors

PLOTS = [
    "test-f1-by-count.png",
    "test-f1-by-labels-per-row.png",
    "test-precision-recall.png",
]


def cells(output: str, table: str, name: str) -> list[str]:
    """The cells of a line of a table, after the name that it begins with."""
    after = output.partition(f"\n{table}")[2]
    assert after, f"no table {table!r}"
    lines = [re.split(r"\s{2,}", line.strip()) for line in after.splitlines()]
    return next(found for first, *found in lines if first == name)


def test_json_has_the_numbers_of_the_run(mrca, load_once, tiny_run):
    done = mrca("evaluate", tiny_run.folder, "--json", "--no-plots")
    assert done.code == 0, done.err
    report = json.loads(done.out)
    assert report.pop("decision") == tiny_run.classifier.decision.get_config()
    assert report.pop("min_precision") is report.pop("before") is None
    assert (report.pop("corpus"), report.pop("split")) == ("sample", "test")
    assert (report.pop("tuned"), report.pop("ignored")) == ("none", [])
    assert report == tiny_run.metrics["splits"]["test"]
    assert set(report["micro"]) >= {"precision", "recall", "f1"}
    assert list(report["groups"]) == ["head", "medium", "tail"]
    assert report["relations"]["employer"]["train_count"] > 0
    assert not (tiny_run.folder / "plots").exists()


def test_tables_name_the_sample_and_the_split(mrca, tiny_run):
    done = mrca("evaluate", tiny_run.folder, "--split", "valid", "--no-plots")
    assert done.code == 0, done.err
    assert "tiny on sample (sample corpus), valid split" in done.out
    assert f"{tiny_run.metrics['splits']['valid']['micro']['f1']:.4f}" in done.out
    for part in ("macro", "exact match", "tail", "employer"):
        assert part in done.out


def test_limits_of_a_paper(mrca, tiny_run):
    done = mrca("evaluate", tiny_run.folder, "--json", "--no-plots", "--limits", "reuters")
    assert done.code == 0, done.err
    report, default = json.loads(done.out), tiny_run.metrics["splits"]["test"]
    assert (report["limits"]["name"], default["limits"]["name"]) == ("reuters", "default")
    assert list(report["by_relation_count"]) == ["0", "1", "2+"]
    assert report["micro"] == default["micro"]
    wrong = mrca("evaluate", tiny_run.folder, "--limits", "reuter")
    assert wrong.code == 1
    assert "Did you mean 'reuters'? Expected one of default, reuters, pubmed, docred." in wrong.err


def test_plots_are_drawn_into_the_run_or_where_asked(mrca, run_copy):
    done = mrca("evaluate", run_copy)
    assert done.code == 0, done.err
    assert sorted(path.name for path in (run_copy / "plots").iterdir()) == PLOTS
    assert "Drawn: " in done.err
    assert "Drawn: " not in done.out
    assert mrca("evaluate", run_copy, "--plots", "figures/new", "--json").code == 0
    assert sorted(path.name for path in Path("figures/new").iterdir()) == PLOTS
    assert (Path("figures/new") / PLOTS[0]).read_bytes().startswith(b"\x89PNG")


def test_a_run_is_found_by_its_name(mrca, tiny_run):
    shutil.copytree(tiny_run.folder, "saved_models/mine")
    done = mrca("evaluate", "mine", "--json", "--no-plots")
    assert json.loads(done.out)["micro"] == tiny_run.metrics["splits"]["test"]["micro"]


@pytest.mark.parametrize("tune", ["global", "per-relation"])
def test_a_tuned_threshold_is_kept_only_if_asked(mrca, run_copy, tune):
    options = ["evaluate", run_copy, "--json", "--no-plots", "--split", "valid"]
    before = (run_copy / "decision.json").read_bytes()
    plain = json.loads(mrca(*options).out)
    tuned = json.loads(mrca(*options, "--tune", tune).out)
    assert (run_copy / "decision.json").read_bytes() == before
    if tune == "global":
        assert tuned["micro"]["f1"] >= plain["micro"]["f1"]
    assert tuned["decision"]["threshold"] != 0.5
    assert isinstance(tuned["decision"]["threshold"], float if tune == "global" else list)

    saved = mrca(*options, "--tune", tune, "--save")
    assert "Kept as the decision of" in saved.err
    assert json.loads((run_copy / "decision.json").read_text()) == tuned["decision"]
    assert "metrics.json and card.md there keep what was measured after training" in saved.err
    assert tuned["tuned"] == tune
    assert tuned.pop("before")["micro"] == plain["micro"]
    assert json.loads(mrca(*options).out) == {**tuned, "tuned": "none", "before": None}
    assert mrca("predict", run_copy, stdin='{"text": "Ada met Bob"}').code == 0


def test_the_rule_of_the_training_is_put_back(mrca, run_copy):
    before = json.loads((run_copy / "decision.json").read_text())
    for tune in ("global", "none"):
        done = mrca("evaluate", run_copy, "--tune", tune, "--save", "--json", "--no-plots")
        assert done.code == 0, done.err
        kept = json.loads((run_copy / "decision.json").read_text())
        assert (kept == before) == (tune == "none")
        assert json.loads(done.out)["decision"] == kept


def test_other_conditions_are_in_titles_and_files_of_their_own(mrca, run_copy):
    assert mrca("evaluate", run_copy).code == 0
    plain = {path.name: path.read_bytes() for path in (run_copy / "plots").iterdir()}
    given = ["--ignore", "employer", "--limits", "reuters", "--tune"]
    done = mrca("evaluate", run_copy, "--json", *given, "global")
    report = json.loads(done.out)
    assert (report["tuned"], report["ignored"]) == ("global", ["employer"])
    assert "employer" not in report["relations"]
    begin = "test-tuned-global-without-employer-limits-reuters-"
    now = {path.name: path.read_bytes() for path in (run_copy / "plots").iterdir()}
    assert sorted(now) == sorted([*plain, *(name.replace("test-", begin) for name in plain)])
    assert {name: now[name] for name in plain} == plain
    shown = " ".join(mrca("evaluate", run_copy, "--no-plots", *given, "global").out.split())
    threshold = report["decision"]["threshold"]
    under = f"threshold {threshold:.4f}, tuned on validation; left out: employer; limits: reuters"
    assert under in shown
    shown = " ".join(mrca("evaluate", run_copy, "--no-plots", *given, "per-relation").out.split())
    assert "a threshold for each relation, tuned on validation; left out: employer" in shown


def test_other_data_and_other_vectors(mrca, tiny_run, tmp_path):
    row = {"text": "Ada wed Bob", "labels": ["spouse"]}
    corpus = tmp_path / "mine"
    corpus.mkdir()
    for split in ("train", "valid"):
        (corpus / f"{split}.jsonl").write_text(json.dumps(row) + "\n")
    store = VectorStore.open(find_vectors("sample"))
    done = mrca(
        *("evaluate", tiny_run.folder, "--dataset", corpus, "--split", "valid"),
        *("--vectors", store.folder, "--json", "--no-plots"),
    )
    assert done.code == 0, done.err
    report = json.loads(done.out)
    assert report["rows"] == 1
    assert report["relations"]["spouse"]["support"] == 1
    assert report["relations"]["employer"]["train_count"] > 0
    assert "is not the 'sample' that the run was trained on: its files differ" in done.err


def test_documents_that_are_cut_are_counted(mrca, tiny_run, tmp_path):
    text = f"Ada wed Bob {'and then ' * 20} in Ulm"
    row = {"text": text, "entities": ["Ada", "Bob", "Ulm"], "facts": [["Ada", "spouse", "Bob"]]}
    corpus = tmp_path / "mine"
    corpus.mkdir()
    for split in ("train", "valid"):
        (corpus / f"{split}.jsonl").write_text(f"{json.dumps(row)}\n" * 2)
    options = ("--dataset", corpus, "--split", "valid", "--no-plots")
    done = mrca("evaluate", tiny_run.folder, *options)
    assert done.code == 0, done.err
    assert "Documents cut at 40 tokens: 2, and with them 2 entities" in done.err


def test_a_split_without_a_relation(mrca, tiny_run, tmp_path):
    corpus = tmp_path / "mine"
    corpus.mkdir()
    for split, labels in (("train", ["spouse"]), ("valid", ["spouse"]), ("test", [])):
        (corpus / f"{split}.jsonl").write_text(json.dumps({"text": "a b", "labels": labels}))
    done = mrca("evaluate", tiny_run.folder, "--dataset", corpus, "--plots", "figures")
    assert done.code == 0, done.err
    assert [path.name for path in Path("figures").iterdir()] == PLOTS[:1]


# === Pairs of entities ===


def evaluated(mrca, run, *options: object) -> str:
    done = mrca("evaluate", run.folder, "--no-plots", *options)
    assert done.code == 0, done.err
    return done.out


def test_tables_of_pairs(mrca, load_once, tiny_pairs_run):
    metrics = tiny_pairs_run.metrics["splits"]["test"]
    out = evaluated(mrca, tiny_pairs_run)

    def shown(score: dict) -> list[str]:
        return [f"{score[key]:.4f}" for key in ("precision", "recall", "f1")]

    first = "pairs on sample (sample corpus), test split"
    assert out.startswith(first)
    out = f"\n{out}"
    support = str(metrics["micro"]["support"])
    assert cells(out, first, "micro") == [*shown(metrics["micro"]), support]
    assert cells(out, first, "macro")[:3] == shown(metrics["macro"])
    of_documents = metrics["documents"]
    assert cells(out, first, "relations of a document")[:3] == shown(of_documents["micro"])
    assert cells(out, first, "pairs of entities") == [f"{metrics['rows']:,}"]
    for name, key in (("pairs", "empty_candidates"), ("documents", "empty_documents")):
        rate = metrics[key]
        found = cells(out, first, f"false positives of empty {name}")
        assert found == [f"{rate['rate']:.4f}", f"{rate['rows']:,}"]
    near = next(group for group in metrics["by_distance"] if group["support"])
    distance = cells(out, "by tokens between the entities", near["name"])
    assert distance == [f"{near['candidates']:,}", str(near["support"]), *shown(near)]
    types = metrics["by_types"][0]
    assert " → " in types["name"]
    assert cells(out, "by types of subject and object", types["name"])[2:] == shown(types)
    patterns = metrics["patterns"]
    false = [patterns[key] for key in ("fp", "fn_crk", "fn_irk")]
    assert cells(out, "errors", "F of all") == [
        str(sum(false)),
        f"{patterns['false_share']:.4f}",
        "wrong: FP or FN",
    ]
    employer = metrics["relations"]["employer"]
    assert cells(out, "by relation, most frequent", "employer")[:3] == [
        str(employer["train_count"]),
        str(employer["support"]),
        str(employer["predicted"]),
    ]
    assert "oracle" not in out


def test_json_of_pairs_is_the_report_of_the_run(mrca, load_once, tiny_pairs_run):
    done = mrca("evaluate", tiny_pairs_run.folder, "--no-plots", "--json")
    report = json.loads(done.out)
    expected = tiny_pairs_run.metrics["splits"]["test"]
    assert {key: report[key] for key in expected} == expected
    assert f"Next: mrca evaluate {tiny_pairs_run.folder} --tune global" in done.err


@pytest.mark.parametrize("tune", ["global", "per-relation"])
def test_tuning_shows_before_and_after(mrca, load_once, tiny_pairs_run, tune):
    before = tiny_pairs_run.metrics["splits"]["valid"]["micro"]["f1"]
    done = mrca("evaluate", tiny_pairs_run.folder, "--no-plots", "--split", "valid", "--tune", tune)
    assert done.code == 0, done.err
    *_, now, _, was = cells(done.out, "pairs on sample", "micro")
    assert was == f"{before:.4f}"
    assert float(now) >= before
    name = "all" if tune == "global" else "employer"
    [threshold] = cells(f"\n{done.out}", "chosen on validation", name)
    if tune == "global":
        assert f"threshold {threshold}, tuned on validation" in done.out
    else:
        assert "a threshold for each relation, tuned on validation" in done.out
    assert "Next: the same with --save" in done.err


@pytest.mark.parametrize("options", [[], ["--tune", "per-relation"]])
def test_a_precision_that_is_wished_for(mrca, load_once, tiny_pairs_run, options):
    wish = ["--min-precision", 0.3, *options]
    out = f"\n{evaluated(mrca, tiny_pairs_run, '--split', 'valid', *wish)}"
    precision, recall, _, gold, _ = cells(out, "pairs on sample", "micro")
    assert float(precision) >= 0.3
    reached = cells(out, "chosen on validation for a precision of 0.3", "all")
    assert reached[-3:] == [precision, recall, gold]
    was = tiny_pairs_run.metrics["splits"]["valid"]["micro"]["precision"]
    assert ("the decision before  (has it already)" in out) == (was >= 0.3)
    for_each = " for each relation" if options else ""
    assert f"the threshold{for_each} with precision 0.3 on validation" in out


def test_a_calibration_is_fitted_drawn_kept_and_taken_away(mrca, tiny_pairs_run, tmp_path):
    run = shutil.copytree(tiny_pairs_run.folder, tmp_path / "copy")
    plain = json.loads((run / "decision.json").read_text())
    done = mrca("evaluate", run, "--split", "valid", "--json", "--calibrate", "isotonic", "--save")
    assert done.code == 0, done.err
    kept = json.loads((run / "decision.json").read_text())
    report = json.loads(done.out)
    assert kept == report["decision"] == {**plain, "calibration": kept["calibration"]}
    expected = tiny_pairs_run.metrics["splits"]["valid"]
    assert report["micro"] == expected["micro"]  # what is predicted stays
    assert report["calibration_error"] < expected["calibration_error"]
    assert "valid-calibrated-isotonic-reliability.png" in {
        path.name for path in (run / "plots").iterdir()
    }
    assert report["before"] == expected
    table = mrca("evaluate", run, "--no-plots", "--split", "valid", "--calibrate", "isotonic").out
    assert "scores calibrated on validation (isotonic)" in table
    error = f"{report['calibration_error']:.4f}"  # before, the same calibration was kept
    shown = cells(f"\n{table}", "copy on sample", "calibration error (highest scores)")
    assert shown == [error, error]
    mrca("evaluate", run, "--no-plots", "--calibrate", "none", "--save")
    assert json.loads((run / "decision.json").read_text()) == plain


def test_calibrated_scores_are_those_that_predict_gives(mrca, tiny_pairs_run, tmp_path, slice_rows):
    run = shutil.copytree(tiny_pairs_run.folder, tmp_path / "copy")
    options = ("--threshold", -1, "--top", 9)
    scores = []
    for calibrate in (None, "temperature"):
        if calibrate:
            done = mrca("evaluate", run, "--no-plots", "--calibrate", calibrate, "--save")
            assert done.code == 0, done.err
        answer = json.loads(mrca("predict", run, *options, stdin=json.dumps(slice_rows[0])).out)
        scores.append([fact["score"] for fact in answer["facts"]])
    assert np.allclose(np.argsort(scores[0]), np.argsort(scores[1]))
    assert scores[0] != scores[1]
    assert all(0 <= score <= 1 for score in scores[1])


def test_a_threshold_tuned_after_a_calibration_leaves_the_scores(mrca, run_copy, slice_rows):
    def scores() -> dict[str, float]:
        options = ("--threshold", -1)
        answer = json.loads(
            mrca("predict", run_copy, *options, stdin=json.dumps(slice_rows[0])).out
        )
        return {found["relation"]: found["score"] for found in answer["relations"]}

    for option in ("--calibrate", "temperature"), ("--tune", "global"):
        done = mrca("evaluate", run_copy, "--no-plots", *option, "--save")
        assert done.code == 0, done.err
        if option[0] == "--calibrate":
            calibrated = scores()
    assert json.loads((run_copy / "decision.json").read_text())["threshold"] != 0.5
    assert scores() == calibrated


def test_oracle_marks_are_in_the_title(mrca, load_once, tiny_pairs_run, tmp_path):
    corpus = tmp_path / "told"
    corpus.mkdir()
    row = {"text": "Ada Lane wed Bo Marsh.", "facts": [["Ada Lane", "spouse", "Bo Marsh"]]}
    for split in ("train", "valid"):
        (corpus / f"{split}.jsonl").write_text(json.dumps(row))
    out = evaluated(mrca, tiny_pairs_run, "--dataset", corpus, "--split", "valid")
    assert "oracle marks: only the entities of the facts are marked" in out


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--min-precision", 0.9, "--tune", "global"], 2, "leave --tune out"),
        (["--min-precision", 2], 1, "above 0 and at most 1"),
        (["--min-precision", "high"], 2, "Invalid value for '--min-precision'"),
        (["--calibrate", "platt"], 2, "Invalid value for '--calibrate'"),
        (["--save"], 2, "give one, or --tune none"),
        (["--ignore", "employed"], 1, "employed"),
    ],
)
def test_what_does_not_fit_is_said(mrca, load_once, tiny_pairs_run, options, code, said):
    before = (tiny_pairs_run.folder / "decision.json").read_bytes()
    done = mrca("evaluate", tiny_pairs_run.folder, "--no-plots", *options)
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert (tiny_pairs_run.folder / "decision.json").read_bytes() == before


def test_at_most_so_many_relations_of_a_pair(mrca, tiny_pairs_run, tmp_path):
    run = shutil.copytree(tiny_pairs_run.folder, tmp_path / "copy")
    plain = json.loads((run / "decision.json").read_text())
    options = ("--split", "valid", "--no-plots", "--top-k", 1)
    done = mrca("evaluate", run, *options, "--save")
    assert done.code == 0, done.err
    assert "at most 1 relation of each candidate" in done.out
    assert json.loads((run / "decision.json").read_text()) == {**plain, "top_k": 1}
    report = json.loads(mrca("evaluate", run, "--split", "valid", "--no-plots", "--json").out)
    assert report["micro"]["f1"] > 0
    assert report["before"] is None
    tuned = mrca("evaluate", run, *options, "--tune", "global", "--json")
    report = json.loads(tuned.out)
    assert report["decision"]["top_k"] == 1
    assert report["micro"]["f1"] >= report["before"]["micro"]["f1"]
    assert "Next: the same with --save" in tuned.err
    back = mrca("evaluate", run, "--split", "valid", "--no-plots", "--top-k", 0, "--save")
    assert "any number of relations of each candidate" in back.out
    assert json.loads((run / "decision.json").read_text()) == plain
