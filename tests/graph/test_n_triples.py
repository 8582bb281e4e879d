import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mrca.graph import FoundEntity, FoundFact, Names
from mrca.graph.n_triples import NTriples

# The grammar of RDF 1.1 N-Triples, https://www.w3.org/TR/n-triples/#n-triples-grammar
UCHAR = r"(?:\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})"
IRIREF = rf'<(?:[^\x00-\x20<>"{{}}|^`\\]|{UCHAR})*>'
LITERAL = rf'"(?:[^\x22\x5C\x0A\x0D]|\\[tbnrf"\'\\]|{UCHAR})*"(?:\^\^{IRIREF})?'
BLANK = r"_:[A-Za-z0-9_]+"
TRIPLE = re.compile(rf"(?:{IRIREF}|{BLANK}) {IRIREF} (?:{IRIREF}|{BLANK}|{LITERAL}) \.")

entities = st.builds(FoundEntity, st.text(), st.text(), st.text(), st.integers(0), st.integers(0))
facts = st.builds(
    FoundFact, entities, st.text(), entities, st.floats(-9, 9), st.text(), st.just("char")
)


def n_triples(facts: list[FoundFact], names: Names) -> str:
    stream = io.BytesIO()
    writer = NTriples(stream, names)
    writer.add(facts)
    writer.close()
    return stream.getvalue().decode()


@given(st.lists(facts, min_size=1, max_size=4))
def test_every_line_is_a_triple(facts):
    lines = n_triples(facts, Names()).split("\n")
    assert lines.pop() == ""
    for line in lines:
        assert TRIPLE.fullmatch(line), line


@settings(max_examples=30)
@given(facts)
def test_a_reader_of_rdf_finds_what_was_written(fact):
    rdflib = pytest.importorskip("rdflib")
    names = Names("https://my.org/")
    graph = rdflib.Graph().parse(data=n_triples([fact], names), format="nt")
    subject, relation, object_ = (
        rdflib.URIRef(iri)
        for iri in (
            names.entity(fact.subject),
            names.relation(fact.relation),
            names.entity(fact.object),
        )
    )
    assert (subject, relation, object_) in graph
    labels = {str(label) for label in graph.objects(subject, rdflib.RDFS.label)}
    clean = re.sub("[\ud800-\udfff]", "\ufffd", fact.subject.name)
    assert clean in labels
    [statement] = graph.subjects(rdflib.RDF.type, rdflib.RDF.Statement)
    assert graph.value(statement, rdflib.RDF.predicate) == relation
    score = graph.value(statement, rdflib.URIRef(names.term("score")))
    assert score.toPython() == pytest.approx(fact.score)
    start = graph.value(statement, rdflib.URIRef(names.term("object_start")))
    assert int(start) == fact.object.start


def test_a_fact_in_two_documents_is_the_same_triple_with_two_statements(found):
    text = n_triples(found, Names())
    base = "http://example.org/"
    triple = f"<{base}name/PER/Ada%20Lane> <{base}relation/born_in> <{base}name/LOC/Oslo> .\n"
    assert text.count(triple) == 2
    assert text.count("#Statement> .") == len(found)
    assert f'<{base}term/document> "d1" .' in text
    assert f"<{base}id/Q7>" in text


def test_statements_of_two_files_stay_apart(found):
    blanks = [set(re.findall(BLANK, n_triples([fact], Names()))) for fact in found]
    assert len(set().union(*blanks)) == len(found)
