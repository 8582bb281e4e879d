import io
import json
from xml.etree import ElementTree

import networkx as nx
from hypothesis import given, settings
from hypothesis import strategies as st

from mrca.graph import FoundEntity, FoundFact, Names
from mrca.graph.graphml import GraphML

BASE = "http://example.org/"


def test_networkx_reads_it_back(found, written):
    data = written(GraphML, found, Names())
    graph = nx.read_graphml(io.BytesIO(data), force_multigraph=True)
    assert graph.is_directed()
    ada, oslo = f"{BASE}name/PER/Ada%20Lane", f"{BASE}name/LOC/Oslo"
    assert graph.nodes[ada] == {"label": "Ada Lane", "name": "Ada Lane", "type": "PER", "count": 3}
    assert graph.nodes[f"{BASE}id/Q7"]["given_id"] == "Q7"
    [edge] = graph.get_edge_data(ada, oslo).values()
    assert (edge["label"], edge["relation"], edge["weight"]) == ("born_in", "born_in", 2)
    assert (edge["count"], edge["score"], edge["iri"]) == (2, 0.95, f"{BASE}relation/born_in")
    places = json.loads(edge["places"])
    assert [place["document"] for place in places] == ["d1", "line 2"]
    assert places[1]["subject"] == [9, 17]
    ids = [each.get("id") for each in ElementTree.fromstring(data).iter() if "edge" in each.tag]
    assert len(set(ids)) == len(ids) == 3


entities = st.builds(FoundEntity, st.text(), st.text(), st.text(), st.just(0), st.just(1))


@settings(max_examples=50)
@given(entities, st.text(), entities)
def test_any_text_gives_xml_that_can_be_read(subject, relation, object_):
    stream = io.BytesIO()
    writer = GraphML(stream, Names())
    writer.add([FoundFact(subject, relation, object_, 0.5, "d", "char")])
    writer.close()
    graph = nx.read_graphml(io.BytesIO(stream.getvalue()), force_multigraph=True)
    assert graph.number_of_edges() == 1


def test_no_facts_give_an_empty_graph(written):
    assert not nx.read_graphml(io.BytesIO(written(GraphML, [], Names())))
