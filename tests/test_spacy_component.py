"""From plain text over spaCy's entities to facts and a graph."""

import copy
import importlib
import pickle
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import spacy
from spacy.tokens import Doc, DocBin, Span
from spacy.util import ignore_error

from mrca import spacy_component
from mrca.errors import MrcaError
from mrca.spacy_component import graph_of

PATTERNS = [
    {"label": "PERSON", "pattern": "Tola Metolowan"},
    {"label": "PERSON", "pattern": "Bela Rimund"},
    {"label": "PLACE", "pattern": "Glimber"},
    {"label": "ORGANISATION", "pattern": "Norvid Foundry", "id": "Q7"},
    {"label": "ORGANISATION", "pattern": "The Foundry", "id": "Q7"},
]
TEXT = "Norvid Foundry was founded by Tola Metolowan."
FACT = ("Norvid Foundry", "founded_by", "Tola Metolowan")
TEXTS = [TEXT, "Nobody is here.", "Glimber is quiet.", "Norvid Foundry employs Bela Rimund.", " "]


@pytest.fixture
def pipeline(tiny_pairs_run):
    """Makes a pipeline: an entity ruler, and the component with a configuration."""

    def make(**config):
        nlp = spacy.blank("en")
        nlp.add_pipe("entity_ruler").add_patterns(PATTERNS)
        nlp.add_pipe("mrca", config={"model": str(tiny_pairs_run.folder), **config})
        return nlp

    return make


def told(doc):
    return [(f.subject.text, f.relation, f.object.text) for f in doc._.relations]


def marked(nlp, row):
    """A row as a document: its entities are numbered, as an entity linker would."""
    doc = nlp.make_doc(row["text"])
    doc.ents = [
        doc.char_span(
            *(mention[end] for end in ("char_start", "char_end")),
            label=entity["type"],
            kb_id=f"Q{number}",
            alignment_mode="expand",
        )
        for number, entity in enumerate(row["entities"], 1)
        for mention in entity.get("mentions", [entity])
    ]
    return doc


def test_the_example_of_the_page(tiny_pairs_run, tmp_path, monkeypatch, capsys):
    page = (Path(__file__).parents[1] / "docs" / "spacy.md").read_text("utf-8")
    first, many, *_ = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (tmp_path / "saved_models").mkdir()
    shutil.copytree(tiny_pairs_run.folder, tmp_path / "saved_models" / "sample")
    monkeypatch.chdir(tmp_path)
    names = {"texts": TEXTS}
    exec(first, names)
    assert capsys.readouterr().out.startswith(" ".join(FACT))
    exec(many, names)
    assert len(names["graph"].edges) == 1


def test_from_text_over_entities_and_facts_to_a_graph(pipeline):
    doc = pipeline()(TEXT)
    assert told(doc) == [FACT]
    fact = doc._.relations[0]
    assert (fact.subject, fact.object) == tuple(doc.ents)  # with their labels
    assert 0.5 < fact.score <= 1
    graph = doc._.graph
    ((subject, object_, values),) = graph.edges(data=True)
    assert subject == "http://example.org/id/Q7"
    assert object_ == "http://example.org/name/PERSON/Tola%20Metolowan"
    assert graph.nodes[subject] == {
        "name": "Norvid Foundry",
        "type": "ORGANISATION",
        "given_id": "Q7",
        "count": 1,
    }
    assert (values["relation"], values["count"]) == ("founded_by", 1)
    assert values["places"][0][:3] == ("document 1", (0, 14), (30, 44))


def test_a_document_says_what_the_run_says_of_its_row(pipeline, tiny_pairs_run, slice_rows):
    nlp = pipeline()
    component = nlp.get_pipe("mrca")
    docs = list(component.pipe((marked(nlp, row) for row in slice_rows), batch_size=7))
    answers = tiny_pairs_run.predict(slice_rows)
    assert sum(len(answer.facts) for answer in answers) > 10
    for row, doc, answer in zip(slice_rows, docs, answers, strict=True):
        assert doc.text == row["text"]
        found = [(*triple, f.score) for triple, f in zip(told(doc), doc._.relations, strict=True)]
        expected = [fact[:4] for fact in answer.facts]
        assert [fact[:3] for fact in found] == [fact[:3] for fact in expected]
        assert [f[3] for f in found] == pytest.approx([f[3] for f in expected], abs=1e-5)


@pytest.mark.parametrize("config", [{}, {"batch_size": 2}])
def test_batches_keep_the_order_and_what_has_no_pair_passes(pipeline, config):
    nlp = pipeline(**config)
    docs = list(nlp.pipe(TEXTS, batch_size=3))
    assert [doc.text for doc in docs] == TEXTS
    assert [bool(doc._.relations) for doc in docs] == [True, False, False, True, False]
    assert len(docs[1]._.graph) == 0
    assert [told(nlp(text)) for text in TEXTS] == [told(doc) for doc in docs]


def test_the_run_is_loaded_when_there_is_something_to_ask(pipeline, monkeypatch):
    nlp = pipeline()
    monkeypatch.setattr(spacy_component.RelationFinder, "run", property(lambda self: 1 / 0))
    assert told(nlp("Nobody is here.")) == []
    with pytest.raises(ZeroDivisionError):
        nlp(TEXT)
    nlp.set_error_handler(ignore_error)  # leaves out the batches with errors, as spaCy's own do
    assert [doc.text for doc in nlp.pipe(TEXTS, batch_size=1)] == [TEXTS[1], TEXTS[2], TEXTS[4]]


def test_threshold_and_top_are_those_of_predict(pipeline):
    every = pipeline(threshold=-1e9)(TEXT)._.relations
    assert len(every) > 10
    assert pipeline(threshold=-1e9, top=3)(TEXT)._.relations[0].score == every[0].score
    assert len(pipeline(threshold=-1e9, top=3)(TEXT)._.relations) == 3
    assert pipeline(threshold=1e9)(TEXT)._.relations == []


def test_entities_from_a_group_of_spans(pipeline):
    nlp = pipeline(spans_key="names", types={"NP": "PERSON"})
    doc = nlp.make_doc(TEXT)
    doc.spans["names"] = [Span(doc, 5, 7, label="NP"), Span(doc, 0, 2, label="ORGANISATION")]
    nlp.get_pipe("mrca")(doc)
    assert told(doc) == [FACT]
    assert doc._.relations[0].object.label_ == "NP"
    assert {node["type"] for _, node in doc._.graph.nodes(data=True)} == {"PERSON", "ORGANISATION"}
    with pytest.raises(MrcaError, match=r"doc\.spans\['names'\].*Received the groups: none"):
        nlp(TEXT)


def test_mentions_of_a_cluster_are_one_entity(pipeline, monkeypatch):
    text = "Long ago, she sang. Tola Metolowan was born in Glimber."
    nlp = pipeline(clusters_prefix="coref_clusters", threshold=-1e9)
    asked = []
    predict = type(nlp.get_pipe("mrca").run).predict_iter
    monkeypatch.setattr(
        "mrca.training.Run.predict_iter",
        lambda run, rows, **options: predict(run, asked.extend(rows) or asked[-1:], **options),
    )
    doc = nlp(text, disable=["mrca"])
    doc.spans["coref_clusters_1"] = [doc[3:4], doc[6:8]]
    doc.spans["coref_clusters_2"] = [doc[0:2]]  # nobody
    doc.spans["coref_head_clusters_1"] = [doc[7:8]]
    nlp.get_pipe("mrca")(doc)
    assert [len(entity.mentions) for entity in asked[0].entities] == [2, 1]
    assert {fact.subject.text for fact in doc._.relations} == {"Tola Metolowan", "Glimber"}
    assert {node["name"] for _, node in doc._.graph.nodes(data=True)} == {
        "Tola Metolowan",
        "Glimber",
    }


def test_a_cluster_joins_what_two_names_mark(pipeline):
    nlp = pipeline(clusters_prefix="chain", threshold=-1e9)
    doc = nlp("Tola Metolowan met Bela Rimund in Glimber.", disable=["mrca"])
    doc.spans["chain_7"] = [doc[3:5], doc[0:2]]
    nlp.get_pipe("mrca")(doc)
    assert {fact.subject.text for fact in doc._.relations} == {"Tola Metolowan", "Glimber"}


def test_mentions_with_the_same_id_or_words_are_one_entity(pipeline):
    doc = pipeline(threshold=-1e9)("The Foundry is old. Glimber saw Norvid Foundry leave Glimber.")
    assert {(f.subject.text, f.object.text) for f in doc._.relations} == {
        ("The Foundry", "Glimber"),
        ("Glimber", "The Foundry"),
    }
    graph = doc._.graph
    assert graph.nodes["http://example.org/id/Q7"]["name"] == "Norvid Foundry"


def test_entities_inside_a_word_of_the_run_are_spans_of_their_own(pipeline):
    nlp = pipeline()
    doc = nlp.make_doc("The Glimber-based Norvid Foundry employs Bela Rimund.")
    doc.ents = [
        Span(doc, 1, 2, label="PLACE"),
        Span(doc, 4, 6, label="ORGANISATION"),
        Span(doc, 7, 9, label="PERSON"),
    ]
    assert ("Bela Rimund", "employer", "Norvid Foundry") in told(nlp.get_pipe("mrca")(doc))


def test_a_type_that_the_run_does_not_know_is_noted_once(pipeline):
    nlp = pipeline(types={"GPE": "PLACE"})
    nlp.get_pipe("entity_ruler").add_patterns(
        [{"label": "GPE", "pattern": "Drumwick"}, {"label": "CAT", "pattern": "Tom"}]
    )
    with pytest.warns(UserWarning, match=r"types of entities.*'CAT'\. It knows .*'PERSON'") as told:
        for text in ("Tom lives in Drumwick.", "Tom left Drumwick.", "Tom met Bela Rimund."):
            nlp(text)
    assert len(told) == 1


def test_a_run_of_whole_texts_is_refused(tiny_run):
    nlp = spacy.blank("en")
    with pytest.raises(MrcaError, match=r"asked about whole texts.*Expected a run of entity pairs"):
        nlp.add_pipe("mrca", config={"model": str(tiny_run.folder)})
    with pytest.raises(MrcaError, match="There is no run at"):
        nlp.add_pipe("mrca", config={"model": "nowhere/run"})


def test_numbers_are_checked(tiny_pairs_run):
    with pytest.raises(MrcaError, match="`top` of RelationFinder must be an integer of at least 1"):
        spacy_component.RelationFinder(tiny_pairs_run.folder, top=0)


def test_a_pipeline_that_is_saved_keeps_its_configuration(pipeline, tiny_pairs_run, tmp_path):
    nlp = pipeline(top=1, types={"GPE": "PLACE"})
    nlp.to_disk(tmp_path / "pipeline")
    loaded = spacy.load(tmp_path / "pipeline")
    assert loaded.get_pipe_config("mrca") == nlp.get_pipe_config("mrca")
    assert loaded.get_pipe_config("mrca")["model"] == str(tiny_pairs_run.folder)
    assert told(loaded(TEXT)) == told(nlp(TEXT))
    moved = {"components": {"mrca": {"model": str(tmp_path / "moved")}}}
    with pytest.raises(MrcaError, match=r"no run at .*moved"):
        spacy.load(tmp_path / "pipeline", config=moved)


def test_facts_are_saved_with_their_document(pipeline):
    nlp = pipeline()
    doc = nlp(TEXT)
    bin_ = DocBin(docs=[doc], store_user_data=True)
    (read,) = DocBin().from_bytes(bin_.to_bytes()).get_docs(nlp.vocab)
    again = Doc(nlp.vocab).from_bytes(doc.to_bytes())
    for each in (read, again, doc.copy()):
        assert told(each) == told(doc)
        assert each._.relations[0].subject.label_ == "ORGANISATION"
        assert each._.graph.edges == doc._.graph.edges
    with doc.retokenize() as retokenizer:
        for entity in doc.ents:
            retokenizer.merge(entity)
    assert told(doc) == told(read)


def test_two_components_add_up(pipeline, tiny_pairs_run):
    nlp = pipeline(top=1)
    config = {"model": str(tiny_pairs_run.folder), "threshold": -1e9, "top": 3}
    nlp.add_pipe("mrca", "more", config=config)
    doc = nlp(TEXT)
    assert len(doc._.relations) == 4
    nlp.get_pipe("more")(doc)
    assert len(doc._.relations) == 4


def test_the_graph_of_many_documents(pipeline):
    docs = list(pipeline(top=1).pipe(TEXTS))
    graph = graph_of(docs * 2, base_iri="https://my.org/")
    values = graph.edges[
        "https://my.org/id/Q7", "https://my.org/name/PERSON/Tola%20Metolowan", FACT[1]
    ]
    assert values["count"] == 2
    assert [each.document for each in values["places"]] == ["document 1", "document 6"]
    assert graph.nodes["https://my.org/id/Q7"]["count"] == 4


def test_it_can_be_copied_to_other_processes(pipeline):
    nlp = pipeline()
    expected = told(nlp(TEXT))  # with the run loaded
    component = pickle.loads(pickle.dumps(nlp.get_pipe("mrca")))
    doc = nlp(TEXT, disable=["mrca"])
    assert told(component(doc)) == expected
    assert copy.copy(component).name == "mrca"


def test_a_process_that_was_forked_with_the_run_is_told_so(pipeline, monkeypatch):
    nlp = pipeline()
    nlp(TEXT)
    monkeypatch.setattr("os.getpid", lambda: -1)
    with pytest.raises(MrcaError, match="n_process"):
        nlp(TEXT)


def test_the_entry_point_is_the_factory():
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))
    module, name = project["project"]["entry-points"]["spacy_factories"]["mrca"].split(":")
    made_by = getattr(importlib.import_module(module), name)
    assert spacy.registry.factories.get("mrca") is made_by


@pytest.mark.processes
def test_what_spacy_imports_of_it_loads_no_model():
    code = (
        "import sys, mrca.spacy_component\n"
        "heavy = {'keras', 'tensorflow', 'networkx', 'mrca.training'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_spacy_the_extra_is_named(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "spacy"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "mrca.spacy_component")
    monkeypatch.setattr("mrca.errors.find_spec", lambda name: None)
    with pytest.raises(MrcaError, match=r"needs spacy.*mrca\[spacy\]"):
        importlib.import_module("mrca.spacy_component")
