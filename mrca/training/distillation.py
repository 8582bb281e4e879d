"""A student's targets from a teacher's outputs."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mrca import losses
from mrca.config import RunConfig
from mrca.datasets import LabelledCandidates
from mrca.encoding import SideBySide
from mrca.errors import MrcaError
from mrca.files import kept_array
from mrca.runs import layout
from mrca.text import RelationSet
from mrca.training.run import Run, load

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def teacher_config(config: RunConfig) -> RunConfig | None:
    """How the teacher of a distillation is trained: as its student, by the student's own loss.

    Returns:
        `None` where the loss learns from labels alone.

    Raises:
        MrcaError: if there is no such loss, or its arguments do not fit.

    Source: KD-DocRE (Tan et al. 2022): the same architecture, trained on annotated rows.
    """
    loss = losses.check(config.loss.name, config.loss.options)
    if not isinstance(loss, losses.DistillationLoss):
        return None
    options = config.loss.options.get("student_options") or {}
    own = {"name": loss.student, "options": options}
    return config.changed({"loss": own, "data.train_split": "train"})


def load_teacher(
    config: RunConfig, relations: RelationSet, loss: losses.MultiLabelLoss
) -> Run | None:
    """The run that the configured loss learns from; `None` if it learns from labels alone.

    Raises:
        MrcaError: if a distillation has no teacher, another loss has one, or the teacher has other
            relations, output columns or candidates than the student.
    """
    teacher, columns = config.loss.teacher, loss.columns(len(relations))
    if not isinstance(loss, losses.DistillationLoss):
        if teacher:
            raise MrcaError(
                f"The loss {config.loss.name!r} does not learn from a teacher. Received: "
                f"loss.teacher={teacher!r}. Leave it out, or choose a loss such as "
                "'distillation_mse'."
            )
        return None
    if not teacher:
        raise MrcaError(
            f"The loss {config.loss.name!r} learns from a teacher. Set loss.teacher to the folder "
            "of a run, trained on the same relations with the student's own loss."
        )
    run = load(Path(teacher))
    if run.classifier.relations != relations:
        raise MrcaError(
            f"The teacher {teacher} has other relations than the corpus "
            f"({len(run.classifier.relations)} and {len(relations)}, or in another order). Train "
            "one on this corpus."
        )
    if run.classifier.columns != columns:
        raise MrcaError(
            f"The teacher {teacher} was trained with the loss {run.config.loss.name!r} and has "
            f"{run.classifier.columns} output columns, where the student has {columns}. Choose a "
            "teacher or a `student` loss that go together."
        )
    if run.config.candidates.kind != config.candidates.kind:
        raise MrcaError(
            f"The teacher {teacher} asks about {run.config.candidates.kind} candidates, the "
            f"student about {config.candidates.kind}. Choose a teacher with candidates.kind="
            f"{config.candidates.kind}."
        )
    return run


def targets(candidates: LabelledCandidates, teacher: Run | None) -> "csr_array | SideBySide":
    """What a model is trained on: labels `(candidates, relations)`, teacher's outputs before.

    The outputs are computed once for a teacher and some candidates, and kept on disk; see
    `mrca.files.kept_array`. A teacher that is trained costs its prediction, which for a distant
    corpus is more than an epoch of a small student.

    Raises:
        MrcaError: if they cannot be kept.
    """
    if teacher is None:
        return candidates.labels

    def compute(outputs: np.ndarray) -> None:
        teacher.classifier.raw_outputs(candidates, keep=True, out=outputs)

    key = hashlib.sha256(
        f"1 {layout.fingerprint_of_run(teacher.folder)} {candidates.fingerprint}".encode()
    ).hexdigest()
    shape = (len(candidates), teacher.classifier.columns)
    outputs = kept_array(key, shape, compute, np.float32, what="the teacher's outputs")
    return SideBySide(outputs, candidates.labels)
