"""What a killed run needs to end as if it had not been killed, and early stopping."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from mrca.errors import MrcaError
from mrca.files import whole_file
from mrca.models.weight_average import average_in_use
from mrca.runs.layout import HISTORY, gone, write_text
from mrca.training.determinism import random_states, restore_random_states

STATE = "state.npz"
# The column of the history that tells trials of a search apart, whatever chooses the best epoch.
MICRO_F1 = "val_micro_f1"
_GENERATOR = "generator of "


class Checkpoint(keras.callbacks.Callback):
    """Early stopping on a validation score whose whole state is saved after every epoch.

    After an epoch, weights, optimiser, random generators, history and the best weights so far lie
    in `folder`. `restore` puts them back, so that a run killed at any moment resumes after the last
    whole epoch and ends with the same weights, bit for bit, on the same machine.

    Args:
        folder: where to write.
        patience: epochs without a better score after which training stops.
        monitor: the score; the highest is the best, but of `"loss"` the lowest.
    """

    def __init__(self, folder: Path, patience: int, monitor: str = "micro_f1") -> None:
        super().__init__()
        self.folder = folder
        self.patience = patience
        self.monitor = monitor
        self.history: list[dict[str, Any]] = []
        self._generators: dict[str, Any] = {}

    @property
    def best(self) -> dict[str, Any]:
        """The row of the epoch with the best score, the first of equals."""
        sign = -1 if self.monitor == "loss" else 1
        return max(self.history, key=lambda row: sign * row[f"val_{self.monitor}"])

    @property
    def next_epoch(self) -> int:
        """The epoch (from 0) that training resumes with."""
        return len(self.history)

    @property
    def finished(self) -> bool:
        """Whether patience has run out."""
        return bool(self.history) and len(self.history) - self.best["epoch"] >= self.patience

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Put generators back: `fit` has drawn from them at its start, as it has not in between."""
        restore_random_states(self._generators)
        self._generators = {}

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Keep the epoch's numbers and weights."""
        row: dict[str, Any] = {
            "epoch": epoch + 1,
            **{name: float(value) for name, value in (logs or {}).items()},
        }
        if not np.isfinite(row["loss"]):
            raise MrcaError(
                f"The loss is {row['loss']} after epoch {epoch + 1}: training diverged. Lower "
                "training.learning_rate, and check that the vectors hold no extreme values."
            )
        if not self.folder.is_dir():
            raise gone(self.folder)
        self.history.append(row)
        if self.best is row:
            with average_in_use(self.model):
                self._save(self._best_file(row["epoch"]), self._changing())
        # Before the state, which counts the epoch as done: nothing of it must be missing then.
        write_text(self.folder / HISTORY, history_csv(self.history))
        with average_in_use(self.model, average=False):
            self._save(
                self.folder / STATE,
                [*self._changing(), *self.model.optimizer.variables],
                history=json.dumps(self.history),
                **{_GENERATOR + name: state for name, state in random_states().items()},
            )
        for old in self.folder.glob("best-*.npz"):
            if old != self._best_file(self.best["epoch"]):
                old.unlink()
        if self.finished:
            self.model.stop_training = True

    def watch(self, model: Any) -> None:
        """Say what is kept: a compiled model."""
        self.set_model(model)

    def restore(self) -> None:
        """Put model, optimiser and history back to the last whole epoch, if there is one."""
        path = self.folder / STATE
        if not path.is_file():
            return
        optimizer = self.model.optimizer
        optimizer.build(self.model.trainable_variables)
        rest = self._load(path, [*self._changing(), *optimizer.variables])
        self.history = json.loads(str(rest.pop("history")))
        self._generators = {name.removeprefix(_GENERATOR): rest[name] for name in rest}

    def restore_best(self) -> None:
        """Give the model the weights of the best epoch."""
        self._load(self._best_file(self.best["epoch"]), self._changing())

    def remove(self) -> None:
        """Delete the saved states, if there are any: the run is finished."""
        for path in (self.folder / STATE, *self.folder.glob("best-*.npz")):
            path.unlink(missing_ok=True)

    def _changing(self) -> list[Any]:
        """What training changes of the model: all but an encoder in it that is frozen."""
        encoder = getattr(self.model, "encoder_layer", None)
        frozen = [] if encoder is None or encoder.trainable_weights else encoder.variables
        kept = {id(variable) for variable in frozen}
        return [variable for variable in self.model.variables if id(variable) not in kept]

    def _best_file(self, epoch: int) -> Path:
        return self.folder / f"best-{epoch}.npz"

    def _save(self, path: Path, variables: list[Any], **rest: Any) -> None:
        arrays = {str(i): ops.convert_to_numpy(variable) for i, variable in enumerate(variables)}
        with whole_file(path) as temporary, temporary.open("wb") as file:
            np.savez(file, **rest, **arrays)

    def _load(self, path: Path, variables: list[Any]) -> dict[str, np.ndarray]:
        """Assign the variables; what was saved beside them."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as saved:
                for i, variable in enumerate(variables):
                    variable.assign(saved[str(i)])
                return {name: saved[name] for name in saved.files if not name.isdigit()}
        except Exception as error:  # NumPy and zipfile raise whatever they meet
            raise MrcaError(
                f"The saved state {path} does not fit this run: {error}. Start over without "
                "--resume and with --overwrite."
            ) from None


def history_csv(history: list[dict[str, Any]]) -> str:
    """One line per epoch, with a header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(history[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    return text.getvalue()
