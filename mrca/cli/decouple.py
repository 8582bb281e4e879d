"""`mrca decouple`."""

import json
import shlex
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from mrca.cli.options import (
    AsJson,
    DataDir,
    Dataset,
    NumberOrSeeds,
    RayAddress,
    Settings,
    Vectors,
    VectorsDir,
    Workers,
    parse_seeds,
    say_next,
    typed_command,
)
from mrca.cli.runs_progress import runs_progress
from mrca.cli.settings import (
    base_config,
    check_corpus,
    checked_name,
    given,
    lasting_dataset,
    lasting_encoder,
    lasting_vectors,
)
from mrca.config import parse_settings, seeds_from
from mrca.quiet import quiet_start


def decouple(
    dataset: Dataset = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            help="Published settings with a softmax loss, or a file; by default those named like "
            "the corpus."
        ),
    ] = None,
    encoder: Annotated[
        str | None, typer.Option(help="As of `mrca train`, such as hub:FOLDER.")
    ] = None,
    vectors: Vectors = None,
    settings: Settings = None,
    seeds: NumberOrSeeds = None,
    name: Annotated[
        str | None,
        typer.Option(help="A folder in --output; by default the recipe's or corpus's."),
    ] = None,
    output: Annotated[Path, typer.Option(help="The folder that it is written to.")] = (
        Path("saved_models") / "decouple"
    ),
    workers: Workers = None,
    ray: RayAddress = None,
    data_dir: DataDir = None,
    vectors_dir: VectorsDir = None,
    as_json: AsJson = False,
) -> None:
    """Train layers in three ways and new classifiers on them in three: macro F1 as a 3 x 3 table.

    The ways are instance-balanced sampling, class-balanced sampling and a re-weighted loss (Yu et
    al. 2020, figure 1). Stop it at any time: the same command resumes it, and takes finished runs
    as they are.
    """
    base = base_config(dataset, recipe, data_dir)
    config = base.config.changed(
        {
            **given(
                data__dataset=lasting_dataset(dataset),
                encoder__name=lasting_encoder(encoder),
                vectors__name=lasting_vectors(vectors),
            ),
            **parse_settings(settings or []),
        }
    )
    check_corpus(config)
    number = parse_seeds(seeds or "1")
    folder = output / checked_name(name or base.name)
    with quiet_start():
        from mrca import experiments
        from mrca.reporting import decoupling_table, write_decoupling

    patience = config.training.patience
    with runs_progress(Console(stderr=True), patience, workers, ray) as progress:
        if base.note:
            progress.message(base.note)
        try:
            decoupling = experiments.decouple(
                config,
                folder,
                seeds=number,
                data_dir=data_dir,
                vectors_dir=vectors_dir,
                workers=workers,
                ray=ray,
                reporter=progress,
            )
        except KeyboardInterrupt:
            progress.message(f"stopped. Resume it with: {typed_command()}")
            raise
    paths = write_decoupling(decoupling, folder)
    if as_json:
        typer.echo(json.dumps(decoupling.to_dict(), indent=2))
    else:
        Console().print(decoupling_table(decoupling))
    typer.echo(f"Written: {', '.join(map(str, paths))}", err=True)
    first = seeds_from(config.training.seed, number)[0]
    best = folder / f"{'-'.join(decoupling.best).casefold()}-seed{first}"
    say_next(f"mrca evaluate {shlex.quote(str(best))}")
