"""The forms in which facts are written."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from mrca.errors import MrcaError
from mrca.files import whole_file, whole_folder
from mrca.graph.graphml import GraphML
from mrca.graph.n_triples import NTriples
from mrca.graph.names import Names
from mrca.graph.neo4j import NODES, RELATIONSHIPS, Neo4jFiles
from mrca.graph.rows import FactWriter, SeparatedRows


class FactForm(StrEnum):
    """A form for facts. GraphML and Neo4j's files are of a graph, for which all facts are held and
    merged first; the others are written row by row."""

    CSV = "csv"
    TSV = "tsv"
    NTRIPLES = "ntriples"
    GRAPHML = "graphml"
    NEO4J = "neo4j"


@contextmanager
def fact_writer(form: FactForm, place: Path | BinaryIO, names: Names) -> Iterator[FactWriter]:
    """Give what writes facts in a form. A file is written whole, or on an error not at all.

    Args:
        form: which.
        place: a file, or the folder of Neo4j's two; or a stream, not for these.
        names: gives the IRIs.

    Raises:
        MrcaError: if Neo4j's files have no folder, or one that holds other files; if networkx is
            needed and not installed.
        OSError: if a file cannot be written.
    """
    if form is FactForm.NEO4J:
        with whole_folder(_folder(place), "the graph") as folder:
            writer = Neo4jFiles(folder, names)
            yield writer
            writer.close()
    elif isinstance(place, Path):
        with whole_file(place) as temporary, temporary.open("wb") as stream:
            yield from _on(stream, form, names)
    else:
        yield from _on(place, form, names)


def _on(stream: BinaryIO, form: FactForm, names: Names) -> Iterator[FactWriter]:
    writer: FactWriter
    if form is FactForm.NTRIPLES:
        writer = NTriples(stream, names)
    elif form is FactForm.GRAPHML:
        writer = GraphML(stream, names)
    else:
        writer = SeparatedRows(stream, "\t" if form is FactForm.TSV else ",")
    yield writer
    writer.close()


def _folder(place: Path | BinaryIO) -> Path:
    """The folder of Neo4j's files; one of other files is not replaced."""
    if not isinstance(place, Path):
        raise MrcaError(
            "The form neo4j is two files, which standard output cannot hold. Expected --output "
            f"FOLDER, for {NODES} and {RELATIONSHIPS}."
        )
    found = {path.name for path in place.iterdir()} if place.is_dir() else set()
    if place.is_file() or found - {NODES, RELATIONSHIPS}:
        what = "is a file" if place.is_file() else f"holds {sorted(found)[0]}, among others"
        raise MrcaError(
            f"{place} {what}, and is not replaced. Expected a new folder, for {NODES} and "
            f"{RELATIONSHIPS}."
        )
    return place
