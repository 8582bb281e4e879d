"""A draft put into words."""

import re
from collections.abc import Iterator, Sequence
from random import Random

from names import Entity, pick, shuffled
from neutral import CLOSERS, JOINTS, OPENERS
from plan import Clause, Draft, Fact
from wording import SOFT_COMMA, Mention, Piece, choose, fill, slots_of

_OPENER = 0.08
_CLOSER = 0.08
_WHOLE = 0.35  # a fact that no other hangs on is a clause that places both entities
_MODIFIED = 0.6  # a topic of several facts has one of them before its verb
_RELATIVE = 0.35  # what follows an entity is a relative clause where it could be shorter
_KNOWN = 0.8  # a further clause is about an entity that was mentioned before
_DEEP = 0.3  # an entity inside what follows another one is followed by something, too


class Writer:
    """Words drafts.

    Args:
        rng: where chance comes from.
        rare: what the probability of rare wordings is multiplied by.
    """

    def __init__(self, rng: Random, *, rare: float) -> None:
        self._rng = rng
        self._rare = rare
        self._used: set[str] = set()  # the longer words of the sentence that is being written

    def write(self, draft: Draft) -> list[Piece]:
        """The sentence, still without the spelling of its mentions and without its full stop."""
        self._used = set()
        pieces = list(self._opening(draft))
        clauses = shuffled(self._rng, draft.clauses)
        left = shuffled(self._rng, draft.loose)
        joint = ""
        while clauses or left:
            if joint:
                pieces.append(joint + " ")
            said = {piece.entity for piece in pieces if isinstance(piece, Mention)}
            clause = self._next_clause(clauses, left, said)
            if clause:
                pieces += self._clause(clause, left)
            elif whole := self._whole(left):
                pieces += self._fill(whole.relation.clauses, whole)
            else:
                pieces += self._topic_clause(left, said)
            joint = pick(self._rng, [each for each in JOINTS if each != joint])
        pieces += self._closing(draft)
        return pieces

    def _next_clause(
        self, clauses: list[Clause], left: Sequence[Fact], said: set[Entity]
    ) -> Clause | None:
        """Take the clause that comes next, unless it is the turn of the loose facts."""
        if not clauses or (left and self._chance(0.5)):
            return None
        best = max(clauses, key=lambda clause: len(said & _entities(clause)))
        clauses.remove(best)
        return best

    def _opening(self, draft: Draft) -> Iterator[Piece]:
        if draft.source_before:
            yield from fill(self._rng, draft.source_before.wording, draft.source_before.slots)
            yield " "
        elif self._chance(_OPENER):
            yield from fill(self._rng, choose(self._rng, OPENERS, self._rare), {})
            yield " "

    def _closing(self, draft: Draft) -> Iterator[Piece]:
        if draft.source_after:
            yield ", "
            yield from fill(self._rng, draft.source_after.wording, draft.source_after.slots)
        elif self._chance(_CLOSER):
            yield ", "
            yield from fill(self._rng, choose(self._rng, CLOSERS, self._rare), {})

    def _clause(self, clause: Clause, left: list[Fact]) -> Iterator[Piece]:
        self._used |= _long_words(clause.wording)
        last = slots_of(clause.wording)[-1]
        after: dict[str, list[Piece]] = {}
        if len(clause.slots[last]) == 1 and clause.wording.endswith(f"{{{last}}}"):
            after[last] = list(self._following(clause.slots[last][0], left))
        yield from fill(self._rng, clause.wording, clause.slots, after)

    def _whole(self, left: list[Fact]) -> Fact | None:
        """Take a fact out of `left` that can be a clause of its own."""
        for fact in shuffled(self._rng, left):
            others = [
                {other.subject, other.object} & {fact.subject, fact.object}
                for other in left
                if other != fact
            ]
            if fact.relation.clauses and not any(others) and self._chance(_WHOLE):
                left.remove(fact)
                return fact
        return None

    def _topic_clause(self, left: list[Fact], said: set[Entity]) -> Iterator[Piece]:
        topic = self._topic(left, said)
        own = self._take(topic, left, 3)
        before = self._take_modifier(topic, own) if self._chance(_MODIFIED) else None
        if before is None:
            yield Mention(topic, topic=True)
        else:
            fact, place = before
            if place == "front":
                yield from self._fill(_fronted(fact, topic), fact, topic, left)
                yield " "
                yield Mention(topic)
            elif place == "introduction":
                yield from self._fill(_introductions(fact, topic), fact, topic, left)
            else:
                yield Mention(topic)
                yield ", "
                yield from self._modifier(topic, fact, left)
                yield SOFT_COMMA
        yield " "
        yield from self._predicates(topic, own, left)

    def _topic(self, facts: Sequence[Fact], said: set[Entity]) -> Entity:
        """An entity that a clause can be about: every fact must have a phrase for it."""
        choices = [
            entity
            for fact in facts
            for entity in (fact.subject, fact.object)
            if all(
                _phrases(each, entity) for each in facts if entity in (each.subject, each.object)
            )
        ]
        known = [entity for entity in choices if entity in said]
        if known and self._chance(_KNOWN):
            choices = known
        return pick(self._rng, choices or [facts[0].subject])

    def _take_modifier(self, topic: Entity, own: list[Fact]) -> tuple[Fact, str] | None:
        """Take a fact that stands before the verb out of `own`, with the place that it gets."""
        if len(own) < 2:
            return None
        fact = pick(self._rng, own)
        places = ["modifier", "modifier"]
        places += ["front"] if _fronted(fact, topic) else []
        places += ["introduction", "introduction"] if _introductions(fact, topic) else []
        own.remove(fact)
        return fact, pick(self._rng, places)

    def _predicates(
        self, topic: Entity, own: Sequence[Fact], left: list[Fact], depth: int = 0
    ) -> Iterator[Piece]:
        for position, fact in enumerate(own):
            if position:
                yield " and " if position == len(own) - 1 else ", "
            yield from self._fill(_phrases(fact, topic), fact, topic, left, depth)

    def _modifier(
        self, topic: Entity, fact: Fact, left: list[Fact], depth: int = 0
    ) -> Iterator[Piece]:
        wordings = _modifiers(fact, topic)
        if not wordings or self._chance(_RELATIVE):
            yield "who " if topic.kind == "person" else "which "
            wordings = _phrases(fact, topic)
        yield from self._fill(wordings, fact, topic, left, depth)

    def _following(self, entity: Entity, left: list[Fact], depth: int = 0) -> Iterator[Piece]:
        """What is left to say about an entity, in a relative clause or an apposition after it."""
        own = self._take(entity, left, 2 if self._chance(0.25) else 1)
        if not own:
            return
        yield ", "
        if len(own) == 1:
            yield from self._modifier(entity, own[0], left, depth + 1)
        else:
            yield "who " if entity.kind == "person" else "which "
            yield from self._predicates(entity, own, left, depth + 1)
        yield SOFT_COMMA

    def _fill(
        self,
        wordings: Sequence[str],
        fact: Fact,
        topic: Entity | None = None,
        left: list[Fact] | None = None,
        depth: int = 0,
    ) -> list[Piece]:
        wording = choose(self._rng, wordings, self._rare)
        for _ in range(5):
            if self._used & _long_words(wording):
                wording = choose(self._rng, wordings, self._rare)
        self._used |= _long_words(wording)
        slots = {"s": [fact.subject], "o": [fact.object]}
        if topic is None:
            return list(fill(self._rng, wording, slots))
        other = fact.object if topic == fact.subject else fact.subject
        after: dict[str, list[Piece]] = {}
        if wording.endswith("{}") and left and (depth == 0 or self._chance(_DEEP)):
            after[""] = list(self._following(other, left, depth))
        return list(fill(self._rng, wording, {**slots, "": [other], "t": [topic]}, after))

    def _take(self, topic: Entity, left: list[Fact], number: int) -> list[Fact]:
        own = [
            fact for fact in left if topic in (fact.subject, fact.object) and _phrases(fact, topic)
        ][:number]
        for fact in own:
            left.remove(fact)
        return own

    def _chance(self, probability: float) -> bool:
        return self._rng.random() < probability


def _long_words(wording: str) -> set[str]:
    """Words that a sentence had better not repeat."""
    return {word for word in re.findall(r"\w+", wording) if len(word) > 3}


def _entities(clause: Clause) -> set[Entity]:
    return {entity for entities in clause.slots.values() for entity in entities}


def _phrases(fact: Fact, topic: Entity) -> tuple[str, ...]:
    return fact.relation.active if topic == fact.subject else fact.relation.inverse


def _modifiers(fact: Fact, topic: Entity) -> tuple[str, ...]:
    relation = fact.relation
    return relation.modifiers if topic == fact.subject else relation.inverse_modifiers


def _fronted(fact: Fact, topic: Entity) -> tuple[str, ...]:
    relation = fact.relation
    return relation.fronted if topic == fact.subject else relation.inverse_fronted


def _introductions(fact: Fact, topic: Entity) -> tuple[str, ...]:
    relation = fact.relation
    return relation.introductions if topic == fact.subject else relation.inverse_introductions
