"""What the tests share: ways to run on every Keras backend, and one tiny trained run.

The backend is fixed when Keras is imported, so one process tests one of them;
tests/contracts/test_backends.py starts the others.
"""

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from mrca.config import RunConfig
    from mrca.training import Run

_SAMPLE = Path(__file__).parents[1] / "data" / "sample"
_SLICE = {"train": 120, "valid": 40, "test": 40}
# Enough to learn something from 120 sentences within seconds.
_TINY = [
    "features.max_length=40",
    "model.units=8",
    "model.pool_size=20",
    "training.batch_size=8",
    "training.epochs=2",
    "training.learning_rate=2e-2",
]

# How each backend can run a function.
EXECUTIONS = {
    "tensorflow": ["eager", "graph", "xla"],
    "jax": ["xla"],
    "torch": ["eager"],
}


def pytest_configure(config: pytest.Config) -> None:
    """Except from "warnings are errors" what Keras does itself, whenever it copies or saves."""
    config.addinivalue_line(
        "filterwarnings",
        "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that asks for `execution` every way that the process's backend knows."""
    if "execution" in metafunc.fixturenames:
        import keras

        metafunc.parametrize("execution", EXECUTIONS[keras.backend.backend()])


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
    """The overrides of the sample's preset with which the slice is learnt in seconds."""
    return list(_TINY)


@pytest.fixture(scope="session")
def tiny_config(tiny_settings: list[str]) -> "RunConfig":
    """The sample's preset, made tiny."""
    from mrca.config import load_preset, with_overrides

    return with_overrides(load_preset("sample"), tiny_settings)


@pytest.fixture(scope="session")
def tiny_run(
    sample_slice: Path, tiny_config: "RunConfig", tmp_path_factory: pytest.TempPathFactory
) -> "Run":
    """A run trained on the slice. Its folder is shared: copy it before changing anything in it."""
    from mrca import training

    return training.train(
        tiny_config, tmp_path_factory.mktemp("runs") / "tiny", data_dir=sample_slice
    )


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
