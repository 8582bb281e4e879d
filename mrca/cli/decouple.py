"""`mrca decouple`."""

import json
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from mrca.cli.base_config import base_config, checked_name
from mrca.cli.folder_options import DataDir, VectorsDir
from mrca.cli.native_logs import quiet_start
from mrca.cli.setting_options import (
    Dataset,
    Settings,
    Vectors,
    dataset_setting,
    encoder_setting,
    vectors_setting,
)
from mrca.cli.training_progress import TrainingProgress
from mrca.config import with_overrides


def decouple(
    dataset: Dataset = None,
    preset: Annotated[
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
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each kind, for mean ± sd.")] = 1,
    name: Annotated[
        str | None,
        typer.Option(help="A folder in --output; by default the preset's or corpus's."),
    ] = None,
    output: Annotated[Path, typer.Option(help="The folder that it is written to.")] = (
        Path("saved_models") / "decouple"
    ),
    data_dir: DataDir = None,
    vectors_dir: VectorsDir = None,
    as_json: Annotated[
        bool, typer.Option("--json", metavar="", help="Print JSON instead of a table.")
    ] = False,
) -> None:
    """Train layers in three ways and new classifiers on them in three: macro F1 as a 3 x 3 table.

    The ways are instance-balanced sampling, class-balanced sampling and a re-weighted loss (Yu et
    al. 2020, figure 1). Stop it at any time: the same command goes on, and takes finished runs as
    they are.
    """
    base, default_name = base_config(dataset, preset)
    config = with_overrides(
        base,
        [
            *dataset_setting(dataset),
            *encoder_setting(encoder),
            *vectors_setting(vectors),
            *(settings or []),
        ],
    )
    folder = output / checked_name(name or default_name)
    with quiet_start():
        from mrca import training
    from mrca.evaluation import decoupling_table, write_decoupling

    with TrainingProgress(Console(stderr=True), config.training.patience) as progress:
        try:
            decoupling = training.decouple(
                config,
                folder,
                seeds=seeds,
                data_dir=data_dir,
                vectors_dir=vectors_dir,
                reporter=progress,
            )
        except KeyboardInterrupt:
            progress.message(f"stopped. Go on with: {shlex.join(['mrca', *sys.argv[1:]])}")
            raise
    paths = write_decoupling(decoupling, folder)
    if as_json:
        typer.echo(json.dumps(decoupling.to_dict(), indent=2))
    else:
        Console().print(decoupling_table(decoupling))
    typer.echo(f"Written: {', '.join(map(str, paths))}", err=True)
