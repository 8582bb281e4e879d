"""`mrca vectors`: word vectors imported, fetched, listed and described."""

import json
import shlex
from pathlib import Path
from typing import Annotated

import typer

from mrca.cli.options import AsJson, VectorsDir, say_next
from mrca.cli.progress import StageProgress
from mrca.errors import MrcaError
from mrca.files import cache_folder
from mrca.vectors import (
    KNOWN_VECTORS,
    VectorFormat,
    VectorStore,
    fetch_vectors,
    find_vectors,
    import_vectors,
    resolve_vectors,
)
from mrca.vectors.registry import default_name
from mrca.vectors.resolve import stored_names

app = typer.Typer(no_args_is_help=True, help="Import, fetch and describe word vectors.")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="GloVe text, word2vec text or binary; .gz or .zip.")],
    name: Annotated[
        str | None, typer.Option(help="What to call them; by default after the file.")
    ] = None,
    format: Annotated[
        VectorFormat | None,
        typer.Option(help="What the file is; told from how it starts if not given."),
    ] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace vectors of the same name.")] = False,
    as_json: AsJson = False,
) -> None:
    """Import a file of vectors into the cache, where its name finds it from then on."""
    name = name if name is not None else default_name(file.name)
    plain = Path(name).name == name and name.strip() and name.isprintable()
    if not plain or name.startswith("."):
        raise MrcaError(
            f"{name!r} cannot be the name of vectors. Expected a plain name without slashes that "
            "can be shown and does not start with a dot: give one with --name."
        )
    with StageProgress() as progress:
        store = import_vectors(
            file,
            cache_folder("vectors") / name,
            name,
            format=format,
            overwrite=overwrite,
            progress=progress,
        )
    _show(store, as_json)


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(KNOWN_VECTORS)}.")],
    from_file: Annotated[
        Path | None, typer.Option(help="Take this file instead of downloading.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Download published vectors into the cache, or take a file that was brought."""
    with StageProgress() as progress:
        store = fetch_vectors(name, from_file, progress=progress)
    _show(store, as_json)


@app.command()
def info(
    vectors: Annotated[str, typer.Argument(help="A name, a store's folder or a file of vectors.")],
    vectors_dir: VectorsDir = None,
    as_json: AsJson = False,
) -> None:
    """Describe vectors: how many, of which dimension, how large. Never downloads."""
    with StageProgress() as progress:
        store = resolve_vectors(vectors, vectors_dir, download=False, progress=progress)
    _show(store, as_json)


@app.command("list")
def list_(vectors_dir: VectorsDir = None, as_json: AsJson = False) -> None:
    """List the names that `--vectors` takes here and where each is found."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    rows = []
    for name in dict.fromkeys([*KNOWN_VECTORS, *stored_names(vectors_dir)]):
        place = find_vectors(name, vectors_dir)
        known = KNOWN_VECTORS.get(name)
        missing = "can be fetched" if known and known.remote else "missing"
        rows.append(
            {
                "name": name,
                "found": str(place) if place else None,
                "status": ("ready" if place.is_dir() else "imported on use") if place else missing,
                "description": known.description if known else "",
            }
        )
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    table = Table(
        caption="--vectors takes one of these names, or the path of a file or of a store's folder. "
        "mrca vectors import FILE gives a file of yours a name.",
        caption_justify="left",
    )
    for column in ("name", "status", "found", "description"):
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(row[key] or "") for key in ("name", "status", "found", "description")))
    Console().print(table)


def _show(store: VectorStore, as_json: bool) -> None:
    size = sum(file.stat().st_size for file in store.folder.iterdir())
    usable = _has_lower_case(store)
    facts = {
        "name": store.name,
        "folder": str(store.folder),
        "rows": len(store),
        "dim": store.dim,
        "max_entry": store.max_entry,
        "v": store.feature_value,
        "duplicates": store.duplicates,
        "has_lower_case": usable,
        "bytes_on_disk": size,
        "fingerprint": store.fingerprint,
    }
    if as_json:
        typer.echo(json.dumps(facts, indent=2))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    table.add_row("name", Text(store.name))
    table.add_row("folder", Text(str(store.folder)))
    table.add_row("words", f"{len(store):,}")
    table.add_row("dimension", str(store.dim))
    table.add_row("largest entry", f"{store.max_entry:g}")
    table.add_row("v, the size of case and role features", f"{store.feature_value:g}")
    table.add_row("repeated words left out", f"{store.duplicates:,}")
    table.add_row("size on disk", f"{size / 1e6:,.1f} MB")
    table.add_row("fingerprint", Text(store.fingerprint))
    Console().print(table)
    say_next(f"mrca train --dataset CORPUS --vectors {shlex.quote(store.name)}")
    if not usable:
        typer.echo(
            "No word of this store is in lower case. Models look words up in lower case and would "
            "find none: lower-case the file's words and import it again.",
            err=True,
        )


def _has_lower_case(store: VectorStore) -> bool:
    """Whether a look-up in lower case can find any word."""
    return any(word == word.lower() for word in store.words())
