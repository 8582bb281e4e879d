"""Texts and figures as files."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mrca.files import whole_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write_files(folder: Path, contents: "Mapping[str, str | Figure]") -> list[Path]:
    """Write files, each atomically.

    Args:
        folder: where; made if missing, and files of these names are replaced.
        contents: texts, written as UTF-8, and figures, written as PNG, by file name.

    Returns:
        The files.

    Raises:
        OSError: if one cannot be written.
    """
    for name, content in contents.items():
        with whole_file(folder / name) as temporary:
            if isinstance(content, str):
                temporary.write_text(content, "utf-8")
            else:
                content.savefig(temporary, dpi=150, format="png")
    return [folder / name for name in contents]
