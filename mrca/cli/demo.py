"""`mrca demo`."""

import shlex
import sys
import threading
import webbrowser
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from mrca.cli.options import Host, Port, ServedVersion
from mrca.datasets import iter_rows, locate_corpus
from mrca.datasets.locate import split_files
from mrca.errors import MrcaError, check_installed
from mrca.quiet import quiet_start
from mrca.runs.layout import CONFIG, find_run, read_config
from mrca.serving import find_exported
from mrca.serving.demo_page import demo_page
from mrca.serving.find_exported import NothingExportedError
from mrca.serving.stale_export import stale_export
from mrca.text import Document

_ROWS = 200  # of the corpus, from which examples are chosen


def demo(
    run: Annotated[
        Path, typer.Argument(help="A run folder, exported or not, or its name in saved_models/.")
    ],
    version: ServedVersion = None,
    host: Host = "127.0.0.1",
    port: Port = 8501,
    open_browser: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the page in a browser, at a terminal.")
    ] = True,
) -> None:
    """Show a page on which to type sentences, mark entities and see what the run says.

    A run that was not exported yet is exported first. Ends with Ctrl-C.
    """
    check_installed("mrca demo", "serve", "fastapi", "uvicorn", "prometheus_client")
    try:
        exported = find_exported(run, version)
    except NothingExportedError:
        exported = _export(run, version or 1)
    if note := stale_export(run, exported):
        typer.echo(f"Note: {note}", err=True)
    with quiet_start():
        from mrca.serving.serve import serve as run_server

    def ready(url: str) -> None:
        typer.echo(f"Showing {exported} at {url} until Ctrl-C.", err=True)
        if open_browser and sys.stderr.isatty():
            # Some browsers return only when they are closed.
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()

    page = demo_page(exported, _documents(run))
    run_server(exported, host=host, port=port, page=page, ready=ready)


def _documents(run: Path) -> list[Document]:
    """Some of the run's corpus, if it is at hand: what the page begins with."""
    folder = find_run(run)
    if not (folder / CONFIG).is_file():
        return []
    data = read_config(folder).data
    if not data.dataset:
        return []
    try:
        files = split_files(locate_corpus(data.dataset, download=False))
        rows = iter_rows(files.get("test", files["train"]), offsets=data.offsets)
        return [row.document for row in islice(rows, _ROWS) if row.document is not None]
    except MrcaError as error:
        typer.echo(f"Note: the page has no examples of the run's corpus: {error}", err=True)
        return []


def _export(run: Path, version: int) -> Path:
    """Export a run as its first version, next to the files of the run."""
    with quiet_start():
        from mrca import training
        from mrca.export.export_run import export_run

    try:
        loaded = training.load(run)
        place = loaded.folder / str(version)
        typer.echo(
            f"Note: nothing is exported yet: exporting version {version} to {place} …", err=True
        )
        return export_run(
            loaded,
            version=version,
            say=lambda text: typer.echo(f"{text} …", err=True),
        ).folder
    except MrcaError as error:
        raise _advised(run, error) from None


def _advised(run: Path, error: MrcaError) -> MrcaError:
    """An error; if it asks for an option that `mrca demo` does not have, what to do instead."""
    option = next((name for name in ("--vectors", "--encoder") if name in str(error)), None)
    if option is None:
        return error
    return MrcaError(
        f"{error} `mrca demo` does not take {option}: export the run first, with "
        f"`mrca export {shlex.quote(str(run))} {option} …`."
    )
