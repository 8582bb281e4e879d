"""Several methods trained and tested on one corpus."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mrca.config import ComparisonConfig, Metric, RunConfig, Tune
from mrca.datasets import Corpus, group_limits, marks_line, sample_note
from mrca.errors import MrcaError, counted
from mrca.evaluation import (
    Comparison,
    GoldFacts,
    KnownFacts,
    check_columns,
    compare_methods,
)
from mrca.experiments.decided_labels import ComparedRows, decided_labels, kept_file
from mrca.experiments.finished_runs import check_trained_on, shared_corpus, training_seconds
from mrca.experiments.plan_runs import plan_runs
from mrca.experiments.runs_reporter import RunsReporter, SilentRunsReporter
from mrca.experiments.train_planned import check_finished, check_planned, train_planned
from mrca.reporting import conditions
from mrca.runs import layout
from mrca.text import RelationSet
from mrca.training import Reporter, SilentReporter

_PREDICTIONS = "predictions"
_RESULT = "comparison.json"  # as `mrca.reporting.write_comparison` names it


class _Conditions(NamedTuple):
    """How methods are compared; see `ComparisonConfig`."""

    title: str
    metric: Metric
    limits: str | None
    tune: Tune
    ignore: Sequence[str]
    columns: Sequence[str]


def compare(
    config: ComparisonConfig,
    output: Path,
    *,
    only: Sequence[str] = (),
    data_dir: Path | None = None,
    vectors_dir: Path | None = None,
    workers: int | None = None,
    ray: str | None = None,
    reporter: RunsReporter | None = None,
) -> Comparison:
    """Train what is missing of a comparison, and compare its methods on the test split.

    Each method and seed is a run folder `<output>/<method>-seed<k>`. Finished ones are taken as
    they are and an unfinished one is resumed, so a comparison can be stopped and started again at
    any time. A second stage builds on its representation's run of the same seed. A distillation
    without a teacher learns from the method that its teacher would be, or has one trained beside
    it, `<method>-seed<k>-teacher`.

    Args:
        config: what to compare; see `mrca.config.load_comparison`.
        output: the folder of the runs and their predictions.
        only: names of methods; by default all. What they build on is trained too.
        data_dir: a folder of corpora to look in first.
        vectors_dir: a folder of word vectors to look in first.
        workers: how many runs are trained at the same time, on this machine unless `ray` says
            where; by default one after another, in this process.
        ray: the address of a cluster of Ray that trains them.
        reporter: told about progress.

    Raises:
        MrcaError: before anything is trained, if a method's settings do not go together, there is
            no measure of a column's name, methods are asked about other candidates, a folder holds
            a run of another configuration or of other files, or the corpus has no test split.
    """
    reporter = reporter or SilentRunsReporter()
    how = _Conditions(
        config.title, config.metric, config.limits, config.tune, config.ignore, config.columns
    )
    _check(how)
    _ = config.dataset  # or an error: methods have different ones
    runs = plan_runs(config, output, only)
    check_planned(runs)
    methods = {  # in the file's order, which is not that of training
        method.name: [run for run in runs if run.method == method.name]
        for method in config.methods
        if not only or method.name in only
    }
    configs = {run.folder.name: run.config for family in methods.values() for run in family}
    check_same_candidates(configs)
    _check_metric(how.metric, next(iter(configs.values())))
    corpus = shared_corpus(configs.values(), data_dir, reporter)
    _scored_columns(corpus.relations, how.ignore)  # or an error, before anything is trained
    check_finished(runs, corpus)
    train_planned(
        runs,
        data_dir=data_dir,
        vectors_dir=vectors_dir,
        workers=workers,
        ray=ray,
        reporter=reporter,
    )
    check_finished(runs, corpus)  # what something was built on may have been trained again
    folders = {name: [run.folder for run in family] for name, family in methods.items()}
    return _compare(corpus, folders, output, how, reporter)


def compare_runs(
    families: Mapping[str, Sequence[Path]],
    output: Path,
    *,
    title: str = "",
    metric: Metric = "micro",
    limits: str | None = None,
    tune: Tune = "none",
    ignore: Sequence[str] = (),
    columns: Sequence[str] = (),
    data_dir: Path | None = None,
    reporter: Reporter | None = None,
) -> Comparison:
    """Compare finished runs on the test split of the corpus that they were trained on.

    Args:
        families: for each method, its run folders; see `mrca.runs.families`.
        output: the folder that keeps their predictions.
        title: what is compared.
        metric: see `mrca.evaluation.compare_methods`.
        limits: the name of the limits of head, medium and tail; by default the corpus's own.
        tune: the threshold to choose on validation first, if any.
        ignore: relations left out of every score.
        columns: names of measures to show beside the usual ones.
        data_dir: a folder of corpora to look in first.
        reporter: told about progress.

    Raises:
        MrcaError: if there are fewer than two families, or the runs were trained on different
            corpora, relations or candidates, or on files that have changed, there is no relation to
            ignore or measure of that name, or `output` holds another comparison.
    """
    reporter = reporter or SilentReporter()
    how = _Conditions(title, metric, limits, tune, ignore, columns)
    _check(how)
    if len(families) < 2:
        raise MrcaError(
            f"A comparison needs two or more runs. Received: {', '.join(families) or 'none'}."
        )
    folders = [folder for family in families.values() for folder in family]
    for folder in folders:
        layout.check_run_folder(folder)
    configs = {str(folder): layout.read_config(folder) for folder in folders}
    check_same_candidates(configs)
    _check_metric(how.metric, next(iter(configs.values())))
    corpus = shared_corpus(configs.values(), data_dir, reporter)
    _scored_columns(corpus.relations, ignore)  # or an error
    _check_same_comparison(output, _made_from(corpus, families, how))
    return _compare(corpus, families, output, how, reporter)


def check_same_candidates(configs: Mapping[str, RunConfig]) -> None:
    """Check that runs are asked about the same candidates of the same documents.

    Args:
        configs: by the runs' names.

    Raises:
        MrcaError: if not, with what differs.
    """
    (first, config), *others = configs.items()
    for name, other in others:
        asked = {
            "candidates": other.candidates,
            "data.roles": other.data.roles,
            "data.offsets": other.data.offsets,
            "data.on_error": other.data.on_error,
        }
        differing = config.differences(config.changed(asked), f"of {first} is", f"of {name} is")
        if differing:
            raise MrcaError(
                f"All runs of a comparison answer the same questions, and {'; '.join(differing)}. "
                "Give all of them the same, or leave one out; what each finds by itself, "
                "`mrca evaluate` says."
            )


def _compare(
    corpus: Corpus,
    methods: Mapping[str, Sequence[Path]],
    output: Path,
    how: _Conditions,
    reporter: Reporter,
) -> Comparison:
    columns = _scored_columns(corpus.relations, how.ignore)
    folders = [folder for family in methods.values() for folder in family]
    for folder in folders:
        check_trained_on(folder, corpus)
    seconds = {name: [training_seconds(each) for each in methods[name]] for name in methods}
    rows = ComparedRows.of(corpus, layout.read_config(folders[0]))
    relations = RelationSet(corpus.relations.names[column] for column in columns)
    gold = rows.labels[:, columns]
    # A pair that no candidate asks about is a row for the sake of its facts.
    scored = (np.arange(len(gold)) < rows.candidates) | gold.any(axis=1)
    missed = int(gold[rows.candidates :].sum())
    predictions, ranked = {}, {}
    untuned = []
    done = 0
    for name, family in methods.items():
        decided = []
        for folder in family:
            kept = kept_file(folder, output / _PREDICTIONS)
            decided.append(decided_labels(folder, corpus, rows, how.tune, kept))
            done += 1
            reporter.preparing("predicting the test rows", done, len(folders))
        predictions[name] = [each.labels[scored][:, columns] for each in decided]
        ranked[name] = [each.ranked[scored] for each in decided]
        if how.tune != "none" and not all(each.tuned for each in decided):
            untuned.append(name)
    under = conditions(how.tune, how.ignore)
    return compare_methods(
        gold[scored],
        predictions,
        relations,
        [rows.train_counts[column] for column in columns],
        title=f"{how.title} ({under})".strip() if under else how.title,
        metric=how.metric,
        limits=group_limits(how.limits or corpus.limits),
        remarks=_remarks(corpus, how, untuned, missed),
        seconds=seconds,
        made_from=_made_from(corpus, methods, how),
        pairs=None if rows.pairs is None else rows.pairs[scored],
        gold_facts=None
        if rows.pairs is None
        else GoldFacts.of(corpus.splits["test"], relations, KnownFacts.of(corpus, "test")),
        ranked=ranked,
        columns=how.columns,
    )


def _remarks(corpus: Corpus, how: _Conditions, untuned: Sequence[str], missed: int) -> list[str]:
    """What a reader is to know, one sentence each."""
    remarks = [f"Corpus: {corpus.name}{sample_note(corpus.name)}, test split."]
    if any(document.oracle for document in corpus.splits["test"]):
        remarks.append(marks_line(corpus.splits["test"]))
    if missed:
        remarks.append(
            f"{counted(missed, 'fact')} of pairs that no candidate asks about count as missed."
        )
    if how.tune != "none":
        chosen = "one" if how.tune == "global" else "one per relation"
        remarks.append(f"Decision thresholds ({chosen}) were chosen on the validation split.")
    if untuned:
        remarks.append(f"Without a threshold to choose, decided as trained: {', '.join(untuned)}.")
    if how.ignore:
        remarks.append(f"Left out of every score: {', '.join(how.ignore)}.")
    return remarks


def _made_from(
    corpus: Corpus, methods: Mapping[str, Sequence[Path]], how: _Conditions
) -> dict[str, Any]:
    """What tells a comparison from others."""
    return {
        "corpus": corpus.name,
        "runs": {name: [str(run.resolve()) for run in runs] for name, runs in methods.items()},
        "metric": how.metric,
        "limits": group_limits(how.limits or corpus.limits).name,
        "tune": how.tune,
        "ignore": sorted(how.ignore),
    }


def _check(how: _Conditions) -> None:
    """Check what can be checked before anything is read or trained."""
    check_columns(how.columns)
    if how.limits:
        group_limits(how.limits)


def _check_metric(metric: Metric, config: RunConfig) -> None:
    """Check that what is asked about has such a score."""
    if metric == "ign" and config.candidates.kind == "whole":
        raise MrcaError(
            "The metric 'ign' is of facts between entities, and these runs are asked about whole "
            "documents (candidates.kind). Choose another metric, such as micro."
        )


def _scored_columns(relations: RelationSet, ignore: Sequence[str]) -> list[int]:
    """The columns of the relations that are not ignored."""
    ignored = {relations.index(name) for name in ignore}
    if len(ignored) == len(relations):
        raise MrcaError(
            f"All {len(relations)} relations are ignored, so there is nothing to compare. Leave "
            "one of them in."
        )
    return [column for column in range(len(relations)) if column not in ignored]


def _check_same_comparison(folder: Path, made_from: Mapping[str, Any]) -> None:
    """Check that a folder holds no other comparison than the one that is to be written to it."""
    path = folder / _RESULT
    if not path.exists():
        return
    try:
        was = json.loads(path.read_text("utf-8"))["made_from"]
        # As texts: in another order of the runs another one is the baseline.
        differing = [
            name for name, value in made_from.items() if json.dumps(was[name]) != json.dumps(value)
        ]
    except (OSError, ValueError, LookupError, TypeError):
        raise MrcaError(
            f"{path} does not say which runs it compares. Give this comparison another --name, or "
            "delete that file."
        ) from None
    if differing:
        told = "; ".join(f"{name}: {_said(was[name])}" for name in differing)
        raise MrcaError(
            f"{folder} holds another comparison ({told}). Give this one another --name, or delete "
            "that folder."
        )


def _said(value: Any) -> str:
    """A value in words: names of runs, a list, or a word."""
    if isinstance(value, dict):
        value = [run for runs in value.values() for run in runs]
    return (", ".join(value) or "none") if isinstance(value, list) else str(value)
