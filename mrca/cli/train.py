"""`mrca train`."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mrca.cli.base_config import base_config, checked_name, encoder_part, second_stage_base
from mrca.cli.folder_options import DataDir, VectorsDir
from mrca.cli.native_logs import quiet_start
from mrca.cli.resume_command import resume_command
from mrca.cli.setting_options import (
    Dataset,
    Settings,
    Vectors,
    dataset_setting,
    encoder_setting,
    setting,
    vectors_setting,
)
from mrca.cli.training_progress import TrainingProgress
from mrca.config import ClassifierConfig, LossConfig, RunConfig, preset_names, with_overrides
from mrca.datasets.sample_note import sample_note
from mrca.errors import MrcaError
from mrca.text import counted

_TFIDF = "tfidf"  # the encoder of an SVM


def train(
    dataset: Dataset = None,
    preset: Annotated[
        str | None,
        typer.Option(
            help=f"Published settings: {', '.join(preset_names())}; or a file, such as a run's "
            "config.toml. By default the one named like the corpus, else `paper`."
        ),
    ] = None,
    vectors: Vectors = None,
    loss: Annotated[
        str | None, typer.Option(help="A name that `mrca losses` shows, with its own defaults.")
    ] = None,
    teacher: Annotated[
        Path | None,
        typer.Option(help="The run that a distillation loss learns from; else one is trained."),
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
            help="linear, attentive_relation_routing, bilateral_branch, tau_normalised (second "
            "stage) or linear_svm."
        ),
    ] = None,
    stages: Annotated[
        int,
        typer.Option(
            min=1,
            max=2,
            help="2: train everything as the preset says, then freeze all but the classifier and "
            "train that anew, with --loss, --sampler and --classifier.",
        ),
    ] = 1,
    representation: Annotated[
        Path | None,
        typer.Option(help="A run that is the first stage already; its settings are taken over."),
    ] = None,
    sampler: Annotated[
        str | None,
        typer.Option(help="Which rows an epoch shows, such as class_balanced or square_root."),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            help="The run's name; by default that of the preset (and of another corpus than its "
            "own) or corpus, then --encoder's, --loss, --classifier and --sampler, joined by -."
        ),
    ] = None,
    output: Annotated[Path, typer.Option(help="The folder that runs are written to.")] = Path(
        "saved_models"
    ),
    seed: Annotated[int | None, typer.Option(help="Of everything random.")] = None,
    seeds: Annotated[
        int, typer.Option(min=1, help="Train so many runs with successive seeds; print mean ± sd.")
    ] = 1,
    resume: Annotated[
        bool, typer.Option("--resume", metavar="", help="Go on with an unfinished run.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", metavar="", help="Replace runs.")
    ] = False,
    settings: Settings = None,
    deterministic: Annotated[
        bool,
        typer.Option("--deterministic", metavar="", help="Deterministic kernels, on a GPU slower."),
    ] = False,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", metavar="", help="Write logs for TensorBoard.")
    ] = False,
    data_dir: DataDir = None,
    vectors_dir: VectorsDir = None,
    as_json: Annotated[
        bool, typer.Option("--json", metavar="", help="Print JSON instead of tables.")
    ] = False,
) -> None:
    """Train a model on a corpus and write its run folder.

    Prints precision, recall and F1 on validation and test; the folder holds the model, its
    configuration, its history with a figure, its metrics and a card.
    """
    if stages == 2 and representation is not None:
        raise typer.BadParameter("Give --stages 2 or --representation RUN, not both.")
    if representation is not None:
        if preset is not None:
            raise typer.BadParameter(
                "--representation takes the settings of its run over: leave --preset out."
            )
        base, default_name = second_stage_base(representation)
    else:
        base, default_name = base_config(dataset, preset)
    whole = base
    if loss is not None and loss != base.loss.name:
        whole = whole.model_copy(update={"loss": LossConfig(name=loss)})
    if classifier is not None and classifier != base.classifier.name:
        kept = base.classifier.representation
        new = ClassifierConfig(name=classifier, representation=kept)
        whole = whole.model_copy(update={"classifier": new})
    run_config = with_overrides(
        whole,
        [
            *dataset_setting(dataset),
            *encoder_setting(encoder),
            *vectors_setting(vectors),
            *setting("loss.teacher", None if teacher is None else str(teacher.resolve())),
            *setting("classifier.name", classifier),
            *setting("training.sampler", sampler),
            *setting("training.seed", seed),
            *(["training.deterministic=true"] if deterministic else []),
            *(["training.tensorboard=true"] if tensorboard else []),
            *(settings or []),
        ],
    )
    if stages == 2 and run_config.encoder.name == _TFIDF:
        raise MrcaError(
            "An SVM has no stages: it is solved at once, and has no layers before its classifier. "
            "Leave --stages out."
        )
    parts = [default_name, encoder and encoder_part(encoder), loss, classifier, sampler]
    if stages == 2 or (representation is not None and not any(parts[1:])):
        parts.append("stage2")
    name = checked_name(name or "-".join(filter(None, parts)))
    first = run_config.training.seed
    runs = [
        (
            name if seeds == 1 else f"{name}-seed{number}",
            with_overrides(run_config, [f"training.seed={number}"]),
        )
        for number in range(first, first + seeds)
    ]
    with quiet_start():
        from mrca import training

    before: dict[str, RunConfig] = {}
    if stages == 2:
        before = {f"{each}-stage1": training.first_stage_config(one, base) for each, one in runs}
        runs = _pointed(runs, before, "classifier.representation", output)
        runs = [(each, training.second_stage_config(one)) for each, one in runs]
    elif training.is_distillation(run_config) and not run_config.loss.teacher:
        before = {f"{each}-teacher": training.teacher_config(one) for each, one in runs}
        runs = _pointed(runs, before, "loss.teacher", output)
    # All of them before the first one is trained. One that others build on is used again.
    plan = [(*each, not overwrite) for each in before.items()]
    plan += [(*each, resume) for each in runs]
    for run_name, one, goes_on in plan:
        training.check_config(one)
        training.check_output(one, output / run_name, resume=goes_on, overwrite=overwrite)
    metrics = []
    with TrainingProgress(Console(stderr=True), run_config.training.patience) as progress:
        if resume and not any(_is_there(output / each, overwrite) for each, _ in runs):
            progress.message("nothing to resume: starts anew.")
        if seeds > 1 and run_config.encoder.name == _TFIDF:
            progress.message("nothing in an SVM is random: every seed gives the same scores.")
        for run_name, one, goes_on in plan:
            try:
                run = training.train(
                    one,
                    output / run_name,
                    data_dir=data_dir,
                    vectors_dir=vectors_dir,
                    resume=goes_on,
                    overwrite=overwrite,
                    reporter=progress,
                )
            except KeyboardInterrupt:
                _say_stopped(output / run_name, progress)
                raise
            if run_name not in before:
                metrics.append(run.metrics)
            if not as_json:
                _print_run(run_name, run.folder, run.metrics)
    if as_json:
        typer.echo(json.dumps(_summary(metrics) if seeds > 1 else metrics[0], indent=2))
    elif seeds > 1:
        _print_summary(name, metrics)


def _pointed(
    runs: list[tuple[str, RunConfig]], before: dict[str, RunConfig], name: str, output: Path
) -> list[tuple[str, RunConfig]]:
    """Each run with a setting, of this name, that says which run is trained before it."""
    return [
        (each, with_overrides(one, setting(name, str((output / of).resolve()))))
        for (each, one), of in zip(runs, before, strict=True)
    ]


def _is_there(folder: Path, overwrite: bool) -> bool:
    """Whether --resume finds something of a run: a part to go on with, or the whole of it."""
    from mrca.training import run_folder

    unfinished = run_folder.unfinished_folder(folder)
    return run_folder.is_resumable(unfinished) or (folder.exists() and not overwrite)


def _say_stopped(folder: Path, progress: TrainingProgress) -> None:
    """After Ctrl-C: how far it came, and the command that goes on."""
    from mrca.training import run_folder

    unfinished = run_folder.unfinished_folder(folder)
    if not run_folder.is_resumable(unfinished):
        return
    history = unfinished / run_folder.HISTORY  # a header, and a line for each whole epoch
    epochs = len(history.read_text("utf-8").splitlines()) - 1 if history.exists() else 0
    where = f"after epoch {epochs}" if epochs else "before its first epoch was done"
    progress.message(f"{folder.name} stopped {where}. Go on with: {resume_command()}")


def _print_run(name: str, folder: Path, metrics: dict[str, Any]) -> None:
    console, title = Console(), name + sample_note(metrics["corpus"])
    table = Table(
        *("split", "rows", "micro P", "micro R", "micro F1", "macro F1"),
        title=escape(title),
        min_width=min(len(title), console.width),  # or a long name is broken
    )
    for split, report in metrics["splits"].items():
        numbers = [report["micro"][key] for key in ("precision", "recall", "f1")]
        numbers.append(report["macro"]["f1"])
        table.add_row(split, str(report["rows"]), *(f"{number:.4f}" for number in numbers))
    console.print(table)
    best = ""
    if metrics["epochs"]:
        best = f"Best of {counted(metrics['epochs'], 'epoch')}: {metrics['best_epoch']}. "
    if "tau" in metrics:
        best = f"tau: {metrics['tau']:g}. "
    typer.echo(f"{best}Written to {folder}")


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
    from mrca.evaluation import runs_table

    for split, summary in _summary(metrics)["summary"].items():
        title = f"{name}{sample_note(metrics[0]['corpus'])}: {split}"
        Console().print(runs_table(summary, title))
