"""`mrca predict`."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mrca.cli.fact_outputs import DEFAULT_BASE, BaseIri, Form, IgnoreIds, import_command, output_in
from mrca.cli.options import MovedEncoder, OtherVectors, RunFolder
from mrca.cli.prediction_lines import Answer, AtError, OnError, RowsFile, write_predictions
from mrca.errors import MrcaError
from mrca.graph import Names
from mrca.quiet import quiet_start

if TYPE_CHECKING:
    from mrca.text import Document


def predict(
    run: RunFolder,
    file: RowsFile = "-",
    threshold: Annotated[
        float | None,
        typer.Option(help="Give what scores at least this, in place of the run's own decision."),
    ] = None,
    top: Annotated[
        int | None, typer.Option(min=1, help="At most so many facts of a row, the best.")
    ] = None,
    form: Annotated[
        Form,
        typer.Option(
            "--format",
            help="jsonl: a line for each row. docred: one JSON list of facts with title, h_idx, "
            "t_idx, r and evidence, as DocRED's evaluation takes it. csv, tsv, ntriples: fact by "
            "fact. graphml, neo4j (two CSV files): one graph of all facts (docs/graph.md).",
        ),
    ] = Form.JSONL,
    output: Annotated[
        Path | None,
        typer.Option(
            help="The file to write, whole or not at all; by default standard output. For neo4j a "
            "folder."
        ),
    ] = None,
    base_iri: BaseIri = DEFAULT_BASE,
    ignore_ids: IgnoreIds = False,
    on_error: AtError = OnError.STOP,
    vectors: OtherVectors = None,
    encoder: MovedEncoder = None,
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
        from mrca.models import CHUNK

    loaded = training.load(run, vectors, encoder)
    pairs = loaded.config.candidates.kind == "pairs"
    if form is not Form.JSONL and not pairs:
        named = "DocRED's form" if form is Form.DOCRED else f"the form {form.value}"
        raise MrcaError(
            f"{run} is asked about whole texts, and finds no facts to write in {named}. "
            "Expected a run of entity pairs (recipe pairs)."
        )

    def answer(documents: "list[Document]") -> Iterator[Answer]:
        read = loaded.classifier.words_read(documents)
        found = loaded.predict_iter(documents, threshold=threshold, top=top)
        for document, words, prediction in zip(documents, read, found, strict=True):
            if form is Form.DOCRED:
                fields = {"facts": prediction.facts_to_docred()}
            elif pairs:
                fields = {"facts": prediction.facts_to_dicts()}
            else:
                fields = {"relations": prediction.relations_to_dicts()}
            yield Answer(fields, _cut(document, words))

    write_predictions(
        file,
        on_error,
        CHUNK,
        answer,
        needed=loaded.classifier.marks_needed,
        types=loaded.classifier.types,
        offsets=loaded.config.data.offsets,
        output=output_in(form, output, names),
        place=output,
        then=_next(run, form, output),
    )


def _next(run: Path, form: Form, output: Path | None) -> str:
    if output is not None and form is Form.JSONL:
        return f"mrca graph show {shlex.quote(str(output))} --out graph.html"
    if output is not None and form is Form.NEO4J:
        return import_command(output)
    return f"mrca evaluate {shlex.quote(str(run))}"


def _cut(document: "Document", words: int) -> str:
    """What a user should know of a row that was not read whole."""
    if words >= len(document.tokens):
        return ""
    lost = sum(all(span.start >= words for span in entity.mentions) for entity in document.entities)
    marks = f", and {lost} of its {len(document.entities)} entities with them" if lost else ""
    return f"cut after {words} of {len(document.tokens)} words{marks} (features.max_length)"
