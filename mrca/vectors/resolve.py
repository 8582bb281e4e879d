"""From what the user says after `--vectors` to an open store."""

from contextlib import suppress
from pathlib import Path

from mrca.errors import MrcaError, did_you_mean
from mrca.files import cache_folder, fetch, file_digest, has_digest, search_folders
from mrca.vectors.formats import Progress
from mrca.vectors.import_vectors import import_vectors
from mrca.vectors.registry import KNOWN_VECTORS, KnownVectors, default_name
from mrca.vectors.store import VectorStore
from mrca.vectors.store_files import is_store

_ENDINGS = (".txt", ".txt.gz", ".gz", ".vec", ".bin", ".zip")


def resolve_vectors(
    name_or_path: str,
    vectors_dir: Path | None = None,
    *,
    download: bool = True,
    progress: Progress | None = None,
) -> VectorStore:
    """Open the vectors that a name or a path stands for.

    A path is a store's folder or a file of vectors. A name is looked for in `vectors_dir`,
    `$MRCA_VECTORS_DIR`, `data/vectors/`, `data/` and the user's cache: in each first a store
    `<name>/`, then a file (`<name>.txt`, `<name>.*.txt.gz`, …, or one that a known name goes by).
    A known name that is nowhere is downloaded. Files are imported into the cache once, under the
    digest of their content, and reused after; nothing is written to any other folder.

    Args:
        name_or_path: such as `"glove-wiki-gigaword-300"`, `"minilm-static"` or `"my/vectors.txt"`.
        vectors_dir: a folder to look in before all others.
        download: whether a known name may be downloaded.
        progress: called while something is downloaded, checked or imported.

    Raises:
        MrcaError: if nothing is found (it says which file to bring and the command that takes it),
            or if what is found is damaged, malformed or, for a known name, of another dimension.
    """
    path = Path(name_or_path).expanduser()
    if path.is_file():
        return _import_once(path, default_name(path.name), progress)
    if is_store(path):
        return VectorStore.open(path)
    is_path = path.name != name_or_path or name_or_path.endswith(_ENDINGS)
    if is_path or name_or_path in ("", ".", ".."):
        raise MrcaError(
            f"No vectors at {name_or_path!r}. Expected a file of vectors, a store's folder or one "
            f"of the names that `mrca vectors list` shows ({', '.join(KNOWN_VECTORS)})."
        )
    place = find_vectors(name_or_path, vectors_dir)
    if place is not None:
        if place.is_dir():
            return _open_as(name_or_path, place)
        return _import_once(place, name_or_path, progress)
    known = KNOWN_VECTORS.get(name_or_path)
    if known is None or known.remote is None or not download:
        raise _not_found(name_or_path, known, vectors_dir)
    return _download(known, progress)


def find_vectors(name: str, vectors_dir: Path | None = None) -> Path | None:
    """The store's folder or the file that a name stands for in the search folders, or `None`.

    Raises:
        MrcaError: if a folder holds several files that the name may mean.
    """
    known = KNOWN_VECTORS.get(name)
    if known is not None and known.packaged:
        return Path(__file__).parent / name
    for folder in search_folders("vectors", vectors_dir):
        if is_store(folder / name):
            return folder / name
        for file in known.files if known else ():
            if (folder / file).is_file():
                return folder / file
        try:
            files = [
                file
                for file in folder.iterdir()
                if file.name.startswith(f"{name}.")
                and file.name.endswith(_ENDINGS)
                and file.is_file()
            ]
        except OSError:  # missing, or not ours to read: the next folder may have it
            continue
        if len(files) > 1:
            listing = ", ".join(sorted(file.name for file in files))
            raise MrcaError(
                f"{folder} holds several files for the vectors {name!r}: {listing}. "
                "Give the path of the one that you want."
            )
        if files:
            return files[0]
    return None


def stored_names(vectors_dir: Path | None = None) -> list[str]:
    """Names of the stores in the search folders, in the order in which they are searched."""
    names: list[str] = []
    for folder in search_folders("vectors", vectors_dir):
        with suppress(OSError):
            stores = (path.name for path in folder.iterdir() if is_store(path))
            names.extend(sorted(name for name in stores if name.isprintable()))
    return list(dict.fromkeys(names))


def fetch_vectors(
    name: str, from_file: Path | None = None, *, progress: Progress | None = None
) -> VectorStore:
    """Put known vectors into the cache, so that their name works from then on.

    Args:
        name: one of the names that `mrca vectors list` shows.
        from_file: a file that the user brought, for machines without internet: the published
            download itself, or for GloVe also `glove.6B.300d.txt`, `.txt.gz` or `glove.6B.zip`.
            It replaces what the cache held under this name.
        progress: called while something is downloaded, checked or imported.

    Raises:
        MrcaError: if the name is unknown, the download fails, or the file is not what it should be.
    """
    known = KNOWN_VECTORS.get(name)
    if known is None:
        raise MrcaError(
            f"Unknown vectors {name!r}.{did_you_mean(name, KNOWN_VECTORS)} Expected one of "
            f"{', '.join(KNOWN_VECTORS)}. For a file of your own: `mrca vectors import FILE`."
        )
    if from_file is None or known.packaged:
        return resolve_vectors(name, progress=progress)
    remote = known.remote
    if remote and from_file.name == remote.name and not _matches(from_file, remote.digest):
        raise MrcaError(
            f"{from_file} is not {remote.name} or is damaged. Expected {remote.size:,} bytes with "
            f"the digest {remote.digest}, received {from_file.stat().st_size:,} bytes of something "
            f"else. Download it again from {remote.urls[0]}."
        )
    return import_vectors(
        from_file,
        cache_folder("vectors") / name,
        name,
        overwrite=True,
        dim=known.dim,
        zip_member=known.zip_member,
        progress=progress,
    )


def _download(known: KnownVectors, progress: Progress | None) -> VectorStore:
    assert known.remote is not None
    cache = cache_folder("vectors")

    def report(done: int, total: int | None) -> None:
        if progress is not None:
            progress("downloading", done, total)

    file = fetch(known.remote, cache, report, offline_hint=_bring(known))
    store = import_vectors(file, cache / known.name, known.name, dim=known.dim, progress=progress)
    file.unlink(missing_ok=True)  # the store replaces it
    return store


def _import_once(file: Path, name: str, progress: Progress | None) -> VectorStore:
    try:
        if progress is not None:
            progress("checking", 0, None)
        digest = file_digest(file, "sha256").partition(":")[2]
    except OSError as error:
        raise MrcaError(f"Cannot read {file}: {error.strerror or error}.") from error
    folder = cache_folder("vectors") / "imported" / f"{name}-{digest[:16]}"
    if is_store(folder):
        return _open_as(name, folder)
    known = KNOWN_VECTORS.get(name)
    return import_vectors(
        file,
        folder,
        name,
        # Another process may have made the same store meanwhile; replacing it with its equal is
        # fine.
        overwrite=True,
        dim=known.dim if known else None,
        zip_member=known.zip_member if known else None,
        progress=progress,
    )


def _open_as(name: str, folder: Path) -> VectorStore:
    """The store in `folder`; if the name is a known one it must have that one's dimension."""
    store = VectorStore.open(folder)
    known = KNOWN_VECTORS.get(name)
    if known is not None and store.dim != known.dim:
        raise MrcaError(
            f"{folder} does not hold {name}: expected vectors of dimension {known.dim}, received "
            f"{store.dim}. Remove or rename that folder. {_bring(known)}"
        )
    return store


def _matches(file: Path, digest: str) -> bool:
    try:
        return has_digest(file, digest)
    except OSError as error:
        raise MrcaError(f"Cannot read {file}: {error.strerror or error}.") from error


def _not_found(name: str, known: KnownVectors | None, vectors_dir: Path | None) -> MrcaError:
    folders = "\n".join(f"  {folder}" for folder in search_folders("vectors", vectors_dir))
    what_to_do = (
        _bring(known)
        if known
        else f"Known names: {', '.join(KNOWN_VECTORS)}. To give a file of your own this name: "
        f"`mrca vectors import FILE --name {name}`."
    )
    near = "" if known else did_you_mean(name, [*KNOWN_VECTORS, *stored_names(vectors_dir)])
    return MrcaError(
        f"The vectors {name!r} were not found.{near} Looked in:\n{folders}\n{what_to_do}"
    )


def _bring(known: KnownVectors) -> str:
    source = f" (from {known.remote.urls[0]})" if known.remote else ""
    return (
        f"Bring {' or '.join(known.files)}{source} to this machine and run "
        f"`mrca vectors fetch {known.name} --from-file FILE`. Or take others with --vectors "
        "NAME_OR_PATH: `mrca vectors list` shows which are here. For a first try: --vectors sample."
    )
