"""What is tried next: KerasTuner's oracles by their public interface, with an order of our own.

KerasTuner's own files are never read. What has started and ended is kept in one file, in that
order; a search that is resumed asks a new oracle for the same trials again.
"""

import shutil
import tempfile
import warnings
import weakref
from pathlib import Path
from typing import Any, NamedTuple

import keras_tuner
from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.engine.trial import Trial as Candidate
from keras_tuner.engine.trial import TrialStatus
from keras_tuner.oracles import (
    BayesianOptimizationOracle,
    GridSearchOracle,
    HyperbandOracle,
    RandomSearchOracle,
)
from pydantic import TypeAdapter, ValidationError
from sklearn.exceptions import ConvergenceWarning

from mrca.errors import MrcaError
from mrca.experiments.search.search_space import SearchSpace
from mrca.experiments.search.trials import Finite, TrialId
from mrca.runs.layout import write_json

ORDER = "order.json"
# What an oracle is told of a trial without a score: below all measures, so that it is no better
# than any other.
NO_SCORE = -1.0

Values = dict[str, bool | int | Finite | str]
# Trials with their values where they started, and with their score where they ended.
_Order = list[tuple[TrialId, Values | Finite]]


class Suggestion(NamedTuple):
    """A trial to be run.

    Attributes:
        id: the name of its folder.
        settings: `{dotted field: value}`.
        continues: a trial with the same settings but for fewer epochs; empty if there is none.
    """

    id: str
    settings: dict[str, Any]
    continues: str = ""


class SearchOracle:
    """Chooses the trials of a search, the same ones again after an interruption at any moment.

    Args:
        space: what is searched.
        folder: the search's, where the order is kept; None keeps nothing.

    Attributes:
        started: all trials that have started, in their order.

    Raises:
        MrcaError: if the order that is kept there is damaged.
    """

    def __init__(self, space: SearchSpace, folder: Path | None) -> None:
        self._space = space
        self._path = None if folder is None else folder / ORDER
        self._order: _Order = []
        self.started: dict[str, Suggestion] = {}
        self._ended: set[str] = set()
        kept = self._kept()
        values = {trial_id: each for trial_id, each in kept if isinstance(each, dict)}
        self._oracle = _make_oracle(space, values)
        self._oracle.verbose = 0
        # A tuner is the public way to say where an oracle writes; nobody reads that.
        files = tempfile.mkdtemp(prefix="mrca-search-")
        weakref.finalize(self, shutil.rmtree, files, ignore_errors=True)
        BaseTuner(self._oracle, directory=files)
        try:
            for trial_id, each in kept:
                self._repeat(trial_id, each)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise self._damaged(str(error)) from None

    @property
    def under_way(self) -> list[Suggestion]:
        """The trials that have started and not ended."""
        return [each for each in self.started.values() if each.id not in self._ended]

    def suggest(self) -> Suggestion | None:
        """Start a trial; None if there is nothing new, at least until one that is under way ends.

        Raises:
            OSError: if that cannot be written.
        """
        suggestion, values = self._next()
        if suggestion is not None:
            self._order.append((suggestion.id, values))
            self._write()
        return suggestion

    def end(self, trial_id: str, score: float | None) -> None:
        """Note that a trial has ended, once.

        Raises:
            OSError: if that cannot be written.
        """
        if trial_id not in self._ended:
            value = NO_SCORE if score is None else score
            self._end(trial_id, value)
            self._order.append((trial_id, value))
            self._write()

    def needed(self) -> set[str]:
        """Trials whose runs may be trained further, and so have to be kept whole."""
        rounds = [
            each
            for bracket in self._oracle.get_state().get("brackets", [])
            for trials in bracket["rounds"][:-1]
            for each in trials
        ]
        chosen = {each.continues for each in self.started.values()}
        return {each["id"] for each in rounds} - chosen | {
            each.continues for each in self.under_way
        }

    def _next(self) -> tuple[Suggestion | None, Values]:
        # Every trial is asked for by a place of its own, so that none is given out twice.
        trial = self._oracle.create_trial(str(len(self.started)))
        if trial.status != TrialStatus.RUNNING:
            return None, {}
        values = dict(trial.hyperparameters.values)
        settings = self._space.declare(trial.hyperparameters.copy())
        continues = ""
        if self._space.algorithm == "hyperband":
            settings["training.epochs"] = values["tuner/epochs"]
            continues = values.get("tuner/trial_id", "")
        suggestion = Suggestion(trial.trial_id, settings, continues)
        self.started[suggestion.id] = suggestion
        return suggestion, values

    def _end(self, trial_id: str, score: float) -> None:
        trial = self._oracle.update_trial(trial_id, {self._space.objective: score})
        trial.status = TrialStatus.COMPLETED
        self._oracle.end_trial(trial)
        self._ended.add(trial_id)

    def _repeat(self, trial_id: str, each: Values | float) -> None:
        if isinstance(each, dict):
            suggestion, values = self._next()
            if suggestion is None or (suggestion.id, values) != (trial_id, each):
                raise ValueError(f"trial {trial_id} is not what would have been tried")
        elif trial_id in self._ended:
            raise ValueError(f"trial {trial_id} ends twice")
        else:
            self._end(trial_id, each)
        self._order.append((trial_id, each))

    def _kept(self) -> _Order:
        if self._path is None or not self._path.is_file():
            return []
        try:
            return TypeAdapter(_Order).validate_json(self._path.read_bytes(), strict=True)
        except OSError as error:
            raise MrcaError(f"Cannot read {self._path}: {error.strerror}.") from None
        except ValidationError as error:
            raise self._damaged(error.errors()[0]["msg"]) from None

    def _damaged(self, why: str) -> MrcaError:
        return MrcaError(
            f"{self._path} is damaged, or another version of KerasTuner wrote it: {why}. "
            "`mrca tune report` shows what was tried; start another search with --name."
        )

    def _write(self) -> None:
        if self._path is not None:
            write_json(self._path, self._order)


def most_trials(space: SearchSpace) -> int:
    """How many trials there will be at most: of a grid or Hyperband maybe fewer than allowed."""
    if space.algorithm in ("random", "bayesian"):
        return space.max_trials
    oracle = SearchOracle(space, None)
    while len(oracle.started) < space.max_trials and (trial := oracle.suggest()):
        oracle.end(trial.id, 0.0)
    return len(oracle.started)


class _BayesianOracle(RandomSearchOracle):
    """Drawn settings at first, then those where a Gaussian process expects much or knows little.

    It takes a trial without a score, or that is under way, for as bad as the worst one with a
    score: far enough to keep away from its like, and not so far that all others look the same.

    Args:
        drawn: how many trials are drawn before.
        kept: values that were chosen before an interruption, which need not be found again.
    """

    def __init__(self, *, drawn: int, kept: dict[str, Values], **options: Any) -> None:
        super().__init__(**options)
        self.drawn = drawn
        self.kept = kept

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """As KerasTuner's, but for settings that have been tried."""
        ended = [each.score for each in self.trials.values() if each.score is not None]
        if len(ended) >= self.drawn:
            values = self.kept.get(trial_id) or self._guessed(trial_id, ended)
            if all(values != each.hyperparameters.values for each in self.trials.values()):
                return {"status": TrialStatus.RUNNING, "values": values}
        drawn: dict[str, Any] = super().populate_space(trial_id)
        return drawn

    def _guessed(self, trial_id: str, scores: list[float]) -> Values:
        worst = min((score for score in scores if score != NO_SCORE), default=0.0)
        guide = BayesianOptimizationOracle(
            objective=self.objective,
            hyperparameters=self.get_space(),
            num_initial_points=1,
            seed=self.seed + len(self.trials),
        )
        for number, trial in self.trials.items():
            seen = Candidate(trial.hyperparameters, number, TrialStatus.COMPLETED)
            seen.score = worst if trial.score in (None, NO_SCORE) else trial.score
            guide.trials[number] = seen
        with warnings.catch_warnings():  # of scores that are all alike, which is nothing to mend
            warnings.simplefilter("ignore", ConvergenceWarning)
            values: Values = guide.populate_space(trial_id)["values"]
        return values


def _make_oracle(space: SearchSpace, kept: dict[str, Values]) -> keras_tuner.Oracle:
    """The oracle that a space asks for."""
    hyperparameters = keras_tuner.HyperParameters()
    space.declare(hyperparameters)
    options: dict[str, Any] = {
        "objective": keras_tuner.Objective(space.objective, direction="max"),
        "hyperparameters": hyperparameters,
        "seed": space.base.training.seed + 1,  # 0 would be none
    }
    match space.algorithm:
        case "random":
            return RandomSearchOracle(max_trials=None, **options)
        case "bayesian":
            drawn = max(3, min(3 * len(space.parameters), space.max_trials // 3))
            return _BayesianOracle(drawn=drawn, kept=kept, max_trials=None, **options)
        case "grid":
            return GridSearchOracle(max_trials=None, **options)
        case "hyperband":
            return HyperbandOracle(max_epochs=space.base.training.epochs, **options)
