"""`mrca losses`: what there is, explained and drawn."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mrca.cli.options import AsJson, say_next
from mrca.errors import MrcaError
from mrca.files import whole_file
from mrca.quiet import quiet_start

if TYPE_CHECKING:
    from mrca.losses.describe import LossDescription

app = typer.Typer(help="List, explain and draw the losses that `mrca train --loss` takes.")

_FORMATS = (".png", ".svg", ".pdf")
_Count = Annotated[
    int, typer.Option(min=1, help="Training rows of the relation, for losses that need counts.")
]


@app.callback(invoke_without_command=True)
def _list_by_default(context: typer.Context, as_json: AsJson = False) -> None:
    if context.invoked_subcommand is None:
        list_(as_json)
    elif as_json:
        raise typer.BadParameter(f"Give --json after {context.invoked_subcommand}.")


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List every loss: where it is from, how it decides, whether it needs label counts."""
    with quiet_start():
        from mrca.losses.describe import describe_all

    described = describe_all()
    if as_json:
        columns = ("name", "class_name", "abbreviation", "paper", "decision", "needs_counts")
        rows = [{column: getattr(loss, column) for column in columns} for loss in described]
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # The paper stands below the name: beside it, neither would be whole on 80 columns.
    table = Table("name, paper", "called", "decision", "counts")
    for column in table.columns[:2]:
        column.no_wrap = True
    for loss in described:
        counts = "needed" if loss.needs_counts else ""
        name = Text.assemble(loss.name, (f"\n  {loss.paper}", "dim"))
        table.add_row(name, loss.abbreviation, loss.decision, counts)
    Console().print(table)
    say_next("mrca losses show NAME", "mrca losses plot NAME NAME")


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A name that `mrca losses` lists.")],
    as_json: AsJson = False,
) -> None:
    """Explain a loss: its formula, its arguments and where it is from."""
    with quiet_start():
        from mrca.losses.describe import describe

    loss = describe(name)
    if as_json:
        typer.echo(json.dumps(asdict(loss), indent=2, ensure_ascii=False))
    else:
        _print_description(loss)
        say_next(f"mrca train --dataset CORPUS --loss {name}", f"mrca losses plot {name}")


@app.command()
def plot(
    names: Annotated[list[str], typer.Argument(help="Names that `mrca losses` lists.")],
    output: Annotated[Path, typer.Option(help="The picture: .png, .svg or .pdf.")] = Path(
        "losses.png"
    ),
    range_: Annotated[
        tuple[float, float], typer.Option("--range", metavar="LOW HIGH", help="Of the score.")
    ] = (-6, 6),
    count: _Count = 50,
    num_samples: Annotated[int, typer.Option(min=1, help="Training rows in all.")] = 1000,
) -> None:
    """Draw losses and their gradients against the score of one relation.

    On the left the relation is gold, on the right it is not.
    """
    kind = output.suffix.lower()
    if kind not in _FORMATS:
        raise MrcaError(f"Cannot draw into {output}. Expected a name in {', '.join(_FORMATS)}.")
    with quiet_start():
        from mrca.reporting.loss_plot import plot_losses

    figure = plot_losses(names, count, num_samples, *range_)
    try:
        with whole_file(output) as temporary:
            figure.savefig(temporary, format=kind[1:])
    except OSError as error:
        raise MrcaError(f"Cannot write {output}: {error.strerror or error}.") from error
    typer.echo(f"Drawn: {output}", err=True)
    say_next(f"mrca train --dataset CORPUS --loss {names[0]}")


@app.command()
def reference() -> None:
    """Print all of this as a page of Markdown."""
    with quiet_start():
        from mrca.losses.reference import reference_page

    typer.echo(reference_page(), nl=False)


def _print_description(loss: "LossDescription") -> None:
    from rich.console import Console
    from rich.markdown import Markdown
    from rich.table import Table
    from rich.text import Text

    console = Console()
    console.print(Text.assemble((loss.name, "bold"), f"  mrca.losses.{loss.class_name}"))
    console.print(f"decision: {loss.decision}\n", markup=False, highlight=False)
    console.print(Markdown(loss.summary))
    console.print()
    for line in loss.formula.splitlines():
        # Never wrapped: a formula is what it is.
        console.print(Text(f"    {line}".rstrip(), style="cyan"), soft_wrap=True)
    console.print()
    if loss.notes:
        console.print(Markdown(loss.notes))
        console.print()
    table = Table("argument", "default", "meaning")
    for argument in loss.arguments:
        default = "required" if argument.default is None else argument.default
        table.add_row(argument.name, Text(default), Markdown(argument.description))
    console.print(table)
    if loss.needs_counts:
        console.print("mrca train takes class_counts and num_samples from the corpus.")
    console.print(Markdown(f"Source: {loss.source}"))
