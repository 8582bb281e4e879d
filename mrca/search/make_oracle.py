"""The oracle that a space asks for."""

from collections.abc import Callable
from typing import Any

import keras_tuner

from mrca.search.oracle import (
    BayesianOracle,
    GridOracle,
    HalvingOracle,
    RandomOracle,
    SearchOracle,
)
from mrca.search.search_space import SearchSpace


def make_oracle(space: SearchSpace) -> SearchOracle:
    """The oracle that a space asks for."""
    hyperparameters = keras_tuner.HyperParameters()
    space.declare(hyperparameters)
    common: dict[str, Any] = {
        "objective": keras_tuner.Objective(space.objective, direction="max"),
        "hyperparameters": hyperparameters,
        "seed": space.base.training.seed + 1,  # 0 would be none
    }
    oracle = _MAKERS[space.algorithm](space, common)
    oracle.space = space
    return oracle


def _random(space: SearchSpace, common: dict[str, Any]) -> SearchOracle:
    return RandomOracle(max_trials=None, **common)


def _bayesian(space: SearchSpace, common: dict[str, Any]) -> SearchOracle:
    usual = 3 * len(space.parameters)
    drawn = max(3, min(usual, space.max_trials // 3))
    return BayesianOracle(max_trials=None, num_initial_points=drawn, **common)


def _grid(space: SearchSpace, common: dict[str, Any]) -> SearchOracle:
    return GridOracle(max_trials=None, **common)


def _hyperband(space: SearchSpace, common: dict[str, Any]) -> SearchOracle:
    return HalvingOracle(max_epochs=space.base.training.epochs, **common)


_MAKERS: dict[str, Callable[[SearchSpace, dict[str, Any]], SearchOracle]] = {
    "random": _random,
    "bayesian": _bayesian,
    "grid": _grid,
    "hyperband": _hyperband,
}
