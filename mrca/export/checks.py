"""Which runs can be exported; TensorFlow is not needed to say so."""

import shlex
from collections.abc import Iterator
from pathlib import Path

from mrca.config import RunConfig
from mrca.errors import MrcaError


def check_exportable(folder: Path, config: RunConfig) -> None:
    """Check that a run can be exported, as far as its configuration says.

    Raises:
        MrcaError: if it cannot; it says why, and what can be done instead.
    """
    for problem in _problems(folder, config):
        raise MrcaError(problem)


def _problems(folder: Path, config: RunConfig) -> Iterator[str]:
    dataset = shlex.quote(config.data.dataset or "NAME")
    if config.is_svm:
        yield (
            f"The run {folder} is a linear SVM, which scikit-learn computes; only networks are "
            "exported. Use `mrca predict`, or train a network: mrca train --recipe mrca --dataset "
            f"{dataset}"
        )
    if config.data.roles == "unknown" and config.candidates.kind == "whole":
        yield (
            f"The run {folder} was trained with data.roles=unknown, and an exported model reads "
            "the roles that its marks give. Use `mrca predict`, or train with data.roles=corpus."
        )
