"""A merged graph as two CSV files, for `neo4j-admin database import` and for `LOAD CSV`."""

import csv
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from mrca.graph.found_fact import FoundFact
from mrca.graph.merge import MergedFacts
from mrca.graph.names import Names

NODES, RELATIONSHIPS = "nodes.csv", "relationships.csv"
_NODE_COLUMNS = ("iri:ID", "name", "type", "given_id", "count:int", ":LABEL")
_EDGE_COLUMNS = (
    *(":START_ID", ":END_ID", ":TYPE", "relation", "iri", "count:int", "score:double"),
    *("documents:string[]", "subject_start:int[]", "subject_end:int[]"),
    *("object_start:int[]", "object_end:int[]", "scores:double[]"),
)


class Neo4jFiles:
    """`nodes.csv` and `relationships.csv`, whose head lines say what the columns are.

    Args:
        folder: where they go at the end; made if missing.
        names: gives the IRIs.

    Raises:
        MrcaError: if networkx is not installed.
    """

    def __init__(self, folder: Path, names: Names) -> None:
        self._folder, self._names = folder, names
        self._merged = MergedFacts(names, "The form neo4j")

    def add(self, facts: Iterable[FoundFact]) -> None:
        """See `FactWriter`."""
        self._merged.add(facts)

    def close(self) -> None:
        """See `FactWriter`."""
        graph = self._merged.graph()
        self._folder.mkdir(parents=True, exist_ok=True)
        nodes = (_node(node, values) for node, values in graph.nodes(data=True))
        edges = (
            [subject, object_, *_edge(values, self._names)]
            for subject, object_, values in graph.edges(data=True)
        )
        _write(self._folder / NODES, _NODE_COLUMNS, nodes)
        _write(self._folder / RELATIONSHIPS, _EDGE_COLUMNS, edges)


def cypher_name(text: str) -> str:
    """A name that Cypher takes without backticks: letters, digits and underscores.

    Example:
        >>> cypher_name("/people/person/born in"), cypher_name("3D")
        ('people_person_born_in', '_3D')
    """
    name = re.sub(r"\W+", "_", text).strip("_") or "_"
    return f"_{name}" if name[0].isdigit() else name


def _node(iri: str, values: dict[str, Any]) -> list[Any]:
    texts = [_line(values[name]) for name in ("name", "type", "given_id")]
    labels = ["Entity", cypher_name(values["type"])] if values["type"] else ["Entity"]
    return [iri, *texts, values["count"], ";".join(labels)]


def _edge(values: dict[str, Any], names: Names) -> list[Any]:
    relation, places = values["relation"], values["places"]
    columns: list[list[Any]] = [
        [_line(place.document).replace(";", ",") for place in places],  # `;` parts the items
        *([place.subject[end] for place in places] for end in (0, 1)),
        *([place.object[end] for place in places] for end in (0, 1)),
        [place.score for place in places],
    ]
    lists = [";".join(map(str, column)) for column in columns]
    told = [cypher_name(relation), _line(relation), names.relation(relation)]
    return [*told, values["count"], values["score"], *lists]


def _line(text: str) -> str:
    """The text in one line: an import refuses fields of several lines unless told not to."""
    return " ".join(text.split())


def _write(path: Path, columns: Sequence[str], rows: Iterable[Iterable[Any]]) -> None:
    with path.open("w", encoding="utf-8", errors="replace", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
