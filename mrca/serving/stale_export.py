"""Whether an exported model still is what its run is."""

import json
import shlex
from pathlib import Path
from typing import Any

from mrca.export import exported_files
from mrca.runs import layout


def stale_export(run: Path, exported: Path) -> str | None:
    """What has changed in a run since it was exported, and what to do, in words.

    Args:
        run: the run folder, or its name in `saved_models/`; a folder of versions alone will do.
        exported: a version's folder; see `find_exported`.

    Returns:
        `None` if nothing has changed, or if that cannot be known.
    """
    folder = layout.find_run(run)
    if not (folder / layout.CONFIG).is_file():
        return None
    description = _json(exported / exported_files.DESCRIPTION)
    fingerprint = description.get("fingerprint") if isinstance(description, dict) else None
    decision = _json(folder / layout.DECISION)
    decided = _json(exported / exported_files.DECISION)
    if fingerprint is not None and fingerprint != layout.fingerprint_of_run(folder):
        changed = "from another training"
    elif None not in (decision, decided) and decision != decided:
        changed = "with another decision rule"
    else:
        return None
    return (
        f"version {exported.name} was exported {changed} of this run; export again with "
        f"`mrca export {shlex.quote(str(run))}`."
    )


def _json(file: Path) -> Any:
    """A file's value, or `None` if it cannot be read."""
    try:
        return json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
