"""`mrca score`."""

import json
import shlex
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from mrca.cli.options import AsJson, DataDir, Distant, Ignore, Limits, say_next
from mrca.datasets import (
    CandidateSelection,
    LabelCounts,
    group_limits,
    load_corpus,
    read_docred_result,
    sample_note,
)
from mrca.errors import MrcaError


def score(
    file: Annotated[
        Path,
        typer.Argument(
            help="A JSON list of facts as DocRED's scorers take it: title (the document's id), "
            "h_idx, t_idx and r."
        ),
    ],
    dataset: Annotated[
        str,
        typer.Option(help="The corpus: a name that `mrca data list` shows, or a folder."),
    ],
    split: Annotated[str, typer.Option(help="train, valid or test.")] = "test",
    limits: Limits = None,
    ignore: Ignore = None,
    distant: Distant = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Say how good a file of predicted facts is, whatever predicted them: no run is needed."""
    from mrca.evaluation import KnownFacts, evaluate_candidates
    from mrca.reporting import conditions, document_tables

    groups = None if limits is None else group_limits(limits)
    corpus = load_corpus(dataset, data_dir)
    if split not in corpus.splits:
        raise MrcaError(
            f"The corpus {corpus.name!r} has no {split} split. It has: {', '.join(corpus.splits)}."
        )
    selection = CandidateSelection("pairs")
    train, asked = (
        selection.select(corpus.splits[each]).labelled(corpus.relations)
        for each in ("train", split)
    )
    report = evaluate_candidates(
        asked,
        read_docred_result(file, asked, corpus.relations),
        None,
        corpus.relations,
        LabelCounts.of(train).counts,
        limits=groups or group_limits(corpus.limits),
        ignored=ignore or (),
        known=KnownFacts.of(corpus, split, distant=distant),
    )
    if as_json:
        what = {"corpus": corpus.name, "split": split, "ignored": ignore or []}
        typer.echo(json.dumps({**what, **report.to_dict()}, indent=2))
        return
    under = conditions("none", ignore or (), limits)
    title = f"{file.name} on {corpus.name}{sample_note(corpus.name)}, {split} split"
    console = Console()
    for table in document_tables(report, f"{title}\n{under}" if under else title):
        console.print(table)
        console.print()
    say_next(f"mrca score {shlex.quote(str(file))} --dataset {shlex.quote(dataset)} --json")
