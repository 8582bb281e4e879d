"""A folder that an encoder is saved in, whole or not at all."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mrca.errors import MrcaError
from mrca.resources import replace_folder


@contextmanager
def saved_folder(folder: Path) -> Iterator[Path]:
    """Give a temporary folder to write to, which becomes `folder` when all went well.

    Args:
        folder: the folder to make or replace.

    Raises:
        MrcaError: if it cannot be written.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".partial-") as temporary:
            target = Path(temporary, folder.name)
            yield target
            replace_folder(target, folder)
    except OSError as error:
        raise MrcaError(
            f"Cannot save the encoder in {folder}: {error.strerror or error}. Free some room "
            "there, or choose another folder."
        ) from error
