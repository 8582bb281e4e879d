"""`mrca push`."""

from typing import Annotated

import typer

from mrca.cli.options import MovedEncoder, RunFolder, say_next
from mrca.errors import counted
from mrca.quiet import quiet_start
from mrca.runs.push import push as push_run
from mrca.runs.push import shared_run
from mrca.runs.shared import Address, parse_address


def push(
    run: RunFolder,
    to: Annotated[
        str, typer.Argument(metavar="USER/NAME", help="The repository; made if there is none.")
    ],
    license: Annotated[
        str | None,
        typer.Option(
            help="The license of the run, as the hub calls it, such as apache-2.0 or cc-by-4.0; by "
            "default none is stated."
        ),
    ] = None,
    private: Annotated[
        bool,
        typer.Option(
            "--private", metavar="", help="If the repository is made, make it a private one."
        ),
    ] = False,
    encoder: MovedEncoder = None,
) -> None:
    """Put a run on Hugging Face's hub, for whoever is to predict with it.

    What is pushed has no path of this machine in it and stands alone: a frozen encoder of a folder
    goes with it. Its page says what it was trained on, its scores, its false positives and its
    license. The run is opened first, so that only one that works is pushed.
    """
    address = _address(to)
    shared = shared_run(run, address, license=license, encoder=encoder)
    with quiet_start():
        from mrca import training

    training.load(run, encoder=encoder)
    typer.echo(
        f"Pushing {counted(len(shared.files), 'file')}, {shared.size / 1e6:,.1f} MB …", err=True
    )
    pushed = push_run(shared, address, private=private)
    typer.echo(f"Pushed to {pushed.page}")
    for note in shared.notes:
        typer.echo(f"Note: {note}", err=True)
    if license is None:
        typer.echo(
            "Note: no license is stated, so others may not know whether they may use it; --license "
            "states one.",
            err=True,
        )
    say_next(f"mrca predict {address} ROWS.jsonl")


def _address(to: str) -> Address:
    address = parse_address(to if to.startswith("hf:") else f"hf://{to}")
    assert address is not None
    return address
