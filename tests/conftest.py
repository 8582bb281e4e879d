"""What the tests share: ways to run on every Keras backend, and one tiny trained run.

The backend is fixed when Keras is imported, so one process tests one of them;
tests/contracts/test_backends.py starts the others.
"""

import gc
import importlib.util
import io
import json
import os
import re
import shutil
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import hypothesis
import numpy as np
import pytest

if TYPE_CHECKING:
    from mrca.config import RunConfig
    from mrca.evaluation import Comparison
    from mrca.training import Run

_SAMPLE = Path(__file__).parents[1] / "mrca" / "datasets" / "sample"
_SLICE = {"train": 120, "valid": 40, "test": 40}
# Enough to learn something from 120 sentences within seconds.
_TINY = [
    "data.dataset=sample",
    "vectors.name=sample",
    "features.max_length=40",
    "model.units=8",
    "model.pool_size=20",
    "training.batch_size=8",
    "training.epochs=2",
    "training.learning_rate=2e-2",
]

# How long an example takes says how busy the machine is.
hypothesis.settings.register_profile("default", deadline=None)
hypothesis.settings.load_profile("default")

# How each backend can run a function. The package never compiles with XLA on TensorFlow; that its
# losses could be is shown once, on the golden values.
EXECUTIONS = {
    "tensorflow": ["eager", "graph"],
    "jax": ["xla"],
    "torch": ["eager"],
}


def pytest_configure(config: pytest.Config) -> None:
    """One thread for each of several processes; and what is excepted from "warnings are errors"."""
    if hasattr(config, "workerinput"):
        os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    # Keras does this itself, whenever it copies or saves.
    config.addinivalue_line(
        "filterwarnings",
        "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning",
    )


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two processes for the whole suite; this one for what is named, as TensorFlow starts slowly.

    More of them gain less: each trains the runs that files share once more, and holds up to 3 GB.
    """
    return 2 if config.args_source is pytest.Config.ArgsSource.TESTPATHS else 0


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that asks for `execution` every way that the process's backend knows."""
    if "execution" in metafunc.fixturenames:
        import keras

        ways = EXECUTIONS[keras.backend.backend()]
        if "golden" in metafunc.definition.path.parts and "xla" not in ways:
            ways = [*ways, "xla"] if keras.backend.backend() == "tensorflow" else ways
        metafunc.parametrize("execution", ways)


@pytest.fixture(scope="session")
def _garbage_collector() -> Iterator[None]:
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True, scope="module")
def _memory_of_earlier_files(_garbage_collector: None) -> None:
    """Free what earlier files left, and spare the collector what the session still needs."""
    if "tensorflow" in sys.modules:
        _forget_custom_gradients()
    gc.collect()
    gc.freeze()


def _forget_custom_gradients() -> None:
    """Let traced graphs go.

    `tf.custom_gradient` registers a gradient for each call that is traced, and with it holds the
    graph of that training for as long as the process lives. The BiLSTM calls it, and so does each
    step of Keras's optimisers (`all_reduce`), so that no public way of writing the one helps.
    """
    from tensorflow.python.framework.ops import gradient_registry

    for name in list(gradient_registry.list()):
        if name.startswith("CustomGradient-"):
            del gradient_registry._registry[name]


@pytest.fixture(scope="session")
def sample_slice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose `sample/` is the first rows of the sample corpus, with its vectors."""
    data = tmp_path_factory.mktemp("data")
    corpus = data / "sample"
    shutil.copytree(_SAMPLE, corpus)
    for split, rows in _SLICE.items():
        lines = (corpus / f"{split}.jsonl").read_text("utf-8").splitlines(keepends=True)
        (corpus / f"{split}.jsonl").write_text("".join(lines[:rows]), "utf-8")
    return data


@pytest.fixture(scope="session")
def slice_rows(sample_slice: Path) -> list[dict[str, Any]]:
    """The rows of the slice's test split, as a user would send them."""
    text = (sample_slice / "sample" / "test.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(scope="session")
def tiny_settings() -> list[str]:
    """The settings on top of the recipe `mrca` with which the slice is learnt in seconds."""
    return list(_TINY)


@pytest.fixture(scope="session")
def tiny_config(tiny_settings: list[str]) -> "RunConfig":
    """The paper's model on the slice, tiny: the whole sentence is one candidate."""
    from mrca.config import load_recipe, parse_settings

    return load_recipe("mrca").changed(parse_settings(tiny_settings))


@pytest.fixture(scope="session")
def tiny_pairs_config(tiny_settings: list[str]) -> "RunConfig":
    """The recipe `pairs` on the slice, tiny: each pair of entities is a candidate."""
    from mrca.config import load_recipe, parse_settings

    # An average over fewer steps than the recipe's: there are few.
    settings = [*tiny_settings, "model.hidden=32", "training.weight_average=0.5"]
    return load_recipe("pairs").changed(parse_settings(settings))


@pytest.fixture(scope="session")
def tiny_pairs_run(
    sample_slice: Path, tiny_pairs_config: "RunConfig", tmp_path_factory: pytest.TempPathFactory
) -> "Run":
    """A run of pairs trained on the slice for as long as it takes to find facts.

    Its folder is shared, as `tiny_run`'s is.
    """
    from mrca import training

    config = tiny_pairs_config.changed({"training.epochs": 6})
    folder = tmp_path_factory.mktemp("runs") / "pairs"
    return training.train(config, folder, data_dir=sample_slice)


@pytest.fixture(scope="session")
def tiny_run(
    sample_slice: Path, tiny_config: "RunConfig", tmp_path_factory: pytest.TempPathFactory
) -> "Run":
    """A run trained on the slice. Its folder is shared: copy it before changing anything in it."""
    from mrca import training

    return training.train(
        tiny_config, tmp_path_factory.mktemp("runs") / "tiny", data_dir=sample_slice
    )


# === The command line as a person meets it, in this process ===


class Result(NamedTuple):
    """What a command left on the screen; `err` without the borders and line breaks of its boxes."""

    code: int
    out: str
    err: str


@pytest.fixture
def mrca(monkeypatch, capsys, tmp_path, sample_slice) -> Callable[..., Result]:
    """Runs `mrca ARGUMENTS` in an empty folder, where `--dataset sample` is the slice."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MRCA_DATA_DIR", str(sample_slice))
    monkeypatch.setenv("MRCA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("MRCA_VECTORS_DIR", raising=False)
    monkeypatch.delenv("MRCA_DEBUG", raising=False)
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setattr(warnings, "formatwarning", warnings.formatwarning)  # put back afterwards

    def run(*arguments: object, stdin: str | bytes = b"") -> Result:
        from mrca.cli.main import main

        data = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "argv", ["mrca", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        err = re.sub(r"[│╭╮╰╯─\s]+", " ", captured.err)
        return Result(int(ended.value.code or 0), captured.out, err)

    return run


@pytest.fixture(scope="session")
def _loaded() -> dict[Path, tuple]:
    return {}


@pytest.fixture
def load_once(monkeypatch, _loaded) -> None:
    """A shared run is read from its folder once and compiled once. Not for copies that change."""
    from mrca import training

    load = training.load

    def cached(folder, vectors=None, encoder=None, *, trust=False):
        if vectors is not None or encoder is not None:
            return load(folder, vectors, encoder, trust=trust)
        if folder not in _loaded:
            run = load(folder)
            _loaded[folder] = (run, run.classifier.decision)
        run, decision = _loaded[folder]
        run.classifier.decision = decision  # what a command before has tuned is forgotten
        return run

    monkeypatch.setattr(training, "load", cached)


@pytest.fixture
def run_copy(tiny_run, tmp_path) -> Path:
    """A copy of the tiny run which a test may change."""
    return shutil.copytree(tiny_run.folder, tmp_path / "runs" / "tiny")


@pytest.fixture
def make_run() -> Callable[..., Path]:
    """Makes a folder that holds what a run's does, as far as names go."""
    from mrca.runs import layout

    def make(folder: Path, environment: str = "{}", relations: str = "[]") -> Path:
        folder.mkdir(parents=True)
        for name in (layout.CONFIG, layout.LABEL_COUNTS, layout.DECISION, layout.NETWORK):
            (folder / name).touch()
        (folder / layout.ENVIRONMENT).write_text(environment, "utf-8")
        (folder / layout.RELATIONS).write_text(relations, "utf-8")
        return folder

    return make


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """Hugging Face's hub on this machine, with a cache of its own and a token that may write."""
    spec = importlib.util.spec_from_file_location("fake_hub", Path(__file__).parent / "fake_hub.py")
    assert spec is not None and spec.loader is not None
    fake_hub = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fake_hub)
    with fake_hub.FakeHub() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("HF_ENDPOINT", server.address)
        monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub-cache"))
        monkeypatch.setenv("HF_TOKEN", fake_hub.TOKEN)
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def exported_run(tiny_run: "Run", tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`tiny_run` as an exported model, not tried in another process: its version's folder."""
    return _exported(tiny_run, tmp_path_factory.mktemp("saved_models"))


@pytest.fixture(scope="session")
def exported_pairs_run(tiny_pairs_run: "Run", tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same of `tiny_pairs_run`."""
    return _exported(tiny_pairs_run, tmp_path_factory.mktemp("saved_models"))


def _exported(run: "Run", folder: Path) -> Path:
    pytest.importorskip("tensorflow")
    from mrca.export import export_run
    from mrca.export.verification import Verified

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export_run, "verify", lambda *arguments: Verified(0.0, None))
        return export_run.export_run(run, folder, 1).folder


@pytest.fixture
def float64() -> Any:
    """Lets the backend compute in float64: JAX rounds to float32 unless told otherwise."""
    import keras

    if keras.backend.backend() != "jax":
        yield
        return
    import jax

    with jax.enable_x64(True):
        yield


@pytest.fixture(scope="session")
def values_and_gradients() -> Callable[..., tuple[list[np.ndarray], list[np.ndarray]]]:
    """A function that differentiates on any backend.

    `run(function, arrays, execution)` calls `function(*tensors)`, which returns a list of tensors,
    and gives these and the gradient of the sum of all their cells with respect to each array.
    """
    import keras

    return {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}[keras.backend.backend()]


def _tensorflow(
    function: Callable[..., Any], arrays: Sequence[np.ndarray], execution: str = "eager"
) -> Any:
    import tensorflow as tf

    def run(*tensors: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            values = function(*tensors)
            total = tf.add_n([tf.reduce_sum(value) for value in values])
        return values, tape.gradient(total, tensors)

    if execution != "eager":
        run = tf.function(run, jit_compile=execution == "xla")
    return tf.nest.map_structure(np.asarray, run(*map(tf.constant, arrays)))


def _jax(function: Callable[..., Any], arrays: Sequence[np.ndarray], execution: str = "xla") -> Any:
    import jax

    def total(*tensors: Any) -> Any:
        values = function(*tensors)
        return sum(value.sum() for value in values), values

    run = jax.jit(jax.value_and_grad(total, argnums=tuple(range(len(arrays))), has_aux=True))
    (_, values), gradients = run(*map(jax.numpy.asarray, arrays))
    return [np.asarray(value) for value in values], [np.asarray(each) for each in gradients]


def _torch(
    function: Callable[..., Any], arrays: Sequence[np.ndarray], execution: str = "eager"
) -> Any:
    import keras
    import torch

    tensors = [keras.ops.convert_to_tensor(np.array(array)).requires_grad_() for array in arrays]
    values = function(*tensors)
    gradients = torch.autograd.grad(sum(value.sum() for value in values), tensors)
    return (
        [value.detach().cpu().numpy() for value in values],
        [gradient.cpu().numpy() for gradient in gradients],
    )


# === A comparison of methods ===


@pytest.fixture
def three_methods() -> Callable[..., "Comparison"]:
    """A comparison of a good, a middling and a bad method with two runs each.

    Of four relations one is head, one medium, one tail; the last is tail and not in the test rows.
    """
    from mrca.evaluation import compare_methods
    from mrca.text import RelationSet

    def make(**options: Any) -> "Comparison":
        generator = np.random.default_rng(7)
        gold = generator.random((300, 4)) < [0.6, 0.3, 0.1, 0.0]
        runs = {
            name: [gold & (generator.random(gold.shape) < kept) for _ in range(2)]
            for name, kept in (("middling [x|y]", 0.7), ("good", 0.95), ("bad", 0.4))
        }
        relations = RelationSet(["often", "sometimes", "rare", "absent"])
        settings = {"title": "Three methods", "metric": "macro", "resamples": 200, **options}
        return compare_methods(gold, runs, relations, [500, 50, 5, 1], **settings)

    return make


# === A tiny random BERT, written as a TF Hub module ===

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_VOCABULARY = ["[PAD]", *(f"[unused{i}]" for i in range(5)), "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
_VOCABULARY += [*_LETTERS, *(f"##{letter}" for letter in _LETTERS), "ada", "met"]
_DIM, _POSITIONS = 8, 32


def _tiny_bert() -> Any:
    """A layer with attention, dropout and a mask, and the inputs that KerasHub's BERT has."""
    import keras
    from keras import layers, ops

    names = ("token_ids", "padding_mask", "segment_ids")
    inputs = {name: keras.Input((None,), dtype="int32", name=name) for name in names}
    pieces = inputs["token_ids"]
    positions = ops.cumsum(ops.ones_like(pieces), axis=1) - 1
    x = (
        layers.Embedding(len(_VOCABULARY), _DIM, name="token_embedding")(pieces)
        + layers.Embedding(_POSITIONS, _DIM, name="position_embedding")(positions)
        + layers.Embedding(2, _DIM, name="segment_embedding")(inputs["segment_ids"])
    )
    mask = ops.expand_dims(inputs["padding_mask"], 1)
    attended = layers.MultiHeadAttention(2, 4, dropout=0.3)(x, x, attention_mask=mask)
    x = layers.LayerNormalization()(x + attended)
    x = layers.LayerNormalization()(x + layers.Dense(_DIM)(layers.Dense(16, activation="gelu")(x)))
    x = layers.Dropout(0.3)(x)
    pooled = layers.Dense(_DIM, activation="tanh")(x[:, 0])
    return keras.Model(inputs, {"sequence_output": x, "pooled_output": pooled})


def _write_module(
    model: Any, folder: Path, *, vocabulary: bool = True, lower_case: bool = True
) -> Path:
    """Write a model as a module with the convention of TF Hub's BERT encoders."""
    import tensorflow as tf

    @tf.function
    def call(inputs: dict[str, Any], training: bool = False) -> Any:
        ids, mask, types = (inputs[f"input_{name}"] for name in ("word_ids", "mask", "type_ids"))
        outputs = model(
            {"token_ids": ids, "padding_mask": mask, "segment_ids": types}, training=training
        )
        return {**outputs, "default": outputs["pooled_output"]}

    spec = {
        name: tf.TensorSpec((None, None), tf.int32, name=name)
        for name in ("input_word_ids", "input_mask", "input_type_ids")
    }
    for training in (False, True):
        call.get_concrete_function(spec, training=training)
    module = tf.train.Checkpoint()
    module.__call__ = call
    module.variables = [variable.value for variable in model.variables]
    module.trainable_variables = [variable.value for variable in model.trainable_variables]
    if vocabulary:
        vocab_file = folder.with_name(f"{folder.name}-vocab.txt")
        vocab_file.write_text("".join(f"{piece}\n" for piece in _VOCABULARY), "utf-8")
        module.vocab_file = tf.saved_model.Asset(str(vocab_file))
        module.do_lower_case = tf.Variable(lower_case, trainable=False, dtype=tf.bool)
    tf.saved_model.save(module, str(folder))
    return folder


@pytest.fixture(scope="session")
def tiny_bert() -> Callable[[], Any]:
    """A function that makes the Keras model of a tiny module."""
    return _tiny_bert


@pytest.fixture(scope="session")
def module_writer() -> Callable[..., Path]:
    """`write_module(model, folder, vocabulary, lower_case)`."""
    import keras

    if keras.backend.backend() != "tensorflow":
        pytest.skip("TF Hub modules need the TensorFlow backend")
    return _write_module


@pytest.fixture(scope="session")
def hub_module(
    module_writer: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The folder of a tiny module. It is shared: do not change it."""
    return module_writer(_tiny_bert(), tmp_path_factory.mktemp("hub") / "tiny-bert")


@pytest.fixture(scope="session")
def vocabulary() -> list[str]:
    return list(_VOCABULARY)


@pytest.fixture(scope="session")
def keras_hub_preset(vocabulary: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny random KerasHub BERT with its word pieces. It is shared."""
    keras_hub = pytest.importorskip("keras_hub", reason="needs the extra mrca[keras-hub]")
    from mrca.encoders.keras_hub_states import KerasHubStates
    from mrca.encoding import WordPieces

    backbone = keras_hub.models.BertBackbone(
        len(vocabulary), 1, 2, _DIM, 16, max_sequence_length=_POSITIONS
    )
    folder = tmp_path_factory.mktemp("keras_hub") / "tiny-bert"
    KerasHubStates(backbone).save(folder, WordPieces(vocabulary, lower_case=True))
    return folder


# === Processes ===


@pytest.fixture(scope="session")
def descendants() -> Callable[[int], list[int]]:
    """A function of a process's number: those of the processes that it has started, and theirs."""
    if not Path("/proc/self/stat").exists():
        pytest.skip("reads Linux's /proc")

    def find(pid: int) -> list[int]:
        parents = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
            except OSError:  # it has ended
                continue
        found = [pid]
        for each in found:
            found += [child for child, parent in parents.items() if parent == each]
        return found[1:]

    return find
