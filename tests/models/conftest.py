"""Inputs of networks, as encoded documents give them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest


def state_inputs(lengths: list[int], time: int, dim: int = 5, seed: int = 1) -> dict[str, Any]:
    """States, case and role of rows of these lengths, zeros after them."""
    generator = np.random.default_rng(seed)
    sizes = np.array(lengths, "int32")
    is_token = np.arange(time) < sizes[:, None]
    shape = is_token.shape
    states = generator.normal(size=(*shape, dim)) * is_token[..., None]
    return {
        "states": states.astype("float32"),
        "case": np.where(is_token, generator.choice([-1, 1], shape), 0).astype("int8"),
        "role": np.where(is_token, generator.integers(-1, 2, shape), 0).astype("int8"),
        "lengths": sizes,
    }


def pair_inputs(lengths: list[int], time: int, dim: int = 5, seed: int = 1) -> dict[str, Any]:
    """The same with types and three entities a row, each asked about with each other."""
    generator = np.random.default_rng(seed + 100)
    inputs = state_inputs(lengths, time, dim, seed)
    inputs["types"] = np.where(
        inputs["case"] != 0, generator.integers(0, 3, inputs["case"].shape), 0
    ).astype("int16")
    rows = np.arange(len(lengths), dtype="int32")
    inputs["entities"] = np.array(
        [[generator.integers(0, length), -1] for length in lengths for _ in range(3)], "int32"
    )
    inputs["entity_rows"] = np.repeat(rows, 3)
    inputs["row_entities"] = np.pad(
        np.arange(3 * len(rows), dtype="int32").reshape(-1, 3), [(0, 0), (0, 1)], constant_values=-1
    )
    within = [(i, j) for i in range(3) for j in range(3) if i != j]
    inputs["pairs"] = np.array(
        [(3 * row + i, 3 * row + j) for row in rows for i, j in within], "int32"
    )
    return inputs


@pytest.fixture(scope="session")
def make_inputs() -> Callable[..., dict[str, Any]]:
    """`make_inputs(lengths, time)` of a network of whole documents."""
    return state_inputs


@pytest.fixture(scope="session")
def make_pair_inputs() -> Callable[..., dict[str, Any]]:
    """`make_pair_inputs(lengths, time)` of a network of pairs with two types."""
    return pair_inputs
