"""The files that are scored, and how they are known again."""

import glob
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from mrca.errors import MrcaError

# What files in a folder are taken.
_NAMES = (".jsonl", ".jsonl.gz", ".json", ".json.gz")
# A file's fingerprint is over so many pieces of it, of so many bytes, its first and last among
# them: all of it, if it is no larger.
_PIECES, _PIECE = 16, 2**16
_SHOWN = 3


class Input(BaseModel):
    """A file as it was when it was looked at.

    Attributes:
        path: as it was given.
        size: in bytes.
        modified: when, in nanoseconds since 1970.
        content: a fingerprint of pieces of it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    path: str
    size: Annotated[int, Field(ge=0)]
    modified: int
    content: str

    def change(self, now: "Input") -> str:
        """What has become of it, in words; empty if nothing that is known."""
        if now.size != self.size:
            return f"{self.path} has {now.size:,} bytes, and had {self.size:,}"
        if now.content != self.content:
            return f"{self.path} has another content"
        if now.modified != self.modified:
            return f"{self.path} was written again since"
        return ""


def describe_input(path: str, place: Path | None = None) -> Input:
    """A file as it is now.

    Its fingerprint costs the same whatever its size: 16 pieces of 64 KiB, spread evenly from the
    first byte to the last. So a change of some bytes between them is known by the time of the
    change alone.

    Args:
        path: as it was given.
        place: where that is, seen from any folder; by default from this one.

    Raises:
        MrcaError: if it cannot be read.
    """
    place = place or Path(path)
    try:
        with place.open("rb") as file:
            status = place.stat()
            state = hashlib.sha256()
            step = max(_PIECE, (status.st_size - _PIECE) / (_PIECES - 1))
            for number in range(_PIECES):
                file.seek(round(number * step))
                state.update(file.read(_PIECE))
    except OSError as error:
        raise MrcaError(f"Cannot read {path}: {error.strerror or error}.") from error
    return Input(
        path=path,
        size=status.st_size,
        modified=status.st_mtime_ns,
        content=f"sha256-of-pieces:{state.hexdigest()}",
    )


def find_inputs(given: Sequence[str], output: Path) -> list[str]:
    """The files that are meant, each once, in the order in which they were given.

    Args:
        given: files; folders, of which the files are taken whose names end as JSON Lines' do, in
            the order of their names, and not those of folders in them; and globs (`**` is any
            number of folders), also in the order of names.
        output: where results go.

    Raises:
        MrcaError: if there is no such file, or one lies where results go.
    """
    found: dict[Path, str] = {}
    for each in given:
        for path in _files(each):
            found.setdefault(path.resolve(), str(path))
    inside = [name for place, name in found.items() if output.resolve() in place.parents]
    if inside:
        raise MrcaError(
            f"{inside[0]} lies in {output}, where results go; they would be read as rows. Choose "
            "another --output, or name the rows alone."
        )
    return list(found.values())


def _files(given: str) -> list[Path]:
    path = Path(given)
    if path.is_dir():
        files = [each for each in sorted(path.iterdir()) if _is_taken(each)]
        if not files:
            raise MrcaError(
                f"There are no rows in {path}: expected files whose names end with "
                f"{', '.join(_NAMES)} (other names are to be given one by one, or as a glob)."
            )
        return files
    if path.is_file():
        return [path]
    if glob.has_magic(given):
        root = Path(path.anchor)
        files = [each for each in sorted(root.glob(str(path.relative_to(root)))) if each.is_file()]
        if not files:
            raise MrcaError(f"No file is called {given}. Expected files, folders or globs.")
        return files
    if given == "-":
        raise MrcaError(
            "Standard input cannot be read again after a stop, so `mrca bulk` takes files only. "
            "Write the rows to one, or use `mrca predict`."
        )
    what = "is no regular file" if path.exists() else "does not exist"
    raise MrcaError(f"{given} {what}. Expected a file of rows, a folder of them, or a glob.")


def _is_taken(path: Path) -> bool:
    return path.is_file() and path.name.endswith(_NAMES) and not path.name.startswith(".")


def changes(before: Sequence[Input], now: Sequence[Input]) -> list[str]:
    """What is another one among the files, in words; nothing if they are the same.

    Args:
        before: as they were.
        now: as they are, in their order.
    """
    paths = [each.path for each in before], [each.path for each in now]
    if paths[0] == paths[1]:
        return list(filter(None, (old.change(new) for old, new in zip(before, now, strict=True))))
    less, more = (
        [each for each in one if each not in set(other)] for one, other in (paths, paths[::-1])
    )
    said = [f"{_named(less)} not among the inputs now"] if less else []
    said += [f"{_named(more)} not among them before"] if more else []
    return said or ["the inputs come in another order"]


def _named(paths: Sequence[str]) -> str:
    others = len(paths) - _SHOWN
    shown = ", ".join(paths[:_SHOWN]) + (f" and {others:,} more" if others > 0 else "")
    return f"{shown} {'is' if len(paths) == 1 else 'are'}"
