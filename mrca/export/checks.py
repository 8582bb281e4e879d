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
    place, dataset = shlex.quote(str(folder)), shlex.quote(config.data.dataset or "NAME")
    if config.candidates.kind == "pairs":
        yield (
            f"The run {folder} is asked about pairs of entities, and only runs that are asked "
            "about whole texts are exported: an exported model says which relations a text "
            f"states. Who is related to whom is said by `mrca predict {place} ROWS.jsonl`, and "
            f"in Python by mrca.RelationClassifier.from_preset({str(folder)!r}).predict(rows). A "
            "run to export is made with `mrca train --recipe mrca --dataset "
            f"{dataset}`."
        )
    if config.is_svm:
        yield (
            f"The run {folder} is a linear SVM, which scikit-learn computes; only networks are "
            "exported. Use `mrca predict`, or train a network: mrca train --recipe mrca --dataset "
            f"{dataset}"
        )
    if config.data.roles == "unknown":
        yield (
            f"The run {folder} was trained with data.roles=unknown, and an exported model reads "
            "the roles that its marks give. Use `mrca predict`, or train with data.roles=corpus."
        )
