"""The page that lets a person ask a served model."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mrca.errors import MrcaError
from mrca.export.exported_files import RELATIONS

_FILES = Path(__file__).parent / "page"


@contextmanager
def demo_page(exported: Path) -> Iterator[Path]:
    """A folder with the page of an exported model, for as long as it is served.

    Args:
        exported: a version's folder; see `find_exported`.

    Raises:
        MrcaError: if it does not say what its relations are.
    """
    model = {
        "name": exported.absolute().parent.name,
        "version": int(exported.name),
        "relations": _relations(exported),
    }
    with tempfile.TemporaryDirectory(prefix="mrca-demo-") as folder:
        page = shutil.copytree(_FILES, Path(folder, "page"))
        (page / "model.json").write_text(json.dumps(model), "utf-8")
        yield page


def _relations(exported: Path) -> list[str]:
    file = exported / RELATIONS
    try:
        names = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise _unreadable(file, str(error)) from None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise _unreadable(file, "it is no list of names")
    return names


def _unreadable(file: Path, reason: str) -> MrcaError:
    return MrcaError(
        f"Cannot read the relations of the exported model from {file}: {reason}. Export the run "
        "anew with `mrca export`."
    )
