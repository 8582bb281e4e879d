"""`mrca compare`."""

import json
import shlex
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from mrca.cli.options import (
    AsJson,
    DataDir,
    Limits,
    NumberOrSeeds,
    RayAddress,
    Tune,
    VectorsDir,
    Workers,
    parse_seeds,
    say_next,
    typed_command,
)
from mrca.cli.progress import TrainingProgress
from mrca.cli.runs_progress import runs_progress
from mrca.cli.settings import checked_name, given, lasting_encoder, lasting_vectors
from mrca.config import ComparisonConfig, comparison_names, load_comparison
from mrca.errors import MrcaError
from mrca.quiet import quiet_start
from mrca.runs.families import run_families

if TYPE_CHECKING:
    from mrca.evaluation import Comparison

_FOLDER = Path("saved_models") / "comparisons"
_SHOWN = 3  # runs that the default folder is named after


class Metric(StrEnum):
    """What `--metric` takes."""

    MICRO = "micro"
    MACRO = "macro"
    MACRO_PRESENT = "macro_present"
    IGN = "ign"


def compare(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            help="A comparison file or the name of one (see --list), whose missing runs are "
            "trained; or two or more finished runs. NAME also stands for NAME-seed1, NAME-seed2, …"
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            help="A folder in saved_models/comparisons; by default the file's name, or the runs' "
            "joined by -vs-."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(help="Where results and runs go; by default saved_models/comparisons/NAME."),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Of a file, this method alone; may be given several times."),
    ] = None,
    seeds: NumberOrSeeds = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            help="Of a file: the BERT encoder, as of `mrca train`, of all methods that have one."
        ),
    ] = None,
    vectors: Annotated[
        str | None,
        typer.Option(help="Of a file: a name that `mrca vectors list` shows, or a path."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Of a file: section.key=value, as if at the end of the file's own `set`; may be "
            "given several times.",
        ),
    ] = None,
    metric: Annotated[
        Metric | None, typer.Option(help="What the best is chosen and tested by.")
    ] = None,
    limits: Limits = None,
    tune: Annotated[
        Tune | None, typer.Option(help="Decide with a threshold tuned on validation.")
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(
            help="A relation to leave out of every score, such as no_relation; may be repeated. By "
            "default as the file says."
        ),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            help="A measure to show next to the usual ones, such as infer.f1 or inter.recall; may "
            "be repeated."
        ),
    ] = None,
    workers: Workers = None,
    ray: RayAddress = None,
    data_dir: DataDir = None,
    vectors_dir: VectorsDir = None,
    list_: Annotated[
        bool, typer.Option("--list", metavar="", help="List the comparisons that come with mrca.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compare methods on one corpus: a table with mean ± sd, tested differences, a figure.

    Differences are tested by a paired bootstrap over the test rows. Stop it at any time: the same
    command resumes it.
    """
    if list_:
        _list(as_json)
        return
    if not what:
        raise typer.BadParameter("Give a comparison file, its name (--list), or two or more runs.")
    if name is not None:
        if output is not None:
            raise typer.BadParameter("Give --name or --output, not both.")
        output = _FOLDER / checked_name(name)
    how = given(
        metric=metric and metric.value,
        limits=limits,
        tune=tune and tune.value,
        ignore=ignore or None,
        columns=column or None,
    )
    if len(what) == 1:
        config = load_comparison(what[0])
        if vectors is not None:
            chosen = json.dumps(lasting_vectors(vectors), ensure_ascii=False)
            settings = [f"vectors.name={chosen}", *(settings or [])]
        config = config.changed(settings=[*config.settings, *(settings or [])], **how)
        if seeds:
            config = config.with_seeds(parse_seeds(seeds))
        if encoder:
            config = config.with_encoder(lasting_encoder(encoder) or encoder)
        folder = output or _FOLDER / Path(what[0]).stem
        where = {"data_dir": data_dir, "vectors_dir": vectors_dir, "workers": workers, "ray": ray}
        comparison = _of_methods(config, folder, only or [], where)
    else:
        if only or seeds or settings or vectors or encoder or workers or ray:
            raise typer.BadParameter(
                "--only, --seeds, --encoder, --vectors, --set, --workers and --ray go with a "
                "comparison file."
            )
        folder, comparison = _of_runs(what, output, how, data_dir)
    from mrca.reporting import comparison_tables, write_comparison

    paths = write_comparison(comparison, folder)
    if as_json:
        typer.echo(json.dumps(comparison.to_dict(), indent=2))
    else:
        console = Console()
        for table in comparison_tables(comparison):
            console.print(table)
            console.print()
    typer.echo(f"Written: {', '.join(map(str, paths))}", err=True)
    say_next(f"mrca evaluate {shlex.quote(comparison.made_from['runs'][comparison.best][0])}")


def _list(as_json: bool) -> None:
    titles = {name: load_comparison(name).title for name in comparison_names()}
    if as_json:
        typer.echo(json.dumps(titles, indent=2, ensure_ascii=False))
        return
    table = Table("name", "title")
    for name, title in titles.items():
        table.add_row(name, title)
    Console().print(table)
    say_next("mrca compare NAME")


def _of_methods(
    config: ComparisonConfig,
    folder: Path,
    only: list[str],
    where: dict[str, Any],
) -> "Comparison":
    patience = max(config.run_config(method).training.patience for method in config.methods)
    with quiet_start():
        from mrca import experiments

    console = Console(stderr=True)
    with runs_progress(console, patience, where["workers"], where["ray"]) as progress:
        try:
            return experiments.compare(config, folder, only=only, reporter=progress, **where)
        except KeyboardInterrupt:
            progress.message(f"stopped. Resume it with: {typed_command()}")
            raise


def _of_runs(
    names: list[str], output: Path | None, how: dict[str, Any], data_dir: Path | None
) -> tuple[Path, "Comparison"]:
    files = [name for name in names if Path(name).is_file()]
    if files:
        raise MrcaError(
            f"{files[0]} is a file. Expected one comparison file alone, or two or more run folders."
        )
    families = run_families(names)
    with quiet_start():
        from mrca import experiments

    called = [Path(name).name for name in families]
    folder = output or _FOLDER / "-vs-".join(
        called if len(called) <= _SHOWN else [*called[:_SHOWN], f"{len(called) - _SHOWN}-others"]
    )
    with TrainingProgress(Console(stderr=True), patience=0) as progress:
        return folder, experiments.compare_runs(
            families,
            folder,
            title=" vs. ".join(called),
            data_dir=data_dir,
            reporter=progress,
            **how,
        )
