"""Published settings by name."""

import difflib
from pathlib import Path

from mrca.config.run_config import RunConfig
from mrca.config.toml_file import load_config
from mrca.errors import MrcaError

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
        near = difflib.get_close_matches(name, names, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise MrcaError(f"Unknown preset {name!r}.{hint} Expected one of: {', '.join(names)}.")
    return load_config(_FOLDER / f"{name}.toml")
