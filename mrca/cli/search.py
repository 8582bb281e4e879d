"""`mrca tune`: searches for settings."""

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from typer.core import TyperGroup

from mrca.cli.options import (
    AsJson,
    DataDir,
    RayAddress,
    VectorsDir,
    Workers,
    resume_command,
    say_next,
)
from mrca.cli.search_progress import SearchProgress, short_settings
from mrca.cli.settings import checked_name, given
from mrca.config import parse_settings
from mrca.quiet import quiet_start

if TYPE_CHECKING:
    from mrca.experiments.search import SearchSpace, Trial

_RESULTS = Path("tuning/results")


class _SearchByDefault(TyperGroup):
    """`mrca tune SPACE.toml` is `mrca tune search SPACE.toml`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, "--help"):
            args = ["search", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_SearchByDefault,
    help="Search for settings: `mrca tune SPACE.toml`, options as of `mrca tune search --help`.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)


@app.command()
def search(
    space: Annotated[Path, typer.Argument(metavar="SPACE.toml", help="What is searched, and how.")],
    name: Annotated[str | None, typer.Option(help="Of the search; by default the file's.")] = None,
    output: Annotated[Path, typer.Option(help="The folder of searches.")] = _RESULTS,
    resume: Annotated[
        bool, typer.Option("--resume", metavar="", help="Resume a search that was stopped.")
    ] = False,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="section.key=value of every trial; may be given several times."),
    ] = None,
    max_trials: Annotated[
        int | None, typer.Option(min=1, help="Budget, in place of the file's.")
    ] = None,
    max_hours: Annotated[
        float | None, typer.Option(help="Budget of this command, in place of the file's.")
    ] = None,
    workers: Workers = None,
    ray: RayAddress = None,
    keep: Annotated[
        int, typer.Option(min=1, help="How many of the best trials keep their models.")
    ] = 3,
    data_dir: DataDir = None,
    vectors_dir: VectorsDir = None,
    as_json: AsJson = False,
) -> None:
    """Search for settings that do well on the validation split.

    Trials are runs, which `mrca evaluate`, `predict` and `export` take; best.toml repeats the best
    one with `mrca train --recipe`.
    """
    if max_hours is not None and not 0 < max_hours < math.inf:
        raise typer.BadParameter("--max-hours must be a number above 0.")
    folder = output / checked_name(name or space.stem)
    with quiet_start():
        from mrca.experiments.search import load_space
        from mrca.experiments.search.report_search import repeat_command
        from mrca.experiments.search.search import search as run_search
    with SearchProgress(Console(stderr=True)) as progress:
        searched = load_space(space, parse_settings(settings or []))
        searched = searched.changed(**given(max_trials=max_trials, max_hours=max_hours))
        try:
            trials = run_search(
                searched,
                folder,
                resume=resume,
                workers=workers,
                ray=ray,
                keep=keep,
                data_dir=data_dir,
                vectors_dir=vectors_dir,
                reporter=progress,
            )
        except KeyboardInterrupt:
            if folder.is_dir():
                progress.message(f"stopped. Resume it with: {resume_command()}")
            raise
    if as_json:
        typer.echo(json.dumps([trial.model_dump() for trial in trials], indent=2))
    else:
        _print_best(searched, trials)
    if any(trial.status == "done" for trial in trials):
        places = {"--data-dir": data_dir, "--vectors-dir": vectors_dir}
        say_next(repeat_command(folder, searched, places))
    else:
        say_next(resume_command())


@app.command()
def report(
    folder: Annotated[
        Path,
        typer.Argument(
            help="A search's folder, or the name of one in tuning/results.", metavar="SEARCH"
        ),
    ],
) -> None:
    """Write a table, plots and the best configuration of a search into its folder."""
    with quiet_start():
        from mrca.experiments.search.report_search import report_search

    is_name = len(folder.parts) == 1 and not folder.is_dir()
    found = report_search(_RESULTS / folder if is_name else folder)
    Console().print(found.table)
    for note in found.notes:
        typer.echo(note)
    typer.echo(f"Written: {', '.join(map(str, found.paths))}", err=True)
    say_next(found.repeat or "mrca tune SPACE.toml --resume")


def _print_best(space: "SearchSpace", trials: "list[Trial]") -> None:
    from mrca.experiments.search import best_first

    best = next((trial for trial in best_first(trials) if trial.status == "done"), None)
    if best is not None:
        typer.echo(
            f"Best: trial {best.id}, {space.objective} {best.score:.4f} on validation\n"
            f"  {short_settings(best.settings)}"
        )
