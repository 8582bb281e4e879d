"""Representations and classifiers trained apart: which of them a long tail hurts."""

from collections.abc import Iterator
from pathlib import Path

from mrca import losses
from mrca.config import LossConfig, RunConfig, Seeds, load_recipe, recipe_names, seeds_from
from mrca.datasets import sample_note
from mrca.datasets.locate import check_corpus_name
from mrca.errors import MrcaError
from mrca.evaluation import Decoupling
from mrca.experiments.finished_runs import shared_corpus, training_seconds
from mrca.experiments.plan_runs import PlannedMethod, PlannedRun, plan_methods
from mrca.experiments.runs_reporter import RunsReporter, SilentRunsReporter
from mrca.experiments.train_planned import check_finished, check_planned, train_planned
from mrca.runs import layout

_REWEIGHTED = LossConfig(name="reweighted_crossentropy")
# The paper's names: instance-balanced and class-balanced sampling, a re-weighted loss.
WAYS = ("IBS", "CBS", "RWL")


def decouple(
    config: RunConfig,
    output: Path,
    *,
    seeds: Seeds = 1,
    data_dir: Path | None = None,
    vectors_dir: Path | None = None,
    workers: int | None = None,
    ray: str | None = None,
    reporter: RunsReporter | None = None,
) -> Decoupling:
    """Train layers in three ways, then on each of them a new classifier in the same three ways.

    The ways are instance-balanced sampling (IBS), class-balanced sampling (CBS), and re-weighted
    softmax cross-entropy with instance-balanced sampling (RWL). Every classifier is trained anew on
    frozen layers, also in the way in which the layers were trained. Runs are the folders
    `<output>/<representation>-seed<k>` and `<output>/<representation>-<classifier>-seed<k>`;
    finished ones are taken as they are and an unfinished one is resumed.

    Args:
        config: of IBS, with a softmax loss; its sampler is not used, its seed is the first.
        output: the folder of the runs.
        seeds: runs of each kind: a number of successive seeds, or the seeds.
        data_dir: a folder of corpora to look in first.
        vectors_dir: a folder of word vectors to look in first.
        workers: how many runs are trained at the same time, on this machine unless `ray` says
            where; by default one after another, in this process.
        ray: the address of a cluster of Ray that trains them.
        reporter: told about progress.

    Raises:
        MrcaError: before anything is trained, if the configuration does not fit, a folder holds a
            run of another one or of other files, or the corpus has no test split.

    Source: Yu et al. 2020, section 3 and figure 1 (which has the classifiers as rows).
    """
    reporter = reporter or SilentRunsReporter()
    check_corpus_name(config.data.dataset)
    _check(config)
    runs = _plan(config, output, seeds)
    check_planned(runs)
    corpus = shared_corpus([config], data_dir, reporter)
    check_finished(runs, corpus)
    train_planned(
        runs,
        data_dir=data_dir,
        vectors_dir=vectors_dir,
        workers=workers,
        ray=ray,
        reporter=reporter,
    )
    check_finished(runs, corpus)  # a first stage may have been trained again
    return Decoupling(
        title=f"Test macro F1 on {corpus.name}{sample_note(corpus.name)}",
        runs={
            row: {
                column: [
                    _macro_f1(run.folder) for run in runs if run.method == _second(row, column)
                ]
                for column in WAYS
            }
            for row in WAYS
        },
        seconds=sum(training_seconds(run.folder) or 0 for run in runs),
    )


def _plan(config: RunConfig, output: Path, seeds: Seeds) -> list[PlannedRun]:
    ways = dict(_ways(config))
    each = seeds_from(config.training.seed, seeds)
    first = [PlannedMethod(way, way.casefold(), ways[way], each) for way in WAYS]
    second = [
        PlannedMethod(name, name.casefold(), ways[column], each, representation=row)
        for row in WAYS
        for column in WAYS
        for name in [_second(row, column)]
    ]
    return plan_methods([*first, *second], output)


def _ways(config: RunConfig) -> Iterator[tuple[str, RunConfig]]:
    """How a stage is trained in each way."""
    for way in WAYS:
        sampler = "class_balanced" if way == "CBS" else "instance_balanced"
        loss = _REWEIGHTED if way == "RWL" else config.loss
        yield way, config.changed({"training.sampler": sampler, "loss": loss})


def _second(representation: str, classifier: str) -> str:
    return f"{representation}-{classifier}"


def _macro_f1(folder: Path) -> float:
    with layout.reading(folder / layout.METRICS) as metrics:
        return float(metrics["splits"]["test"]["macro"]["f1"])


def _check(config: RunConfig) -> None:
    """Check that the three ways have a meaning for the configuration."""
    if config.classifier.representation:
        raise MrcaError(
            "A decoupling trains its own first stages. Received: classifier.representation="
            f"{config.classifier.representation!r}. Leave it out."
        )
    loss = losses.check(config.loss.name, config.loss.options)
    if config.loss.name == _REWEIGHTED.name:
        raise MrcaError(
            f"The loss {config.loss.name!r} is what RWL trains with, and IBS and CBS are compared "
            "with it. Take a loss without weights, such as loss.name=categorical_crossentropy."
        )
    if not isinstance(loss.decision_rule, losses.LargestScore):
        recipes = ", ".join(name for name in recipe_names() if _has_softmax_loss(name))
        raise MrcaError(
            "RWL is a re-weighted softmax loss, for rows with one relation each; the loss "
            f"{config.loss.name!r} decides by {loss.decision_rule.name}. Take a softmax loss "
            "(--set loss.name=categorical_crossentropy) or a recipe that has one (--recipe): "
            f"{recipes}."
        )


def _has_softmax_loss(recipe: str) -> bool:
    loss = load_recipe(recipe).loss
    return isinstance(losses.check(loss.name, loss.options).decision_rule, losses.LargestScore)
