import json
import shutil
from pathlib import Path

import pytest

from mrca.datasets import Corpus
from mrca.errors import MrcaError
from mrca.evaluation import micro_score
from mrca.experiments import (
    SilentRunsReporter,
    check_same_candidates,
    compare,
    compare_runs,
)
from mrca.experiments.decided_labels import ComparedRows, decided_labels
from mrca.reporting import write_comparison

BCE = "binary_crossentropy"


class Listener(SilentRunsReporter):
    def __init__(self):
        self.messages = []
        self.events = []

    def message(self, text):
        self.messages.append(text)

    def runs_start(self, names, places):
        self.events.append((len(names), places))

    def run_starts(self, name, epochs):
        self.events.append(name)

    def run_ends(self, name):
        self.events.append(f"{name} ends")


@pytest.fixture
def two_runs(comparison, trained, sample_slice, tmp_path):
    """The folders of a run of each method, and their comparison."""
    result = compare(comparison(), tmp_path, data_dir=sample_slice)
    return tmp_path / "rc-dice-seed1", tmp_path / "binary-crossentropy-seed1", result


def test_what_is_missing_is_trained_and_all_is_compared(
    comparison, trained, sample_slice, tmp_path
):
    config, listener = comparison(seeds=2, metric="macro"), Listener()
    first = compare(config, tmp_path, data_dir=sample_slice, reporter=listener)
    names = [name for name, _ in trained]
    assert names == [
        f"{loss}-seed{k}" for loss in ("rc-dice", "binary-crossentropy") for k in (1, 2)
    ]
    assert [config.training.seed for _, config in trained] == [1, 2, 1, 2]
    assert listener.events == [
        (4, 1),
        *(event for name in names for event in (name, f"{name} ends")),
    ]
    assert list(first.methods) == ["rc_dice", BCE]
    assert [method.runs for method in first.methods.values()] == [2, 2]
    assert (first.metric, first.rows, first.documents) == ("macro", 40, None)
    assert first.remarks[0] == "Corpus: sample (sample corpus), test split."
    assert all(method.seconds for method in first.methods.values())

    shutil.rmtree(tmp_path / "rc-dice-seed2")
    (tmp_path / "binary-crossentropy-seed2" / "history.csv").unlink()
    again = compare(config, tmp_path, data_dir=sample_slice, reporter=listener)
    assert [name for name, _ in trained[4:]] == ["rc-dice-seed2"]
    assert "3 of 4 runs are finished." in listener.messages
    assert again.methods[BCE].summary == first.methods[BCE].summary
    assert again.methods[BCE].seconds is None  # a run without epochs, as of an SVM


def test_pairs_are_compared_by_documents(
    comparison, trained, sample_slice, tiny_pairs_run, corpus, tmp_path
):
    config = comparison("adaptive_thresholding", "adaptive_focal", recipe="pairs")
    config.settings.append("model.hidden=32")
    result = compare(config, tmp_path, data_dir=sample_slice)
    assert len(trained) == 2
    rows = ComparedRows.of(corpus, tiny_pairs_run.config)
    assert (result.documents, result.rows) == (40, len(rows.labels))
    assert "over the 40 test documents with their" in " ".join(result.notes)
    for name, method in result.methods.items():
        folder = tmp_path / f"{name.replace('_', '-')}-seed1"
        labels, *_ = decided_labels(folder, corpus, rows, "none", tmp_path / "again")
        assert method.summary["micro"]["f1"]["mean"] == micro_score(rows.labels, labels).f1
        assert 0 <= method.summary["empty_candidates"]["rate"]["mean"] <= 1
        # What training states is known, and left out.
        assert method.summary["ign"]["recall"]["mean"] == method.summary["micro"]["recall"]["mean"]
        assert method.summary["confusion"]["correct_share"]["mean"] >= 0


def test_relations_are_grouped_as_the_corpus_has_it_unless_the_file_says(
    comparison, two_runs, sample_slice, tmp_path, monkeypatch
):
    monkeypatch.setattr(Corpus, "limits", "reuters")
    for given, limits in ((None, "reuters"), ("pubmed", "pubmed")):
        result = compare(comparison(limits=given), tmp_path, data_dir=sample_slice)
        assert result.limits.name == limits
    families = {folder.name: [folder] for folder in two_runs[:2]}
    assert compare_runs(families, tmp_path, data_dir=sample_slice).limits.name == "reuters"


def test_some_methods_only_with_what_they_build_on(comparison, trained, sample_slice, tmp_path):
    config = comparison("rc_dice", "dice", ("focal", "dice"))
    result = compare(config, tmp_path, only=["focal", "rc_dice"], data_dir=sample_slice)
    assert [name for name, _ in trained] == ["rc-dice-seed1", "dice-seed1", "focal-seed1"]
    assert list(result.methods) == ["rc_dice", "focal"]
    with pytest.raises(MrcaError, match=r"No method is called 'dize'\. Did you mean 'dice'"):
        compare(config, tmp_path, only=["dize"], data_dir=sample_slice)


@pytest.mark.parametrize(
    ("changes", "own", "said"),
    [
        ({"limits": "reuter"}, "", "No limits are called 'reuter'"),
        ({"columns": ["infer"]}, "", "There is no measure 'infer'"),
        ({"metric": "ign"}, "", "The metric 'ign' is of facts between entities"),
        ({"ignore": ["no_relation"]}, "", "Unknown relation 'no_relation'"),
        ({"recipe": "nowhere"}, "", "Unknown recipe 'nowhere'"),
        ({}, "data.dataset=nyt", "tested on one corpus"),
        ({}, "loss.options.gama=1", r"dice-seed1: .*gama"),
        ({}, "encoder.trainable=true", r"dice-seed1: encoder\.trainable is for BERT encoders"),
        ({}, "data.roles=unknown", r"data\.roles of rc-dice-seed1 is 'corpus' and of dice-seed1"),
    ],
)
def test_nothing_is_trained_before_everything_is_checked(
    comparison, trained, sample_slice, tmp_path, changes, own, said
):
    config = comparison("rc_dice", "dice", **changes)
    config.methods[1].settings.extend([own] if own else [])
    with pytest.raises(MrcaError, match=said):
        compare(config, tmp_path, data_dir=sample_slice)
    assert not trained


def test_finished_runs_on_other_files_are_found_before_others_are_trained(
    comparison, two_runs, trained, sample_slice, tmp_path
):
    data = shutil.copytree(sample_slice, tmp_path / "data")
    shutil.rmtree(two_runs[0])
    with (data / "sample" / "test.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"text": "Ada met Bo.", "labels": []}) + "\n")
    with pytest.raises(MrcaError, match=f"The run {two_runs[1]} was trained on .* as it was"):
        compare(comparison(), tmp_path, data_dir=data)
    families = {"a": [two_runs[1]], "b": [two_runs[1]]}
    with pytest.raises(MrcaError, match=f"The run {two_runs[1]} was trained on .* as it was"):
        compare_runs(families, tmp_path / "out", data_dir=data)
    assert len(trained) == 2
    assert not Path(tmp_path / "out").exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"candidates.kind": "pairs", "model.pooling": "pairs"},
        {"candidates.max_distance": 9},
        {"candidates.types": "seen"},
        {"data.roles": "unknown"},
        {"data.offsets": "widen"},
    ],
)
def test_runs_that_are_asked_other_questions_are_not_compared(tiny_config, changes):
    same = tiny_config.changed({"model.units": 9, "training.seed": 7, "loss": {"name": "focal"}})
    check_same_candidates({"a": tiny_config, "b": same})
    other = same.changed(changes)
    [setting, *_] = changes
    with pytest.raises(MrcaError, match=f"{setting} of a is .* and of c is .*mrca evaluate"):
        check_same_candidates({"a": tiny_config, "b": same, "c": other})


def test_relations_left_out_of_every_score(comparison, two_runs, corpus, sample_slice, tmp_path):
    first, second, whole = two_runs
    held = {label for row in corpus.splits["test"] for label in row.labels}
    ignored = sorted(held)[:2]
    result = compare(comparison(ignore=ignored), tmp_path, data_dir=sample_slice)
    assert f"Left out of every score: {', '.join(ignored)}." in result.remarks
    support = [each.methods["rc_dice"].summary["micro"]["support"] for each in (whole, result)]
    left_out = sum(label in ignored for row in corpus.splits["test"] for label in row.labels)
    assert support[0] - support[1] == left_out > 0
    runs = compare_runs(
        {"rc_dice": [first], "b": [second]}, tmp_path, ignore=ignored, data_dir=sample_slice
    )
    assert runs.methods["rc_dice"].summary == result.methods["rc_dice"].summary
    assert runs.title == f"(left out: {', '.join(ignored)})"
    assert runs.made_from["ignore"] == ignored
    with pytest.raises(MrcaError, match="All 12 relations are ignored"):
        compare(comparison(ignore=list(corpus.relations)), tmp_path, data_dir=sample_slice)


def test_thresholds_chosen_on_validation_and_runs_without_one(
    comparison, trained, sample_slice, tmp_path
):
    config = comparison("rc_dice", "categorical_crossentropy", tune="global")
    compare(config, tmp_path, data_dir=sample_slice)
    decision = tmp_path / "categorical-crossentropy-seed1" / "decision.json"
    decision.write_text('{"rule": "largest_score"}', "utf-8")
    result = compare(config, tmp_path, data_dir=sample_slice)
    assert "chosen on the validation split" in result.remarks[1]
    assert "decided as trained: categorical_crossentropy." in result.remarks[2]


def test_finished_runs_are_compared_as_they_are(comparison, trained, sample_slice, tmp_path):
    compare(comparison(seeds=2), tmp_path, data_dir=sample_slice)
    families = {
        "a": [tmp_path / "rc-dice-seed1", tmp_path / "rc-dice-seed2"],
        "b": [tmp_path / "binary-crossentropy-seed1"],
    }
    result = compare_runs(families, tmp_path / "out", title="A and b", data_dir=sample_slice)
    assert [method.runs for method in result.methods.values()] == [2, 1]
    assert len(list((tmp_path / "out" / "predictions").iterdir())) == 3
    other = tmp_path / "elsewhere" / "rc-dice-seed1"  # of the same name
    shutil.copytree(tmp_path / "rc-dice-seed2", other)
    families = {"a": families["a"], "c": [other]}
    both = compare_runs(families, tmp_path / "out", data_dir=sample_slice)
    assert both.methods["c"].f1["all"].runs == both.methods["a"].f1["all"].runs[1:]
    assert len(list((tmp_path / "out" / "predictions").iterdir())) == 4
    with pytest.raises(MrcaError, match=r"two or more runs\. Received: a"):
        compare_runs({"a": families["a"]}, tmp_path / "out", data_dir=sample_slice)


def test_another_comparison_is_not_overwritten(two_runs, sample_slice, tmp_path):
    families = {"a": [two_runs[0]], "b": [two_runs[1]]}
    folder = tmp_path / "out"
    write_comparison(compare_runs(families, folder, data_dir=sample_slice), folder)
    compare_runs(families, folder, data_dir=sample_slice)  # the same one
    for options, differs in (
        ({"tune": "global"}, "tune: none"),
        ({"metric": "macro"}, "metric: micro"),
        ({"ignore": ["employer"]}, "ignore: none"),
        ({"limits": "pubmed"}, "limits: default"),
        ({"families": dict(reversed(families.items()))}, f"runs: {two_runs[0]}, {two_runs[1]}"),
    ):
        with pytest.raises(MrcaError) as error:
            compare_runs(
                **{"families": families, "output": folder, "data_dir": sample_slice, **options}
            )
        assert f"{folder} holds another comparison ({differs}). Give this one" in str(error.value)
    (folder / "comparison.json").write_text("{}", "utf-8")
    with pytest.raises(MrcaError, match="does not say which runs it compares"):
        compare_runs(families, folder, data_dir=sample_slice)
