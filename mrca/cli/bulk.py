"""`mrca bulk`."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mrca.bulk import SHARD_BYTES, Asked, Form, score_files
from mrca.cli.bulk_progress import BulkProgress
from mrca.cli.options import (
    MovedEncoder,
    OtherVectors,
    RayAddress,
    Trust,
    Workers,
    a_number,
    say_next,
)
from mrca.cli.prediction_lines import ResultForm, Threshold, Top
from mrca.errors import MrcaError, counted

if TYPE_CHECKING:
    from mrca.bulk import Summary

_SHOWN = 10  # failed shards


def bulk(
    model: Annotated[
        Path,
        typer.Argument(
            metavar="RUN|EXPORT",
            help="The run folder, or its name in saved_models/; or a version's folder that `mrca "
            "export` wrote, such as saved_models/webnlg/1.",
        ),
    ],
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT...",
            help="Files of any size in a form that is read (docs/data-format.md), gzipped or not; "
            "folders of .jsonl, .json and .gz files; globs.",
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", help="A new folder for the results, or one to go on with.")
    ],
    threshold: Threshold = None,
    top: Top = None,
    form: ResultForm = Form.JSONL,
    shard_mb: Annotated[
        float,
        typer.Option(
            min=1e-6,
            max=1e6,
            callback=a_number,
            help="Megabytes of a file that are scored, and written, as one shard.",
        ),
    ] = SHARD_BYTES / 1e6,
    vectors: OtherVectors = None,
    encoder: MovedEncoder = None,
    trust: Trust = False,
    workers: Workers = None,
    ray: RayAddress = None,
) -> None:
    """Score any number of rows, as `mrca predict` does, on one machine or many.

    Each shard's results are a file of their own, written whole; in the order of their names they
    are in the order of the rows. Stopped or killed, the same command goes on with what is missing.
    Rows that cannot be used have an `error` in their place. Exit code 1 if a shard failed.
    """
    console = Console(stderr=True)
    with BulkProgress(console) as progress:
        try:
            summary = score_files(
                model,
                inputs,
                output,
                Asked(
                    form=form,
                    threshold=threshold,
                    top=top,
                    vectors=vectors,
                    encoder=encoder,
                    trust=trust,
                ),
                shard_bytes=max(1, round(shard_mb * 1e6)),
                workers=workers,
                address=ray,
                reporter=progress,
            )
        except KeyboardInterrupt:
            progress.stop()
            typer.echo("Stopped. What is done stays; the same command goes on.", err=True)
            raise
    _print(console, output, summary)
    if summary.failed:
        raise MrcaError(_failed(summary))
    if summary.results:
        say_next(_put_together(output, form))


def _print(console: Console, output: Path, summary: "Summary") -> None:
    records = summary.records.values()
    rows, bad = sum(each.rows for each in records), sum(each.bad for each in records)
    seconds = sum(each.seconds for each in records)
    shards = f"{len(records):,} of {summary.shards:,}"
    if summary.before:
        shards += f" ({summary.before:,} before)"
    table = Table("shards", "rows", "bad", "noted", "found", "time", title=escape(str(output)))
    table.add_column("rows/s a process")
    table.add_row(
        shards,
        f"{rows:,}",
        f"{bad:,}",
        f"{sum(each.noted for each in records):,}",
        f"{sum(each.found for each in records):,}",
        f"{summary.seconds:,.0f} s",
        f"{rows / seconds:,.0f}" if seconds else "",
    )
    console.print(table)
    for record in records:
        if record.first_bad:
            typer.echo(f"The first bad row: {record.first_bad}", err=True)
            break
    for record in records:
        if record.first_note:
            typer.echo(f"The first note: {record.first_note}", err=True)
            break
    for note in dict.fromkeys(note for record in records for note in record.notes):
        typer.echo(f"Note: {note}", err=True)


def _failed(summary: "Summary") -> str:
    names = sorted(summary.failed)
    said = [f"  {name}: {summary.failed[name]}" for name in names[:_SHOWN]]
    more = [f"  and {len(names) - _SHOWN:,} more"] if len(names) > _SHOWN else []
    return "\n".join(
        [
            f"{counted(len(names), 'shard')} of {summary.shards:,} could not be scored; the others "
            "are. The same command tries again:",
            *said,
            *more,
        ]
    )


def _put_together(output: Path, form: Form) -> str:
    folder = shlex.quote(str(output))
    if form is Form.DOCRED:
        return f"jq -s add {folder}/shard-*.json > result.json"
    return f"cat {folder}/shard-*.jsonl > facts.jsonl"
