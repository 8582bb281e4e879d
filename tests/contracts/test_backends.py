"""The other Keras backends, each in a process of its own."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# The numbers that must not differ, quickly; the rest below.
CORE = [
    "tests/golden",
    "tests/layers/test_padded_average_pooling.py::test_equals_the_definition",
    "tests/layers/test_pooled_dense.py",
    "tests/layers/test_bilstm.py::test_states_and_gradients_equal_keras_under_a_mask",
    "tests/layers/test_entity_pooling.py",
    "tests/layers/test_pair_context.py",
    "tests/layers/test_localized_context.py",
    "tests/layers/test_axial_attention.py",
    "tests/layers/test_u_net.py",
    "tests/models/test_network.py::test_it_trains_in_mixed_precision",
    "tests/encoding/test_batches.py::"
    "test_keras_gets_every_row_once_an_epoch_and_in_another_order_the_next",
    "tests/training/test_checkpoint.py::"
    "test_a_fit_that_goes_on_ends_as_one_that_was_not_interrupted",
    "tests/training/test_train.py::"
    "test_any_loss_decides_from_training_to_prediction[adaptive_hinge_balance]",
]
EVERYTHING = [f"tests/{folder}" for folder in ("encoders", "encoding", "golden", "layers")]
EVERYTHING += [f"tests/{folder}" for folder in ("losses", "metrics", "models")]
EVERYTHING += ["tests/contracts/test_loss_contract.py"]

pytestmark = pytest.mark.backends


def run_tests(backend: str, tests: list[str]) -> None:
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"needs {backend}, which is not installed")
    environment = {**os.environ, "KERAS_BACKEND": backend}
    environment.pop("PYTEST_ADDOPTS", None)  # which are meant for the run that this is part of
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-5000:] + result.stderr[-1000:]


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_same_numbers_on(backend):
    run_tests(backend, CORE)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_everything_that_does_not_need_tensorflow_on(backend):
    run_tests(backend, EVERYTHING)
