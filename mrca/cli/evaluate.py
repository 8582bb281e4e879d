"""`mrca evaluate`."""

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from mrca.cli.native_logs import quiet_start
from mrca.errors import MrcaError

if TYPE_CHECKING:
    from mrca.datasets import Corpus
    from mrca.losses import DecisionRule
    from mrca.training import Run


class Tune(StrEnum):
    """What `--tune` may tune."""

    GLOBAL = "global"
    PER_RELATION = "per-relation"


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
        bool, typer.Option("--save", help="Keep the tuned threshold as the run's decision rule.")
    ] = False,
    triples: Annotated[
        bool,
        typer.Option("--triples", help="Ask about one entity pair at a time and score triples."),
    ] = False,
    plots: Annotated[
        Path | None, typer.Option(help="Folder for the figures; by default RUN/plots.")
    ] = None,
    no_plots: Annotated[bool, typer.Option("--no-plots", help="Draw nothing.")] = False,
    vectors: Annotated[
        str | None, typer.Option(help="Word vectors to look unseen words up in.")
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="A folder of corpora to look in before all others.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Say how good a run is: micro, macro, per relation, by number of relations, head to tail."""
    if save and tune is None:
        raise typer.BadParameter("--save keeps what --tune finds: give --tune global, say.")
    with quiet_start():
        from mrca import training
        from mrca.training import run_folder

    loaded = training.load(run, vectors)
    corpus = _corpus(loaded, dataset, data_dir)
    examples = training.split_examples(loaded, corpus, split)
    if tune is not None:
        loaded.decision_rule = _tuned(loaded, corpus, tune)
    if save:
        run_folder.write_json(
            loaded.folder / run_folder.DECISION, loaded.decision_rule.get_config()
        )
        Console(stderr=True).print(f"Kept as the decision rule of {loaded.folder}.")
    sample = " (sample corpus)" if corpus.name == "sample" else ""
    title = f"{loaded.folder.name} on {corpus.name}{sample}, {split} split"
    if triples:
        _print_triples(loaded, examples, title, as_json)
        return
    scores, holds = loaded.decide(loaded.outputs(examples))
    labels = loaded.relations.multi_hot([example.labels for example in examples])

    from mrca.evaluation import evaluate as measure
    from mrca.evaluation import report_tables

    report = measure(labels, holds, loaded.relations, loaded.label_counts.counts, scores)
    if as_json:
        rule = loaded.decision_rule.get_config()
        typer.echo(json.dumps({**report.to_dict(), "decision": rule}, indent=2))
    else:
        console = Console()
        for table in report_tables(report, title):
            console.print(table)
            console.print()
    if not no_plots:
        _draw(report, labels, scores, title, plots or loaded.folder / "plots", split)


def _corpus(run: "Run", dataset: str | None, data_dir: Path | None) -> "Corpus":
    from mrca.datasets import load_corpus

    return load_corpus(
        dataset or run.config.data.dataset, data_dir, unmatched=run.config.data.unmatched
    )


def _tuned(run: "Run", corpus: "Corpus", tune: Tune) -> "DecisionRule":
    from mrca.evaluation import tune_threshold
    from mrca.losses import FixedThreshold
    from mrca.training import split_examples

    rule = run.decision_rule
    if not isinstance(rule, FixedThreshold):
        raise MrcaError(
            f"The run {run.folder} decides by {rule.name}, which has no threshold to tune. "
            "Evaluate it without --tune."
        )
    examples = split_examples(run, corpus, "valid")
    scores, _ = run.decide(run.outputs(examples))
    labels = run.relations.multi_hot([example.labels for example in examples])
    if tune is Tune.PER_RELATION:
        return FixedThreshold(tune_threshold(labels, scores, per_relation=True), rule.activation)
    return FixedThreshold(tune_threshold(labels, scores), rule.activation)


def _print_triples(run: "Run", examples: list[Any], title: str, as_json: bool) -> None:
    from mrca.evaluation import triple_score

    if not any(example.triples for example in examples):
        raise MrcaError(
            "No row of this split says which triples hold, so triples cannot be scored. Expected "
            '"triples" in its file.'
        )
    predicted = [{fact.triple for fact in facts} for facts in run.predict_triples_iter(examples)]
    score = triple_score([set(example.triples) for example in examples], predicted)
    if as_json:
        typer.echo(json.dumps({"triples": score.to_dict()}, indent=2))
        return
    Console().print(
        f"{title}, triples: precision {score.precision:.4f}, recall {score.recall:.4f}, "
        f"F1 {score.f1:.4f} of {score.support} triples",
        highlight=False,
        soft_wrap=True,
    )


def _draw(report: Any, labels: Any, scores: Any, title: str, folder: Path, split: str) -> None:
    from mrca.evaluation import plot_f1_by_count, plot_precision_recall

    figures = {"f1-by-count": plot_f1_by_count(report, title)}
    if labels.any():
        figures["precision-recall"] = plot_precision_recall(labels, scores, report, title)
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in figures.items():
        path = folder / f"{split}-{name}.png"
        figure.savefig(path, dpi=150)
        Console(stderr=True).print(f"Drawn: {path}", highlight=False, soft_wrap=True)
