"""The settings that a command starts from."""

import re
from pathlib import Path

import typer

from mrca.cli.native_logs import quiet_start
from mrca.config import ClassifierConfig, RunConfig, is_preset_file, load_preset, preset_names

# The name that a run folder gives its configuration; the folder is what the run is called then.
CONFIG = "config.toml"


def base_config(dataset: str | None, preset: str | None) -> tuple[RunConfig, str]:
    """What `--preset`, or the corpus's own preset, says before any override.

    Args:
        dataset: a corpus, in place of the preset's.
        preset: a published one's name, or a file, told by its folder or ending.

    Returns:
        The configuration, and what is trained with it is called by default: the preset, followed by
        the corpus if that is not the preset's own; or the corpus, or the file.

    Raises:
        typer.BadParameter: if neither is given.
        MrcaError: if there is no such preset, or the file is no configuration.
    """
    corpus = Path(dataset).resolve().name if dataset else ""
    if preset is not None:
        settings = load_preset(preset)
        if is_preset_file(preset):
            file = Path(preset).resolve()
            return settings, corpus or (file.parent.name if file.name == CONFIG else file.stem)
        other = corpus not in ("", settings.data.dataset)
        return settings, f"{preset}-{corpus}" if other else preset
    if not dataset:
        raise typer.BadParameter("Give --dataset NAME or FOLDER (or --preset NAME or FILE).")
    if dataset in preset_names():
        return load_preset(dataset), dataset
    return load_preset("paper"), corpus


def second_stage_base(representation: Path) -> tuple[RunConfig, str]:
    """The settings of a run, with a new linear classifier on its layers; and its name.

    Raises:
        MrcaError: if it is no finished run.
    """
    with quiet_start():
        from mrca.training import run_folder

    folder = run_folder.find_run(representation).resolve()
    run_folder.check_run_folder(folder)
    kept = run_folder.read_config(folder)
    settings = {
        "classifier": ClassifierConfig(representation=str(folder)),
        "training": kept.training.model_copy(update={"sampler": "instance_balanced"}),
    }
    return kept.model_copy(update=settings), folder.name


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
    if Path(name).name != name or name.startswith("."):
        raise typer.BadParameter(
            f"{name!r} is not a name for a run. Expected a plain folder name; the place goes into "
            "--output."
        )
    return name
