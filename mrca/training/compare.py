"""Several methods trained and tested on one corpus."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import keras

from mrca.config import ComparisonConfig, Metric, RunConfig, Tune, with_overrides
from mrca.datasets import (
    Corpus,
    GroupLimits,
    group_limits,
    label_statistics,
    load_corpus,
    read_relations,
)
from mrca.datasets.sample_note import sample_note
from mrca.errors import MrcaError, did_you_mean
from mrca.evaluation import Comparison, compare_methods
from mrca.text import counted
from mrca.training import run_folder
from mrca.training.decided_labels import decided_labels
from mrca.training.distillation import is_distillation, teacher_config
from mrca.training.preflight import check_output
from mrca.training.reporter import Reporter, SilentReporter
from mrca.training.train import train

PREDICTIONS = "predictions"


@dataclass(frozen=True)
class PlannedRun:
    """One training of a comparison.

    Attributes:
        method: whose run it is; empty for a teacher that is no method itself.
        folder: the run folder.
        config: what is trained.
        teacher: the planned run that it learns from, for a distillation.
    """

    method: str
    folder: Path
    config: RunConfig
    teacher: Path | None = None


def compare(
    config: ComparisonConfig,
    output: Path,
    *,
    only: Sequence[str] = (),
    data_dir: Path | None = None,
    vectors_dir: Path | None = None,
    reporter: Reporter | None = None,
) -> Comparison:
    """Train what is missing of a comparison, and compare its methods on the test split.

    Each method and seed is a run folder `<output>/<method>-seed<k>`. Finished ones are taken as
    they are and an unfinished one is gone on with, so a comparison can be stopped and started again
    at any time. A distillation without a teacher learns from the method that its teacher would be,
    or has one trained beside it, `<method>-seed<k>-teacher`.

    Args:
        config: what to compare; see `mrca.config.load_comparison`.
        output: the folder of the runs and their predictions.
        only: names of methods; by default all.
        data_dir: a folder of corpora to look in first.
        vectors_dir: a folder of word vectors to look in first.
        reporter: told about progress.

    Raises:
        MrcaError: before anything is trained, if a folder holds a run of another configuration, or
            the corpus has no test split.
    """
    reporter = reporter or SilentReporter()
    limits = group_limits(config.limits)
    runs = plan_runs(config, output, only)
    for run in runs:
        _check_existing(run)
    corpus = _corpus(config.dataset, data_dir, reporter)
    missing = [run for run in runs if not run.folder.exists()]
    if len(missing) < len(runs):
        reporter.message(f"{len(runs) - len(missing)} of {counted(len(runs), 'run')} are finished.")
    for number, run in enumerate(missing, 1):
        reporter.message(f"training {run.folder.name} ({number} of {len(missing)}).")
        train(
            run.config,
            run.folder,
            data_dir=data_dir,
            vectors_dir=vectors_dir,
            resume=True,
            reporter=reporter,
        )
        keras.utils.clear_session()  # or dozens of models would add up
    methods: dict[str, list[Path]] = {}
    for method in config.methods:  # in the file's order, which is not that of training
        folders = [run.folder for run in runs if run.method == method.name]
        if folders and (not only or method.name in only):
            methods[method.name] = folders
    return _compare(
        corpus, methods, output, config.title, config.metric, limits, config.tune, reporter
    )


def compare_runs(
    families: Mapping[str, Sequence[Path]],
    output: Path,
    *,
    title: str = "",
    metric: Metric = "micro",
    limits: str = "default",
    tune: Tune = "none",
    data_dir: Path | None = None,
    reporter: Reporter | None = None,
) -> Comparison:
    """Compare finished runs on the test split of the corpus that they were trained on.

    Args:
        families: for each method, its run folders; see `mrca.training.run_families`.
        output: the folder that keeps their predictions.
        title: what is compared.
        metric: see `mrca.evaluation.compare_methods`.
        limits: the name of the limits of head, medium and tail.
        tune: the threshold to choose on validation first, if any.
        data_dir: a folder of corpora to look in first.
        reporter: told about progress.

    Raises:
        MrcaError: if there are fewer than two families, or the runs were trained on different
            corpora or relations, or on files that have changed.
    """
    reporter = reporter or SilentReporter()
    grouped = group_limits(limits)
    folders = [folder for family in families.values() for folder in family]
    if len(families) < 2:
        raise MrcaError(
            f"A comparison needs two or more runs. Received: {', '.join(families) or 'none'}."
        )
    for folder in folders:
        run_folder.check_run_folder(folder)
    dataset = run_folder.read_config(folders[0]).data.dataset
    corpus = _corpus(dataset, data_dir, reporter)
    return _compare(corpus, families, output, title, metric, grouped, tune, reporter)


def plan_runs(config: ComparisonConfig, output: Path, only: Sequence[str] = ()) -> list[PlannedRun]:
    """Every run of a comparison (or of some methods), teachers before those who learn from them.

    Raises:
        MrcaError: if `only` names no method, or a method's settings do not fit.
    """
    names = [method.name for method in config.methods]
    for name in only:
        if name not in names:
            raise MrcaError(
                f"No method is called {name!r}.{did_you_mean(name, names)} "
                f"Expected one of: {', '.join(names)}."
            )
    runs: list[PlannedRun] = []
    for method in config.methods:
        base = config.run_config(method)
        first = base.training.seed
        runs += [
            PlannedRun(
                method.name,
                output / f"{method.slug}-seed{seed}",
                with_overrides(base, [f"training.seed={seed}"]),
            )
            for seed in range(first, first + config.seeds)
        ]
    plan: list[PlannedRun] = []
    for run in runs:
        if not is_distillation(run.config) or run.config.loss.teacher:
            plan.append(run)
            continue
        wanted = teacher_config(run.config)
        teacher = next((each for each in (*runs, *plan) if each.config == wanted), None)
        if teacher is None:
            teacher = PlannedRun("", run.folder.with_name(f"{run.folder.name}-teacher"), wanted)
            plan.append(teacher)
        loss = run.config.loss.model_copy(update={"teacher": str(teacher.folder.resolve())})
        student = run.config.model_copy(update={"loss": loss})
        plan.append(replace(run, config=student, teacher=teacher.folder))
    if only:
        taught_by = {run.teacher for run in plan if run.method in only}
        plan = [run for run in plan if run.method in only or run.folder in taught_by]
    return sorted(plan, key=lambda run: run.teacher is not None)  # stable


def _check_existing(run: PlannedRun) -> None:
    """See that what lies where a run is to be is that run, finished or not."""
    for folder in (run.folder, run_folder.unfinished_folder(run.folder)):
        if not (folder / run_folder.CONFIG).is_file():
            continue
        kept = run_folder.read_config(folder).model_dump()
        wanted = run.config.model_dump()
        differences = [
            f"{section}.{name} is {kept[section][name]!r} there and {value!r} now"
            for section, values in wanted.items()
            for name, value in values.items()
            if kept[section][name] != value
        ]
        if differences:
            raise MrcaError(
                f"{folder} has another configuration than the comparison gives it: "
                f"{', '.join(differences)}. Delete or rename that folder to train it again, give "
                "the method another name, or choose another --output."
            )
    check_output(run.config, run.folder, resume=True, overwrite=False)


def _corpus(name: str, data_dir: Path | None, reporter: Reporter) -> Corpus:
    corpus = load_corpus(name, data_dir, progress=partial(reporter.preparing, f"fetching {name}"))
    if "test" not in corpus.splits:
        raise MrcaError(
            f"The corpus {corpus.name!r} has no test split, so methods cannot be compared on it. "
            f"Expected a test.jsonl in {corpus.folder}."
        )
    return corpus


def _compare(
    corpus: Corpus,
    methods: Mapping[str, Sequence[Path]],
    output: Path,
    title: str,
    metric: Metric,
    limits: GroupLimits,
    tune: Tune,
    reporter: Reporter,
) -> Comparison:
    folders = [folder for family in methods.values() for folder in family]
    for folder in folders:
        _check_corpus(folder, corpus)
    predictions = {}
    untuned = []
    done = 0
    for name, family in methods.items():
        decided = []
        for folder in family:
            kept = output / PREDICTIONS / f"{folder.name}.npz"
            decided.append(decided_labels(folder, corpus, tune, kept))
            done += 1
            reporter.preparing("predicting the test rows", done, len(folders))
        predictions[name] = [labels for labels, _ in decided]
        if tune != "none" and not all(tuned for _, tuned in decided):
            untuned.append(name)
    remarks = [f"Corpus: {corpus.name}{sample_note(corpus.name)}, test split."]
    if tune != "none":
        chosen = "one" if tune == "global" else "one per relation"
        remarks.append(f"Decision thresholds ({chosen}) were chosen on the validation split.")
    if untuned:
        remarks.append(f"Without a threshold to choose, decided as trained: {', '.join(untuned)}.")
    return compare_methods(
        corpus.relations.multi_hot([row.labels for row in corpus.splits["test"]]),
        predictions,
        corpus.relations,
        label_statistics(corpus.splits["train"], corpus.relations).counts,
        title=title,
        metric=metric,
        limits=limits,
        remarks=remarks,
    )


def _check_corpus(folder: Path, corpus: Corpus) -> None:
    """See that a run was trained on the corpus as it is now."""
    with run_folder.reading(folder / run_folder.ENVIRONMENT) as environment:
        name, fingerprint = (environment["corpus"][key] for key in ("name", "fingerprint"))
    same_relations = read_relations(folder / run_folder.RELATIONS) == corpus.relations
    if fingerprint == corpus.fingerprint and same_relations:
        return
    if name == corpus.name:
        was = f"{name!r} as it was then: its files have changed since"
    else:
        was = f"the corpus {name!r}"
    raise MrcaError(
        f"The run {folder} was trained on {was}, and is compared on {corpus.folder}. Expected runs "
        "on one corpus: leave it out, or train it again."
    )
