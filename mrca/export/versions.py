"""Numbers for the versions of an exported model."""

from pathlib import Path

from mrca.errors import MrcaError
from mrca.runs import layout


def free_version(folder: Path, version: int | None = None) -> int:
    """A version that a model's folder does not have.

    Args:
        folder: the model's; it may be missing.
        version: the one that is wanted; `None` for one more than the highest.

    Raises:
        MrcaError: if it is there already: a server may be running it.
    """
    taken = layout.exported_versions(folder)
    following = max(taken, default=0) + 1
    if version is None:
        return following
    if (folder / str(version)).exists():
        raise MrcaError(
            f"{folder / str(version)} is there already, and a server may be using it. Export as "
            f"another version, such as --version {following}, or delete it."
        )
    return version
