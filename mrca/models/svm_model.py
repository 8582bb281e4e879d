"""The SVM baseline as a model of examples."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mrca.models.text_model import TextModel
from mrca.models.tfidf_svm import TfidfSVM
from mrca.text import Example

SVM = "svm"


class SVMModel(TextModel):
    """A `TfidfSVM` over the examples' tokens; marked entities make no difference to it."""

    def __init__(self, svm: TfidfSVM) -> None:
        self.svm = svm

    @property
    def columns(self) -> int:
        """How many outputs a row has."""
        return self.svm.columns

    def outputs(self, examples: Sequence[Example], *, keep: bool = False) -> np.ndarray:
        """Decision values; see `TextModel`."""
        return self.svm.outputs([example.tokens for example in examples])

    def save(self, folder: Path) -> None:
        """Write the SVM."""
        self.svm.save(folder / SVM)
