import csv
import json
import shutil
import subprocess
import sys
from collections import Counter, namedtuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mrca
from mrca import losses, training
from mrca.config import load_config
from mrca.datasets import load_corpus
from mrca.devices import training_device
from mrca.files import only_process
from mrca.runs import layout
from mrca.vectors import VectorStore

FILES = {
    *("card.md", "config.toml", "decision.json", "environment.json", "history.csv"),
    *("history.png", "label_counts.json", "metrics.json", "model.keras", "relations.json"),
    "vectors",
}
ROW = {"text": "Ada met Bob in Rome", "entities": ["Ada", "Bob"], "facts": [["Ada", "met", "Bob"]]}


class Interrupting(training.SilentReporter):
    """A user who presses Ctrl-C in the second epoch."""

    def __init__(self) -> None:
        self.epochs = 0

    def epoch_ends(self, row: dict[str, Any], best: dict[str, Any]) -> None:
        self.epochs += 1

    def batch_ends(self, batch: int) -> None:
        if self.epochs == 1 and batch == 3:
            raise KeyboardInterrupt


def listing(folder: Path) -> dict[str, int]:
    """Every file below a folder, with when it was written."""
    return {
        str(path.relative_to(folder)): 0 if path.is_dir() else path.stat().st_mtime_ns
        for path in folder.rglob("*")
    }


@pytest.fixture(scope="module")
def interrupted(sample_slice, tiny_config, tmp_path_factory) -> Path:
    """The run folder (not there yet) of a training that was stopped in its second epoch."""
    folder = tmp_path_factory.mktemp("interrupted") / "tiny"
    with pytest.raises(KeyboardInterrupt):
        training.train(tiny_config, folder, data_dir=sample_slice, reporter=Interrupting())
    return folder


@pytest.fixture
def unfinished(interrupted, tmp_path) -> Path:
    """A copy of that run which a test may change."""
    shutil.copytree(interrupted.with_name("tiny.unfinished"), tmp_path / "tiny.unfinished")
    return tmp_path / "tiny"


@pytest.fixture
def finished(tiny_run, tmp_path) -> Path:
    """A copy of the finished run which a test may change."""
    return shutil.copytree(tiny_run.folder, tmp_path / "tiny")


@pytest.fixture
def refused(tmp_path, sample_slice, tiny_config, changed):
    """Sees that training is refused with a message and that nothing was written or deleted."""

    def check(match: str, *settings: str, output: Path | None = None, **options: Any) -> None:
        config = changed(tiny_config, *settings)
        before = listing(tmp_path)
        with pytest.raises(mrca.MrcaError, match=match):
            training.train(
                config, output or tmp_path / "out" / "run", data_dir=sample_slice, **options
            )
        assert listing(tmp_path) == before

    return check


# === Any loss ===

# One for each way of deciding, with counts and without; the others below.
DIFFERENT = ("distribution_balanced", "adaptive_hinge_balance", "balanced_softmax")
DIFFERENT += ("reweighted_crossentropy", "adaptive_multi_threshold")


@pytest.fixture
def learn(tiny_config, few_rows, notes, changed, tmp_path):
    """Trains with a loss and sees that its decision is the run's from then on."""

    def check(name, *more):
        config = changed(tiny_config, f"loss.name={name}", "training.epochs=1", *more)
        folder = tmp_path / name
        run = training.train(config, folder, data_dir=few_rows, reporter=notes)
        classifier = run.classifier
        loss = classifier.make_loss()
        assert type(loss) is losses.LOSSES[name]
        assert classifier.decision.rule.get_config() == loss.decision_rule.get_config()
        assert classifier.columns == loss.columns(len(classifier.relations))
        documents = load_corpus("sample", few_rows).splits["test"]
        again = mrca.load(folder).classifier
        candidates = again.candidates(documents)
        outputs = again.raw_outputs(candidates)
        np.testing.assert_array_equal(outputs, classifier.raw_outputs(candidates))
        scores, labels = again.scores_and_labels(candidates, outputs)
        assert scores.shape == labels.shape == (len(documents), len(again.relations))
        assert name in ("rc_dice", "dice") or (scores.min() >= 0 and scores.max() <= 1)
        predicted = [{relation for relation, _ in row.relations} for row in run.predict(documents)]
        names = again.relations.names
        assert predicted == [{names[i] for i in np.flatnonzero(row)} for row in labels]
        # A softmax cannot say that several relations hold, and training says so.
        softmax = isinstance(loss.decision_rule, losses.LargestScore)
        assert softmax == any("exactly one in each" in note for note in notes.messages)
        return run

    return check


@pytest.mark.parametrize("name", DIFFERENT)
def test_any_loss_decides_from_training_to_prediction(name, learn):
    run = learn(name)
    config = load_config(run.folder / "config.toml")
    assert config.loss.options == {}  # the counts are in label_counts.json


def test_the_decision_of_a_run_has_its_limit(tiny_config, few_rows, changed, tmp_path):
    config = changed(tiny_config, "decision.top_k=1", "training.epochs=1")
    run = training.train(config, tmp_path / "run", data_dir=few_rows)
    decision = json.loads((run.folder / "decision.json").read_text())
    assert decision["top_k"] == 1
    corpus = load_corpus("sample", few_rows)
    found = [row.relations for row in run.predict(corpus.splits["train"], threshold=-1e9)]
    assert {len(each) for each in found} == {1}
    again = training.choose_decision(run, corpus, tune="none").decision
    assert again.get_config() == decision


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in losses.LOSSES if name not in DIFFERENT])
def test_every_other_loss_does_too(name, learn):
    teacher = []
    if issubclass(losses.LOSSES[name], losses.DistillationLoss):
        teacher = [f'loss.teacher="{learn("adaptive_focal").folder}"']
    learn(name, *teacher)


def test_another_classifier_from_training_to_prediction(
    tiny_config, few_rows, changed, outputs, tmp_path
):
    settings = ["classifier.name=attentive_relation_routing", "classifier.options.iterations=3"]
    config = changed(tiny_config, *settings, "training.epochs=1")
    run = training.train(config, tmp_path / "run", data_dir=few_rows)
    head = run.classifier.network.get_layer("scores")
    assert (type(head).__name__, head.iterations) == ("AttentiveRelationRouting", 3)
    documents = load_corpus("sample", few_rows).splits["test"]
    assert outputs(run, documents).shape == (len(documents), len(run.classifier.relations))
    again = mrca.load(run.folder)
    np.testing.assert_array_equal(outputs(again, documents), outputs(run, documents))


# === What a training leaves ===


@pytest.mark.parametrize(
    ("fixture", "files"), [("tiny_run", FILES), ("tiny_pairs_run", FILES | {"types.json"})]
)
def test_the_folder_is_whole_and_nothing_else_is_left(fixture, files, request):
    run = request.getfixturevalue(fixture)
    assert {path.name for path in run.folder.iterdir()} == files
    assert [path.name for path in run.folder.parent.iterdir()] == [run.folder.name]
    store = VectorStore.open(run.folder / "vectors")
    assert {path.name for path in store.folder.iterdir()} == {
        *("meta.json", "offsets.npy", "order.npy", "vectors.npy", "words.txt")
    }
    assert (run.folder / "history.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("fixture", ["tiny_run", "tiny_pairs_run"])
def test_the_run_that_training_returns_is_the_one_in_its_folder(fixture, request, corpus, outputs):
    run = request.getfixturevalue(fixture)
    again = mrca.load(run.folder)
    documents = corpus.splits["test"]
    np.testing.assert_array_equal(outputs(again, documents), outputs(run, documents))
    ours, theirs = again.classifier, run.classifier
    assert ours.decision.get_config() == theirs.decision.get_config()
    assert (ours.relations, ours.selection, ours.label_counts) == (
        theirs.relations,
        theirs.selection,
        theirs.label_counts,
    )
    found, expected = again.predict(documents), run.predict(documents)
    assert [each.facts for each in found] == [each.facts for each in expected]
    assert [each.relations for each in found] == [each.relations for each in expected]


@pytest.mark.parametrize("fixture", ["tiny_run", "tiny_pairs_run"])
def test_metrics_are_those_of_the_saved_model(fixture, request, corpus):
    run = request.getfixturevalue(fixture)
    metrics = json.loads((run.folder / "metrics.json").read_text())
    again = mrca.load(run.folder)
    assert list(metrics["splits"]) == ["valid", "test"]
    for split, report in metrics["splits"].items():
        found = training.evaluate_split(again.classifier, corpus, split).to_dict()
        assert json.loads(json.dumps(found)) == report


def test_it_has_learnt_something(tiny_run):
    assert tiny_run.metrics["splits"]["test"]["micro"]["f1"] > 0.3


def test_history_has_a_row_for_each_epoch_and_the_exact_f1_of_the_best(tiny_run):
    with (tiny_run.folder / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert set(rows[0]) >= {"loss", "val_loss", "val_micro_f1", "learning_rate", "seconds"}
    decay = tiny_run.config.training.learning_rate_decay
    assert [float(row["learning_rate"]) for row in rows] == pytest.approx([2e-2, 2e-2 - decay])
    metrics = tiny_run.metrics
    best = max(rows, key=lambda row: float(row["val_micro_f1"]))
    assert metrics["epochs"] == 2
    assert metrics["best_epoch"] == int(best["epoch"])
    assert metrics["splits"]["valid"]["micro"]["f1"] == pytest.approx(
        float(best["val_micro_f1"]), abs=1e-6
    )


def test_of_averaged_weights_the_average_is_validated_and_kept(tiny_pairs_run):
    """The recipe `pairs` averages; the kept weights are those whose F1 the history has."""
    assert tiny_pairs_run.config.training.weight_average > 0
    with (tiny_pairs_run.folder / "history.csv").open(newline="") as file:
        best = max(float(row["val_micro_f1"]) for row in csv.DictReader(file))
    # The report counts facts that no candidate asks about as missed, the history does not.
    report = tiny_pairs_run.metrics["splits"]["valid"]
    assert report["micro"]["f1"] == pytest.approx(best, abs=0.02)


def test_the_card_names_the_sample_and_its_scores(tiny_run):
    card = (tiny_run.folder / "card.md").read_text()
    assert "trained on the sample corpus of mrca" in card
    assert "say nothing about real text" in card.replace("\n", " ")
    assert f"{tiny_run.metrics['splits']['test']['micro']['f1']:.4f}" in card
    assert "`flows_through`" in card
    assert "units = 8" in card


def test_the_configuration_is_kept(tiny_run, tiny_config):
    assert load_config(tiny_run.folder / "config.toml") == tiny_config
    assert tiny_run.config == tiny_config
    decision = json.loads((tiny_run.folder / "decision.json").read_text())
    rule = {"rule": "fixed_threshold", "threshold": 0.5, "activation": "linear", "top_k": None}
    assert decision == rule


def test_label_counts_are_those_of_the_training_split(tiny_run, sample_slice):
    lines = (sample_slice / "sample" / "train.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    counts = Counter(
        name for row in rows for name in {relation for _, relation, _ in row.get("facts", [])}
    )
    saved = json.loads((tiny_run.folder / "label_counts.json").read_text())
    assert saved["num_samples"] == len(rows)
    assert list(saved["counts"]) == json.loads((tiny_run.folder / "relations.json").read_text())
    assert {name: count for name, count in saved["counts"].items() if count} == counts


def test_the_environment_says_what_the_run_was_made_of(tiny_run, corpus):
    environment = json.loads((tiny_run.folder / "environment.json").read_text())
    vectors = mrca.resolve_vectors("sample")
    assert environment["seed"] == 1
    assert environment["mrca"] == mrca.__version__
    assert environment["packages"]["keras"]
    about = {"name": "sample", "fingerprint": corpus.fingerprint, "train_split": "train"}
    assert environment["corpus"] == about
    assert environment["vectors"]["fingerprint"] == vectors.fingerprint


@pytest.mark.processes
def test_a_fresh_process_computes_the_same_outputs(
    tiny_pairs_run, corpus, sample_slice, outputs, tmp_path
):
    code = (
        "import sys, numpy, mrca, pathlib\n"
        "classifier = mrca.load(sys.argv[1]).classifier\n"
        "documents = mrca.load_corpus('sample', pathlib.Path(sys.argv[2])).splits['test']\n"
        "outputs = classifier.raw_outputs(classifier.candidates(documents))\n"
        "numpy.save(sys.argv[3], outputs)\n"
    )
    saved = tmp_path / "outputs.npy"
    subprocess.run(
        [sys.executable, "-c", code, tiny_pairs_run.folder, sample_slice, saved],
        check=True,
        capture_output=True,
    )
    expected = outputs(tiny_pairs_run, corpus.splits["test"])
    np.testing.assert_array_equal(np.load(saved), expected)


# === What went wrong while it ran ===


class Deleting(training.SilentReporter):
    """Deletes the working folder at a moment of the training."""

    def __init__(self, folder: Path, moment: str) -> None:
        self.folder, self.moment = folder, moment

    def training_starts(self, *_: object) -> None:
        self._at("start")

    def epoch_ends(self, *_: object) -> None:
        self._at("epoch")

    def training_ends(self) -> None:
        self._at("end")

    def _at(self, moment: str) -> None:
        if moment == self.moment:
            shutil.rmtree(self.folder)


@pytest.mark.parametrize("moment", ["start", "epoch", "end"])
def test_a_working_folder_that_is_deleted_leaves_no_half_run(
    tiny_config, few_rows, tmp_path, moment
):
    reporter = Deleting(tmp_path / "runs" / "run.unfinished", moment)
    with pytest.raises(mrca.MrcaError, match=r"(was deleted|state|No such file)"):
        training.train(tiny_config, tmp_path / "runs" / "run", data_dir=few_rows, reporter=reporter)
    assert not list((tmp_path / "runs").iterdir())


def test_a_rate_that_is_too_high_is_called_that(tiny_config, few_rows, changed, notes, tmp_path):
    config = changed(tiny_config, "training.learning_rate=1e4", "training.epochs=1")
    training.train(config, tmp_path / "run", data_dir=few_rows, reporter=notes, splits=("valid",))
    said = notes.messages[-1]
    assert "Every validation row gets the same" in said or "Nothing is predicted" in said
    assert "training.learning_rate (10000)" in said


def test_a_network_that_memory_has_no_room_for_is_refused(
    tiny_config, few_rows, changed, monkeypatch, tmp_path
):
    from mrca.training import plan

    monkeypatch.setattr(plan, "memory", lambda: 8_000_000)
    config = changed(tiny_config, "features.max_length=10000")
    with pytest.raises(mrca.MrcaError, match=r"weights.*Lower features.max_length \(10,000\)"):
        training.train(config, tmp_path / "run", data_dir=few_rows)
    assert not list(tmp_path.iterdir())


# === Seeds, resuming, replacing ===


def test_a_seed_decides_the_weights(
    tiny_run, tiny_config, sample_slice, changed, weights, tmp_path
):
    """Equal ones give equal weights: see the runs that begin anew below."""
    config = changed(tiny_config, "training.seed=2", "training.epochs=1")
    other = training.train(config, tmp_path / "other", data_dir=sample_slice, splits=())
    assert not np.array_equal(weights(other)[0], weights(tiny_run)[0])


def test_an_interrupted_run_is_not_a_run_and_can_be_resumed(
    unfinished, tiny_run, tiny_config, sample_slice, notes, assert_same_weights
):
    assert not unfinished.exists()
    with pytest.raises(mrca.MrcaError, match=r"not finished.*--resume"):
        mrca.load(unfinished)
    run = training.train(
        tiny_config, unfinished, data_dir=sample_slice, resume=True, reporter=notes
    )
    assert notes.first_epochs == [1]
    assert {path.name for path in run.folder.iterdir()} == FILES
    assert [path.name for path in run.folder.parent.iterdir()] == ["tiny"]
    assert_same_weights(run, tiny_run)
    assert run.metrics == tiny_run.metrics


def test_a_start_that_was_killed_before_it_was_whole_is_resumed_as_a_new_one(
    unfinished, tiny_run, tiny_config, sample_slice, assert_same_weights
):
    folder = unfinished.with_name("tiny.unfinished")
    for path in folder.iterdir():
        if path.name not in ("config.toml", "vectors"):
            path.unlink()
    run = training.train(tiny_config, unfinished, data_dir=sample_slice, resume=True)
    assert {path.name for path in run.folder.iterdir()} == FILES
    assert_same_weights(run, tiny_run)


def test_overwrite_replaces_a_run_and_an_unfinished_one(
    finished, unfinished, tiny_config, changed, write_corpus
):
    assert finished == unfinished
    data = write_corpus(finished.parent / "data", train=[ROW] * 4, valid=[ROW])
    config = changed(tiny_config, f'data.dataset="{data}"', "training.epochs=1")
    run = training.train(config, finished, overwrite=True)
    assert run.classifier.relations.names == ("met",)
    assert sorted(path.name for path in finished.parent.iterdir()) == ["data", "tiny"]
    assert {path.name for path in finished.iterdir()} == FILES


def test_a_killed_overwrite_is_resumed(finished, unfinished, tiny_config, sample_slice, at_start):
    assert finished == unfinished
    before = listing(finished)
    with pytest.raises(KeyboardInterrupt):
        training.train(
            tiny_config,
            finished,
            data_dir=sample_slice,
            resume=True,
            overwrite=True,
            reporter=at_start,
        )
    assert at_start.first_epochs == [1]
    assert listing(finished) == before


def test_a_failed_overwrite_leaves_the_old_run(
    finished, tiny_config, few_rows, changed, monkeypatch
):
    def fail(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    before = listing(finished)
    monkeypatch.setattr(sys.modules["mrca.training.train"], "write_card", fail)
    config = changed(tiny_config, "training.epochs=1")
    with pytest.raises(OSError, match="No space"):
        training.train(config, finished, data_dir=few_rows, overwrite=True)
    assert listing(finished) == before


def test_a_run_that_has_appeared_meanwhile_is_left_as_it_is(
    finished, tiny_config, few_rows, changed
):
    """Two trainings of one name: the one that ends first stays, the other can be renamed."""
    aside = finished.rename(finished.with_name("aside"))

    class Appears(training.SilentReporter):
        def training_ends(self) -> None:
            shutil.copytree(aside, finished)

    config = changed(tiny_config, "training.epochs=1")
    with pytest.raises(mrca.MrcaError, match="has appeared while this run was trained"):
        training.train(config, finished, data_dir=few_rows, reporter=Appears())
    assert layout.fingerprint_of_run(finished) == layout.fingerprint_of_run(aside)
    assert finished.with_name("tiny.unfinished").is_dir()


def test_a_state_that_is_kept_trains_a_copy_for_more_epochs(
    tiny_run, tiny_config, sample_slice, changed, notes, assert_same_weights, tmp_path
):
    """What a search's later rounds do."""
    short = changed(tiny_config, "training.epochs=1")
    run = training.train(
        short, tmp_path / "short", data_dir=sample_slice, splits=(), keep_state=True
    )
    assert (run.folder / "state.npz").exists()
    assert run.metrics["splits"] == {}
    whole = tmp_path / "whole"
    shutil.copytree(run.folder, layout.unfinished_folder(whole))
    config = layout.unfinished_folder(whole) / "config.toml"
    config.write_text(config.read_text().replace("epochs = 1\n", "epochs = 2\n"))
    longer = training.train(tiny_config, whole, data_dir=sample_slice, resume=True, reporter=notes)
    assert notes.first_epochs == [1]
    assert_same_weights(longer, tiny_run)


# === A corpus of one's own ===


def test_a_corpus_without_validation_and_test_whose_words_no_store_has(
    tiny_config, changed, write_corpus, notes, tmp_path
):
    rows = [ROW] * 11 + [{"text": "Ada met Bob", "facts": [["Ada", "met", "Cleo"]]}]
    corpus = write_corpus(tmp_path / "mine", train=rows)
    config = changed(
        tiny_config, f'data.dataset="{corpus}"', "features.max_length=2000", "training.epochs=1"
    )
    run = training.train(config, tmp_path / "run", reporter=notes)
    said = "\n".join(notes.messages)
    assert "held out for validation" in said
    assert notes.messages.count(training_device()) == 1
    assert "Mentions that are not in their text: 1 " in said
    assert "data.unmatched is 'keep'" in said
    assert list(run.metrics["splits"]) == ["valid"]
    assert "sample corpus of mrca" not in (run.folder / "card.md").read_text()
    (answer,) = run.predict([{"tokens": [f"zq{number}" for number in range(1900)]}])
    assert isinstance(answer.relations, tuple)


def test_facts_that_no_pair_asks_about_and_marks_that_are_an_oracle_are_told(
    tiny_pairs_config, changed, write_corpus, said, tmp_path
):
    itself = {"text": "Ada met Ada", "facts": [["Ada", "met", "Ada"], ["Ada", "met", "met"]]}
    alone = {"text": "Ada met Bob", "entities": ["Ada", "Bob"], "labels": ["met"]}
    corpus = write_corpus(tmp_path / "mine", train=[ROW] * 6 + [itself], valid=[ROW, alone])
    found = said(changed(tiny_pairs_config, f'data.dataset="{corpus}"'))
    assert "Facts that no candidate pair asks about: 1 in training and 0 in validation" in found
    assert "Documents with labels but without facts: 0 in training and 1 in validation" in found
    assert "oracle" in found


def test_documents_that_are_cut_are_counted(tiny_config, few_rows, changed, said):
    corpus = load_corpus("sample", few_rows)
    long = [row for rows in corpus.splits.values() for row in rows if len(row.tokens) > 12]
    lost = sum(entity.mentions[0].start >= 12 for row in long for entity in row.entities)
    found = said(changed(tiny_config, "features.max_length=12"), few_rows)
    assert f"cut at 12 tokens: {len(long)}, and with them {lost} entities (features" in found


def test_a_diverging_training_says_so(tiny_config, few_rows, changed, tmp_path):
    config = changed(tiny_config, "training.learning_rate=1e38", "training.epochs=1")
    with pytest.raises(mrca.MrcaError, match=r"diverged.*learning_rate"):
        training.train(config, tmp_path / "run", data_dir=few_rows)
    assert not (tmp_path / "run").exists()


def test_a_reporter_may_end_it_as_if_patience_had_run_out(tiny_config, few_rows, changed, tmp_path):
    class Enough(training.SilentReporter):
        def epoch_ends(self, row: dict[str, Any], best: dict[str, Any]) -> None:
            raise training.StopTraining

    config = changed(tiny_config, "training.epochs=5")
    run = training.train(config, tmp_path / "run", data_dir=few_rows, reporter=Enough(), splits=())
    assert run.metrics["epochs"] == 1
    assert {path.name for path in run.folder.iterdir()} == FILES


def test_the_number_of_weights_is_told_without_training(tiny_run, tiny_pairs_run, corpus):
    for run in (tiny_run, tiny_pairs_run):
        assert training.trainable_weights(run.config, corpus) == run.classifier.count_params()


# === Refusals before anything is written ===


@pytest.mark.parametrize("split", ["valid", "test"])
def test_a_relation_that_training_does_not_know(refused, write_corpus, tmp_path, split):
    strange = {"text": "Ada left Bob", "facts": [["Ada", "left", "Bob"]]}
    splits = {"train": [ROW], "valid": [ROW], "test": [ROW], split: [ROW, strange]}
    corpus = write_corpus(tmp_path / "mine", **splits)
    refused(rf"{split}.jsonl, line 2.*'left'", f'data.dataset="{corpus}"')


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        (["data.dataset=smaple"], "Did you mean 'sample'"),
        (["data.dataset="], "No corpus is called ''"),
        (["vectors.name=glvoe"], "'glvoe' were not found"),
        (["vectors.name=no/such/file.txt"], "No vectors at"),
        (["loss.name=rc_dise"], "Did you mean 'rc_dice'"),
        (["loss.teacher=some/run"], "does not learn from a teacher"),
        (["loss.name=distillation_mse"], "learns from a teacher"),
        (["loss.name=class_balanced_focal", "loss.options.class_counts=[1]"], "1 class_counts"),
        (["training.init_from=no/such/run"], "no run at no/such/run"),
        (["classifier.representation=no/such/run"], "no run at no/such/run"),
    ],
    ids=str,
)
def test_what_does_not_exist(refused, settings, match, monkeypatch, tmp_path):
    monkeypatch.setenv("MRCA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("MRCA_VECTORS_DIR", raising=False)
    monkeypatch.chdir(tmp_path)
    refused(match, *settings)


def test_nothing_to_learn(refused, write_corpus, tmp_path):
    nothing = {"text": "Ada met Bob", "facts": []}
    corpus = write_corpus(tmp_path / "one", train=[nothing], valid=[ROW], relations=["met"])
    refused("nothing to learn", f'data.dataset="{corpus}"')


@pytest.mark.parametrize("split", ["training", "validation"])
def test_no_pair_with_a_relation(tiny_pairs_config, changed, write_corpus, split, tmp_path):
    alone = {"text": "Ada met Bob", "entities": ["Ada", "Bob"], "labels": ["met"]}
    train, valid = ([alone], [ROW]) if split == "training" else ([ROW], [alone])
    corpus = write_corpus(tmp_path / "mine", train=train, valid=valid, relations=["met"])
    with pytest.raises(mrca.MrcaError, match=f"asked about in {split} has a relation"):
        training.train(changed(tiny_pairs_config, f'data.dataset="{corpus}"'), tmp_path / "run")
    assert not (tmp_path / "run.unfinished").exists()


def test_no_room_on_the_disk(refused, tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9 - 7, 7))
    refused("[Nn]ot enough room", output=tmp_path / "run")


def test_an_existing_run(refused, finished):
    refused(r"exists already.*--name.*--overwrite", output=finished)
    refused("training.epochs was 2 and is now 5", "training.epochs=5", output=finished, resume=True)


def test_a_run_with_exported_versions_is_not_overwritten(refused, finished):
    (finished / "3").mkdir()
    (finished / "3" / "saved_model.pb").write_bytes(b"graph")
    refused(r"exported versions \(3\)", output=finished, overwrite=True)


def test_resuming_a_finished_run_gives_it_as_it_is(finished, tiny_config, sample_slice, notes):
    before = listing(finished)
    run = training.train(tiny_config, finished, data_dir=sample_slice, resume=True, reporter=notes)
    assert run.folder == finished
    assert "finished already" in notes.messages[0]
    assert listing(finished) == before


def test_a_run_that_another_process_trains(refused, tmp_path):
    with only_process(tmp_path / ".run.lock", "busy"):
        refused("Another process is training .*run", output=tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_an_unfinished_run(refused, unfinished):
    refused(r"holds an unfinished run.*--resume.*--overwrite", output=unfinished)


def test_resuming_with_another_configuration(refused, unfinished):
    refused(
        r"training.epochs was 2 and is now 5.*options that it was started with",
        "training.epochs=5",
        output=unfinished,
        resume=True,
    )
    refused("model.units was 8 and is now 9", "model.units=9", output=unfinished, resume=True)


def test_resuming_on_a_changed_corpus(unfinished, sample_slice, tmp_path, tiny_config):
    data = shutil.copytree(sample_slice, tmp_path / "data")
    with (data / "sample" / "train.jsonl").open("a") as file:
        file.write(json.dumps({"text": "Ada met Bob", "labels": ["spouse"]}) + "\n")
    before = listing(tmp_path)
    with pytest.raises(mrca.MrcaError, match="corpus 'sample' has changed"):
        training.train(tiny_config, unfinished, data_dir=data, resume=True)
    assert listing(tmp_path) == before


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive", None])
def test_resuming_from_a_damaged_state(refused, unfinished, content):
    state = unfinished.with_name("tiny.unfinished") / "state.npz"
    state.write_bytes(state.read_bytes()[:-500] if content is None else content)
    refused(r"saved state .* does not fit this run.*--overwrite", output=unfinished, resume=True)


def test_a_place_that_cannot_be_written(refused, tmp_path):
    (tmp_path / "file").write_text("mine")
    refused("exists already", output=tmp_path / "file")
    refused("Cannot write the run", output=tmp_path / "file" / "run")
    refused("not", output=tmp_path / "file", overwrite=True)


def test_what_no_run_wrote_is_never_replaced(refused, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    refused("is not a whole run", output=mine, overwrite=True)
    mine.rename(tmp_path / "other.unfinished")
    refused("thesis.txt", output=tmp_path / "other", overwrite=True)
    refused("thesis.txt", output=tmp_path / "other", resume=True)
