"""What a search has tried, as its folder keeps it and as it is told."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mrca.errors import MrcaError, did_you_mean, first_problem
from mrca.files import whole_file

TRIALS = "trials"
TRIAL = "trial.json"

Status = Literal["done", "stopped", "failed", "too_large"]
Finite = Annotated[float, Field(allow_inf_nan=False)]
# As KerasTuner counts them; it names a folder, so nothing else will do.
TrialId = Annotated[str, Field(pattern="^[0-9]{4,}$")]


class Trial(BaseModel):
    """One configuration that was tried: the content of `trials/<id>/trial.json`.

    Attributes:
        id: the name of its folder.
        settings: the searched settings that were part of it, as `{dotted field: value}`.
        seeds: `training.seed` of each of its runs.
        status: `done`; `stopped` early because it was hopeless; `failed`, with an error; or
            `too_large`, so that it was not trained.
        score: the mean objective of its runs, the higher the better; of a stopped trial the best
            until then; None without one.
        scores: the objective of each run, in the order of `seeds`.
        history: validation micro F1 after each epoch, a list for each run.
        parameters: trainable weights, if the network was built.
        seconds: wall-clock time of the whole trial.
        error: what went wrong.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: TrialId
    settings: dict[str, bool | int | Finite | str]
    seeds: list[int]
    status: Status
    score: Finite | None = None
    scores: list[Finite | None] = []
    history: list[list[Finite]] = []
    parameters: Annotated[int, Field(ge=0)] | None = None
    seconds: Annotated[Finite, Field(ge=0)] = 0.0
    error: str = ""


def write_trial(trial: Trial, folder: Path) -> None:
    """Write `trials/<id>/trial.json` into a search's folder, atomically.

    Raises:
        OSError: if it cannot be written.
    """
    with whole_file(folder / TRIALS / trial.id / TRIAL) as path:
        path.write_text(trial.model_dump_json(indent=2) + "\n", encoding="utf-8")


def read_trials(folder: Path) -> list[Trial]:
    """All trials of a search that have ended, in the order of their names.

    Args:
        folder: the search's, which holds `trials/`.

    Raises:
        MrcaError: if there is no such folder, or a trial's file is damaged.
    """
    if not (folder / TRIALS).is_dir():
        known = sorted(path.parent.name for path in folder.parent.glob(f"*/{TRIALS}"))
        there = f" Searches in {folder.parent}: {', '.join(known)}." if known else ""
        raise MrcaError(
            f"There is no search in {folder}: {TRIALS}/ is missing."
            f"{did_you_mean(folder.name, known)}{there} Expected the folder that `mrca tune` "
            "wrote, such as tuning/results/sample."
        )
    return [_read(path) for path in sorted((folder / TRIALS).glob(f"*/{TRIAL}"))]


def best_first(trials: list[Trial]) -> list[Trial]:
    """Trials by score, the highest first; those without one last, otherwise in their order.

    A trial that was stopped stands after all that are done, whatever it had reached.
    """
    return sorted(trials, key=_rank)


def _rank(trial: Trial) -> tuple[bool, bool, float]:
    return trial.score is None, trial.status != "done", -(trial.score or 0.0)


def _read(path: Path) -> Trial:
    remedy = "Delete that folder, and `mrca tune --resume` tries the settings again."
    try:
        trial = Trial.model_validate_json(path.read_bytes())
    except OSError as error:
        raise MrcaError(f"Cannot read the trial {path}: {error.strerror}.") from None
    except ValidationError as error:
        raise MrcaError(f"The trial {path} is damaged: {first_problem(error)}. {remedy}") from None
    if trial.id != path.parent.name:
        raise MrcaError(
            f"The trial {path} is damaged: its id is {trial.id!r}, which is not the name of its "
            f"folder. {remedy}"
        )
    return trial


def settings_of(trials: list[Trial]) -> list[str]:
    """The fields that any of the trials set, in the order in which they first appear."""
    return list(dict.fromkeys(name for trial in trials for name in trial.settings))


def values_of(trials: list[Trial], name: str) -> list[Any]:
    """What a field was set to in each trial; None where it was no part of it."""
    return [trial.settings.get(name) for trial in trials]


class SearchReporter(Protocol):
    """Someone who looks on: the command line's table, a log file, a test."""

    def message(self, text: str) -> None:
        """Something worth knowing."""
        return

    def preparing(self, stage: str, done: int, total: int | None) -> None:
        """A file is downloaded or imported: `done` of `total` (bytes or lines, if known)."""
        return

    def search_starts(self, total: int, seconds: float | None, trials: Sequence[Trial]) -> None:
        """At most `total` trials and so many seconds, if limited; `trials` have ended before."""
        return

    def trial_starts(self, trial_id: str, settings: dict[str, Any], epochs: int) -> None:
        """A trial of runs of at most `epochs` starts, or is resumed."""
        return

    def trial_advances(self, trial_id: str, run: int, epoch: int, best: float) -> None:
        """So many epochs of a run of it (from 1) are done; `best` is its best micro F1 so far."""
        return

    def trial_ends(self, trial: Trial) -> None:
        """A trial has ended in one of its ways."""
        return


class SilentSearchReporter(SearchReporter):
    """Looks on and says nothing."""
