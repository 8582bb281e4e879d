"""Where `mrca predict` writes what it finds, and in which form."""

import shlex
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mrca.bulk.results import DocRedResult, JsonLines
from mrca.cli.prediction_lines import Output
from mrca.files import whole_file
from mrca.graph import FactForm, FactWriter, Names, fact_writer, found_facts
from mrca.graph.neo4j import NODES, RELATIONSHIPS

if TYPE_CHECKING:
    from mrca.datasets import Row

BaseIri = Annotated[
    str, typer.Option(metavar="IRI", help="What the names of entities and relations begin with.")
]
IgnoreIds = Annotated[
    bool,
    typer.Option(
        "--ignore-ids",
        metavar="",
        help="Entities of the same name and type are one, whatever ids their rows give them.",
    ),
]


class PredictForm(StrEnum):
    """How predictions are written."""

    JSONL = "jsonl"
    DOCRED = "docred"
    CSV = FactForm.CSV.value
    TSV = FactForm.TSV.value
    NTRIPLES = FactForm.NTRIPLES.value
    GRAPHML = FactForm.GRAPHML.value
    NEO4J = FactForm.NEO4J.value


class _Facts:
    """The facts of rows, in a form that has no place for anything else."""

    def __init__(self, writer: FactWriter) -> None:
        self._writer = writer

    def write(self, row: "Row", fields: dict[str, Any]) -> None:
        if row.document is not None:
            self._writer.add(found_facts(fields["facts"], row.line, row.document.id))


def import_command(folder: Path) -> str:
    """What brings Neo4j's two files into a new database."""
    nodes, relationships = (shlex.quote(str(folder / name)) for name in (NODES, RELATIONSHIPS))
    files = f"--nodes={nodes} --relationships={relationships}"
    return f"neo4j-admin database import full {files} neo4j"


@contextmanager
def output_in(form: PredictForm, place: Path | None, names: Names) -> Iterator[Output]:
    """Give what writes answers in a form. A file is written whole, or on an error not at all.

    Args:
        form: which.
        place: a file, or the folder of Neo4j's two; by default standard output.
        names: gives the IRIs.

    Raises:
        MrcaError: see `fact_writer`.
        OSError: if a file cannot be written.
    """
    if form not in (PredictForm.JSONL, PredictForm.DOCRED):
        with fact_writer(FactForm(form.value), place or sys.stdout.buffer, names) as writer:
            yield _Facts(writer)
        return
    with ExitStack() as stack:
        stream = sys.stdout.buffer
        if place is not None:
            stream = stack.enter_context(stack.enter_context(whole_file(place)).open("wb"))
        if form is PredictForm.JSONL:
            yield JsonLines(stream)
        else:
            result = DocRedResult(stream)
            yield result
            result.close()
