"""What a model says of a document."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from mrca.errors import MrcaError
from mrca.text.document import Document, Entity, Span
from mrca.text.html_table import html_table


class PredictedFact(NamedTuple):
    """A fact that the model finds between two entities.

    Attributes:
        subject, object: the words of the entities.
        relation: its name.
        score: how sure the model is; see the decision rule.
        subject_entity, object_entity: the entities.
    """

    subject: str
    relation: str
    object: str
    score: float
    subject_entity: Entity
    object_entity: Entity


@dataclass(frozen=True)
class Prediction:
    """The facts that a model finds in a document, best first.

    Attributes:
        document: what it was asked about.
        facts: who is related to whom; empty where it was asked about the document as a whole.
        relations: the relations that are predicted and their scores, best first; of facts with the
            same relation the best score.
    """

    document: Document
    facts: tuple[PredictedFact, ...]
    relations: tuple[tuple[str, float], ...]

    @classmethod
    def of_facts(cls, document: Document, facts: Iterable[PredictedFact]) -> "Prediction":
        """What facts say."""
        ranked = tuple(sorted(facts, key=lambda fact: -fact.score))
        best: dict[str, float] = {}
        for fact in ranked:
            best.setdefault(fact.relation, fact.score)
        return cls(document, ranked, tuple(best.items()))

    def facts_to_dicts(self) -> list[dict[str, Any]]:
        """The facts as JSON values. An entity has the words and the place of its first mention (in
        characters where the row brought a text, else in tokens), all its `mentions` where there are
        several, and the type and id that its row gave it."""
        return [
            {
                "subject": _entity(self.document, fact.subject_entity),
                "relation": fact.relation,
                "object": _entity(self.document, fact.object_entity),
                "score": round(fact.score, 4),
            }
            for fact in self.facts
        ]

    def facts_to_docred(self) -> list[dict[str, Any]]:
        """The facts as DocRED's evaluation takes them: the document's title, the numbers of the
        entities, the relation, and the sentences that state it, of which the model says nothing.

        Raises:
            MrcaError: if the document has no id, which is its title.
        """
        if self.facts and not self.document.id:
            words = " ".join(self.document.tokens[:8])
            raise MrcaError(
                f"The document that begins with {words!r} has no id, which DocRED's form needs as "
                'its title. Give each row an "id".'
            )
        entities = self.document.entities

        def number(of: Entity) -> int:  # the same words and mentions may be two entities
            return next(place for place, entity in enumerate(entities) if entity is of)

        return [
            {
                "title": self.document.id,
                "h_idx": number(fact.subject_entity),
                "t_idx": number(fact.object_entity),
                "r": fact.relation,
                "evidence": [],
            }
            for fact in self.facts
        ]

    def relations_to_dicts(self) -> list[dict[str, Any]]:
        """The relations as JSON values."""
        return [{"relation": name, "score": round(score, 4)} for name, score in self.relations]

    def __repr__(self) -> str:
        if self.facts:
            found = [
                f"{fact.subject} —{fact.relation}→ {fact.object} ({fact.score:.2f})"
                for fact in self.facts
            ]
        else:
            found = [f"{name} ({score:.2f})" for name, score in self.relations]
        return f"Prediction({'; '.join(found) or 'nothing'})"

    def _repr_html_(self) -> str:
        if self.facts:
            head = ("subject", "relation", "object", "score")
            rows = [(*fact[:3], f"{fact.score:.3f}") for fact in self.facts]
        else:
            head = ("relation", "score")  # type: ignore[assignment]
            rows = [(name, f"{score:.3f}") for name, score in self.relations]  # type: ignore[misc]
        return html_table(head, rows)


def mention_text(document: Document, span: Span) -> str:
    """A mention as it stands in the text, or its words."""
    if not document.offsets:
        return document.words(span)
    return document.text[document.offsets[span.start].start : document.offsets[span.end - 1].end]


def _entity(document: Document, entity: Entity) -> dict[str, Any]:
    place: Callable[[Document, Span], dict[str, Any]] = _characters if document.offsets else _tokens
    mentions = [place(document, span) for span in entity.mentions]
    several = {"mentions": mentions} if len(mentions) > 1 else {}
    described = {"type": entity.type, "id": entity.id}
    return {**mentions[0], **several, **{name: each for name, each in described.items() if each}}


def _characters(document: Document, span: Span) -> dict[str, Any]:
    start, end = document.offsets[span.start].start, document.offsets[span.end - 1].end
    return {"text": mention_text(document, span), "char_start": start, "char_end": end}


def _tokens(document: Document, span: Span) -> dict[str, Any]:
    return {"text": document.words(span), "token_start": span.start, "token_end": span.end}
