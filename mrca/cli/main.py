"""The `mrca` command: parse, call one public function, render."""

import io
import os
import re
import sys
from typing import Annotated

import typer

import mrca
from mrca.cli import (
    bulk,
    client,
    compare,
    data,
    decouple,
    demo,
    evaluate,
    export,
    graph,
    losses,
    predict,
    push,
    score,
    search,
    serve,
    train,
    vectors,
)
from mrca.errors import MrcaError

app = typer.Typer(
    help="Who is related to whom in texts whose entities are marked.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    epilog="Try it offline: mrca train --dataset sample && mrca evaluate saved_models/sample",
)
app.command("train")(train.train)
app.command("evaluate")(evaluate.evaluate)
app.command("predict")(predict.predict)
app.command("bulk")(bulk.bulk)
app.command("push")(push.push)
app.command("score")(score.score)
app.command("compare")(compare.compare)
app.command("decouple")(decouple.decouple)
app.command("export")(export.export)
app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
app.command("client")(client.client)
app.add_typer(graph.app, name="graph")
app.add_typer(data.app, name="data")
app.add_typer(vectors.app, name="vectors")
app.add_typer(losses.app, name="losses")
app.add_typer(search.app, name="tune")


# How backends say it, of a GPU's memory as well.
_OUT_OF_MEMORY = re.compile("ResourceExhaustedError|RESOURCE_EXHAUSTED|OutOfMemoryError")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mrca {mrca.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", metavar="", callback=_print_version, is_eager=True, help="Print it."
        ),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line: exit code 0 done, 1 failed, 2 wrong usage.

    With the environment variable MRCA_DEBUG set, errors come with their traceback.
    """
    for stream in (sys.stdout, sys.stderr):  # a character that a terminal lacks fails nothing
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except Exception as error:
        if os.environ.get("MRCA_DEBUG"):
            raise
        _fail(_message(error))


def _message(error: Exception) -> str:
    if isinstance(error, MrcaError):
        return str(error)
    if isinstance(error, RuntimeError) and "home directory" in str(error):  # of a ~
        return f"{error} Set HOME, or write the whole path."
    if isinstance(error, OSError):
        place = f" ({error.filename})" if error.filename else ""
        return f"{error.strerror or error}{place}."
    backend = os.environ.get("KERAS_BACKEND")
    if backend and isinstance(error, ModuleNotFoundError) and error.name == backend:
        return (
            f"KERAS_BACKEND is {backend!r}, which is not installed. Install it with `pip install "
            f"{backend}`, or unset KERAS_BACKEND to use TensorFlow."
        )
    if backend and "Unable to import backend" in str(error):  # how Keras refuses a name
        return (
            f"KERAS_BACKEND is {backend!r}, which Keras does not know. Expected tensorflow, jax or "
            "torch; or unset it to use TensorFlow."
        )
    if isinstance(error, MemoryError) or _OUT_OF_MEMORY.search(f"{type(error).__name__} {error}"):
        return "there is not enough memory. Lower training.batch_size, or use smaller input."
    return (
        f"something that mrca did not expect went wrong: {type(error).__name__}: {error}. "
        "Set MRCA_DEBUG=1 to see where, and please report it."
    )


def _fail(message: str) -> None:
    sys.stdout.flush()
    typer.secho("Error: ", fg="red", bold=True, err=True, nl=False)
    typer.echo(message, err=True)
    sys.exit(1)
