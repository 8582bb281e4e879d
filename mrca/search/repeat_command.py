"""The command that trains the best configuration of a search again."""

import shlex
from collections.abc import Mapping
from pathlib import Path

from mrca.search.search_folder import BEST
from mrca.search.search_space import SearchSpace


def repeat_command(
    folder: Path, space: SearchSpace, options: Mapping[str, Path | None] | None = None
) -> str:
    """What to type to repeat every run of the best trial.

    Args:
        folder: the search's.
        space: what was searched.
        options: further ones, such as `{"--data-dir": path}`; None for one that was not given.
    """
    seeds = ["--seeds", str(space.seeds)] if space.seeds > 1 else []
    given = [part for option, path in (options or {}).items() if path for part in (option, path)]
    command = ["mrca", "train", "--preset", folder / BEST, "--name", f"{folder.name}-best"]
    return shlex.join(map(str, [*command, *seeds, *given]))
