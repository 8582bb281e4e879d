"""Searches for settings: what is searched, what was tried, what came of it."""

from mrca.experiments.search.load_space import load_space
from mrca.experiments.search.objective import OBJECTIVES, objective_value
from mrca.experiments.search.search_space import SearchSpace
from mrca.experiments.search.trials import Trial, best_first, read_trials, write_trial

__all__ = [
    "OBJECTIVES",
    "SearchSpace",
    "Trial",
    "best_first",
    "load_space",
    "objective_value",
    "read_trials",
    "write_trial",
]
