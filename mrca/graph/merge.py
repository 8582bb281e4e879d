"""Facts of many documents as one graph: every entity a node, every relation between two an edge."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from mrca.errors import check_installed
from mrca.graph.found_fact import FoundEntity, FoundFact, Unit
from mrca.graph.names import Names

if TYPE_CHECKING:
    from networkx import MultiDiGraph


class Place(NamedTuple):
    """Where a fact was found.

    Attributes:
        document: the id of its row, or where it has none, the row's line.
        subject: start and end of the first mention of the subject; the end is exclusive.
        object: the same of the object.
        unit: what they count, characters or tokens.
        score: of the fact there.
    """

    document: str
    subject: tuple[int, int]
    object: tuple[int, int]
    unit: Unit
    score: float


@dataclass
class _Node:
    names: Counter[str] = field(default_factory=Counter)
    types: Counter[str] = field(default_factory=Counter)
    id: str = ""


class MergedFacts:
    """Puts facts together; what is added is kept until `graph` is taken.

    Args:
        names: says which entities are the same.
        what: what needs it, for the message, such as `"mrca graph show"`.

    Raises:
        MrcaError: if networkx is not installed.
    """

    def __init__(self, names: Names, what: str = "A graph of facts") -> None:
        check_installed(what, "graph", "networkx")
        self._names = names
        self._nodes: dict[str, _Node] = {}
        self._edges: dict[tuple[str, str, str], list[Place]] = {}

    def add(self, facts: Iterable[FoundFact]) -> None:
        """Add facts."""
        for fact in facts:
            ends = self._node(fact.subject), self._node(fact.object)
            subject, object_ = ((side.start, side.end) for side in (fact.subject, fact.object))
            place = Place(fact.document, subject, object_, fact.unit, fact.score)
            self._edges.setdefault((*ends, fact.relation), []).append(place)

    def graph(self, min_score: float | None = None) -> "MultiDiGraph":
        """The graph, without the facts whose best score is lower, and entities that have no other.

        A node is an IRI with `name` and `type` (those that were seen most often), the `given_id`
        of its rows, and `count`, how often it stands in a fact. An edge has the relation for a key
        and `relation`, `count` (how often it was found), `score` (the best) and its `places`.
        """
        from networkx import MultiDiGraph

        graph = MultiDiGraph()
        best = {edge: max(place.score for place in found) for edge, found in self._edges.items()}
        kept = {edge for edge in best if min_score is None or best[edge] >= min_score}
        ends = {end for edge in kept for end in edge[:2]}
        for iri, node in self._nodes.items():
            if iri not in ends:
                continue
            graph.add_node(
                iri,
                name=_usual(node.names),
                type=_usual(node.types),
                given_id=node.id,
                count=node.names.total(),
            )
        for edge, places in self._edges.items():
            if edge not in kept:
                continue
            subject, object_, relation = edge
            graph.add_edge(
                subject,
                object_,
                key=relation,
                relation=relation,
                count=len(places),
                score=best[edge],
                places=places,
            )
        return graph

    def _node(self, entity: FoundEntity) -> str:
        iri = self._names.entity(entity)
        node = self._nodes.setdefault(iri, _Node())
        node.names[entity.name] += 1
        if entity.type:
            node.types[entity.type] += 1
        if self._names.ids:
            node.id = entity.id
        return iri


def _usual(seen: Counter[str]) -> str:
    """What was seen most often; of equals the first."""
    return max(seen, key=seen.__getitem__, default="")
