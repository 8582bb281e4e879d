"""`mrca predict`."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from mrca.bulk.answers import Form, RunAnswers
from mrca.cli.fact_outputs import (
    BaseIri,
    IgnoreIds,
    PredictForm,
    import_command,
    output_in,
)
from mrca.cli.options import MovedEncoder, OtherVectors, RunFolder, Trust
from mrca.cli.prediction_lines import (
    AtError,
    OnError,
    RowsFile,
    Threshold,
    Top,
    write_predictions,
)
from mrca.errors import MrcaError
from mrca.graph import BASE, Names
from mrca.quiet import quiet_start
from mrca.runs import layout


def predict(
    run: RunFolder,
    file: RowsFile = "-",
    threshold: Threshold = None,
    top: Top = None,
    form: Annotated[
        PredictForm,
        typer.Option(
            "--format",
            help="jsonl: a line for each row. docred: one JSON list of facts with title, h_idx, "
            "t_idx, r and evidence, as DocRED's evaluation takes it. csv, tsv, ntriples: fact by "
            "fact. graphml, neo4j (two CSV files): one graph of all facts (docs/graph.md).",
        ),
    ] = PredictForm.JSONL,
    output: Annotated[
        Path | None,
        typer.Option(
            help="The file to write, whole or not at all; by default standard output. For neo4j a "
            "folder."
        ),
    ] = None,
    base_iri: BaseIri = BASE,
    ignore_ids: IgnoreIds = False,
    on_error: AtError = OnError.STOP,
    vectors: OtherVectors = None,
    encoder: MovedEncoder = None,
    trust: Trust = False,
) -> None:
    """Say who is related to whom in each row: rows in, JSON Lines out, in the same order; or
    facts in a form for spreadsheets, graphs and databases.

    Each output line has the row's `line` number, its `id` if it has one, and `facts`: subject and
    object with their text, offsets, type and id, the relation, and a score, best first. (Of a run
    that asks about whole texts, `relations` with their scores.) A skipped line has an `error`
    instead, and the exit code is 1 at the end. Any size of file streams through.
    """
    names = Names(base_iri, ids=not ignore_ids)
    with quiet_start():
        from mrca import training

    loaded = training.load(run, vectors, encoder, trust=trust)
    of_pairs = loaded.config.candidates.kind == "pairs"
    of_facts = form not in (PredictForm.JSONL, PredictForm.DOCRED)
    if of_facts and not of_pairs:
        raise MrcaError(
            f"{run} is asked about whole texts, and finds no facts to write in the form "
            f"{form.value}. Expected a run of entity pairs (recipe pairs)."
        )
    answered = Form.DOCRED if form is PredictForm.DOCRED else Form.JSONL
    write_predictions(
        file,
        on_error,
        RunAnswers(loaded, answered, threshold, top),
        output=output_in(form, output, names),
        place=output,
        then=_next(run, form, output, of_pairs=of_pairs),
    )


def _next(run: Path, form: PredictForm, output: Path | None, *, of_pairs: bool) -> str:
    if of_pairs and form is PredictForm.JSONL:
        facts = "FACTS.jsonl" if output is None else shlex.quote(str(output))
        return f"mrca graph show {facts} --out graph.html"
    if output is not None and form is PredictForm.NEO4J:
        return import_command(output)
    return f"mrca evaluate {shlex.quote(layout.shown_run(run))}"
