"""`mrca export`."""

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mrca.cli.options import (
    AsJson,
    DataDir,
    MovedEncoder,
    OtherVectors,
    RunFolder,
    Trust,
    say_next,
)
from mrca.cli.settings import run_corpus
from mrca.errors import MrcaError
from mrca.export.checks import check_exportable
from mrca.quiet import quiet_start
from mrca.runs import layout

if TYPE_CHECKING:
    from mrca.datasets import Corpus
    from mrca.export.export_run import Exported
    from mrca.training import Run


def export(
    run: RunFolder,
    version: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=layout.HIGHEST_VERSION,
            help="The model's version; by default one more than there are.",
        ),
    ] = None,
    vocabulary: Annotated[
        str | None,
        typer.Option(
            help="Of a run of word vectors: full (default), every word of the vectors it was "
            "trained with; run, the words of its corpus; top:N, these and the N most frequent."
        ),
    ] = None,
    half: Annotated[
        bool,
        typer.Option(
            "--float16", metavar="", help="Keep word vectors in half precision: half as large."
        ),
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(help="A folder of models to write OUTPUT/NAME/VERSION to, not the run's own."),
    ] = None,
    vectors: OtherVectors = None,
    encoder: MovedEncoder = None,
    trust: Trust = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Write a run as a SavedModel that takes plain text, for TensorFlow Serving.

    Of a run of entity pairs it gives facts, of one of whole texts the relations that they state.
    It goes to RUN/VERSION once another process that has only TensorFlow has loaded it and found it
    to give what the run gives. Fewer words or --float16 make it smaller; what that costs is
    measured on the run's corpus.
    """
    check_exportable(run, layout.read_config(run))
    with quiet_start():
        from mrca import training
        from mrca.export.export_run import export_run
        from mrca.export.exported_parts import is_exact
        from mrca.export.exported_words import check_choice

    if vocabulary is not None:
        check_choice(vocabulary)
    loaded = training.load(run, vectors, encoder, trust=trust)
    exported = export_run(
        loaded,
        output,
        version,
        vocabulary=vocabulary,
        half=half,
        corpus=None if is_exact(vocabulary, half) else _corpus(loaded, data_dir),
        say=lambda text: typer.echo(f"{text} …", err=True),
    )
    if as_json:
        values = {**exported._asdict(), "folder": str(exported.folder)}
        values["effect"] = exported.effect and exported.effect._asdict()
        typer.echo(json.dumps(values, indent=2))
    else:
        _print(exported, loaded.config.model.precision)


def _corpus(run: "Run", data_dir: Path | None) -> "Corpus | None":
    """The run's corpus, or `None`, which is said: it can be exported all the same."""
    try:
        return run_corpus(run, data_dir)
    except MrcaError as error:
        typer.echo(f"Note: what this costs is not measured: {error}", err=True)
        return None


def _print(exported: "Exported", precision: str) -> None:
    typer.echo(f"Written to {exported.folder}: {exported.reads}.")
    memory = ""
    if exported.memory is not None:
        memory = f"; a process that has answered holds {exported.memory / 1e6:,.0f} MB more"
    typer.echo(f"{exported.disk / 1e6:,.0f} MB on disk{memory}.")
    if exported.distance is not None:
        gives = "`mrca predict`"
        if precision != "float32":
            gives = f"the run computed in float32, not in its own {precision},"
        typer.echo(f"It gives what {gives} gives; scores differ by {exported.distance:.1g}.")
    if (effect := exported.effect) is not None:
        typer.echo(
            f"Micro F1 on the {effect.rows:,} rows of {effect.split}, its {effect.new_words:,} new "
            f"words unknown to the run: {effect.exported:.4f}. The run itself: {effect.run:.4f}."
        )
    model = exported.folder.parent
    steps = [f"mrca serve {shlex.quote(str(model))}"]
    if model.parent.resolve() == Path("saved_models").resolve():
        steps.append(f"MODEL={shlex.quote(model.name)} docker compose up")
    say_next(*steps)
