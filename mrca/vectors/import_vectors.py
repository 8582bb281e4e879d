"""From a file of vectors to a store."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mrca.errors import MrcaError
from mrca.files import require_room, temporary_folder
from mrca.vectors.formats import Progress, VectorFormat
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
    """The file itself, or the one file of a `.zip` that is asked for, in a temporary folder."""
    if source.suffix != ".zip":
        yield source
        return
    try:
        with (
            zipfile.ZipFile(source) as archive,
            temporary_folder(folder / source.name) as temporary,
        ):
            info = _find_member(source, archive, member)
            require_room(folder, info.file_size, f"{info.filename}, unpacked")
            path = temporary / "vectors.txt"  # no name from the archive reaches the disk
            with archive.open(info) as packed, path.open("wb") as file:
                while chunk := packed.read(_CHUNK):
                    file.write(chunk)
                    if progress is not None:
                        progress("unpacking", file.tell(), info.file_size)
            try:
                yield path
            except MrcaError as error:
                raise MrcaError(
                    str(error).replace(str(path), f"{source}:{info.filename}")
                ) from None
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise MrcaError(f"{source} is a damaged or unsupported zip archive: {error}.") from error
    except OSError as error:
        raise MrcaError(f"Cannot unpack {source}: {error.strerror or error}.") from error


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
