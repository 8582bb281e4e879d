"""`mrca evaluate`."""

import json
import re
import shlex
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from mrca.cli.options import (
    AsJson,
    DataDir,
    Ignore,
    Limits,
    MovedEncoder,
    OtherVectors,
    RunFolder,
    Tune,
    say_next,
)
from mrca.cli.settings import run_corpus
from mrca.config import Tune as TuneName
from mrca.files import whole_file
from mrca.quiet import quiet_start
from mrca.runs import layout

if TYPE_CHECKING:
    from mrca.datasets import Corpus
    from mrca.training import Run

_LONGEST = 60  # characters of ignored relations in a file's name


class Calibrate(StrEnum):
    """How scores become probabilities."""

    TEMPERATURE = "temperature"
    ISOTONIC = "isotonic"
    NONE = "none"


def evaluate(
    run: RunFolder,
    split: Annotated[str, typer.Option(help="train, valid or test.")] = "test",
    dataset: Annotated[
        str | None, typer.Option(help="Another corpus with the same relations.")
    ] = None,
    tune: Annotated[
        Tune | None,
        typer.Option(help="Decide with a threshold tuned on validation for micro F1."),
    ] = None,
    min_precision: Annotated[
        float | None,
        typer.Option(
            help="Decide with the lowest threshold that reaches this precision on validation; with "
            "--tune per-relation one for each relation."
        ),
    ] = None,
    calibrate: Annotated[
        Calibrate | None,
        typer.Option(help="Make probabilities of the scores, fitted on validation."),
    ] = None,
    save: Annotated[
        bool,
        typer.Option(
            "--save",
            metavar="",
            help="Keep the threshold or the calibration with the run; with --tune none or "
            "--calibrate none, put back what it was trained with.",
        ),
    ] = False,
    plots: Annotated[
        Path | None, typer.Option(help="Folder for the figures; by default RUN/plots.")
    ] = None,
    no_plots: Annotated[bool, typer.Option("--no-plots", metavar="", help="Draw nothing.")] = False,
    limits: Limits = None,
    ignore: Ignore = None,
    vectors: OtherVectors = None,
    encoder: MovedEncoder = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Say how good a run is: facts, sets of relations, per relation, head to tail, errors."""
    if save and tune is None and min_precision is None and calibrate is None:
        raise typer.BadParameter(
            "--save keeps what --tune, --min-precision or --calibrate finds: give one, or --tune "
            "none for the rule that the run was trained with."
        )
    if min_precision is not None and tune not in (None, Tune.PER_RELATION):
        raise typer.BadParameter(
            "--min-precision chooses a threshold itself: leave --tune out, or give --tune "
            "per-relation for one of each relation."
        )
    with quiet_start():
        from mrca import training
        from mrca.datasets import group_limits, sample_note
        from mrca.reporting import conditions, document_tables, threshold_table

    groups = None if limits is None else group_limits(limits)
    loaded = training.load(run, vectors, encoder)
    classifier = loaded.classifier
    corpus = run_corpus(loaded, data_dir, dataset)
    _note_other_corpus(loaded, corpus)
    groups = groups or group_limits(corpus.limits)
    found = training.answered(classifier, corpus, split)
    known = training.facts_in_training(classifier, corpus, split)
    replaced = training.report_on(classifier, found, groups, ignore or (), known)
    uncalibrated = classifier.scores_and_labels(*found)[0]
    tuned: TuneName = (tune or Tune.NONE).value
    chosen: list[Any] = []  # tables of what was chosen
    changes = {
        "tune": tuned != "none" or min_precision is not None,
        "calibrate": calibrate not in (None, Calibrate.NONE),
    }
    before = replaced if any(changes.values()) else None
    calibrated = calibrate.value if calibrate and changes["calibrate"] else None
    valid = training.answered(classifier, corpus, "valid") if before else None
    if min_precision is not None and valid is not None:
        per_relation = tune is Tune.PER_RELATION
        rule, reached = training.precise_rule(classifier, valid, min_precision, per_relation)
        classifier.decision = classifier.decision.with_rule(rule)
        chosen.append(threshold_table(reached.threshold, classifier.relations, reached))
    elif tuned != "none" and valid is not None:
        rule = training.tuned_rule(classifier, valid, tuned)
        classifier.decision = classifier.decision.with_rule(rule)
        chosen.append(threshold_table(_threshold(rule), classifier.relations))
    elif tune is Tune.NONE:
        rule = training.trained_rule(loaded)
        classifier.decision = classifier.decision.with_rule(rule)
    if calibrate is not None:
        calibration = None
        if calibrated and valid is not None:
            calibration = training.calibration(classifier, valid, calibrated)
        classifier.decision = classifier.decision.with_calibration(calibration)
    if save:
        layout.write_json(loaded.folder / layout.DECISION, classifier.decision.get_config())
        typer.echo(
            f"Kept as the decision of {loaded.folder}. {layout.METRICS} and {layout.CARD} there "
            "keep what was measured after training.",
            err=True,
        )
    report = training.report_on(classifier, found, groups, ignore or (), known)
    threshold = _threshold(classifier.decision.rule) if tuned == "global" else None
    one = threshold if isinstance(threshold, float) else None
    under = conditions(tuned, ignore or (), limits, one, min_precision, calibrated)
    parts = [f"{loaded.folder.name} on {corpus.name}{sample_note(corpus.name)}, {split} split"]
    parts += [under] if under else []
    title = "\n".join(parts)
    if as_json:
        what = {
            "corpus": corpus.name,
            "split": split,
            "tuned": tuned,
            "min_precision": min_precision,
            "decision": classifier.decision.get_config(),
            "ignored": ignore or [],
            "before": before.to_dict() if before else None,
        }
        typer.echo(json.dumps({**what, **report.to_dict()}, indent=2))
    else:
        console = Console()
        for table in [*chosen, *document_tables(report, title, before)]:
            console.print(table)
            console.print()
    if not no_plots:
        scores = classifier.scores_and_labels(*found)[0]
        shown = [classifier.relations.index(name) for name in report.candidates.relations]
        _draw(
            report,
            found.candidates.labels[:, shown],
            scores[:, shown],
            uncalibrated[:, shown] if calibrated else None,
            title,
            plots or loaded.folder / "plots",
            _file_prefix(split, tuned, ignore or [], limits, min_precision, calibrated),
        )
    place = shlex.quote(str(loaded.folder))
    if tune is None and min_precision is None and classifier.decision.rule.has_threshold:
        say_next(f"mrca evaluate {place} --tune global   (or --min-precision .9, and --save)")
    elif any(changes.values()) and not save:
        say_next("the same with --save, to predict by what was chosen")
    else:
        say_next(f"mrca predict {place} ROWS.jsonl")


def _threshold(rule: Any) -> float | list[float]:
    """The number or numbers that a rule was given."""
    value: float | list[float] | None = getattr(rule, "threshold", None)
    return getattr(rule, "offset", 0.0) if value is None else value


def _note_other_corpus(run: "Run", corpus: "Corpus") -> None:
    with layout.reading(run.folder / layout.ENVIRONMENT) as environment:
        trained_on = environment.get("corpus")
        if trained_on and trained_on["fingerprint"] != corpus.fingerprint:
            typer.echo(
                f"Note: {corpus.folder} is not the {trained_on['name']!r} that the run was trained "
                "on: its files differ.",
                err=True,
            )


def _file_prefix(
    split: str,
    tuned: str,
    ignored: list[str],
    limits: str | None,
    min_precision: float | None,
    calibration: str | None,
) -> str:
    """What the figures' names begin with: another one under other conditions."""
    parts = [split]
    if tuned != "none":
        parts.append(f"tuned-{tuned}")
    if min_precision is not None:
        parts.append(f"precision-{min_precision:g}")
    if calibration is not None:
        parts.append(f"calibrated-{calibration}")
    if ignored:
        names = "-".join(re.sub(r"[\W_]+", "-", name).strip("-") for name in ignored)
        parts.append(f"without-{names}" if len(names) <= _LONGEST else "without-some")
    if limits:
        parts.append(f"limits-{limits}")
    return "-".join(parts)


def _draw(
    report: Any,
    labels: Any,
    scores: Any,
    uncalibrated: Any,
    title: str,
    folder: Path,
    prefix: str,
) -> None:
    import numpy as np

    from mrca.evaluation import reliability
    from mrca.reporting import (
        plot_f1_by_count,
        plot_f1_by_labels_per_row,
        plot_precision_recall,
        plot_reliability,
    )

    facts = report.candidates
    figures = {"f1-by-count": plot_f1_by_count(facts, title)}
    if labels.any():
        figures["f1-by-labels-per-row"] = plot_f1_by_labels_per_row(
            report.documents or facts, title
        )
        figures["precision-recall"] = plot_precision_recall(
            labels, scores, facts, title, report.missed
        )
    if uncalibrated is not None:
        before = np.clip(uncalibrated, 0, 1)
        seen = np.maximum(before, scores) > 0.01  # most cells are negatives near 0
        was, now = (reliability(labels[seen], each[seen], bins=30) for each in (before, scores))
        figures["reliability"] = plot_reliability(was, now, f"{title}\nscores above .01")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, figure in figures.items():
            path = folder / f"{prefix}-{name}.png"
            with whole_file(path) as temporary:
                figure.savefig(temporary, dpi=150, format="png")
            typer.echo(f"Drawn: {path}", err=True)
    except OSError as error:
        typer.echo(
            f"Note: no figure was drawn in {folder}: {error.strerror or error}. --plots FOLDER "
            "says where they go, --no-plots leaves them out.",
            err=True,
        )
