"""`mrca evaluate`."""

import json
import re
import shlex
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from mrca.cli.options import (
    AsJson,
    DataDir,
    Distant,
    Ignore,
    Limits,
    MovedEncoder,
    OtherVectors,
    RunFolder,
    Trust,
    Tune,
    ignore_option,
    say_next,
)
from mrca.cli.settings import run_corpus
from mrca.config import Tune as TuneName
from mrca.quiet import quiet_start
from mrca.runs import layout
from mrca.runs.shared import origin

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from mrca.datasets import Corpus
    from mrca.training import Run

# A precision to ask for where facts have less.
_PRECISE = 0.9
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
            help="Decide with the threshold of most recall that has this precision on validation; "
            "with --tune per-relation one for each relation."
        ),
    ] = None,
    calibrate: Annotated[
        Calibrate | None,
        typer.Option(help="Make probabilities of the scores, fitted on validation."),
    ] = None,
    top_k: Annotated[
        int | None,
        typer.Option(min=0, help="At most so many relations of a pair, the best; 0 for any."),
    ] = None,
    save: Annotated[
        bool,
        typer.Option(
            "--save",
            metavar="",
            help="Keep threshold, calibration and --top-k with the run; with --tune none or "
            "--calibrate none, restore what it was trained with.",
        ),
    ] = False,
    plots: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the figures; by default RUN/plots, and of a run from hf:// none."
        ),
    ] = None,
    no_plots: Annotated[bool, typer.Option("--no-plots", metavar="", help="Draw nothing.")] = False,
    limits: Limits = None,
    ignore: Ignore = None,
    distant: Distant = False,
    vectors: OtherVectors = None,
    encoder: MovedEncoder = None,
    trust: Trust = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Say how good a run is: facts, sets of relations, per relation, head to tail, errors."""
    if save and tune is None and min_precision is None and calibrate is None and top_k is None:
        raise typer.BadParameter(
            "--save keeps what --tune, --min-precision, --calibrate or --top-k chooses: give one, "
            "or --tune none for the rule that the run was trained with."
        )
    if min_precision is not None and tune not in (None, Tune.PER_RELATION):
        raise typer.BadParameter(
            "--min-precision chooses a threshold itself: leave --tune out, or give --tune "
            "per-relation for one of each relation."
        )
    if save:
        layout.check_own(run, "--save")
    with quiet_start():
        from mrca import training
        from mrca.datasets import group_limits, sample_note
        from mrca.reporting import conditions, document_tables, threshold_table

    groups = None if limits is None else group_limits(limits)
    loaded = training.load(run, vectors, encoder, trust=trust)
    classifier = loaded.classifier
    corpus = run_corpus(loaded, data_dir, dataset)
    _note_other_corpus(loaded, corpus)
    groups = groups or group_limits(corpus.limits)
    found = training.answered(classifier, corpus, split)
    if cut := classifier.cut(found.candidates.documents):
        typer.echo(cut, err=True)
    known = training.facts_in_training(classifier, corpus, split, distant=distant)
    chosen = training.choose_decision(
        loaded,
        corpus,
        tune=None if tune is None else tune.value,
        min_precision=min_precision,
        calibrate=None if calibrate is None else calibrate.value,
        top_k=top_k,
    )
    before, uncalibrated = None, None
    if chosen.changed:
        before = training.report_on(classifier, found, groups, ignore or (), known)
        if calibrate not in (None, Calibrate.NONE):
            uncalibrated, _ = classifier.scores_and_labels(*found)
    classifier.decision = chosen.decision
    if save:
        loaded.save_decision()
        typer.echo(
            f"Kept as the decision of {loaded.folder}. {layout.METRICS} and {layout.CARD} there "
            "keep what was measured after training.",
            err=True,
        )
    report = training.report_on(classifier, found, groups, ignore or (), known)
    tuned: TuneName = (tune or Tune.NONE).value
    calibrated = calibrate.value if calibrate not in (None, Calibrate.NONE) else None
    one = chosen.threshold if isinstance(chosen.threshold, float) else None
    under = conditions(tuned, ignore or (), limits, one, min_precision, calibrated, top_k)
    parts = [f"{loaded.name} on {corpus.name}{sample_note(corpus.name)}, {split} split"]
    title = "\n".join([*parts, under] if under else parts)
    if as_json:
        what = {
            "corpus": corpus.name,
            "split": split,
            "tuned": tuned,
            "min_precision": min_precision,
            "decision": classifier.decision.get_config(),
            "ignored": ignore or [],
            "before": before and before.to_dict(),
        }
        typer.echo(json.dumps({**what, **report.to_dict()}, indent=2))
    else:
        tables = document_tables(report, title, before)
        if chosen.threshold is not None:
            first = threshold_table(
                chosen.threshold, classifier.relations, chosen.reached, chosen.own
            )
            tables = [first, *tables]
        console = Console()
        for table in tables:
            console.print(table)
            console.print()
    if plots is None and origin(run) is None:
        plots = run / "plots"
    if plots is not None and not no_plots:
        from mrca.reporting import report_figures

        scores, _ = classifier.scores_and_labels(*found)
        shown: slice | list[int] = slice(None)  # which copies nothing
        if ignore:
            shown = [classifier.relations.index(name) for name in report.candidates.relations]
        labels = found.candidates.labels[:, shown]
        was = None if uncalibrated is None else uncalibrated[:, shown]
        figures = report_figures(report, labels, scores[:, shown], title, was)
        prefix = _file_prefix(split, tuned, ignore or [], limits, min_precision, calibrated, top_k)
        _write(figures, plots, prefix)
    place = shlex.quote(layout.shown_run(run))
    left_out = "" if ignore else ignore_option(classifier.relations)
    if chosen.changed and not save:
        say_next("the same with --save, to predict by what was chosen")
    elif left_out:
        say_next(f"mrca evaluate {place}{left_out}", f"mrca predict {place} ROWS.jsonl")
    elif tune is None and min_precision is None and classifier.decision.rule.has_threshold:
        steps = [f"mrca evaluate {place} --tune global"]
        if report.candidates.micro.precision < _PRECISE:
            steps.append(f"mrca evaluate {place} --min-precision {_PRECISE}")
        say_next(*steps)
    else:
        say_next(f"mrca predict {place} ROWS.jsonl")


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
    top_k: int | None,
) -> str:
    """What the figures' names begin with: another one under other conditions."""
    parts = [split]
    if tuned != "none":
        parts.append(f"tuned-{tuned}")
    if min_precision is not None:
        parts.append(f"precision-{min_precision:g}")
    if calibration is not None:
        parts.append(f"calibrated-{calibration}")
    if top_k is not None:
        parts.append(f"top-{top_k or 'all'}")
    if ignored:
        names = "-".join(re.sub(r"[\W_]+", "-", name).strip("-") for name in ignored)
        parts.append(f"without-{names}" if len(names) <= _LONGEST else "without-some")
    if limits:
        parts.append(f"limits-{limits}")
    return "-".join(parts)


def _write(figures: "Mapping[str, Figure]", folder: Path, prefix: str) -> None:
    from mrca.reporting import write_files

    try:
        named = {f"{prefix}-{name}.png": figure for name, figure in figures.items()}
        for path in write_files(folder, named):
            typer.echo(f"Drawn: {path}", err=True)
    except OSError as error:
        typer.echo(
            f"Note: no figure was drawn in {folder}: {error.strerror or error}. --plots FOLDER "
            "says where they go, --no-plots leaves them out.",
            err=True,
        )
