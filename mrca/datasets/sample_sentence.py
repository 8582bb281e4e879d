"""Facts about invented entities, and the one sentence that states them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from mrca.datasets.sample_grammar import CLOSERS, FILLERS, NEUTRAL, OPENERS, Relation
from mrca.datasets.sample_names import Entity, NameSource, pick
from mrca.text import Example, Span, Triple

_ATTACH = 0.8  # a further fact of a sentence is about an entity that it already names
_ASIDE = 0.25  # a sentence also names an unmarked entity, in a relation that is none
_OPENER = 0.2
_CLOSER = 0.25
_JOINTS = (", and", ", while", ", but", ";", ", whereas")
# A city is not said to be the capital of one country and to lie in another.
_ONE_OF = frozenset({"capital_of", "located_in"})


@dataclass(frozen=True)
class Fact:
    """A relation of the grammar between two entities; not marked in the row if it has no name."""

    relation: Relation
    subject: Entity
    object: Entity


class SentenceMaker:
    """Writes sentences of one split.

    Args:
        rng: where chance comes from.
        names: where entities come from.
        repeat: probability that an entity was named before (in this split or one before it).
        rare: weight of the rare wordings, where the others have 1.
    """

    def __init__(self, rng: Random, names: NameSource, *, repeat: float, rare: float) -> None:
        self._rng = rng
        self._names = names
        self._repeat = repeat
        self._rare = rare

    def related(self, relations: Sequence[Relation]) -> Example:
        """A sentence that states one fact of each of these relations."""
        facts: list[Fact] = []
        for relation in relations:
            self._add(facts, relation)
        if self._rng.random() < _ASIDE:
            kinds = {entity.kind for entity in _entities(facts)}
            fitting = [aside for aside in NEUTRAL if kinds & {pair[0] for pair in aside.pairs}]
            if fitting:
                self._add(facts, pick(self._rng, fitting))
        return self._example(facts, [fact for fact in facts if fact.relation.name])

    def unrelated(self, relations: Sequence[Relation]) -> Example:
        """A sentence with a marked subject and a marked object that are in no relation.

        Args:
            relations: the relations that it may come close to stating.
        """
        if self._rng.random() < 0.5:
            near = pick(self._rng, relations)
            facts = [self._fact(Relation("", near.pairs, near.denials))]
        else:
            facts = [self._fact(pick(self._rng, NEUTRAL))]
        return self._example(facts, facts)

    def _fact(
        self,
        relation: Relation,
        subject: Entity | None = None,
        object: Entity | None = None,
        others: Sequence[Entity] = (),
    ) -> Fact:
        pairs = [
            pair
            for pair in relation.pairs
            if (subject is None or pair[0] == subject.kind)
            and (object is None or pair[1] == object.kind)
        ]
        kinds = pick(self._rng, pairs)
        subject = subject or self._names.entity(kinds[0], self._repeat, others)
        object = object or self._names.entity(kinds[1], self._repeat, (*others, subject))
        return Fact(relation, subject, object)

    def _add(self, facts: list[Fact], relation: Relation) -> None:
        """Append a fact of this relation, mostly about an entity that is there already."""
        named = _entities(facts)
        taken = {fact.subject for fact in facts if fact.relation.name in _ONE_OF}
        subjects = [
            entity
            for entity in named
            if entity.kind in {pair[0] for pair in relation.pairs}
            and not (relation.name in _ONE_OF and entity in taken)
        ]
        objects = [
            entity for entity in named if entity.kind in {pair[1] for pair in relation.pairs}
        ]
        if not relation.said:
            objects = []
        if relation.name and self._rng.random() >= _ATTACH:
            subjects = objects = []
        if subjects and (not objects or self._rng.random() < 0.6):
            fact = self._fact(relation, subject=pick(self._rng, subjects), others=named)
        elif objects:
            fact = self._fact(relation, object=pick(self._rng, objects), others=named)
        else:
            fact = self._fact(relation, others=named)
        facts.append(fact)

    def _example(self, facts: Sequence[Fact], marked: Sequence[Fact]) -> Example:
        tokens, spans = _lay_out(_tidy(self._sentence(facts)))
        labels = tuple(dict.fromkeys(fact.relation.name for fact in marked if fact.relation.name))
        return Example(
            tokens=tuple(tokens),
            subjects=tuple(sorted({spans[fact.subject] for fact in marked})),
            objects=tuple(sorted({spans[fact.object] for fact in marked})),
            labels=labels,
            triples=tuple(
                Triple(
                    " ".join(fact.subject.tokens), fact.relation.name, " ".join(fact.object.tokens)
                )
                for fact in marked
                if fact.relation.name
            ),
        )

    def _sentence(self, facts: Sequence[Fact]) -> Iterator[str | Entity]:
        if self._rng.random() < _OPENER:
            yield from self._words(pick(self._rng, OPENERS))
            yield ","
        left = list(facts)
        while left:
            if len(left) < len(facts):
                yield from pick(self._rng, _JOINTS).split()
            if len(left) == 1 and left[0].relation.whole and self._rng.random() < 0.35:
                fact = left.pop()
                wording = self._wording(fact.relation.whole)
                yield from self._words(wording, {"{s}": [fact.subject], "{o}": [fact.object]})
            else:
                yield from self._clause(self._topic(left), left)
        if self._rng.random() < _CLOSER:
            yield ","
            yield from self._words(pick(self._rng, CLOSERS))
        yield "."

    def _topic(self, facts: Sequence[Fact]) -> Entity:
        """An entity that a clause can be about: every fact must have a phrase for it."""
        choices = [
            entity
            for fact in facts
            for entity in (fact.subject, fact.object)
            if all(fact.relation.said for fact in facts if fact.object == entity)
        ]
        return pick(self._rng, choices)

    def _clause(self, topic: Entity, left: list[Fact]) -> Iterator[str | Entity]:
        """A main clause about `topic`; takes what it states out of `left`."""
        yield topic
        own = self._take(topic, left)
        if len(own) > 1 and self._rng.random() < 0.5:
            yield ","
            yield from self._apposition(topic, own.pop(), left)
            yield ","
        yield from self._predicates(topic, own, left)

    def _predicates(
        self, topic: Entity, own: Sequence[Fact], left: list[Fact]
    ) -> Iterator[str | Entity]:
        for position, fact in enumerate(own):
            if position:
                yield "and" if position == len(own) - 1 else ","
            wordings = fact.relation.says if fact.subject == topic else fact.relation.said
            yield from self._about_other(topic, fact, self._wording(wordings), left)

    def _apposition(self, topic: Entity, fact: Fact, left: list[Fact]) -> Iterator[str | Entity]:
        relation = fact.relation
        wordings = relation.noun if fact.subject == topic else relation.nouned
        if not wordings:
            yield "who" if topic.kind == "person" else "which"
            wordings = relation.says if fact.subject == topic else relation.said
        yield from self._about_other(topic, fact, self._wording(wordings), left)

    def _about_other(
        self, topic: Entity, fact: Fact, wording: str, left: list[Fact]
    ) -> Iterator[str | Entity]:
        other = fact.object if fact.subject == topic else fact.subject
        yield from self._words(wording, {"{}": list(self._described(other, left))})

    def _described(self, entity: Entity, left: list[Fact]) -> Iterator[str | Entity]:
        """The entity, with what is left to say about it in a relative clause or an apposition."""
        yield entity
        own = self._take(entity, left)
        if not own:
            return
        yield ","
        if len(own) == 1 and self._rng.random() < 0.5:
            yield from self._apposition(entity, own[0], left)
        else:
            yield "who" if entity.kind == "person" else "which"
            yield from self._predicates(entity, own, left)
        yield ","

    def _take(self, topic: Entity, left: list[Fact]) -> list[Fact]:
        own = [
            fact
            for fact in left
            if fact.subject == topic or (fact.object == topic and fact.relation.said)
        ]
        for fact in own:
            left.remove(fact)
        return own

    def _wording(self, wordings: Sequence[str]) -> str:
        common = len(wordings) - len(wordings) // 3
        mark = self._rng.random() * (common + self._rare * (len(wordings) - common))
        if mark < common:
            return wordings[int(mark)]
        return wordings[common + int((mark - common) / self._rare)]

    def _words(
        self, wording: str, slots: dict[str, list[str | Entity]] | None = None
    ) -> Iterator[str | Entity]:
        for word in wording.split():
            if slots and word in slots:
                yield from slots[word]
            elif word.startswith("<"):
                yield pick(self._rng, FILLERS[word.strip("<>")])
            else:
                yield word


def _entities(facts: Sequence[Fact]) -> list[Entity]:
    return list(dict.fromkeys(entity for fact in facts for entity in (fact.subject, fact.object)))


def _tidy(items: Iterator[str | Entity]) -> Iterator[str | Entity]:
    """Leave out commas that stand before other punctuation."""
    comma = False
    for item in items:
        if comma and item not in (",", ";", "."):
            yield ","
        comma = item == ","
        if not comma:
            yield item


def _lay_out(items: Iterator[str | Entity]) -> tuple[list[str], dict[Entity, Span]]:
    """Tokens of a sentence, its first letter upper case, and where its entities stand."""
    tokens: list[str] = []
    spans: dict[Entity, Span] = {}
    for item in items:
        if isinstance(item, Entity):
            tokens.extend(["the"] if item.article else [])
            spans[item] = Span(len(tokens), len(tokens) + len(item.tokens))
            tokens.extend(item.tokens)
        else:
            tokens.append(item)
    tokens[0] = tokens[0][0].upper() + tokens[0][1:]
    return tokens, spans
