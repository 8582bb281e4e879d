"""What one sentence is to say: its entities, its facts, and what merely stands beside them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random

from grammar import Double, Relation
from names import Entity, NameSource, pick, shuffled
from neutral import NEUTRAL, SCENES, SOURCES_AFTER, SOURCES_BEFORE
from relations import DOUBLES, RELATIONS
from wording import Slots, choose, slots_of

_ATTACH = 0.95  # a further fact of a sentence is about an entity that it already names
_DOUBLE = 0.4  # two facts that one wording can state of the same pair are stated so
_TOGETHER = 0.85  # several facts of one relation are stated in one clause
_GAPPED = 0.25  # ... which states one after the other, not all of one entity
_CONTRAST = 0.1  # a fact is stated in contrast with an entity that it is not about
_ASIDES = (0.78, 0.2, 0.02)  # probabilities of none, one and two asides beside facts
_SCENE = 0.03  # a sentence with facts has a clause of entities without any, too
_SOURCE = 0.05  # a sentence says, with an entity, where it is known from
_NEAR_MISS = 0.5  # an aside comes close to stating a relation

_KIND_OF_LIST = {
    "people": "person",
    "companies": "company",
    "cities": "city",
    "countries": "country",
    "books": "book",
}
# A city is not said to be the capital of one country and to lie in another.
_SAME_QUESTION = {"capital_of": "located_in"}
_NEAR_MISSES = tuple(
    Relation("", relation.kinds, relation.near_misses, clauses=relation.near_clauses)
    for variants in RELATIONS.values()
    for relation in variants
)


@dataclass(frozen=True)
class Fact:
    """A relation of the grammar between two entities; no fact of the corpus if it has no name."""

    relation: Relation
    subject: Entity
    object: Entity


@dataclass(frozen=True)
class Clause:
    """A wording that places its entities itself."""

    wording: str
    slots: Slots


@dataclass
class Draft:
    """What a sentence is to say.

    Attributes:
        entities: those that it names, in the order in which they came in.
        facts: all that it says of two entities.
        loose: those of the facts that are still to be worded.
        clauses: what is worded already.
        source_before: the same, of what stands before the sentence.
        source_after: the same, of what stands after it.
    """

    entities: list[Entity] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    loose: list[Fact] = field(default_factory=list)
    clauses: list[Clause] = field(default_factory=list)
    source_before: Clause | None = None
    source_after: Clause | None = None

    def allows(self, facts: Sequence[Fact]) -> bool:
        """Whether the sentence may say these too without being odd or contradicting itself."""
        pairs = {frozenset((fact.subject, fact.object)) for fact in self.facts}
        questions = {question for fact in self.facts for question in _questions(fact)}
        for fact in facts:
            pair = frozenset((fact.subject, fact.object))
            if len(pair) == 1 or pair in pairs or not questions.isdisjoint(_questions(fact)):
                return False
            pairs.add(pair)
        return True

    def add(self, facts: Iterable[Fact] = (), clause: Clause | None = None) -> None:
        """Say this too: facts in a clause of their own, loose ones, or a clause without any."""
        facts = list(facts)
        named = [entity for fact in facts for entity in (fact.subject, fact.object)]
        self.facts += facts
        if clause is None:
            self.loose += facts
        else:
            self.clauses.append(clause)
            named += [entity for entities in clause.slots.values() for entity in entities]
        self.entities += [each for each in dict.fromkeys(named) if each not in self.entities]


class Planner:
    """Drafts sentences of one split.

    Args:
        rng: where chance comes from.
        names: where entities come from.
        repeat: probability that an entity was named before (in this split or one before it).
        rare: what the probability of rare wordings is multiplied by.
    """

    def __init__(self, rng: Random, names: NameSource, *, repeat: float, rare: float) -> None:
        self._rng = rng
        self._names = names
        self._repeat = repeat
        self._rare = rare

    def related(self, relations: Sequence[str]) -> Draft:
        """A sentence that states one fact for each of these relations; some may stand twice."""
        draft = Draft()
        left = Counter(relations)
        for double in shuffled(self._rng, DOUBLES):
            names = [name for _, name, _ in double.facts]
            if (
                all(left[name] for name in names)
                and self._chance(_DOUBLE)
                and self._add_double(draft, double)
            ):
                left -= Counter(names)
        for name, count in sorted(left.items()):
            if count > 1 and self._chance(_TOGETHER):
                relation = pick(self._rng, RELATIONS[name])
                left[name] -= self._add_together(draft, relation, min(count, 3))
        names = shuffled(self._rng, sorted(left.elements()))
        while names:
            kinds_there = {entity.kind for entity in draft.entities}
            name = max(names, key=lambda each: bool(kinds_of(each) & kinds_there))
            names.remove(name)
            if not (self._chance(_CONTRAST) and self._add_contrast(draft, name)):
                self._add_loose(draft, RELATIONS[name])
        for _ in range(self._number(_ASIDES)):
            self._add_aside(draft)
        if self._chance(_SCENE):
            self._add_scene(draft)
        self._add_source(draft)
        return draft

    def unrelated(self) -> Draft:
        """A sentence whose entities are in no relation."""
        draft = Draft()
        mark = self._rng.random()
        if mark < 0.4:
            self._add_scene(draft)
            if self._chance(0.25):
                self._add_aside(draft)
            elif self._chance(0.1):
                self._add_scene(draft)
        else:
            self._add_loose(draft, _NEAR_MISSES if mark < 0.75 else NEUTRAL)
            for _ in range(self._number((0.3, 0.5, 0.2))):
                self._add_aside(draft)
        self._add_source(draft)
        return draft

    def _add_double(self, draft: Draft, double: Double) -> bool:
        """Add a clause that states two facts of one pair; return whether it could."""
        a = self._some(draft, double.kinds[0], 1)[0]
        ends = {"a": a, "b": self._new(draft, double.kinds[1], a)}
        facts = []
        for subject, name, object_ in double.facts:
            kinds = (ends[subject].kind, ends[object_].kind)
            relation = next(each for each in RELATIONS[name] if kinds in each.kinds)
            facts.append(Fact(relation, ends[subject], ends[object_]))
        if not all(draft.allows([fact]) for fact in facts):
            return False
        wording = choose(self._rng, double.wordings, self._rare)
        draft.add(facts, Clause(wording, {end: [entity] for end, entity in ends.items()}))
        return True

    def _add_together(self, draft: Draft, relation: Relation, count: int) -> int:
        """Add one clause that states several facts of a relation; return how many."""
        if not relation.shared and not relation.gapped:
            return 0
        gapped = not relation.shared or (bool(relation.gapped) and self._chance(_GAPPED))
        kinds = pick(self._rng, relation.kinds)
        if draft.entities and not {each.kind for each in draft.entities} & set(kinds):
            return 0
        if gapped:
            count = 2 if self._chance(0.7) else count
            wording = self._gapped(relation, count)
            numbers = (count, count)
        else:
            wording = choose(self._rng, relation.shared, self._rare)
            numbers = (1, count) if "{oo}" in wording else (count, 1)
        subjects = self._some(draft, kinds[0], numbers[0])
        objects = self._some(draft, kinds[1], numbers[1], subjects)
        if gapped:
            pairs = list(zip(subjects, objects, strict=True))
            slots = {f"s{number}": [entity] for number, entity in enumerate(subjects)}
            slots |= {f"o{number}": [entity] for number, entity in enumerate(objects)}
        else:
            pairs = [(subject, object_) for subject in subjects for object_ in objects]
            slots = {"s": subjects, "o": objects, "ss": subjects, "oo": objects}
        facts = [Fact(relation, subject, object_) for subject, object_ in pairs]
        if not draft.allows(facts):
            return 0
        draft.add(facts, Clause(wording, slots))
        return len(facts)

    def _gapped(self, relation: Relation, count: int) -> str:
        first, further = choose(self._rng, relation.gapped, self._rare)
        clauses = [
            (further if number else first)
            .replace("{s}", f"{{s{number}}}")
            .replace("{o}", f"{{o{number}}}")
            for number in range(count)
        ]
        return ", ".join(clauses[:-1]) + " and " + clauses[-1]

    def _add_contrast(self, draft: Draft, name: str) -> bool:
        """Add a clause that states a fact and what is not one; return whether it could."""
        relation = pick(self._rng, RELATIONS[name])
        if not relation.contrasts:
            return False
        kinds = pick(self._rng, relation.kinds)
        subject = self._some(draft, kinds[0], 1)[0]
        object_ = self._new(draft, kinds[1], subject)
        fact = Fact(relation, subject, object_)
        if not draft.allows([fact]):
            return False
        wording = choose(self._rng, relation.contrasts, self._rare)
        slots = {"s": [subject], "o": [object_]}
        for slot, kind in (("x", kinds[1]), ("y", kinds[0])):
            if slot in slots_of(wording):
                slots[slot] = [self._new(draft, kind, subject, object_)]
        draft.add([fact], Clause(wording, slots))
        return True

    def _add_loose(self, draft: Draft, variants: Sequence[Relation]) -> None:
        """Add a fact, mostly about an entity that is there already."""
        for _ in range(10):
            fact = self._loose(draft, variants, attach=self._chance(_ATTACH))
            if fact and draft.allows([fact]):
                draft.add([fact])
                return
        fact = self._loose(draft, variants, attach=False)
        assert fact is not None
        draft.add([fact])

    def _loose(self, draft: Draft, variants: Sequence[Relation], *, attach: bool) -> Fact | None:
        choices: list[tuple[Relation, tuple[str, str]]] = []
        kinds_there = {entity.kind for entity in draft.entities}
        for relation in variants:
            for kinds in relation.kinds:
                ends = kinds if relation.inverse else kinds[:1]
                if not attach or kinds_there & set(ends):
                    choices.append((relation, kinds))
        if not choices:
            return None
        relation, kinds = pick(self._rng, choices)
        subjects = [each for each in draft.entities if attach and each.kind == kinds[0]]
        objects = [
            each for each in draft.entities if attach and relation.inverse and each.kind == kinds[1]
        ]
        if subjects and (not objects or self._chance(0.6)):
            subject = pick(self._rng, subjects)
            return Fact(relation, subject, self._new(draft, kinds[1]))
        object_ = pick(self._rng, objects) if objects else self._new(draft, kinds[1])
        return Fact(relation, self._new(draft, kinds[0], object_), object_)

    def _add_aside(self, draft: Draft) -> None:
        self._add_loose(draft, _NEAR_MISSES if self._chance(_NEAR_MISS) else NEUTRAL)

    def _add_scene(self, draft: Draft) -> None:
        draft.add(clause=self._scene(draft, choose(self._rng, SCENES, self._rare)))

    def _add_source(self, draft: Draft) -> None:
        if not self._chance(_SOURCE):
            return
        before = self._chance(0.5)
        wordings = SOURCES_BEFORE if before else SOURCES_AFTER
        source = self._scene(draft, choose(self._rng, wordings, self._rare))
        draft.add(clause=source)
        draft.clauses.pop()
        if before:
            draft.source_before = source
        else:
            draft.source_after = source

    def _scene(self, draft: Draft, wording: str) -> Clause:
        """A clause whose slots say which kinds of entities stand in them."""
        slots: dict[str, list[Entity]] = {}
        for slot in slots_of(wording):
            kind = _KIND_OF_LIST.get(slot)
            number = 2 + self._number((0.45, 0.4, 0.15)) if kind else 1
            slots[slot] = []
            for _ in range(number):
                there = [entity for entities in slots.values() for entity in entities]
                slots[slot].append(self._new(draft, kind or slot.rstrip("0123456789"), *there))
        return Clause(wording, slots)

    def _some(
        self, draft: Draft, kind: str, number: int, others: Sequence[Entity] = ()
    ) -> list[Entity]:
        """Different entities of this kind; one of them may be there already."""
        known = [each for each in draft.entities if each.kind == kind and each not in others]
        entities = [pick(self._rng, known)] if known and self._chance(_ATTACH) else []
        while len(entities) < number:
            entities.append(self._new(draft, kind, *others, *entities))
        return shuffled(self._rng, entities)

    def _new(self, draft: Draft, kind: str, *others: Entity) -> Entity:
        return self._names.entity(kind, self._repeat, (*draft.entities, *others))

    def _chance(self, probability: float) -> bool:
        return self._rng.random() < probability

    def _number(self, probabilities: Sequence[float]) -> int:
        mark = self._rng.random()
        for number, probability in enumerate(probabilities):
            mark -= probability
            if mark < 0:
                return number
        return len(probabilities) - 1


def kinds_of(relation: str) -> set[str]:
    """The kinds of entities that a relation may be about."""
    return {kind for variant in RELATIONS[relation] for kinds in variant.kinds for kind in kinds}


def _questions(fact: Fact) -> set[tuple[str, Entity]]:
    """What the fact answers and no second one of the same sentence may."""
    relation = fact.relation
    if not (relation.name and relation.functional):
        return set()
    name = _SAME_QUESTION.get(relation.name, relation.name)
    both = relation.symmetric or relation.unique
    return {(name, end) for end in ((fact.subject, fact.object) if both else (fact.subject,))}
