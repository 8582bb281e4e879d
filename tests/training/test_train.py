import csv
import importlib
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
from mrca.config import load_config, with_overrides
from mrca.datasets import load_corpus
from mrca.encoding import Sampler, epoch_batches
from mrca.vectors import VectorStore

FILES = {
    *("card.md", "config.toml", "decision.json", "environment.json", "history.csv"),
    *("history.png", "label_counts.json", "metrics.json", "model.keras", "relations.json"),
    "vectors",
}
ROW = {"text": "Ada met Bob in Rome", "triples": [["Ada", "met", "Bob"]]}


class Notes(training.SilentReporter):
    """Keeps what training says."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.first_epochs: list[int] = []

    def message(self, text: str) -> None:
        self.messages.append(text)

    def training_starts(self, epochs: int, first_epoch: int, batches: int) -> None:
        self.first_epochs.append(first_epoch)


class Interrupting(training.SilentReporter):
    """A user who presses Ctrl-C in the second epoch."""

    def __init__(self) -> None:
        self.epochs = 0

    def epoch_ends(self, row: dict[str, Any], best: dict[str, Any]) -> None:
        self.epochs += 1

    def batch_ends(self, batch: int) -> None:
        if self.epochs == 1 and batch == 3:
            raise KeyboardInterrupt


def write_corpus(folder: Path, **splits: Any) -> Path:
    """`train`, `valid`, `test`: lists of rows; `relations`: the relation set."""
    folder.mkdir(parents=True)
    for split, rows in splits.items():
        if split == "relations":
            (folder / "relations.json").write_text(json.dumps(rows))
        else:
            (folder / f"{split}.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    return folder


def listing(folder: Path) -> dict[str, int]:
    """Every file below a folder, with when it was written."""
    return {
        str(path.relative_to(folder)): 0 if path.is_dir() else path.stat().st_mtime_ns
        for path in folder.rglob("*")
    }


def weights(folder: Path) -> list[np.ndarray]:
    return mrca.load(folder).model.network.get_weights()


def assert_equal_weights(one: Path, other: Path) -> None:
    for left, right in zip(weights(one), weights(other), strict=True):
        np.testing.assert_array_equal(left, right)


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
def refused(tmp_path, sample_slice, tiny_config):
    """Sees that training is refused with a message and that nothing was written or deleted."""

    def check(match: str, *overrides: str, output: Path | None = None, **options: Any) -> None:
        config = with_overrides(tiny_config, overrides)
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
DIFFERENT += ("reweighted_crossentropy",)


def _learn(name, tiny_config, sample_slice, folder, *more):
    config = with_overrides(tiny_config, [f"loss.name={name}", "training.epochs=1", *more])
    notes = Notes()
    run = training.train(config, folder, data_dir=sample_slice, reporter=notes)
    loss = losses.for_corpus(name, {}, run.label_counts.counts, run.label_counts.num_samples)
    assert run.decision_rule.get_config() == loss.decision_rule.get_config()
    assert run.model.columns == loss.columns(len(run.relations))
    again = mrca.load(folder)
    relations = list(run.relations)
    examples = load_corpus("sample", sample_slice).splits["test"]
    scores, holds = again.decide(again.outputs(examples))
    assert scores.shape == holds.shape == (len(examples), len(run.relations))
    assert name in ("rc_dice", "dice") or (scores.min() >= 0 and scores.max() <= 1)
    predicted = [{relation for relation, _ in row.relations} for row in again.predict(examples)]
    assert predicted == [{relations[i] for i in np.flatnonzero(row)} for row in holds]
    # A softmax cannot say that several relations hold, and training says so.
    softmax = isinstance(loss.decision_rule, losses.LargestScore)
    assert softmax == any("exactly one in each row" in note for note in notes.messages)
    return run


@pytest.mark.parametrize("name", DIFFERENT)
def test_any_loss_decides_from_training_to_prediction(name, tiny_config, sample_slice, tmp_path):
    run = _learn(name, tiny_config, sample_slice, tmp_path / name)
    config = load_config(run.folder / "config.toml")
    assert config.loss.options == {}  # the counts are in label_counts.json


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in losses.LOSSES if name not in DIFFERENT])
def test_every_other_loss_does_too(name, tiny_config, sample_slice, tmp_path):
    teacher = []
    if issubclass(losses.LOSSES[name], losses.DistillationLoss):
        run = _learn("adaptive_focal", tiny_config, sample_slice, tmp_path / "teacher")
        teacher = [f'loss.teacher="{run.folder}"']
    _learn(name, tiny_config, sample_slice, tmp_path / name, *teacher)


def test_another_classifier_from_training_to_prediction(tiny_config, sample_slice, tmp_path):
    settings = ["classifier.name=attentive_relation_routing", "classifier.options.iterations=3"]
    config = with_overrides(tiny_config, [*settings, "training.epochs=1"])
    run = training.train(config, tmp_path / "run", data_dir=sample_slice)
    head = run.model.network.get_layer("scores")
    assert (type(head).__name__, head.iterations) == ("AttentiveRelationRouting", 3)
    examples = load_corpus("sample", sample_slice).splits["test"]
    assert run.outputs(examples).shape == (len(examples), len(run.relations))


def test_a_sampler_decides_what_an_epoch_shows(tiny_config, sample_slice, tmp_path, monkeypatch):
    shown = []
    plan = epoch_batches.plan_batches

    def keep(*arguments, **options):
        if options["seed"] is not None:
            shown.append(options["drawn"])
        return plan(*arguments, **options)

    monkeypatch.setattr(epoch_batches, "plan_batches", keep)
    for name in ("instance_balanced", "progressively_balanced"):
        config = with_overrides(tiny_config, [f"training.sampler={name}"])
        training.train(config, tmp_path / name, data_dir=sample_slice)
    assert shown[:2] == [None, None]
    corpus = load_corpus("sample", sample_slice)
    labels = corpus.relations.multi_hot([row.labels for row in corpus.splits["train"]])
    sampler = Sampler("progressively_balanced", labels, seed=tiny_config.training.seed, epochs=2)
    for epoch in range(2):
        np.testing.assert_array_equal(shown[2 + epoch], sampler.draw(epoch))


# === What a training leaves ===


def test_the_folder_is_whole_and_nothing_else_is_left(tiny_run):
    assert {path.name for path in tiny_run.folder.iterdir()} == FILES
    assert [path.name for path in tiny_run.folder.parent.iterdir()] == ["tiny"]
    store = VectorStore.open(tiny_run.folder / "vectors")
    assert {path.name for path in store.folder.iterdir()} == {
        *("meta.json", "offsets.npy", "order.npy", "vectors.npy", "words.txt")
    }
    assert (tiny_run.folder / "history.png").read_bytes().startswith(b"\x89PNG")


def test_metrics_are_those_of_the_saved_model(tiny_run, sample_slice):
    metrics = json.loads((tiny_run.folder / "metrics.json").read_text())
    run = mrca.load(tiny_run.folder)
    corpus = load_corpus("sample", sample_slice)
    assert list(metrics["splits"]) == ["valid", "test"]
    for split, report in metrics["splits"].items():
        again = training.evaluate_split(run, corpus, split).to_dict()
        assert json.loads(json.dumps(again)) == report
        assert report["rows"] == 40
    assert metrics["splits"]["test"]["micro"]["f1"] > 0.3  # it has learnt something


def test_history_has_a_row_for_each_epoch_and_the_exact_f1_of_the_best(tiny_run):
    with (tiny_run.folder / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert set(rows[0]) >= {"loss", "val_loss", "val_micro_f1", "learning_rate", "seconds"}
    assert [float(row["learning_rate"]) for row in rows] == pytest.approx([2e-2, 2e-2 - 1e-4])
    metrics = tiny_run.metrics
    best = max(rows, key=lambda row: float(row["val_micro_f1"]))
    assert metrics["epochs"] == 2
    assert metrics["best_epoch"] == int(best["epoch"])
    assert metrics["splits"]["valid"]["micro"]["f1"] == pytest.approx(
        float(best["val_micro_f1"]), abs=1e-6
    )


def test_the_card_names_the_sample_and_its_scores(tiny_run):
    card = (tiny_run.folder / "card.md").read_text()
    assert "sample corpus that mrca writes itself" in card
    assert "say nothing\nabout real text" in card or "say nothing about real text" in card
    assert f"{tiny_run.metrics['splits']['test']['micro']['f1']:.4f}" in card
    assert "`flows_through`" in card
    assert "units = 8" in card


def test_the_configuration_is_kept(tiny_run, tiny_config):
    assert load_config(tiny_run.folder / "config.toml") == tiny_config
    assert tiny_run.config == tiny_config
    decision = json.loads((tiny_run.folder / "decision.json").read_text())
    assert decision == {"rule": "fixed_threshold", "threshold": 0.5, "activation": "linear"}


def test_label_counts_are_those_of_the_training_split(tiny_run, sample_slice):
    lines = (sample_slice / "sample" / "train.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    counts = Counter(
        name for row in rows for name in {relation for _, relation, _ in row.get("triples", [])}
    )
    saved = json.loads((tiny_run.folder / "label_counts.json").read_text())
    assert saved["num_samples"] == 120
    assert list(saved["counts"]) == json.loads((tiny_run.folder / "relations.json").read_text())
    assert {name: count for name, count in saved["counts"].items() if count} == counts


def test_the_environment_says_what_the_run_was_made_of(tiny_run, sample_slice):
    environment = json.loads((tiny_run.folder / "environment.json").read_text())
    corpus = load_corpus("sample", sample_slice)
    vectors = VectorStore.open(sample_slice / "sample" / "vectors")
    assert environment["seed"] == 1
    assert environment["mrca"] == mrca.__version__
    assert environment["packages"]["keras"]
    assert environment["corpus"] == {"name": "sample", "fingerprint": corpus.fingerprint}
    assert environment["vectors"]["fingerprint"] == vectors.fingerprint


def test_a_fresh_process_computes_the_same_outputs(tiny_run, sample_slice, slice_rows, tmp_path):
    code = (
        "import sys, numpy, mrca\n"
        "run = mrca.load(sys.argv[1])\n"
        "examples = mrca.load_corpus('sample', __import__('pathlib').Path(sys.argv[2]))\n"
        "numpy.save(sys.argv[3], run.outputs(examples.splits['test']))\n"
    )
    saved = tmp_path / "outputs.npy"
    subprocess.run(
        [sys.executable, "-c", code, tiny_run.folder, sample_slice, saved],
        check=True,
        capture_output=True,
    )
    examples = load_corpus("sample", sample_slice).splits["test"]
    np.testing.assert_array_equal(np.load(saved), tiny_run.outputs(examples))


# === Seeds, resuming, replacing ===


def test_a_seed_decides_the_weights(tiny_run, tiny_config, sample_slice, tmp_path):
    # With nothing to resume, --resume starts.
    training.train(tiny_config, tmp_path / "same", data_dir=sample_slice, resume=True)
    assert_equal_weights(tmp_path / "same", tiny_run.folder)
    other = with_overrides(tiny_config, ["training.seed=2"])
    training.train(other, tmp_path / "other", data_dir=sample_slice)
    kernel, other_kernel = (weights(tmp_path / name)[1] for name in ("same", "other"))
    assert not np.array_equal(kernel, other_kernel)


def test_an_interrupted_run_is_not_a_run_and_can_be_resumed(
    unfinished, tiny_run, tiny_config, sample_slice
):
    assert not unfinished.exists()
    with pytest.raises(mrca.MrcaError, match=r"not finished.*--resume"):
        mrca.load(unfinished)
    notes = Notes()
    run = training.train(
        tiny_config, unfinished, data_dir=sample_slice, resume=True, reporter=notes
    )
    assert notes.first_epochs == [1]
    assert {path.name for path in run.folder.iterdir()} == FILES
    assert [path.name for path in run.folder.parent.iterdir()] == ["tiny"]
    assert_equal_weights(run.folder, tiny_run.folder)
    assert run.metrics == tiny_run.metrics


def test_a_start_that_was_killed_before_it_was_whole_is_resumed_as_a_new_one(
    unfinished, tiny_run, tiny_config, sample_slice
):
    folder = unfinished.with_name("tiny.unfinished")
    for path in folder.iterdir():
        if path.name not in ("config.toml", "vectors"):
            path.unlink()
    run = training.train(tiny_config, unfinished, data_dir=sample_slice, resume=True)
    assert {path.name for path in run.folder.iterdir()} == FILES
    assert_equal_weights(run.folder, tiny_run.folder)


def test_overwrite_replaces_a_run_and_an_unfinished_one(finished, unfinished, tiny_config):
    assert finished == unfinished
    data = finished.parent / "data"
    write_corpus(data, train=[ROW] * 4, valid=[ROW])
    config = with_overrides(
        tiny_config,
        [
            f'data.dataset="{data}"',
            f'vectors.name="{finished / "vectors"}"',
            "training.epochs=1",
        ],
    )
    run = training.train(config, finished, overwrite=True)
    assert run.relations.names == ("met",)
    assert sorted(path.name for path in finished.parent.iterdir()) == ["data", "tiny"]
    assert {path.name for path in finished.iterdir()} == FILES


def test_a_killed_overwrite_is_resumed(finished, unfinished, tiny_run, tiny_config, sample_slice):
    assert finished == unfinished
    notes = Notes()
    run = training.train(
        tiny_config, finished, data_dir=sample_slice, resume=True, overwrite=True, reporter=notes
    )
    assert notes.first_epochs == [1]
    assert_equal_weights(run.folder, tiny_run.folder)


def test_a_failed_overwrite_leaves_the_old_run(finished, tiny_config, sample_slice, monkeypatch):
    def fail(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    before = listing(finished)
    config = with_overrides(tiny_config, ["training.epochs=1"])
    monkeypatch.setattr(importlib.import_module("mrca.training.train"), "write_card", fail)
    with pytest.raises(OSError, match="No space"):
        training.train(config, finished, data_dir=sample_slice, overwrite=True)
    assert listing(finished) == before


# === A corpus of one's own ===


def test_a_corpus_without_validation_and_test_and_sentences_longer_than_any_spare(
    tiny_config, sample_slice, tmp_path
):
    rows = [ROW] * 11 + [{"text": "Ada met Bob", "triples": [["Ada", "met", "Cleo"]]}]
    corpus = write_corpus(tmp_path / "mine", train=rows)
    config = with_overrides(
        tiny_config,
        [
            f'data.dataset="{corpus}"',
            f'vectors.name="{sample_slice / "sample" / "vectors"}"',
            "features.max_length=2000",
            "training.epochs=1",
        ],
    )
    notes = Notes()
    run = training.train(config, tmp_path / "run", reporter=notes)
    assert "held out for validation" in notes.messages[0]
    assert "Mentions that are not in their sentence: 1 " in notes.messages[1]
    assert "data.unmatched is 'keep'" in notes.messages[1]
    assert list(run.metrics["splits"]) == ["valid"]
    assert "sample corpus that mrca writes" not in (run.folder / "card.md").read_text()
    # One sentence of more unseen words than fit into the spare rows of a usual table.
    (answer,) = run.predict([{"tokens": [f"zq{number}" for number in range(1900)]}])
    assert isinstance(answer.relations, list)


def test_a_diverging_training_says_so(tiny_config, sample_slice, tmp_path):
    config = with_overrides(tiny_config, ["training.learning_rate=1e38", "training.epochs=1"])
    with pytest.raises(mrca.MrcaError, match=r"diverged.*learning_rate"):
        training.train(config, tmp_path / "run", data_dir=sample_slice)
    assert not (tmp_path / "run").exists()


# === Refusals before anything is written ===


@pytest.mark.parametrize("split", ["valid", "test"])
def test_a_relation_that_training_does_not_know(refused, tmp_path, split):
    strange = {"text": "Ada left Bob", "triples": [["Ada", "left", "Bob"]]}
    splits = {"train": [ROW], "valid": [ROW], "test": [ROW], split: [ROW, strange]}
    corpus = write_corpus(tmp_path / "mine", **splits)
    refused(rf"{split}.jsonl, line 2.*'left'", f'data.dataset="{corpus}"')


def test_no_positive_label(refused, tmp_path):
    nothing = {"text": "Ada met Bob", "labels": []}
    one = write_corpus(tmp_path / "one", train=[nothing], valid=[ROW], relations=["met"])
    refused("No training row.*nothing to learn", f'data.dataset="{one}"')
    two = write_corpus(tmp_path / "two", train=[ROW], valid=[nothing])
    refused("No validation row", f'data.dataset="{two}"')


@pytest.mark.parametrize(
    "overrides, match",
    [
        (["data.dataset=smaple"], "Did you mean 'sample'"),
        (["data.dataset="], "No corpus is called ''"),
        (["vectors.name=glvoe"], "'glvoe' were not found"),
        (["vectors.name=no/such/file.txt"], "No vectors at"),
        (["loss.name=rc_dise"], "Did you mean 'rc_dice'"),
        (["loss.options.mode=sideways"], "'batch' or 'elementwise'"),
        (["loss.options.gamma=2"], "does not take these arguments"),
        (["loss.options.exponent=two"], "exponent"),
        (["loss.options.reduction=most"], "reduction"),
        (["loss.options.dtype=float99"], "dtype"),
        (["loss.teacher=some/run"], "does not learn from a teacher"),
        (["loss.name=focal", "loss.options.gamma=-1"], "`gamma` of Focal"),
        (["loss.name=class_balanced_focal", "loss.options.class_counts=[3]"], "1 class_counts"),
        (["loss.name=categorical_focal", "loss.options.alpha=[1.0, 2.0]"], "2 values of alpha"),
        (["loss.name=distillation_mse"], "learns from a teacher"),
        (["training.sampler=clas_balanced"], "Did you mean 'class_balanced'"),
        (["classifier.name=linaer"], "Did you mean 'linear'"),
        (["classifier.options.capsules=3"], "linear classifier takes no arguments"),
        (["loss.name=distillation_mse", "loss.options.student=dise"], "Did you mean 'dice'"),
    ],
)
def test_names_and_options_that_do_not_exist(refused, overrides, match, monkeypatch, tmp_path):
    monkeypatch.setenv("MRCA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("MRCA_VECTORS_DIR", raising=False)
    monkeypatch.chdir(tmp_path)
    refused(match, *overrides)


def test_a_corpus_without_vectors_of_its_own(refused, tmp_path):
    corpus = write_corpus(tmp_path / "mine", train=[ROW], valid=[ROW])
    refused("brings no vectors", f'data.dataset="{corpus}"', "vectors.name=corpus")


@pytest.mark.parametrize("free", [0, 700_000])
def test_no_room_on_the_disk(refused, tmp_path, monkeypatch, free):
    """With nothing free the vectors find no room; with a little, the model does not."""
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9 - free, free))
    refused("[Nn]ot enough room", output=tmp_path / "run")


def test_tensorboard_that_is_not_installed(refused, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "mrca.errors.find_spec", lambda name: None if name == "tensorboard" else find(name)
    )
    refused(r"pip install 'mrca\[tensorboard\]'", "training.tensorboard=true")


def test_an_existing_run(refused, finished):
    refused("exists already.*--name.*--overwrite", output=finished)
    refused("training.epochs was 2 and is now 5", "training.epochs=5", output=finished, resume=True)


def test_resuming_a_finished_run_gives_it_as_it_is(finished, tiny_config, sample_slice):
    before, notes = listing(finished), Notes()
    run = training.train(tiny_config, finished, data_dir=sample_slice, resume=True, reporter=notes)
    assert run.folder == finished
    assert "finished already" in notes.messages[0]
    assert listing(finished) == before


def test_an_unfinished_run(refused, unfinished):
    refused("holds an unfinished run.*--resume.*--overwrite", output=unfinished)


def test_resuming_with_another_configuration(refused, unfinished):
    refused(
        r"training.epochs was 2 and is now 5.*options that it was started with",
        "training.epochs=5",
        output=unfinished,
        resume=True,
    )
    refused("model.units was 8 and is now 9", "model.units=9", output=unfinished, resume=True)


def test_resuming_on_a_changed_corpus(refused, unfinished, sample_slice, tmp_path, tiny_config):
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
    refused("saved state .* does not fit this run.*--overwrite", output=unfinished, resume=True)


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
