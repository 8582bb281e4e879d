"""The settings that a command starts from, and options as changes of them.

What is in a folder is named by an absolute path, so that a run can be used from anywhere.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from mrca.cli.progress import StageProgress
from mrca.config import RunConfig, is_recipe_file, load_recipe, recipe_names
from mrca.datasets import CORPORA, iter_rows, load_corpus, locate_corpus
from mrca.datasets.locate import split_files
from mrca.errors import MrcaError
from mrca.runs import layout
from mrca.vectors import is_store

if TYPE_CHECKING:
    from mrca.datasets import Corpus
    from mrca.training import Run


class Base(NamedTuple):
    """Settings before any option.

    Attributes:
        config: the settings.
        name: what is trained with them is called by default.
        note: why this recipe was chosen, if the command chose it.
    """

    config: RunConfig
    name: str
    note: str = ""


def base_config(dataset: str | None, recipe: str | None, data_dir: Path | None = None) -> Base:
    """What `--recipe` says, or the corpus's own recipe, or the one that its rows are fit for.

    What is trained is called as the recipe, followed by the corpus if that is not the recipe's own;
    or as the corpus, or the file.

    Args:
        dataset: a corpus, in place of the recipe's.
        recipe: a published one's name, or a file, told by its folder or ending.
        data_dir: a folder of corpora to look in first.

    Raises:
        typer.BadParameter: if neither is given.
        MrcaError: if there is no such recipe or corpus, or the file is no configuration.
    """
    corpus = Path(dataset).resolve().name if dataset else ""
    if recipe is not None:
        settings = load_recipe(recipe)
        if is_recipe_file(recipe):
            file = Path(recipe).resolve()
            name = file.parent.name if file.name == layout.CONFIG else file.stem
            return Base(settings, corpus or name)
        other = corpus not in ("", settings.data.dataset)
        return Base(settings, f"{corpus}-{recipe}" if other else recipe)
    if not dataset:
        raise typer.BadParameter("Give --dataset NAME or FOLDER (or --recipe NAME or FILE).")
    if dataset in recipe_names():
        return Base(load_recipe(dataset), dataset)
    chosen, why = fitting_recipe(dataset, data_dir)
    note = f"recipe {chosen}: {why}. --recipe takes another one." if why else ""
    return Base(load_recipe(chosen), corpus, note)


def fitting_recipe(dataset: str, data_dir: Path | None) -> tuple[str, str]:
    """`pairs` for a corpus with facts, or with entities and no labels, else `mrca`; and why.

    Rows that cannot be read leave the why empty, unless another has facts: training refuses them.
    A row whose `labels` are empty says nothing: in a corpus of labels it is one without a relation.
    """
    with StageProgress() as progress:
        folder = locate_corpus(dataset, data_dir, progress=progress.of(f"fetching {dataset}"))
    train = split_files(folder).get("train")
    entities = labels = unread = False
    for row in iter_rows(train) if train else ():
        if (document := row.document) is None:
            unread = True
            continue
        if document.facts:
            return "pairs", "the training rows have facts, so who is related to whom is asked"
        entities |= bool(document.entities)
        labels |= bool(document.labels)
    if entities and not labels:
        chosen = "pairs", "the training rows have entities, so who is related to whom is asked"
    else:
        chosen = "mrca", "the training rows have labels alone, so whole texts are asked about"
    return (chosen[0], "") if unread else chosen


def check_corpus(config: RunConfig) -> None:
    """Refuse settings without a corpus: some recipes are for any.

    Raises:
        typer.BadParameter: if none is given.
    """
    if not config.data.dataset:
        raise typer.BadParameter(
            "These settings name no corpus. Say what to train on with --dataset NAME or FOLDER."
        )


def second_stage_base(representation: Path) -> Base:
    """The settings of a run, with a new linear classifier on its layers; and its name.

    Raises:
        MrcaError: if it is no finished run.
    """
    folder = layout.find_run(representation).resolve()
    layout.check_run_folder(folder)
    settings = {
        "classifier": {"representation": str(folder)},
        "training.sampler": "instance_balanced",
    }
    return Base(layout.read_config(folder).changed(settings), layout.run_name(folder))


def init_from_base(run: Path) -> Base:
    """The settings of a run whose weights training starts from; and its name.

    Raises:
        MrcaError: if it is no finished run.
    """
    folder = layout.find_run(run).resolve()
    layout.check_run_folder(folder)
    config = layout.read_config(folder).changed({"training.init_from": str(folder)})
    return Base(config, f"{layout.run_name(folder)}-continued")


def given(**settings: Any) -> dict[str, Any]:
    """Settings as `RunConfig.changed` takes them, without those that are not given.

    Args:
        **settings: values by name, with `__` in place of the dot.

    Example:
        >>> given(training__seed=3, loss__teacher=None)
        {'training.seed': 3}
    """
    return {name.replace("__", "."): value for name, value in settings.items() if value is not None}


def lasting_dataset(dataset: str | None) -> str | None:
    """The name of a corpus, or a folder's absolute path."""
    if dataset is not None and dataset not in CORPORA and Path(dataset).exists():
        return str(Path(dataset).resolve())
    return dataset


def lasting_vectors(vectors: str | None) -> str | None:
    """Only what can be opened is a path, anything else a name."""
    if vectors is not None and (Path(vectors).is_file() or is_store(Path(vectors))):
        return str(Path(vectors).resolve())
    return vectors


def lasting_encoder(encoder: str | None) -> str | None:
    """A kind with the handle or absolute folder of a BERT encoder, or a name."""
    kind, _, place = (encoder or "").partition(":")
    return f"{kind}:{Path(place).resolve()}" if place and Path(place).is_dir() else encoder


def encoder_part(encoder: str) -> str:
    """An encoder as part of a run's name: the last part of its handle or folder.

    Args:
        encoder: as `--encoder` takes it.

    Example:
        >>> encoder_part("hub:https://tfhub.dev/tensorflow/bert_en_cased_L-12_H-768_A-12/4")
        'bert_en_cased_L-12_H-768_A-12'
        >>> encoder_part("keras_hub:bert_base_en"), encoder_part("tfidf")
        ('bert_base_en', 'tfidf')
    """
    place = encoder.partition(":")[2] or encoder
    if Path(place).is_dir():
        place = str(Path(place).resolve())
    parts = [part for part in re.split(r"[/\\]", place) if part]
    named = [part for part in parts if not part.isdecimal()]  # a handle ends with its version
    return re.sub(r"[^\w.-]+", "-", (named or parts or [""])[-1]).strip("-.")


def checked_name(name: str) -> str:
    """The name itself, if it can be that of a folder.

    Raises:
        typer.BadParameter: if it is a path.
    """
    if not name or Path(name).name != name or name.startswith("."):
        raise typer.BadParameter(
            f"{name!r} is not a name for a run. Expected a plain folder name; the place goes into "
            "--output."
        )
    return name


def run_corpus(run: "Run", data_dir: Path | None, name: str | None = None) -> "Corpus":
    """A run's own corpus, or another one read as the run's was, with bars for what takes time.

    Raises:
        MrcaError: if it cannot be had.
    """
    settings = run.config.data
    name = name or settings.dataset
    if not name:
        raise MrcaError(
            f"The run {run.folder} was trained on rows in memory. Say what to measure it on with "
            "--dataset."
        )
    with StageProgress() as progress:
        return load_corpus(
            name,
            data_dir,
            train_split=settings.train_split if name == settings.dataset else "train",
            unmatched=settings.unmatched,
            offsets=settings.offsets,
            on_error=settings.on_error,
            progress=progress.of(f"fetching {name}"),
        )
