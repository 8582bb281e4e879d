"""`mrca train`."""

import json
import shlex
import shutil
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from mrca.cli.options import (
    AsJson,
    DataDir,
    Dataset,
    NumberOrSeeds,
    OnBadRow,
    RayAddress,
    Settings,
    Vectors,
    VectorsDir,
    Workers,
    finished_run,
    ignore_option,
    parse_seeds,
    resume_command,
    say_next,
)
from mrca.cli.runs_progress import runs_progress
from mrca.cli.settings import (
    Base,
    base_config,
    check_corpus,
    checked_name,
    encoder_part,
    given,
    init_from_base,
    lasting_dataset,
    lasting_encoder,
    lasting_vectors,
    second_stage_base,
)
from mrca.config import RunConfig, parse_settings, recipe_names, seeds_from
from mrca.quiet import quiet_start
from mrca.runs import layout

if TYPE_CHECKING:
    from mrca.experiments import PlannedRun, RunsReporter
    from mrca.training import Reporter, Run

_EXAMPLES = 3  # documents that are shown after training


def train(
    dataset: Dataset = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            help=f"Published settings: {', '.join(recipe_names())}; or a file, such as a run's "
            "config.toml. By default the one named like the corpus; else pairs for a corpus with "
            "entities or facts, mrca for one with labels alone."
        ),
    ] = None,
    vectors: Vectors = None,
    loss: Annotated[
        str | None, typer.Option(help="A name that `mrca losses` shows, with its own defaults.")
    ] = None,
    teacher: Annotated[
        Path | None,
        typer.Option(
            help="The run that a distillation loss learns from; else one is trained.",
            callback=finished_run,
        ),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            help="A BERT encoder in place of word vectors: hub:HANDLE or hub:FOLDER of TF Hub, "
            "keras_hub:PRESET or keras_hub:FOLDER. Or tfidf, with --classifier linear_svm."
        ),
    ] = None,
    classifier: Annotated[
        str | None,
        typer.Option(
            help="linear, attentive_relation_routing, bilateral_branch; grouped_bilinear, bilinear "
            "(of pairs with extractors); tau_normalised (second stage) or linear_svm."
        ),
    ] = None,
    stages: Annotated[
        int,
        typer.Option(
            min=1,
            max=2,
            help="2: train everything as the recipe says, then freeze all but the classifier and "
            "train that anew, with --loss, --sampler and --classifier.",
        ),
    ] = 1,
    representation: Annotated[
        Path | None,
        typer.Option(help="A run that is the first stage already; its settings are taken over."),
    ] = None,
    init_from: Annotated[
        Path | None,
        typer.Option(
            help="A run whose weights training starts from; its settings are taken over, --dataset "
            "may have more rows and other relations."
        ),
    ] = None,
    freeze: Annotated[
        bool,
        typer.Option("--freeze", metavar="", help="With --init-from: train the classifier alone."),
    ] = False,
    sampler: Annotated[
        str | None,
        typer.Option(help="Which rows an epoch shows, such as class_balanced or square_root."),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            help="The run's name; by default that of the corpus (and of a recipe that is not its "
            "own), then --encoder's, --loss, --classifier and --sampler, joined by -."
        ),
    ] = None,
    output: Annotated[Path, typer.Option(help="The folder that runs are written to.")] = Path(
        "saved_models"
    ),
    seed: Annotated[int | None, typer.Option(help="Of everything random.")] = None,
    seeds: NumberOrSeeds = None,
    resume: Annotated[
        bool, typer.Option("--resume", metavar="", help="Resume an unfinished run.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", metavar="", help="Replace runs.")
    ] = False,
    on_error: Annotated[
        OnBadRow | None,
        typer.Option(help="A row that cannot be used: an error, or skipped, counted and told."),
    ] = None,
    settings: Settings = None,
    deterministic: Annotated[
        bool,
        typer.Option("--deterministic", metavar="", help="Deterministic kernels, on a GPU slower."),
    ] = False,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", metavar="", help="Write logs for TensorBoard.")
    ] = False,
    workers: Workers = None,
    ray: RayAddress = None,
    data_dir: DataDir = None,
    vectors_dir: VectorsDir = None,
    as_json: AsJson = False,
) -> None:
    """Train a model on a corpus and write its run folder.

    Prints precision, recall and F1 on validation and test; the folder holds the model, its
    configuration, its history with a figure, its metrics and a card.
    """
    base = _base(dataset, recipe, stages, representation, init_from, data_dir)
    config = _changed(
        base.config,
        loss,
        classifier,
        {
            **given(
                data__dataset=lasting_dataset(dataset),
                encoder__name=lasting_encoder(encoder),
                vectors__name=lasting_vectors(vectors),
                loss__teacher=None if teacher is None else str(teacher.resolve()),
                data__on_error=None if on_error is None else on_error.value,
                training__sampler=sampler,
                training__seed=seed,
                training__freeze=freeze or None,
                training__deterministic=deterministic or None,
                training__tensorboard=tensorboard or None,
            ),
            **parse_settings(settings or []),
        },
    )
    check_corpus(config)
    number = parse_seeds(seeds or "1")
    if seed is not None and not isinstance(number, int):
        raise typer.BadParameter("Give --seed, or a list of --seeds, not both.")
    numbers = () if number == 1 else seeds_from(config.training.seed, number)
    parts = [base.name, encoder and encoder_part(encoder), loss, classifier, sampler]
    if stages == 2 or (representation is not None and not any(parts[1:])):
        parts.append("stage2")
    name = checked_name(name or "-".join(filter(None, parts)))
    with quiet_start():
        from mrca import experiments, training

    first = base.config if stages == 2 else None
    plan = experiments.plan_training(name, config, output, numbers, first)

    def resumes(planned: "PlannedRun") -> bool:
        """One that others build on is used again."""
        return resume if planned.method == name else not overwrite

    for each in plan:  # all of them before the first one is trained
        training.check_config(each.config)
        training.check_output(each.config, each.folder, resume=resumes(each), overwrite=overwrite)
    metrics = []
    patience = config.training.patience
    with runs_progress(Console(stderr=True), patience, workers, ray) as progress:
        if base.note:
            progress.message(base.note)
        if resume and not any(_is_there(each.folder, overwrite) for each in plan):
            progress.message("nothing to resume: starts anew.")
        if numbers and config.is_svm:
            progress.message("nothing in an SVM is random: every seed gives the same scores.")
        how: dict[str, Any] = {
            "overwrite": overwrite,
            "data_dir": data_dir,
            "vectors_dir": vectors_dir,
            "reporter": progress,
        }
        at_once = workers is not None or ray is not None
        if at_once:
            anew = [each.folder for each in plan if not resumes(each)]
            _train_at_once(plan, anew, workers=workers, ray=ray, **how)
        for each in plan:
            folder = each.folder
            if not at_once:
                run = _train_here(each, resume=resumes(each), **how)
                folder = run.folder
            with layout.reading(folder / layout.METRICS) as found:
                if each.method == name:
                    metrics.append(found)
                    _summary([found])  # what it lacks is said of its file
                if not as_json:
                    _print_run(each.folder.name, folder, found)
    if as_json:
        typer.echo(json.dumps(_summary(metrics) if numbers else metrics[0], indent=2))
    else:
        if numbers:
            _print_summary(name, metrics)
        _print_examples(training.load(plan[-1].folder) if at_once else run, data_dir)
    last = shlex.quote(str(plan[-1].folder))
    ignored = ignore_option(layout.read_json(folder / layout.RELATIONS))
    say_next(f"mrca evaluate {last}{ignored}", f"mrca predict {last} ROWS.jsonl")


def _base(
    dataset: str | None,
    recipe: str | None,
    stages: int,
    representation: Path | None,
    init_from: Path | None,
    data_dir: Path | None,
) -> Base:
    """The settings that options are changes of."""
    starts = {"--representation": representation, "--init-from": init_from}
    named = [option for option, run in starts.items() if run is not None]
    if stages == 2 and named:
        raise typer.BadParameter(f"Give --stages 2 or {named[0]} RUN, not both.")
    if len(named) == 2:
        raise typer.BadParameter("Give --representation RUN or --init-from RUN, not both.")
    if named and recipe is not None:
        raise typer.BadParameter(
            f"{named[0]} takes the settings of its run over: leave --recipe out."
        )
    if representation is not None:
        return second_stage_base(representation)
    if init_from is not None:
        base = init_from_base(init_from)
        return base._replace(name=f"{Path(dataset).resolve().name}-continued") if dataset else base
    return base_config(dataset, recipe, data_dir)


def _changed(
    base: RunConfig, loss: str | None, classifier: str | None, settings: Mapping[str, Any]
) -> RunConfig:
    """The base with options; another loss or classifier comes with its own defaults."""
    config = base
    if loss is not None and loss != base.loss.name:
        config = config.changed({"loss": {"name": loss}})
    if classifier is not None and classifier != base.classifier.name:
        kept = base.classifier.representation
        config = config.changed({"classifier": {"name": classifier, "representation": kept}})
    return config.changed(settings)


def _is_there(folder: Path, overwrite: bool) -> bool:
    """Whether --resume finds something of a run: a part to resume, or the whole of it."""
    unfinished = layout.unfinished_folder(folder)
    return layout.is_resumable(unfinished) or (folder.exists() and not overwrite)


def _train_here(planned: "PlannedRun", *, reporter: "Reporter", **how: Any) -> "Run":
    from mrca import training

    try:
        return training.train(planned.config, planned.folder, reporter=reporter, **how)
    except KeyboardInterrupt:
        _say_stopped(planned.folder, reporter)
        raise


def _train_at_once(
    plan: "list[PlannedRun]", anew: list[Path], *, reporter: "RunsReporter", **how: Any
) -> None:
    """Train runs on workers; of some of them nothing that is unfinished is resumed."""
    from mrca.experiments.train_planned import train_planned

    for folder in anew:
        shutil.rmtree(layout.unfinished_folder(folder), ignore_errors=True)
    try:
        train_planned(plan, reporter=reporter, **how)
    except KeyboardInterrupt:
        reporter.message(f"stopped. Resume it with: {resume_command()}")
        raise


def _say_stopped(folder: Path, progress: "Reporter") -> None:
    """After Ctrl-C: how far it came, and the command that resumes it."""
    unfinished = layout.unfinished_folder(folder)
    if not layout.is_resumable(unfinished):
        return
    history = unfinished / layout.HISTORY  # a header, and a line for each whole epoch
    epochs = len(history.read_text("utf-8").splitlines()) - 1 if history.exists() else 0
    where = f"after epoch {epochs}" if epochs else "before its first epoch was done"
    progress.message(f"{folder.name} stopped {where}. Resume it with: {resume_command()}")


def _print_run(name: str, folder: Path, metrics: dict[str, Any]) -> None:
    from mrca.reporting import run_table

    Console().print(run_table(name, metrics))
    typer.echo(f"Written to {folder}")
    if (figure := folder / layout.HISTORY_FIGURE).is_file():
        typer.echo(f"Its epochs as a figure: {figure}")


def _print_examples(run: "Run", data_dir: Path | None) -> None:
    """What the run finds in a few documents that state something; it was not trained on them."""
    from mrca.datasets import iter_rows, locate_corpus
    from mrca.datasets.locate import split_files
    from mrca.reporting import examples_table

    folder = locate_corpus(run.config.data.dataset, data_dir)
    files = split_files(folder)
    pairs = run.config.candidates.kind == "pairs"
    for split in (one for one in ("test", "valid") if one in files):
        rows = iter_rows(files[split], offsets=run.config.data.offsets)
        documents = (row.document for row in rows)
        shown = list(islice((one for one in documents if one and one.labels), _EXAMPLES))
        if shown:
            title = f"the first documents of the {split} split that state something"
            Console().print(examples_table(run.predict(shown), title, pairs=pairs))
            return


def _summary(metrics: list[dict[str, Any]]) -> dict[str, Any]:
    """All runs, and for each split the mean and deviation of every measure."""
    from mrca.evaluation import summarise_runs

    return {
        "corpus": metrics[0]["corpus"],
        "runs": metrics,
        "summary": {
            split: summarise_runs([one["splits"][split] for one in metrics])
            for split in metrics[0]["splits"]
        },
    }


def _print_summary(name: str, metrics: list[dict[str, Any]]) -> None:
    from mrca.datasets import sample_note
    from mrca.reporting import runs_table

    for split, summary in _summary(metrics)["summary"].items():
        title = f"{name}{sample_note(metrics[0]['corpus'])}: {split}"
        Console().print(runs_table(summary, title))
