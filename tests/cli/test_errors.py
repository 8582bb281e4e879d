"""Wrong use of every command: one readable message, the right exit code, and nothing written."""

import gzip
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROW = {"text": "Ada met Bob", "facts": [["Ada", "met", "Bob"]]}
GARBAGE = bytes(range(256)) * 8


@pytest.fixture
def inputs(tmp_path, tiny_run) -> dict[str, Path]:
    """Every kind of wrong input, by name."""
    folder = tmp_path / "inputs"

    def corpus(name: str, **files: object) -> None:
        place = folder / name
        place.mkdir(parents=True)
        for file, content in files.items():
            ending = ".json" if file == "relations" else ".jsonl"
            if isinstance(content, bytes):
                (place / f"{file}{ending}").write_bytes(content)
            elif file == "relations":
                (place / f"{file}{ending}").write_text(json.dumps(content))
            else:
                text = "".join(json.dumps(row) + "\n" for row in content)
                (place / f"{file}{ending}").write_text(text)

    good = [ROW]
    none = [{"text": "Ada met Bob", "labels": []}]
    left = [{"text": "Ada left Bob", "labels": ["left"]}]
    span = {"char_start": 0, "char_end": 3, "text": "Bob"}
    corpus("good", train=good, valid=good, test=good)
    corpus("no-train", valid=good)
    wed = [{"text": "Ada wed Bob", "labels": ["spouse"]}]
    corpus("no-test", train=wed, valid=wed)
    corpus("empty", train=b"", valid=good)
    corpus("garbage", train=GARBAGE, valid=good)
    corpus("truncated", train=json.dumps(ROW)[:-9].encode(), valid=good)
    corpus("utf16", train=json.dumps(ROW).encode("utf-16"), valid=good)
    corpus("array", train=b'[{"sentText": "a"', valid=good)
    corpus("strange-array", train=b'[{"sentText": "a"}]', valid=good)
    corpus("bad-field", train=[{**ROW, "colour": "red"}], valid=good)
    corpus("bad-type", train=[{"text": 3, "labels": []}], valid=good)
    corpus("bad-offsets", train=[{"text": "Ada met Bob", "subjects": [span], "labels": []}])
    corpus("unlabelled", train=[{"text": "Ada met Bob"}], valid=good)
    corpus("unknown-relation", train=good, valid=left)
    corpus("nothing-to-learn", train=none, valid=good, relations=["met"])
    corpus("nothing-to-validate", train=good, valid=none)
    corpus("one-row", train=good)
    corpus("bad-relations", train=good, valid=good, relations={"met": 1})
    corpus("twice-relations", train=good, valid=good, relations=["met", "met"])
    corpus("both-forms", train=good, valid=good)
    (folder / "both-forms" / "train.json").write_text("[]")

    (folder / "configs").mkdir()
    for name, content in {
        "broken": b"[training\nseed = 1",
        "garbage": GARBAGE,
        "latin1": 'data = "é"'.encode("latin-1"),
        "unknown-section": b"[trainig]\nseed = 1",
        "unknown-key": b"[training]\nsede = 1",
        "wrong-type": b'[training]\nseed = "one"',
        "section-as-value": b"training = 5",
        "empty": b"",
    }.items():
        (folder / "configs" / f"{name}.toml").write_bytes(content)

    (folder / "vectors").mkdir()
    for name, content in {
        "empty.txt": b"",
        "ragged.txt": b"a 1 2\nb 1\n",
        "nan.txt": b"a 1 2\nb 1 nan\n",
        "words.txt": b"a b c\nd e f\n",
        "garbage.bin": GARBAGE,
        "truncated.txt.gz": gzip.compress(b"a 1 2\n" * 500)[:-20],
        "not.gz": b"a 1 2\n",
        "small.txt": b"a 1 2\nb 2 3\n",
    }.items():
        (folder / "vectors" / name).write_bytes(content)

    (folder / "rows.jsonl").write_text(json.dumps(ROW) + "\n")
    (folder / "file").write_text("a file\n")
    (folder / "killed.unfinished").mkdir()
    return {"": folder, "RUN": tiny_run.folder}


def listing(*folders: Path) -> dict[Path, int]:
    return {
        path: 0 if path.is_dir() else path.stat().st_mtime_ns
        for folder in folders
        for path in folder.rglob("*")
    }


@pytest.fixture
def fails(mrca, load_once, inputs, tmp_path):
    """Runs a command (`@x` stands for an input, `RUN` for the run) and sees that it fails well."""

    def check(command: str, code: int, *fragments: str) -> None:
        arguments = [
            str(inputs["RUN"]) if word == "RUN" else word.replace("@", f"{inputs['']}/")
            for word in command.split(" ")
        ]
        before = listing(tmp_path, inputs["RUN"].parent)
        done = mrca(*arguments, stdin="")
        assert done.code == code, done
        for fragment in fragments:
            assert fragment in done.err, done.err
        assert "did not expect" not in done.err
        assert done.out == ""
        assert listing(tmp_path, inputs["RUN"].parent) == before

    return check


@pytest.mark.parametrize(
    "command, fragment",
    [
        ("trian", "No such command 'trian'"),
        ("--verison", "No such option"),
        ("train", "Give --dataset"),
        ("train --recipe @configs/empty.toml", "Say what to train on with --dataset"),
        ("train --dataset", "requires an argument"),
        ("train sample", "unexpected extra argument"),
        ("train --dataset sample --epochs 3", "No such option: --epochs"),
        ("train --dataset sample --seeds 0", "Invalid value for '--seeds'"),
        ("train --dataset sample --seeds two", "Invalid value for '--seeds'"),
        ("train --dataset sample --seed 1.5", "Invalid value for '--seed'"),
        ("train --dataset sample --name a/b", "not a name for a run"),
        ("train --dataset sample --name .hidden", "not a name for a run"),
        ("train --dataset sample --name ..", "not a name for a run"),
        ("train --dataset sample --name /", "not a name for a run"),
        ("evaluate", "Missing argument"),
        ("evaluate RUN test", "unexpected extra argument"),
        ("evaluate RUN --tune always", "Invalid value for '--tune'"),
        ("evaluate RUN --save", "--save keeps what --tune"),
        ("predict", "Missing argument"),
        ("predict RUN --on-error ignore", "Invalid value for '--on-error'"),
        (
            "bulk RUN @good/train.jsonl --output out --shard-mb inf",
            "Invalid value for '--shard-mb'",
        ),
        (
            "bulk RUN @good/train.jsonl --output out --shard-mb nan",
            "Invalid value for '--shard-mb'",
        ),
        ("client http://localhost:1/v1/models/x --timeout 1e300", "Invalid value for '--timeout'"),
        ("client http://localhost:1/v1/models/x --timeout inf", "Invalid value for '--timeout'"),
        ("data nothing", "No such command"),
        ("data stats", "Missing argument"),
        ("data fetch", "Missing argument"),
        ("data validate", "Missing argument"),
        ("data convert @rows.jsonl", "Missing argument"),
        ("vectors nothing", "No such command"),
        ("vectors import", "Missing argument"),
        ("vectors info", "Missing argument"),
        ("vectors import @vectors/small.txt --format fasttext", "Invalid value for '--format'"),
    ],
)
def test_wrong_usage(fails, command, fragment):
    fails(command, 2, fragment)


@pytest.mark.parametrize(
    "command, fragment",
    [
        # Names
        ("train --dataset smaple", "Did you mean 'sample'"),
        ("train --recipe webnlq", "Did you mean 'webnlg'"),
        ("train --dataset sample --loss rc_dise", "Did you mean 'rc_dice'"),
        ("train --dataset @goood", "inputs/good'?"),
        ("train --dataset sample --vectors glvoe", "'glvoe' were not found"),
        ("train --dataset sample --vectors @vectors", "No vectors at"),
        ("train --dataset sample --vectors @missing.txt", "No vectors at"),
        # --set
        ("train --dataset sample --set training", "Cannot read the setting 'training'"),
        ("train --dataset sample --set training.seed", "Expected section.key=value"),
        ("train --dataset sample --set =3", "Cannot read the setting '=3'"),
        ("train --dataset sample --set .seed=3", "Cannot read the setting"),
        ("train --dataset sample --set seed=3", "Expected section.key=value"),
        ("train --dataset sample --set trainig.seed=3", "trainig: there is no such setting"),
        ("train --dataset sample --set training.sede=3", "Expected one of batch_size, "),
        ("train --dataset sample --set training.seed=one", "training.seed: "),
        ("train --dataset sample --set training.seed=", "training.seed: "),
        ("train --dataset sample --set training.batch_size=0", "training.batch_size: "),
        ("train --dataset sample --set training.batch_size=1.5", "received 1.5"),
        ("train --dataset sample --set training.epochs=-1", "training.epochs: "),
        (
            "train --recipe mrca --dataset sample --set training.epochs=900",
            "the learning rate reaches",
        ),
        ("train --dataset sample --set training.learning_rate=nan", "training.learning_rate: "),
        ("train --dataset sample --set training.learning_rate=inf", "training.learning_rate: "),
        ("train --dataset sample --set model.dropout=1", "model.dropout: "),
        ("train --dataset sample --set model.units=-1", "model.units: "),
        ("train --dataset sample --set model.pool_size=1", "must be at least strides"),
        ("train --dataset sample --set model.units.x=3", "is a value, not a section"),
        ("train --dataset sample --set model=3", "Expected section.key=value"),
        ("train --dataset sample --set features.padding=packed", "'masked' or 'fixed'"),
        ("train --dataset sample --set features.max_length=0", "features.max_length: "),
        ("train --dataset sample --set loss.options=3", "loss.options: "),
        (
            "train --recipe mrca --dataset sample --set loss.options.mode=sideways",
            "'batch' or 'elementwise'",
        ),
        ("train --dataset sample --set loss.options.gamma=2", "does not take these arguments"),
        ("train --recipe mrca --dataset sample --set loss.options.smooth=0", "number above 0"),
        ("train --dataset sample --seed -1", "training.seed: "),
        ("train --dataset sample --seed 4294967295 --seeds 2", "training.seed: "),
        # Encoders, classifiers, stages
        ("train --dataset sample --encoder bert", "Expected one of these forms"),
        ("train --dataset sample --encoder hub:@missing", "missing"),
        ("train --dataset sample --encoder hub:@good", "holds no TF Hub module"),
        ("train --dataset sample --encoder tfidf", "go together only"),
        ("train --dataset sample --classifier linear_svm", "go together only"),
        ("train --recipe svm --dataset sample --loss dice", "no meaning for an SVM"),
        ("train --recipe mrca --dataset sample --classifier bilateral_branch", "for a whole batch"),
        ("train --dataset sample --classifier tau_normalised", "rescales one that is trained"),
        ("train --dataset sample --set encoder.trainable=true", "word vectors stay"),
        ("train --dataset sample --set features.markers=true", "do not have"),
        ("train --dataset sample --set model.pooling=last", "'windows', 'first'"),
        ("train --representation @missing", "There is no run at"),
        ("train --representation RUN --set model.units=9", "The layers of"),
        ("train --representation RUN --classifier tau_normalised", "the largest score"),
        # --recipe
        ("train --recipe @missing.toml", "No such file"),
        ("train --recipe @configs", "Is a directory"),
        ("train --recipe @configs/broken.toml", "is not valid TOML"),
        ("train --recipe @configs/garbage.toml", "is not UTF-8 text"),
        ("train --recipe @configs/latin1.toml", "is not UTF-8 text"),
        ("train --recipe @configs/unknown-section.toml", "trainig: there is no such setting"),
        ("train --recipe @configs/unknown-key.toml", "training.sede: there is no such setting"),
        ("train --recipe @configs/wrong-type.toml", "received 'one'"),
        ("train --recipe @configs/section-as-value.toml", "training: "),
        # Corpora
        ("train --dataset @file", "is a file"),
        ("train --dataset @missing", "No corpus is called"),
        ("train --dataset @no-train", "has no training split"),
        ("train --dataset @empty", "train.jsonl holds no rows"),
        ("train --dataset @garbage", "train.jsonl: expected JSON Lines with text"),
        ("train --dataset @truncated", "train.jsonl, line 1: expected JSON"),
        ("train --dataset @utf16", "text encoded as UTF-8"),
        ("train --dataset @array", "item 1"),
        ("train --dataset @strange-array", "received a row without them"),
        ("train --dataset @bad-field", "colour"),
        ("train --dataset @bad-type", "text: expected a valid string, received 3"),
        ("train --dataset @bad-offsets", 'subjects[0].text: expected "Ada", received "Bob"'),
        ("train --dataset @unlabelled", '"facts" or "labels"'),
        ("train --dataset @unknown-relation", "'left' of the valid split"),
        ("train --dataset @nothing-to-learn", "nothing to learn"),
        ("train --dataset @nothing-to-validate", "No validation row"),
        ("train --dataset @one-row", "at least two rows"),
        ("train --dataset @bad-relations", "a JSON list of relation names"),
        ("train --dataset @twice-relations", "must be unique"),
        ("train --dataset @both-forms", "holds both"),
        # Vectors
        ("train --dataset @good --vectors @vectors/empty.txt", "empty.txt"),
        ("train --dataset @good --vectors @vectors/ragged.txt", "line 2"),
        ("train --dataset @good --vectors @vectors/nan.txt", "line 2"),
        ("train --dataset @good --vectors @vectors/garbage.bin", "garbage.bin"),
        ("train --dataset @good --vectors @vectors/truncated.txt.gz", "truncated.txt.gz"),
        ("vectors import @missing.txt", "Cannot read"),
        ("vectors import @vectors", "Cannot read"),
        ("vectors import @vectors/empty.txt", "empty.txt"),
        ("vectors import @vectors/ragged.txt", "line 2"),
        ("vectors import @vectors/words.txt", "line 1"),
        ("vectors import @vectors/not.gz", "not.gz"),
        ("vectors import @vectors/truncated.txt.gz", "truncated.txt.gz"),
        ("vectors import @vectors/small.txt --name a/b", "cannot be the name"),
        ("vectors info nothing", "were not found"),
        ("vectors info @vectors/garbage.bin", "garbage.bin"),
        ("vectors fetch glove", "Unknown vectors 'glove'"),
        ("vectors fetch minilm-static --from-file @vectors/small.txt", "300"),
        # Where to write
        ("train --dataset sample --output @file", "Cannot write the run"),
        ("train --dataset sample --output @ --name file", "exists already"),
        ("train --dataset sample --output @ --name good --overwrite", "is not a whole run"),
        ("train --dataset @good --output @ --name killed", "holds an unfinished run"),
        # evaluate
        ("evaluate @missing", "There is no run at"),
        ("evaluate nothing", "There is no run at saved_models/nothing"),
        ("evaluate @file", "There is no run at"),
        ("evaluate @good", "is not a whole run"),
        ("evaluate @killed", "is not finished"),
        ("evaluate RUN --split tset", "has no tset split"),
        ("evaluate RUN --dataset @no-test", "such as --split valid."),
        ("evaluate RUN --dataset @good", "was not trained on: met"),
        ("evaluate RUN --dataset smaple", "Did you mean 'sample'"),
        ("evaluate RUN --dataset @garbage", "train.jsonl: expected JSON Lines with text"),
        ("evaluate RUN --vectors @missing.txt", "No vectors at"),
        ("evaluate RUN --vectors nothing", "were not found"),
        ("evaluate RUN --encoder hub:@good", "Leave --encoder out"),
        # predict
        ("predict @missing", "There is no run at"),
        ("predict @good @rows.jsonl", "is not a whole run"),
        ("predict RUN @rows.jsonl --encoder hub:@good", "Leave --encoder out"),
        ("export RUN --encoder hub:@good", "Leave --encoder out"),
        ("predict RUN @missing.jsonl", "Cannot read"),
        ("predict RUN @good", "Is a directory"),
        ("predict RUN @vectors/garbage.bin", "garbage.bin: expected JSON Lines with text"),
        ("predict RUN @utf16/train.jsonl", "text encoded as UTF-8"),
        ("predict RUN --vectors @missing.txt", "No vectors at"),
        # data
        ("data stats smaple", "Did you mean 'sample'"),
        ("data stats @missing", "No corpus is called"),
        ("data stats @garbage", "train.jsonl: expected JSON Lines with text"),
        ("data stats @empty --json", "holds no rows"),
        ("data validate @missing", "Nothing is at"),
        ("data validate @goood", "inputs/good'?"),
        ("data convert @garbage out", "train.jsonl: expected JSON Lines with text"),
        (
            "data convert @garbage/train.jsonl out.jsonl",
            "train.jsonl: expected JSON Lines with text",
        ),
        ("data convert @good @empty", "exists"),
        ("data fetch nothing", "No corpus is called"),
        ("data fetch webnlg --from-file @file", "none of the expected files"),
        ("data fetch webnlg --from-file @missing", "Cannot read"),
    ],
)
def test_wrong_input(fails, command, fragment):
    fails(command, 1, fragment)


def test_vectors_of_another_dimension(fails, inputs):
    from mrca.vectors import VectorStore

    VectorStore.write(inputs[""] / "store", ["a"], [[1.0, 2.0]], "small")
    fails("evaluate RUN --vectors @store", 1, "have 2 dimensions", "trained with 50")
    fails("predict RUN --vectors @store", 1, "have 2 dimensions", "trained with 50")


def test_validate_lists_everything_and_fails(mrca, inputs):
    done = mrca("data", "validate", inputs[""] / "bad-type")
    assert done.code == 1
    assert "line 1, text: expected a valid string, received 3" in done.out


def test_figures_that_cannot_be_written(mrca, inputs, tiny_run):
    done = mrca("evaluate", tiny_run.folder, "--plots", inputs[""] / "file")
    assert done.code == 0  # the numbers are there
    assert "micro" in done.out
    assert f"Note: no figure was drawn in {inputs[''] / 'file'}" in done.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_folders_that_may_not_be_read_or_written(fails, inputs):
    locked = inputs[""] / "locked"
    shutil.copytree(inputs["RUN"], locked / "run")
    (inputs[""] / "read-only").mkdir(mode=0o500)
    fails("train --dataset sample --output @read-only", 1, "Permission denied")
    locked.chmod(0)
    try:
        fails("evaluate @locked/run", 1, "Permission denied")
        fails("data stats @locked", 1)
    finally:
        locked.chmod(0o700)


@pytest.mark.processes
@pytest.mark.parametrize("backend, what", [("openvino", "pip install"), ("foo", "does not know")])
def test_a_backend_that_is_not_there(backend, what):
    command = [sys.executable, "-c", "from mrca.cli.main import main; main()", "losses"]
    environment = {**os.environ, "KERAS_BACKEND": backend}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"Error: KERAS_BACKEND is {backend!r}, which" in done.stderr
    assert what in done.stderr
    assert "unset" in done.stderr
    assert "did not expect" not in done.stderr


@pytest.mark.processes
def test_a_character_that_the_terminal_lacks_fails_nothing(tmp_path):
    row = json.dumps({"text": "Ada met Bo.", "labels": ["met"], "colour": "林"})
    (tmp_path / "rows.jsonl").write_text(row)
    command = [sys.executable, "-c", "from mrca.cli.main import main; main()"]
    done = subprocess.run(
        [*command, "data", "validate", "rows.jsonl"],
        env={**os.environ, "PYTHONIOENCODING": "cp1252"},
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert b"colour" in done.stdout
    assert b"did not expect" not in done.stderr


# === Damaged runs ===

DAMAGES = {
    "missing": None,
    "empty": b"",
    "truncated": lambda data: data[: len(data) // 2],
    "garbage": GARBAGE,
    "a list": b"[]",
    "a number": b"5",
    "other fields": b'{"a": 1}',
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize(
    "name",
    [
        *("config.toml", "relations.json", "label_counts.json", "decision.json"),
        *("model.keras", "vectors/meta.json", "vectors/vectors.npy", "vectors/words.txt"),
        *("vectors/offsets.npy", "vectors/order.npy", "environment.json"),
    ],
)
def test_a_damaged_run_is_named(mrca, run_copy, name, damage):
    path, content = run_copy / name, DAMAGES[damage]
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content(path.read_bytes()) if callable(content) else content)
    before = listing(run_copy)
    done = mrca("predict", run_copy, stdin=json.dumps(ROW))
    assert done.code == 1, done
    assert done.out == ""
    assert str(run_copy) in done.err
    assert "did not expect" not in done.err
    if not name.startswith("vectors/"):
        assert name in done.err
    assert listing(run_copy) == before


@pytest.mark.parametrize(
    "name, content",
    [
        ("decision.json", {"rule": "fixed_threshold", "threshold": "high"}),
        ("decision.json", {"rule": "fixed_threshold", "activation": "softmax"}),
        ("decision.json", {"rule": "fixed_threshold", "colour": "red"}),
        ("decision.json", {"rule": "votes"}),
        ("label_counts.json", {"num_samples": 3, "counts": {}}),
        ("label_counts.json", {"num_samples": 3, "counts": []}),
        ("relations.json", ["met", "met"]),
        ("environment.json", {"vectors": {"folder": 3, "name": "x", "fingerprint": "y"}}),
        ("environment.json", {"vectors": {"name": "x"}}),
    ],
)
def test_json_that_does_not_fit_is_named(mrca, run_copy, name, content):
    (run_copy / name).write_text(json.dumps(content))
    done = mrca("predict", run_copy, stdin=json.dumps(ROW))
    assert (done.code, done.out) == (1, "")
    assert name in done.err
    assert "did not expect" not in done.err


@pytest.mark.parametrize("count", [-1, 1.5, {"a": 1}, "3", True])
def test_counts_that_are_none_are_named(mrca, run_copy, count):
    path = run_copy / "label_counts.json"
    kept = json.loads(path.read_text())
    path.write_text(json.dumps({**kept, "counts": {**kept["counts"], "employer": count}}))
    done = mrca("predict", run_copy, stdin=json.dumps(ROW))
    assert (done.code, done.out) == (1, "")
    assert "label_counts.json does not hold what it should" in done.err


def test_parts_of_different_runs_are_noticed(mrca, run_copy, tmp_path):
    from mrca.vectors import VectorStore

    words = [f"w{number}" for number in range(9000)]
    shutil.rmtree(run_copy / "vectors")
    VectorStore.write(run_copy / "vectors", words, [[0.5] * 50] * len(words), "other")
    done = mrca("predict", run_copy, stdin=json.dumps(ROW))
    assert (done.code, done.out) == (1, "")
    assert "vectors" in done.err
    assert "did not expect" not in done.err


def test_a_run_without_its_metrics_still_predicts(mrca, run_copy):
    for name in ("metrics.json", "history.csv", "history.png", "card.md"):
        (run_copy / name).unlink()
    assert mrca("predict", run_copy, stdin=json.dumps(ROW)).code == 0
