"""What else there is where a run is not."""

from pathlib import Path

from mrca.errors import did_you_mean


def other_runs(missing: Path) -> str:
    """The runs beside one that is not there, as part of a message, or nothing.

    Example:
        >>> other_runs(Path("nowhere/webnlg"))
        ''
    """
    known = sorted(
        path.parent.name
        for path in missing.parent.glob("*/config.toml")
        if path.parent.suffix != ".unfinished"
    )
    if not known:
        return ""
    return f"{did_you_mean(missing.name, known)} Runs in {missing.parent}: {', '.join(known)}."
