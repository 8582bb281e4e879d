"""spaCy's component `mrca`: the relations between the entities of a document, and their graph.

spaCy imports this module wherever mrca is installed, so it loads no model before one is used.
"""

import json
import os
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mrca.datasets import row_from_value
from mrca.errors import MrcaError, check_installed, check_positive_integers
from mrca.files import whole_file
from mrca.graph import BASE, MergedFacts, Names, found_facts
from mrca.quiet import quiet_start
from mrca.runs import layout
from mrca.text import Document

try:
    from spacy.language import Language
    from spacy.pipeline import Pipe
    from spacy.tokens import Doc, Span
    from spacy.util import minibatch
except ModuleNotFoundError:
    check_installed("The component `mrca` of spaCy", "spacy", "spacy")
    raise

if TYPE_CHECKING:
    from networkx import MultiDiGraph

    from mrca.training import Run

_FACTS = "mrca"  # in `doc.user_data`: facts by component, plain values that spaCy can write
_SPAN = ("label", "kb_id", "span_id")  # what spaCy calls a side of a fact, beside what we print
_UNLINKED = "NIL"  # what spaCy's entity linker calls an entity that it does not find


class SpanFact(NamedTuple):
    """A fact between two entities of a spaCy document.

    Attributes:
        subject: the first mention of the entity, as spaCy's component marked it.
        relation: its name.
        object: as `subject`.
        score: how sure the model is.
    """

    subject: Span
    relation: str
    object: Span
    score: float


@dataclass
class _Entity:
    """An entity of a document: the spans that name it, those that refer to it, its type and id."""

    named: list[Span]
    referring: list[Span]
    type: str
    id: str


class RelationFinder(Pipe):
    """Finds facts between the entities of documents; `nlp.add_pipe("mrca")` makes one.

    It sets `doc._.relations`, a list of `SpanFact`s, the best first, and `doc._.graph`, the same as
    a graph (see `graph_of`). The run is loaded when the first document comes.

    Args:
        model: a run folder, or the name of one in `saved_models/`.
        name: of the component in its pipeline.
        threshold: give what scores at least this, in place of what the run's decision predicts.
        top: at most so many facts of a document, the best.
        types: the run's entity type for a label of the pipeline; other labels are types as they
            are.
        spans_key: a group of `doc.spans` whose spans are the entities, in place of `doc.ents`.
        clusters_prefix: what the groups of `doc.spans` that are clusters of coreference begin
            with, before `_` and a number.
        batch_size: how many documents are asked about together; by default as many as `nlp.pipe`
            hands over.

    Raises:
        MrcaError: if there is no such run, it asks about whole texts, or a number is none.
    """

    def __init__(
        self,
        model: str | Path,
        name: str = "mrca",
        *,
        threshold: float | None = None,
        top: int | None = None,
        types: Mapping[str, str] | None = None,
        spans_key: str | None = None,
        clusters_prefix: str | None = None,
        batch_size: int | None = None,
    ) -> None:
        numbers = {"top": top, "batch_size": batch_size}
        check_positive_integers(self, **{key: n for key, n in numbers.items() if n is not None})
        self._config: dict[str, Any] = {
            "threshold": threshold,
            "types": types,
            "spans_key": spans_key,
            "clusters_prefix": clusters_prefix,
            **numbers,
        }
        self.folder = layout.find_run(Path(model))
        layout.check_run_folder(self.folder)
        if layout.read_config(self.folder).candidates.kind != "pairs":
            raise MrcaError(
                f"The run {self.folder} is asked about whole texts, and finds no facts between "
                "the entities of a document. Expected a run of entity pairs (recipe pairs)."
            )
        self.name = name
        self._threshold, self._top, self._batch_size = threshold, top, batch_size
        self._types = dict(types or {})
        self._spans_key, self._clusters_prefix = spans_key, clusters_prefix
        self._noted: set[str] = set()
        self._run: Run | None = None
        self._process = 0  # that loaded it
        Doc.set_extension("relations", getter=_relations, force=True)
        Doc.set_extension("graph", getter=lambda doc: graph_of([doc]), force=True)

    @property
    def run(self) -> "Run":
        """The run that answers.

        Raises:
            MrcaError: if it is damaged, or was loaded before this process was forked.
        """
        if self._run is None:
            with quiet_start():
                from mrca import training

            self._run, self._process = training.load(self.folder), os.getpid()
        if self._process != os.getpid():  # TensorFlow would wait for threads that are not there
            raise MrcaError(
                f"The run {self.folder} was loaded before spaCy started other processes, which "
                "cannot use it. Call nlp.pipe with n_process before any other document goes "
                "through the pipeline, or leave n_process at 1."
            )
        return self._run

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process gets the configuration, and loads the run itself."""
        return partial(type(self), self.folder, self.name, **self._config), ()

    def __call__(self, doc: Doc) -> Doc:
        """Find the facts of one document."""
        self._find([doc])
        return doc

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Find the facts of many documents, in batches; they come back in order.

        Args:
            stream: the documents.
            batch_size: how many are asked about together, if the component was not told.
        """
        for docs in minibatch(stream, size=self._batch_size or batch_size):
            try:
                self._find(docs)
            except Exception as error:  # what becomes of it is the pipeline's to say
                self.get_error_handler()(self.name, self, docs, error)
            else:
                yield from docs

    def _find(self, docs: Sequence[Doc]) -> None:
        marked = [self._entities(doc) for doc in docs]
        asked = [place for place, entities in enumerate(marked) if len(entities) > 1]
        found: list[list[dict[str, Any]]] = [[] for _ in docs]
        if asked:
            self._note_types(entity.type for place in asked for entity in marked[place])
            documents = [_document(docs[place], marked[place]) for place in asked]
            answers = self.run.predict_iter(documents, threshold=self._threshold, top=self._top)
            for place, answer in zip(asked, answers, strict=True):
                of = {id(entity): n for n, entity in enumerate(answer.document.entities)}
                found[place] = [
                    {
                        "subject": _side(marked[place][of[id(fact.subject_entity)]]),
                        "relation": fact.relation,
                        "object": _side(marked[place][of[id(fact.object_entity)]]),
                        "score": fact.score,
                    }
                    for fact in answer.facts
                ]
        for doc, facts in zip(docs, found, strict=True):
            doc.user_data.setdefault(_FACTS, {})[self.name] = facts

    def _entities(self, doc: Doc) -> list[_Entity]:
        """What is asked about: mentions with the same id, or with the same words and label, are
        one entity, as in a graph; so are those of a cluster."""
        entities: dict[Any, _Entity] = {}
        at: dict[tuple[int, int], Any] = {}
        for span in self._marked(doc):
            linked = span.kb_id_ if span.kb_id_ != _UNLINKED else ""
            known = linked or span.id_
            key = known or (" ".join(span.text.split()), span.label_)
            type = self._types.get(span.label_, span.label_)
            entities.setdefault(key, _Entity([], [], type, known)).named.append(span)
            at.setdefault((span.start, span.end), key)
        for cluster in self._clusters(doc):
            keys = dict.fromkeys(at[place] for place in cluster if place in at)
            if not keys:  # nobody who is marked
                continue
            first, *others = keys
            entity = entities[first]
            for other in others:
                same = entities.pop(other)
                entity.named += same.named
                entity.referring += same.referring
                entity.id = entity.id or same.id
            at = {place: first if key in others else key for place, key in at.items()}
            entity.named.sort(key=lambda span: span.start)
            entity.referring += [span for place, span in cluster.items() if place not in at]
        return list(entities.values())

    def _marked(self, doc: Doc) -> list[Span]:
        key = self._spans_key
        if key is not None and key not in doc.spans:
            groups = ", ".join(map(repr, doc.spans)) or "none"
            raise MrcaError(
                f"The component {self.name!r} reads entities from doc.spans[{key!r}], which the "
                f"document {doc.text[:40]!r} does not have. Expected a component before it that "
                f"sets this group, or another spans_key. Received the groups: {groups}."
            )
        spans = doc.ents if key is None else sorted(doc.spans[key], key=lambda span: span.start)
        return [span for span in spans if span.text.strip()]

    def _clusters(self, doc: Doc) -> Iterator[dict[tuple[int, int], Span]]:
        """The spans of each cluster by their place."""
        if self._clusters_prefix is None:
            return
        name = re.compile(re.escape(self._clusters_prefix) + r"_\d+")
        for key, group in doc.spans.items():
            if name.fullmatch(key):
                yield {(span.start, span.end): span for span in group}

    def _note_types(self, types: Iterable[str]) -> None:
        """Say once of each entity type that the run does not know it."""
        known = self.run.classifier.types
        unknown = dict.fromkeys(types) if known else {}
        new = [type for type in unknown if type not in known and type not in self._noted]
        if new:
            self._noted.update(new)
            shown = ", ".join(repr(type) if type else "none" for type in new)
            warnings.warn(
                f"The run {self.folder} was not trained with these types of entities, and finds "
                f"less between them: {shown}. It knows {', '.join(map(repr, sorted(known)))}: say "
                f'which of them a label means, with config={{"types": {{{new[0]!r}: …}}}}.',
                stacklevel=2,
            )


@Language.factory(
    "mrca",
    assigns=["doc._.relations", "doc._.graph"],
    default_config={
        "threshold": None,
        "top": None,
        "types": {},
        "spans_key": None,
        "clusters_prefix": None,
        "batch_size": None,
    },
)
def make_relation_finder(
    nlp: Language,
    name: str,
    model: str,
    threshold: float | None,
    top: int | None,
    types: dict[str, str],
    spans_key: str | None,
    clusters_prefix: str | None,
    batch_size: int | None,
) -> RelationFinder:
    """Make a component; see `RelationFinder`."""
    return RelationFinder(
        model,
        name,
        threshold=threshold,
        top=top,
        types=types,
        spans_key=spans_key,
        clusters_prefix=clusters_prefix,
        batch_size=batch_size,
    )


def graph_of(docs: Iterable[Doc], *, base_iri: str = BASE, ids: bool = True) -> "MultiDiGraph":
    """The facts of documents as one graph, whose nodes are IRIs; see `MergedFacts.graph`.

    Args:
        docs: that went through the component. Places name them `document 1`, `document 2`, …
        base_iri: what the names of entities begin with.
        ids: whether entities with the same id are the same (that of spaCy's entity linker, or else
            that of its entity ruler); without, those of the same name and type are.

    Raises:
        MrcaError: if networkx is not installed.
    """
    merged = MergedFacts(Names(base_iri, ids), "A graph of documents")
    for number, doc in enumerate(docs, start=1):
        merged.add(found_facts(_facts(doc), number, f"document {number}"))
    return merged.graph()


def write_facts(docs: Iterable[Doc], file: str | Path) -> None:
    """Write the facts of documents as `mrca predict` does: a line of JSON for each document, which
    `mrca graph show` draws and `mrca graph convert` brings into other forms.

    Args:
        docs: that went through the component.
        file: is written whole, or on an error not at all.
    """
    with whole_file(Path(file)) as temporary, temporary.open("w", encoding="utf-8") as stream:
        for number, doc in enumerate(docs, start=1):
            facts = [
                {
                    "subject": _printed(fact["subject"]),
                    "relation": fact["relation"],
                    "object": _printed(fact["object"]),
                    "score": round(fact["score"], 4),
                }
                for fact in _facts(doc)
            ]
            line = json.dumps({"line": number, "facts": facts}, ensure_ascii=False)
            stream.write(f"{line}\n")


def _printed(side: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in side.items() if name not in _SPAN}


def _facts(doc: Doc) -> list[dict[str, Any]]:
    """The facts as `mrca predict` prints them, with spaCy's own labels beside."""
    return [fact for facts in doc.user_data.get(_FACTS, {}).values() for fact in facts]


def _relations(doc: Doc) -> list[SpanFact]:
    return [
        SpanFact(
            _span(doc, fact["subject"]),
            fact["relation"],
            _span(doc, fact["object"]),
            fact["score"],
        )
        for fact in _facts(doc)
    ]


def _span(doc: Doc, side: Mapping[str, Any]) -> Span:
    return doc.char_span(
        side["char_start"],
        side["char_end"],
        alignment_mode="expand",  # tokens may have been merged since
        **{name: side[name] for name in _SPAN},
    )


def _document(doc: Doc, entities: Sequence[_Entity]) -> Document:
    """What the model reads: the text, cut into words as in training, and not spaCy's tokens."""
    value = {
        "text": doc.text,
        "entities": [
            {
                "mentions": [_place(span) for span in (*entity.named, *entity.referring)],
                **({"type": entity.type} if entity.type else {}),
            }
            for entity in entities
        ],
    }
    row = row_from_value(value, "spaCy's document", 1, offsets="widen")
    if row.document is None:
        assert row.error is not None
        raise row.error
    return row.document


def _place(span: Span) -> dict[str, Any]:
    return {"char_start": span.start_char, "char_end": span.end_char}


def _side(entity: _Entity) -> dict[str, Any]:
    """An entity by the words that name it: a pronoun is no name for a graph."""
    first = entity.named[0]
    mentions = [{"text": span.text, **_place(span)} for span in entity.named]
    return {
        **mentions[0],
        **({"mentions": mentions} if len(mentions) > 1 else {}),
        **{name: each for name, each in (("type", entity.type), ("id", entity.id)) if each},
        "label": first.label_,
        "kb_id": first.kb_id_,
        "span_id": first.id_,
    }
