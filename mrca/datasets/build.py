"""A corpus built from published files, and the note with it that says from which."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mrca.datasets.recipe import Recipe
from mrca.datasets.relations_json import write_relations
from mrca.datasets.write import write_jsonl
from mrca.errors import MrcaError
from mrca.files import file_digest, replace_folder, search_folders, temporary_folder

SOURCE = "source.json"


def find_raw(recipe: Recipe, data_dir: Path | None = None) -> list[Path] | None:
    """The published files that a corpus can be built from, or `None` if no set is complete.

    Args:
        recipe: the corpus's.
        data_dir: a folder to look in before all others.
    """
    for folder in search_folders("data", data_dir):
        for names in recipe.raw:
            files = [found[-1] for name in names if (found := sorted(folder.glob(name)))]
            if len(files) == len(names):
                return files
    return None


def build_corpus(recipe: Recipe, files: Sequence[Path], folder: Path) -> Path:
    """Build a corpus as JSON Lines, unless it was built from the same files already.

    Beside the splits and `relations.json` (sorted) stands `source.json`: the recipe's version and
    the SHA-256 of each file that was used. The folder is written atomically.

    Args:
        recipe: how.
        files: what from; in any order and of any name.
        folder: what to make or, if it was built before, replace.

    Raises:
        MrcaError: if the files cannot be used, the folder cannot be written, or it holds something
            that was not built.
    """
    beside = [files[0].with_name(name) for name in recipe.beside]
    used = [*files, *(path for path in beside if path.is_file() and path not in files)]
    note = {
        "recipe": recipe.version,
        "files": {path.name: _digest(path) for path in used},
    }
    if _read_note(folder) == note:
        return folder
    if folder.exists() and not was_built(folder):
        raise MrcaError(
            f"{folder} is there and was not built by this package (it has no {SOURCE}). Remove or "
            "rename it, or choose another --data-dir."
        )
    splits = recipe.make_splits(used)
    try:
        with temporary_folder(folder) as temporary:
            made = temporary / folder.name
            for split, documents in splits.items():
                write_jsonl(documents, made / f"{split}.jsonl")
            names = {label for rows in splits.values() for row in rows for label in row.labels}
            write_relations(sorted(names), made)
            (made / SOURCE).write_text(json.dumps(note, indent=1) + "\n", encoding="utf-8")
            replace_folder(made, folder)
    except OSError as error:
        raise MrcaError(f"Cannot write {folder}: {error.strerror or error}.") from error
    return folder


def was_built(folder: Path) -> bool:
    """Whether a folder was made by `build_corpus`."""
    return (folder / SOURCE).is_file()


def is_outdated(folder: Path, recipe: Recipe) -> bool:
    """Whether a folder was built by another version of the recipe than this one."""
    return was_built(folder) and _read_note(folder).get("recipe") != recipe.version


def _read_note(folder: Path) -> dict[str, Any]:
    """What `source.json` says; nothing where it says nothing that can be read."""
    try:
        note = json.loads((folder / SOURCE).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return note if isinstance(note, dict) else {}


def _digest(path: Path) -> str:
    """That of a file, or of the names and digests of a folder's files."""
    try:
        if path.is_dir():
            found = hashlib.sha256()
            for file in sorted(path.glob("*.json")):
                found.update(f"{file.name} {_digest(file)}\n".encode())
            return f"sha256:{found.hexdigest()}"
        return file_digest(path, "sha256")
    except OSError as error:
        raise MrcaError(f"Cannot read {path}: {error.strerror or error}.") from error
