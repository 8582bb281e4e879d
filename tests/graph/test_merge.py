import pytest

from mrca.errors import MrcaError
from mrca.graph import FoundEntity, FoundFact, MergedFacts, Names, Place, merge

BASE = "http://example.org/"
ADA, OSLO = f"{BASE}name/PER/Ada%20Lane", f"{BASE}name/LOC/Oslo"


def merged(found, **options):
    facts = MergedFacts(Names(**options))
    facts.add(found)
    return facts.graph()


def test_a_fact_of_two_documents_is_one_edge_with_both_places(found):
    graph = merged(found)
    assert (len(graph), graph.number_of_edges()) == (4, 3)
    born = graph.edges[ADA, OSLO, "born_in"]
    assert (born["count"], born["score"], born["relation"]) == (2, 0.95, "born_in")
    assert born["places"] == [
        Place("d1", (4, 12), (30, 34), "char", 0.8),
        Place("line 2", (9, 17), (30, 34), "char", 0.95),
    ]
    assert graph.nodes[ADA] == {"name": "Ada Lane", "type": "PER", "given_id": "", "count": 3}
    assert graph.nodes[f"{BASE}id/Q7"]["given_id"] == "Q7"


def fact(subject: FoundEntity) -> FoundFact:
    return FoundFact(subject, "r", FoundEntity("Oslo", "LOC", "", 0, 4), 0.5, "d", "char")


def test_an_entity_with_an_id_has_the_name_and_type_that_it_mostly_has():
    names = [("Hunt", "PER"), ("Bryan Hunt", "PER"), ("Bryan Hunt", "ORG"), ("he", "PER")]
    found = [fact(FoundEntity(name, kind, "Q1", 0, 1)) for name, kind in names]
    graph = merged(found)
    assert graph.nodes[f"{BASE}id/Q1"]["name"] == "Bryan Hunt"
    assert graph.nodes[f"{BASE}id/Q1"]["type"] == "PER"
    assert len(graph) == 2
    assert len(merged(found, ids=False)) == 5  # four names with their types, and Oslo


def test_facts_below_a_score_go_with_the_entities_that_have_no_other(found):
    facts = MergedFacts(Names())
    facts.add(found)
    graph = facts.graph(0.75)
    assert set(graph) == {ADA, OSLO}
    assert graph.edges[ADA, OSLO, "born_in"]["count"] == 2
    assert not facts.graph(0.99)


def test_without_networkx_it_is_said_what_to_install(monkeypatch):
    def missing(what, extra, *modules):
        raise MrcaError(f"{what} needs {modules[0]}: mrca[{extra}]")

    monkeypatch.setattr(merge, "check_installed", missing)
    with pytest.raises(MrcaError, match=r"mrca graph show needs networkx: mrca\[graph\]"):
        MergedFacts(Names(), "mrca graph show")
