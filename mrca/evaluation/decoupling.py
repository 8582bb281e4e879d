"""What a representation and a classifier each owe to how they were trained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mrca.errors import MrcaError
from mrca.evaluation.seeds import mean_and_deviation
from mrca.text.html_table import html_table


@dataclass(frozen=True, slots=True)
class Decoupling:
    """Test macro F1 by how the layers and by how the classifier on them was trained.

    Attributes:
        title: what was measured, such as `"Test macro F1 on fewrel-lt"`.
        runs: macro F1 in [0, 1] of each seed's run, by representation and then by classifier.
        seconds: that the epochs of all runs took, first stages included.

    Raises:
        MrcaError: if there is no run, or representations have different classifiers.
    """

    title: str
    runs: Mapping[str, Mapping[str, Sequence[float]]]
    seconds: float

    def __post_init__(self) -> None:
        names = [list(row) for row in self.runs.values()]
        scores = [scores for row in self.runs.values() for scores in row.values()]
        if not scores or not all(scores) or names != names[:1] * len(names):
            raise MrcaError(
                "Expected, for each representation, runs of the same classifiers. Received: "
                f"{self.runs}."
            )

    @property
    def representations(self) -> list[str]:
        """The rows, from top to bottom."""
        return list(self.runs)

    @property
    def classifiers(self) -> list[str]:
        """The columns, from left to right."""
        return list(next(iter(self.runs.values())))

    def score(self, representation: str, classifier: str) -> tuple[float, float | None]:
        """Mean and standard deviation (n - 1) over seeds; the latter is None for one seed."""
        return mean_and_deviation(self.runs[representation][classifier])

    @property
    def best(self) -> tuple[str, str]:
        """Representation and classifier with the highest mean, the first of equals."""
        cells = [(row, column) for row in self.representations for column in self.classifiers]
        return max(cells, key=lambda cell: self.score(*cell)[0])

    def _repr_html_(self) -> str:
        return html_table(
            ("representation", *self.classifiers),
            (
                (row, *(f"{self.score(row, column)[0]:.4f}" for column in self.classifiers))
                for row in self.representations
            ),
        )

    @property
    def notes(self) -> list[str]:
        """How to read the numbers, one sentence each."""
        notes = [
            "Row: how the layers before the classifier were trained, in a first stage.",
            "Column: how a new classifier was trained on these layers, frozen.",
        ]
        if self.score(*self.best)[1] is not None:
            notes.append("±: standard deviation (n - 1) over runs with different seeds.")
        return [*notes, f"Epochs took {self.seconds / 60:.1f} minutes in all."]

    def to_dict(self) -> dict[str, Any]:
        """JSON values: the attributes, and a list of cells with mean and deviation."""
        cells = []
        for row in self.representations:
            for column in self.classifiers:
                mean, deviation = self.score(row, column)
                cells.append(
                    {
                        "representation": row,
                        "classifier": column,
                        "runs": list(self.runs[row][column]),
                        "mean": mean,
                        "deviation": deviation,
                        "best": (row, column) == self.best,
                    }
                )
        return {
            "title": self.title,
            "measure": "macro F1 on the test split",
            "cells": cells,
            "seconds": self.seconds,
            "notes": self.notes,
        }
