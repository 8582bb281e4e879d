"""A merged graph as GraphML, which networkx, Gephi, yEd and Cytoscape read."""

import json
import re
from collections.abc import Iterable
from typing import Any, BinaryIO

from mrca.graph.found_fact import FoundFact
from mrca.graph.merge import MergedFacts
from mrca.graph.names import Names

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class GraphML:
    """Nodes and edges, with a `label` for programs that draw them and an edge's places as JSON.

    What is empty is left out, and a character that XML does not know is replaced.

    Args:
        stream: what is written to, at the end.
        names: gives the IRIs.

    Raises:
        MrcaError: if networkx is not installed.
    """

    def __init__(self, stream: BinaryIO, names: Names) -> None:
        self._stream, self._names = stream, names
        self._merged = MergedFacts(names, "The form graphml")

    def add(self, facts: Iterable[FoundFact]) -> None:
        """See `FactWriter`."""
        self._merged.add(facts)

    def close(self) -> None:
        """See `FactWriter`."""
        import networkx as nx

        graph, plain = self._merged.graph(), nx.MultiDiGraph()
        for node, values in graph.nodes(data=True):
            plain.add_node(_xml(node), **_values(label=values["name"], **values))
        for number, (subject, object_, values) in enumerate(graph.edges(data=True)):
            places = [place._asdict() for place in values["places"]]
            relation = values["relation"]
            told = {**values, "places": json.dumps(places, ensure_ascii=False), "label": relation}
            told |= {"iri": self._names.relation(relation), "weight": values["count"]}
            # A key is the edge's id in the file, where no two edges may have the same.
            plain.add_edge(_xml(subject), _xml(object_), key=f"e{number}", **_values(**told))
        nx.write_graphml(plain, self._stream)


def _values(**values: Any) -> dict[str, Any]:
    kept = {name: value for name, value in values.items() if value != ""}
    return {name: _xml(each) if isinstance(each, str) else each for name, each in kept.items()}


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
