"""The settings that a command starts from."""

from pathlib import Path

import typer

from mrca.config import RunConfig, load_config, load_preset, preset_names

# The name that a run folder gives its configuration; the folder is what the run is called then.
CONFIG = "config.toml"


def base_config(
    dataset: str | None, preset: str | None, config: Path | None = None
) -> tuple[RunConfig, str]:
    """What `--preset`, `--config` or the corpus's own preset says, before any override.

    Returns:
        The configuration, and what is trained with it is called by default.

    Raises:
        typer.BadParameter: if two of them are given, or nothing.
        MrcaError: if there is no such preset, or the file is no configuration.
    """
    if config is not None and preset is not None:
        raise typer.BadParameter("Give --preset or --config, not both.")
    if config is not None:
        named = config.resolve().parent if config.name == CONFIG else Path(config.stem)
        return load_config(config), Path(dataset).resolve().name if dataset else named.name
    if preset is not None:
        return load_preset(preset), preset
    if not dataset:
        raise typer.BadParameter("Give --dataset NAME or FOLDER (or --preset, or --config FILE).")
    if dataset in preset_names():
        return load_preset(dataset), dataset
    return load_preset("paper"), Path(dataset).resolve().name


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
