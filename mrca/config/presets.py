"""Settings to start from: published ones by name, or a file."""

from pathlib import Path

from mrca.config.run_config import RunConfig
from mrca.config.toml_file import load_config
from mrca.errors import MrcaError, did_you_mean

_FOLDER = Path(__file__).parent / "preset_files"


def preset_names() -> list[str]:
    """Every preset's name, sorted."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def is_preset_file(preset: str) -> bool:
    """Whether it is a file instead of a name: it has a folder or an ending.

    Example:
        >>> [is_preset_file(each) for each in ("webnlg", "mine.toml", "runs/mine/config.toml")]
        [False, True, True]
    """
    path = Path(preset)
    return len(path.parts) > 1 or bool(path.suffix)


def beside(folder: Path, preset: str) -> str:
    """The preset as a file in the folder has it: another file is looked for from there."""
    return str(folder / preset) if is_preset_file(preset) else preset


def load_preset(preset: str) -> RunConfig:
    """A preset's configuration.

    Args:
        preset: a published one's name, or a file, such as a run's `config.toml`.

    Raises:
        MrcaError: if there is no preset of that name, or the file is no configuration.
    """
    if is_preset_file(preset):
        return load_config(Path(preset))
    names = preset_names()
    if preset not in names:
        raise MrcaError(
            f"Unknown preset {preset!r}.{did_you_mean(preset, names)} "
            f"Expected one of: {', '.join(names)}; or a file."
        )
    return load_config(_FOLDER / f"{preset}.toml")
