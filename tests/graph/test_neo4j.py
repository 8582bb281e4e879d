import csv
import re

from hypothesis import given
from hypothesis import strategies as st

from mrca.graph import FoundEntity, FoundFact, Names
from mrca.graph.neo4j import NODES, RELATIONSHIPS, Neo4jFiles, cypher_name


def tables(facts, folder) -> list[list[dict[str, str]]]:
    writer = Neo4jFiles(folder, Names())
    writer.add(facts)
    writer.close()
    found = []
    for name in (NODES, RELATIONSHIPS):
        text = (folder / name).read_text("utf-8")
        rows = list(csv.DictReader(text.splitlines()))
        assert len(rows) == text.count("\n") - 1  # no field of two lines
        found.append(rows)
    return found


def test_two_files_with_the_heads_that_the_import_takes(found, tmp_path):
    nodes, relationships = tables(found, tmp_path)
    assert [node["name"] for node in nodes] == ["Ada Lane", "Oslo", "Bryan Hunt", "the firm"]
    assert nodes[0][":LABEL"] == "Entity;PER"
    assert (nodes[3]["given_id"], nodes[3][":LABEL"]) == ("Q7", "Entity")
    ids = {node["iri:ID"] for node in nodes}
    assert len(ids) == 4
    assert all({row[":START_ID"], row[":END_ID"]} <= ids for row in relationships)
    born = relationships[0]
    assert (born[":TYPE"], born["relation"]) == ("born_in", "born_in")
    assert (born["count:int"], born["score:double"]) == ("2", "0.95")
    assert born["documents:string[]"] == "d1;line 2"
    assert born["subject_start:int[]"] == "4;9"
    assert born["object_end:int[]"] == "34;34"
    assert born["scores:double[]"] == "0.8;0.95"


def test_texts_that_would_break_a_line_or_a_list(tmp_path):
    one = FoundEntity('a "b", c', "x;y", "i\nd", 0, 1)
    found = [FoundFact(one, "is / in;", one, 0.5, "a;b\nc", "char")]
    [node], [relation] = tables(found, tmp_path)
    assert (node["name"], node["given_id"]) == ('a "b", c', "i d")
    assert node[":LABEL"] == "Entity;x_y"
    assert (relation[":TYPE"], relation["relation"]) == ("is_in", "is / in;")
    assert relation["documents:string[]"] == "a,b c"


@given(st.text())
def test_names_for_cypher(text):
    assert re.fullmatch(r"[^\W\d]\w*", cypher_name(text)) or cypher_name(text)[0].isnumeric()
