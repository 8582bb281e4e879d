"""What the tests share that run on every Keras backend.

The backend is fixed when Keras is imported, so one process tests one of them;
tests/contracts/test_backends.py starts the others.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

# How each backend can run a function.
EXECUTIONS = {
    "tensorflow": ["eager", "graph", "xla"],
    "jax": ["eager", "xla"],
    "torch": ["eager"],
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that asks for `execution` every way that the process's backend knows."""
    if "execution" in metafunc.fixturenames:
        import keras

        metafunc.parametrize("execution", EXECUTIONS[keras.backend.backend()])


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

    `run(function, arrays, execution)` calls `function(*tensors)`, which returns a list of scalars,
    and gives the scalars and the gradient of their sum with respect to each array.
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
            total = tf.add_n(values)
        return values, tape.gradient(total, tensors)

    if execution != "eager":
        run = tf.function(run, jit_compile=execution == "xla")
    return tf.nest.map_structure(np.asarray, run(*map(tf.constant, arrays)))


def _jax(
    function: Callable[..., Any], arrays: Sequence[np.ndarray], execution: str = "eager"
) -> Any:
    import jax

    def total(*tensors: Any) -> Any:
        values = function(*tensors)
        return sum(values), values

    run = jax.value_and_grad(total, argnums=tuple(range(len(arrays))), has_aux=True)
    if execution == "xla":
        run = jax.jit(run)
    (_, values), gradients = run(*map(jax.numpy.asarray, arrays))
    return [np.asarray(value) for value in values], [np.asarray(each) for each in gradients]


def _torch(
    function: Callable[..., Any], arrays: Sequence[np.ndarray], execution: str = "eager"
) -> Any:
    import keras
    import torch

    tensors = [keras.ops.convert_to_tensor(np.array(array)).requires_grad_() for array in arrays]
    values = function(*tensors)
    gradients = torch.autograd.grad(sum(values), tensors)
    return (
        [value.detach().cpu().numpy() for value in values],
        [gradient.cpu().numpy() for gradient in gradients],
    )
