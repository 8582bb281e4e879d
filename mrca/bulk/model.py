"""The model that is asked: a run, or an exported version of one."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from mrca.bulk.answers import Answers, ExportAnswers, Form, RunAnswers, check_asked
from mrca.errors import MrcaError
from mrca.files import file_digest
from mrca.quiet import quiet_start
from mrca.runs import layout

# What a run is asked with; the rest of its folder says how it was made and what it scored.
_OF_RUN = (
    *(layout.CONFIG, layout.RELATIONS, layout.TYPES, layout.LABEL_COUNTS, layout.DECISION),
    *(layout.ENVIRONMENT, "vectors", layout.ENCODER, layout.NETWORK, layout.SVM),
)


class Asked(BaseModel):
    """How a model is asked; see `mrca predict`.

    Attributes:
        form: how answers are written.
        threshold: give what scores at least this, in place of the run's own decision.
        top: at most so many facts of a row, the best.
        vectors: a name or path of word vectors to look unseen words up in.
        encoder: where the run's frozen encoder is now.
        trust: whether a program that a fetched run carries or names may be run.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, ser_json_inf_nan="strings")

    form: Annotated[Form, Field(strict=False)] = Form.JSONL
    threshold: Annotated[float | None, Field(strict=False)] = None
    top: int | None = None
    vectors: str | None = None
    encoder: str | None = None
    trust: bool = False


class Model(NamedTuple):
    """A model by its folder.

    Attributes:
        kind: a run, or a version that was exported.
        folder: where it is, seen from any folder.
        fingerprint: of all that its answers follow from.
    """

    kind: Literal["run", "export"]
    folder: Path
    fingerprint: str


def find_model(given: Path, asked: Asked) -> Model:
    """The model that is meant; it is not loaded.

    Args:
        given: a run folder or the name of one in `saved_models/`; or an exported version's folder,
            or one with such versions and no run, of which the highest is taken.
        asked: how it is going to be asked.

    Raises:
        MrcaError: if there is none, or it cannot be asked so.
    """
    folder = layout.find_run(given)
    if not (folder / layout.CONFIG).is_file():
        versions = layout.exported_versions(folder)
        version = folder / str(versions[-1]) if versions else folder
        if (version / layout.SAVED_MODEL).is_file():
            _check_export(version, asked)
            files = sorted(each for each in version.rglob("*") if each.is_file())
            return Model("export", version.absolute(), _fingerprint(version, files))
    layout.check_run_folder(folder)
    kind = layout.read_config(folder).candidates.kind
    check_asked(folder, kind, asked.form, asked.threshold)
    return Model("run", folder.absolute(), _fingerprint(folder, _files_of_run(folder)))


def _files_of_run(folder: Path) -> list[Path]:
    parts = [folder / name for name in _OF_RUN]
    files = [file for part in parts for file in (part, *part.rglob("*")) if file.is_file()]
    return sorted(files)


def _fingerprint(folder: Path, files: list[Path]) -> str:
    state = hashlib.sha256()
    for file in files:
        name = file.relative_to(folder).as_posix()
        state.update(f"{name}\0{file_digest(file, 'sha256')}\n".encode())
    return f"sha256:{state.hexdigest()}"


def _check_export(version: Path, asked: Asked) -> None:
    for option, value in asked:
        if value != type(asked).model_fields[option].default:
            raise MrcaError(
                f"{version} is an exported model, which has its decision and vectors inside and "
                f"answers with the relations of texts. Leave --{_OPTIONS.get(option, option)} out, "
                "or give the run that it was exported from."
            )


_OPTIONS = {"form": "format"}


@lru_cache(maxsize=1)
def answers_of(model: Model, asked: Asked) -> Answers:
    """What a model says. It is loaded once in a process, which may score many shards.

    Raises:
        MrcaError: if it cannot be loaded, or is another one than it was.
    """
    if find_model(model.folder, asked) != model:
        raise MrcaError(
            f"The model {model.folder} is another one than when this began. Run the command again: "
            "it says what has changed."
        )
    with quiet_start():
        if model.kind == "export":
            return ExportAnswers(model.folder)
        from mrca import training

    run = training.load(model.folder, asked.vectors, asked.encoder, trust=asked.trust)
    return RunAnswers(run, asked.form, asked.threshold, asked.top)
