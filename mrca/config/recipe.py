"""Settings to start from: published ones by name, or a file."""

from pathlib import Path

from mrca.config.run_config import RunConfig
from mrca.config.toml_file import load_config
from mrca.errors import MrcaError, did_you_mean

_FOLDER = Path(__file__).parent / "recipes"


def recipe_names() -> list[str]:
    """Every recipe's name, sorted."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def is_recipe_file(recipe: str) -> bool:
    """Whether it is a file instead of a name: it has a folder or an ending.

    Example:
        >>> [is_recipe_file(each) for each in ("webnlg", "mine.toml", "runs/mine/config.toml")]
        [False, True, True]
    """
    path = Path(recipe)
    return len(path.parts) > 1 or bool(path.suffix)


def beside(folder: Path, recipe: str) -> str:
    """The recipe as a file in the folder has it: another file is looked for from there."""
    return str(folder / recipe) if is_recipe_file(recipe) else recipe


def load_recipe(recipe: str) -> RunConfig:
    """A recipe's configuration.

    Args:
        recipe: a published one's name, or a file, such as a run's `config.toml`.

    Raises:
        MrcaError: if there is no recipe of that name, or the file is no configuration.
    """
    if is_recipe_file(recipe):
        return load_config(Path(recipe))
    names = recipe_names()
    if recipe not in names:
        raise MrcaError(
            f"Unknown recipe {recipe!r}.{did_you_mean(recipe, names)} "
            f"Expected one of: {', '.join(names)}; or a file."
        )
    return load_config(_FOLDER / f"{recipe}.toml")
