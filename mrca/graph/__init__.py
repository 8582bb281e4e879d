"""Facts of many texts as a graph: merged, written in forms that other programs read, drawn."""

from mrca.graph.facts_file import FactsRead, read_facts
from mrca.graph.forms import FactForm, fact_writer
from mrca.graph.found_fact import FoundEntity, FoundFact, found_facts
from mrca.graph.merge import MergedFacts, Place
from mrca.graph.names import BASE, Names
from mrca.graph.rows import FactWriter

__all__ = [
    "BASE",
    "FactForm",
    "FactWriter",
    "FactsRead",
    "FoundEntity",
    "FoundFact",
    "MergedFacts",
    "Names",
    "Place",
    "fact_writer",
    "found_facts",
    "read_facts",
]
