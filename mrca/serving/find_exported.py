"""Where the exported versions of a run lie."""

import shlex
from pathlib import Path

from mrca.errors import MrcaError
from mrca.export.checks import check_exportable
from mrca.runs.layout import CONFIG, SAVED_MODEL, exported_versions, other_runs, read_config


class NothingExportedError(MrcaError):
    """There is a folder, maybe a run, but no exported version of it."""


def find_exported(folder: Path, version: int | None = None) -> Path:
    """The folder of an exported version, such as `saved_models/webnlg/1`.

    Args:
        folder: a folder of versions, or the name of one in `saved_models/`; or a run in another
            place, whose versions lie in `saved_models/` under its name.
        version: which; by default the highest.

    Raises:
        NothingExportedError: if the folder has no version at all, and can have one.
        MrcaError: if there is no folder, or not that version.
    """
    places = [folder]
    if len(folder.parts) == 1 or folder.is_dir():  # a run elsewhere is exported there, too
        places.append(Path("saved_models") / folder.resolve().name)
    place = next((place for place in places if exported_versions(place)), None)
    if place is None:
        raise _nothing_exported(folder, places)
    versions = exported_versions(place)
    if version is None:
        version = versions[-1]
    if version not in versions:
        there = ", ".join(map(str, versions))
        raise MrcaError(
            f"{place} has no exported version {version}, but {there}. Make it with `mrca export "
            f"{shlex.quote(str(folder))} --version {version}`, or leave --version out."
        )
    return place / str(version)


def _nothing_exported(folder: Path, places: list[Path]) -> MrcaError:
    if (folder / SAVED_MODEL).is_file():
        version = f" --version {folder.name}" if folder.name.isdecimal() else ""
        return MrcaError(
            f"{folder} is one exported model. Expected the folder that it lies in, under the "
            f"version's number: give {shlex.quote(str(folder.absolute().parent))}{version}."
        )
    if not any(place.is_dir() for place in places):
        return MrcaError(
            f"There is no run at {' or '.join(map(str, places))}.{other_runs(places[-1])} Expected "
            "a run folder, or the name of one in saved_models/. Make one with `mrca train "
            "--dataset NAME`."
        )
    for place in places:
        if (place / CONFIG).is_file():
            check_exportable(place, read_config(place))
    return NothingExportedError(
        f"Nothing is exported from {folder}: expected a folder named by a version's number with "
        f"{SAVED_MODEL} in it. Make one with `mrca export {shlex.quote(str(folder))}`."
    )
