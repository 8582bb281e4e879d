"""`mrca evaluate`."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from mrca.cli.folder_options import DataDir
from mrca.cli.limits import Limits
from mrca.cli.moved_encoder import MovedEncoder
from mrca.cli.native_logs import quiet_start
from mrca.cli.run_corpus import run_corpus
from mrca.cli.threshold_tuning import Tune
from mrca.config import Tune as TuneName
from mrca.datasets.sample_note import sample_note
from mrca.resources import whole_file
from mrca.text import counted

if TYPE_CHECKING:
    from mrca.datasets import Corpus
    from mrca.training import Run

_LONGEST = 60  # characters of ignored relations in a file's name


def evaluate(
    run: Annotated[Path, typer.Argument(help="The run folder, or its name in saved_models/.")],
    split: Annotated[str, typer.Option(help="train, valid or test.")] = "test",
    dataset: Annotated[
        str | None, typer.Option(help="Another corpus with the same relations.")
    ] = None,
    tune: Annotated[
        Tune | None,
        typer.Option(help="Decide with a threshold tuned on validation for micro F1."),
    ] = None,
    save: Annotated[
        bool,
        typer.Option(
            "--save",
            metavar="",
            help="Keep the tuned threshold as the run's decision rule; with --tune none, put back "
            "the rule that it was trained with.",
        ),
    ] = False,
    triples: Annotated[
        bool,
        typer.Option(
            "--triples", metavar="", help="Ask about one entity pair at a time and score triples."
        ),
    ] = False,
    plots: Annotated[
        Path | None, typer.Option(help="Folder for the figures; by default RUN/plots.")
    ] = None,
    no_plots: Annotated[bool, typer.Option("--no-plots", metavar="", help="Draw nothing.")] = False,
    limits: Limits = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(help="A relation to leave out, such as no_relation; may be repeated."),
    ] = None,
    vectors: Annotated[
        str | None, typer.Option(help="Word vectors to look unseen words up in.")
    ] = None,
    encoder: MovedEncoder = None,
    data_dir: DataDir = None,
    as_json: Annotated[
        bool, typer.Option("--json", metavar="", help="Print JSON instead of tables.")
    ] = False,
) -> None:
    """Say how good a run is: micro, macro, per relation, by number of relations, head to tail."""
    if save and tune is None:
        raise typer.BadParameter(
            "--save keeps what --tune finds: give --tune global, say, or --tune none for the rule "
            "that the run was trained with."
        )
    for option, given in (("--plots", plots), ("--ignore", ignore), ("--limits", limits)):
        if triples and given is not None:
            raise typer.BadParameter(
                "--triples gives one score of all facts: there is nothing to draw, to group or to "
                f"leave out. Leave {option} out."
            )
    with quiet_start():
        from mrca import training
        from mrca.datasets import group_limits
        from mrca.evaluation import conditions, report_tables
        from mrca.evaluation import evaluate as measure
        from mrca.training import run_folder

    groups = None if limits is None else group_limits(limits)
    loaded = training.load(run, vectors, encoder)
    corpus = run_corpus(loaded, data_dir, dataset)
    _note_other_corpus(loaded, corpus)
    tuned: TuneName = (tune or Tune.NONE).value
    if tuned != "none":
        loaded.decision_rule = training.tuned_rule(loaded, corpus, tuned)
    elif save:
        loaded.decision_rule = training.trained_rule(loaded)
    if save:
        run_folder.write_json(
            loaded.folder / run_folder.DECISION, loaded.decision_rule.get_config()
        )
        typer.echo(
            f"Kept as the decision rule of {loaded.folder}. {run_folder.METRICS} and "
            f"{run_folder.CARD} there keep what was measured after training.",
            err=True,
        )
    threshold = getattr(loaded.decision_rule, "threshold", None) if tuned == "global" else None
    under = conditions(tuned, ignore or (), limits, threshold)
    parts = [f"{loaded.folder.name} on {corpus.name}{sample_note(corpus.name)}, {split} split"]
    parts += [under] if under else []
    title = "\n".join(parts)
    what = {
        "corpus": corpus.name,
        "split": split,
        "tuned": tuned,
        "decision": loaded.decision_rule.get_config(),
        "ignored": ignore or [],
    }
    if triples:
        score = training.evaluate_triples(loaded, corpus, split)
        if as_json:
            typer.echo(json.dumps({**what, "triples": score.to_dict()}, indent=2))
        else:
            typer.echo(
                f"{'; '.join(parts)}, triples: precision {score.precision:.4f}, "
                f"recall {score.recall:.4f}, F1 {score.f1:.4f} of "
                f"{counted(score.support, 'triple')}"
            )
        return
    labels, outputs = training.labels_and_outputs(loaded, corpus, split)
    scores, holds = loaded.decide(outputs)
    report = measure(
        labels,
        holds,
        loaded.relations,
        loaded.label_counts.counts,
        scores,
        groups or group_limits(corpus.limits),
        ignore or (),
    )
    if as_json:
        typer.echo(json.dumps({**what, **report.to_dict()}, indent=2))
    else:
        console = Console()
        for table in report_tables(report, title):
            console.print(table)
            console.print()
    if not no_plots:
        shown = [loaded.relations.index(name) for name in report.relations]
        _draw(
            report,
            labels[:, shown],
            scores[:, shown],
            title,
            plots or loaded.folder / "plots",
            _file_prefix(split, tuned, ignore or [], limits),
        )


def _note_other_corpus(run: "Run", corpus: "Corpus") -> None:
    from mrca.training import run_folder

    with run_folder.reading(run.folder / run_folder.ENVIRONMENT) as environment:
        trained_on = environment["corpus"]
        if trained_on["fingerprint"] != corpus.fingerprint:
            typer.echo(
                f"Note: {corpus.folder} is not the {trained_on['name']!r} that the run was trained "
                "on: its files differ.",
                err=True,
            )


def _file_prefix(split: str, tuned: str, ignored: list[str], limits: str | None) -> str:
    """What the figures' names begin with: another one under other conditions."""
    parts = [split]
    if tuned != "none":
        parts.append(f"tuned-{tuned}")
    if ignored:
        names = "-".join(re.sub(r"[\W_]+", "-", name).strip("-") for name in ignored)
        parts.append(f"without-{names}" if len(names) <= _LONGEST else "without-some")
    if limits:
        parts.append(f"limits-{limits}")
    return "-".join(parts)


def _draw(report: Any, labels: Any, scores: Any, title: str, folder: Path, prefix: str) -> None:
    from mrca.evaluation import (
        plot_f1_by_count,
        plot_f1_by_labels_per_row,
        plot_precision_recall,
    )

    figures = {"f1-by-count": plot_f1_by_count(report, title)}
    if labels.any():
        figures["f1-by-labels-per-row"] = plot_f1_by_labels_per_row(report, title)
        figures["precision-recall"] = plot_precision_recall(labels, scores, report, title)
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in figures.items():
        path = folder / f"{prefix}-{name}.png"
        with whole_file(path) as temporary:
            figure.savefig(temporary, dpi=150, format="png")
        typer.echo(f"Drawn: {path}", err=True)
