"""Published settings by name."""

from pathlib import Path

from mrca.config.run_config import RunConfig
from mrca.config.toml_file import load_config
from mrca.errors import MrcaError, did_you_mean

_FOLDER = Path(__file__).parent / "preset_files"


def preset_names() -> list[str]:
    """Every preset's name, sorted."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def load_preset(name: str) -> RunConfig:
    """The preset's configuration.

    Raises:
        MrcaError: if there is no preset of that name.
    """
    names = preset_names()
    if name not in names:
        raise MrcaError(
            f"Unknown preset {name!r}.{did_you_mean(name, names)} "
            f"Expected one of: {', '.join(names)}."
        )
    return load_config(_FOLDER / f"{name}.toml")
