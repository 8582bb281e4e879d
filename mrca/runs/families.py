"""Runs that differ in their seed alone."""

import glob
import re
from collections.abc import Sequence
from pathlib import Path

from mrca.errors import MrcaError
from mrca.runs import layout

_SEED = re.compile("-seed[0-9]{1,10}")


def run_families(names: Sequence[str | Path]) -> dict[str, list[Path]]:
    """Find the run folders that names stand for, those with different seeds together.

    A name is a run folder, or the name of one in `saved_models/`; or, where there is no such run,
    that of its seeds: `mrca` stands for `mrca-seed1`, `mrca-seed2`, …

    Args:
        names: such as `["saved_models/mrca", "bce"]`.

    Returns:
        What to call each family (its folder's name, or all of it where two share one), and its run
        folders, lowest seed first.

    Raises:
        MrcaError: if a name stands for no finished run, or for the same one as another.
    """
    families: dict[str, list[Path]] = {}
    paths = [Path(name) for name in names]
    shared = len({path.name for path in paths}) < len(paths)
    for path in paths:
        called = str(path) if shared else path.name
        if called in families:
            raise MrcaError(f"The run {called} is named twice. Expected different runs.")
        families[called] = _runs(path)
    return families


def _runs(path: Path) -> list[Path]:
    folder = layout.find_run(path)
    if not (folder / layout.CONFIG).is_file():
        for name in (path, Path("saved_models") / path):
            seeds = {
                int(each.name.removeprefix(f"{name.name}-seed")): each
                for each in name.parent.glob(f"{glob.escape(name.name)}-seed*")
                if _SEED.fullmatch(each.name.removeprefix(name.name))
            }
            for each in seeds.values():
                layout.check_run_folder(each)
            if seeds:
                return [seeds[number] for number in sorted(seeds)]
    layout.check_run_folder(folder)
    return [folder]
