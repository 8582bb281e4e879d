"""From a file of vectors to a store."""

import zipfile
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from mrca.errors import MrcaError
from mrca.files import require_room, temporary_folder
from mrca.vectors.formats import Progress, VectorFormat, VectorStream, open_vector_file
from mrca.vectors.readers import read_vector_file
from mrca.vectors.store import VectorStore

_CHUNK = 1 << 20


def import_vectors(
    source: Path,
    folder: Path,
    name: str,
    *,
    format: VectorFormat | None = None,
    overwrite: bool = False,
    dim: int | None = None,
    zip_member: str | None = None,
    progress: Progress | None = None,
) -> VectorStore:
    """Read a file of vectors and write it as a store.

    The matrix is held in memory once while it is read; 400,000 x 300 takes about 0.5 GB.

    Args:
        source: GloVe text, word2vec text or word2vec binary; plain, `.gz`, or inside a `.zip`.
        folder: where the store goes.
        name: what the vectors are called in reports.
        format: what the file is; told from its start if `None`.
        overwrite: whether a store in `folder` is replaced.
        dim: the dimension that the vectors must have, if any.
        zip_member: which file of a `.zip` to read; needed only where it has several.
        progress: called while the file is unpacked, checked, read and written.

    Raises:
        MrcaError: if the file is not as its format says (with the line), if `folder` exists, or if
            the disk has no room. Nothing is left behind.
    """
    if folder.exists() and not overwrite:  # before minutes of reading, not after
        raise MrcaError(
            f"{folder} already exists. Choose another --name, or replace it with --overwrite."
        )
    with _unpacked(source, folder.parent, zip_member, progress) as path:
        table = read_vector_file(path, format, dim=dim, progress=progress)
    if progress is not None:
        progress("writing", 0, None)
    return VectorStore.write(
        folder, table.words, table.matrix, name, overwrite=overwrite, duplicates=table.duplicates
    )


@contextmanager
def _unpacked(
    source: Path, folder: Path, member: str | None, progress: Progress | None
) -> Iterator[Path]:
    """The file itself; or a copy, in a temporary folder, of the one in a `.zip` that is asked for,
    or of one that begins with a byte order mark, which is no part of its first word."""
    if source.suffix != ".zip":
        with open_vector_file(source) as stream:
            marked = stream.read(len(BOM_UTF8)) == BOM_UTF8
        if not marked:
            yield source
            return
        with ExitStack() as stack:
            stream = stack.enter_context(open_vector_file(source))
            path = _copy(stream, source.name, folder, stream.size, stack, progress)
            yield stack.enter_context(_called(str(source), path))
        return
    try:
        with zipfile.ZipFile(source) as archive, ExitStack() as stack:
            info = _find_member(source, archive, member)
            packed = stack.enter_context(archive.open(info))
            path = _copy(packed, source.name, folder, info.file_size, stack, progress)
            yield stack.enter_context(_called(f"{source}:{info.filename}", path))
    # An IndexError is of a member without a name.
    except (zipfile.BadZipFile, EOFError, IndexError, NotImplementedError, RuntimeError) as error:
        raise MrcaError(f"{source} is a damaged or unsupported zip archive: {error}.") from error
    except OSError as error:
        raise MrcaError(f"Cannot unpack {source}: {error.strerror or error}.") from error


def _copy(
    packed: VectorStream | IO[bytes],
    name: str,
    folder: Path,
    size: int,
    stack: ExitStack,
    progress: Progress | None,
) -> Path:
    """What is packed, without a byte order mark, as a file that is there as long as the stack."""
    temporary = stack.enter_context(temporary_folder(folder / name))
    require_room(folder, size, f"{name}, unpacked")
    path = temporary / "vectors.txt"  # no name from an archive reaches the disk
    with path.open("wb") as file:
        file.write(packed.read(_CHUNK).removeprefix(BOM_UTF8))
        while chunk := packed.read(_CHUNK):
            file.write(chunk)
            if progress is not None:
                progress("unpacking", file.tell(), max(size, file.tell()))
    return path


@contextmanager
def _called(name: str, path: Path) -> Iterator[Path]:
    """Calls a copy by the name of what it is of, in errors."""
    try:
        yield path
    except MrcaError as error:
        raise MrcaError(str(error).replace(str(path), name)) from None


def _find_member(source: Path, archive: zipfile.ZipFile, member: str | None) -> zipfile.ZipInfo:
    held = {info.filename: info for info in archive.infolist() if not info.is_dir()}
    if member is not None and member in held:
        return held[member]
    if len(held) == 1:
        return next(iter(held.values()))
    listing = ", ".join(sorted(held)[:10]) or "nothing"
    raise MrcaError(
        f"{source} holds {listing}. Expected {member or 'exactly one file'}. "
        "Unzip it and give the file that you want."
    )
