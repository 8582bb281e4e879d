"""`mrca serve`."""

import os
import shlex
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from mrca.cli.options import LONGEST_WAIT, Host, Port, ServedVersion, a_number
from mrca.errors import check_installed
from mrca.export.exported_files import SAMPLE_REQUEST
from mrca.quiet import quiet_start
from mrca.serving import Limits, find_exported
from mrca.serving.guard import TOKEN
from mrca.serving.stale_export import stale_export

_DEFAULT = Limits()


def serve(
    run: Annotated[
        Path, typer.Argument(help="The run folder that was exported, or its name in saved_models/.")
    ],
    version: ServedVersion = None,
    host: Host = "127.0.0.1",
    port: Port = 8501,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            help="A host name that the server is asked by, beside its addresses and this machine's "
            "name; may be repeated."
        ),
    ] = None,
    max_body_mb: Annotated[
        float,
        typer.Option(min=0, max=2000, callback=a_number, help="Megabytes that a request may have."),
    ] = _DEFAULT.max_body / 1e6,
    max_characters: Annotated[
        int, typer.Option(min=1, help="Bytes that the texts of a request may have together.")
    ] = _DEFAULT.max_characters,
    max_rows: Annotated[
        int, typer.Option(min=1, help="Rows that a request may have.")
    ] = _DEFAULT.max_rows,
    max_cells: Annotated[
        int, typer.Option(min=1, help="Rows times their width that a request may have.")
    ] = _DEFAULT.max_cells,
    max_batch: Annotated[
        int, typer.Option(min=1, help="Rows of several requests to run together.")
    ] = _DEFAULT.max_batch,
    max_wait_ms: Annotated[
        float,
        typer.Option(
            min=0, max=60_000, callback=a_number, help="Milliseconds that a row waits for others."
        ),
    ] = _DEFAULT.max_wait * 1e3,
    max_queue: Annotated[
        int, typer.Option(min=1, help="Rows that may wait; then requests are refused.")
    ] = _DEFAULT.max_queue,
    max_connections: Annotated[
        int, typer.Option(min=1, help="Clients that may be connected at the same time.")
    ] = _DEFAULT.max_connections,
    timeout: Annotated[
        float,
        typer.Option(
            min=0.1,
            max=LONGEST_WAIT,
            callback=a_number,
            help="Seconds after which a request is given up.",
        ),
    ] = _DEFAULT.timeout,
) -> None:
    """Serve an exported model on this machine, as TensorFlow Serving does over HTTP.

    Ends with Ctrl-C, after what was asked is answered. With $MRCA_SERVE_TOKEN set, it answers
    those who bring that token.
    """
    check_installed("mrca serve", "serve", "fastapi", "uvicorn", "prometheus_client")
    exported = find_exported(run, version)
    if note := stale_export(run, exported):
        typer.echo(f"Note: {note}", err=True)
    limits = Limits(
        max_body=round(max_body_mb * 1e6),
        max_characters=max_characters,
        max_rows=max_rows,
        max_cells=max_cells,
        max_batch=max_batch,
        max_wait=max_wait_ms / 1e3,
        max_queue=max_queue,
        max_connections=max_connections,
        timeout=timeout,
    )
    with quiet_start():
        from mrca.serving.serve import serve as run_server

    def ready(url: str) -> None:
        model = f"{url}/v1/models/{quote(exported.absolute().parent.name, safe='')}"
        typer.echo(f"Serving {exported} at {model} until Ctrl-C. Ask it with:", err=True)
        sample = exported / SAMPLE_REQUEST
        asked = ["curl", model]
        if sample.is_file():
            asked = ["curl", "-d", f"@{sample}", f"{model}:predict"]
        typer.echo(f"  {shlex.join(asked)}", err=True)

    run_server(
        exported,
        host=host,
        port=port,
        limits=limits,
        names=allow_host or (),
        token=os.environ.get(TOKEN, ""),
        ready=ready,
    )
