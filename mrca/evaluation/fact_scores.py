"""Facts between entities measured as work on documents does: Ign F1, Infer-F1, sentences, pairs."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mrca.evaluation.known_facts import NOT_ASKED, KnownFacts
from mrca.evaluation.scores import Score, ign_precision_recall_f1
from mrca.text import Document, RelationSet

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(frozen=True, slots=True)
class PairConfusion:
    """What becomes of facts, by whether their pair of entities is related at all.

    Table 7 of KD-DocRE. Its columns are the truth and its rows the prediction, so that MR is what
    is predicted of a pair without a relation and MS what is missed. The printed counts agree with
    the precision of its table 8 in no other way: 8,273 / (8,273 + 242 + 3,814) = .6710.

    Gold facts of a pair for which only other relations are predicted are in none of the four
    counts; they are what is missing from C + MS.

    Attributes:
        correct: C, predicted and gold.
        wrong: W, predicted and not gold, of a pair that has another gold relation.
        more: MR, predicted of a pair that has no gold relation.
        missed: MS, gold facts of a pair for which nothing is predicted.
    """

    correct: int
    wrong: int
    more: int
    missed: int

    NAMES: ClassVar = ("correct", "wrong", "more", "missed")

    def share(self, name: str) -> float | None:
        """One of the counts divided by the sum of the four; None where all are 0."""
        total = sum(getattr(self, each) for each in self.NAMES)
        return getattr(self, name) / total if total else None

    def to_dict(self) -> dict[str, Any]:
        """Counts and shares, ready for JSON."""
        counts = asdict(self)
        return {**counts, **{f"{name}_share": self.share(name) for name in counts}}


@dataclass(frozen=True, slots=True)
class FactScores:
    """One model's facts on one split; what does not apply is None. Made by `fact_scores`.

    Attributes:
        ign: micro, without the facts that the training split states; see
            `mrca.evaluation.ign_precision_recall_f1`.
        ign_macro: mean of the same over all relations, those absent from the split counting 0.
        ign_distant: as `ign`, without the facts that distantly supervised documents state.
        intra: facts of pairs with two mentions in one sentence; None where no document has two
            sentences, as `inter`.
        inter: facts of all other pairs.
        infer: Infer-F1, of the facts that two others imply: see `GoldFacts`. None where there are
            none.
        infer_all: the same of all three facts.
        related: of pairs, whether they are related at all: the binary labels of KD-DocRE's table 8.
        confusion: table 7 of KD-DocRE.
    """

    ign: Score | None
    ign_macro: Score | None
    ign_distant: Score | None
    intra: Score | None
    inter: Score | None
    infer: Score | None
    infer_all: Score | None
    related: Score
    confusion: PairConfusion

    def to_dict(self) -> dict[str, Any]:
        """The fields under their own names, ready for JSON."""
        return {**asdict(self), "confusion": self.confusion.to_dict()}


FACT_SCORES = tuple(field.name for field in fields(FactScores))


@dataclass(frozen=True, eq=False)
class GoldFacts:
    """The facts that documents state, with what the scores of predictions need to know of them.

    A fact (h, r3, t) is *inferable* if the document states (h, r1, o) and (o, r2, t) too, for
    another entity o and any relations. Zeng et al. 2020 (GAIN), who define Infer-F1, consider "the
    golden relational facts r1, r2, r3" of such triangles and publish no code. Here `infer` counts
    r3 alone, over the predictions for pairs (h, t) with such a path between them, whether or not
    they are related themselves; `infer_all` counts all three, over the predictions for these pairs
    and for those of the paths to a fact.

    Attributes:
        documents: the documents.
        relations: the relations, in the order of their columns; facts of others are left out.
        rows: document, subject, object and relation of each fact, once each, int64 `(facts, 4)`.
        known: whether the training split states it, bool `(facts,)`; None where it is not known.
        known_distant: the same of distantly supervised documents.
    """

    documents: Sequence[Document]
    relations: RelationSet
    rows: NDArray[np.int64]
    known: NDArray[np.bool_] | None
    known_distant: NDArray[np.bool_] | None

    @classmethod
    def of(
        cls,
        documents: Sequence[Document],
        relations: RelationSet,
        known: KnownFacts = NOT_ASKED,
    ) -> "GoldFacts":
        """Those of some documents.

        Args:
            documents: any.
            relations: in the order of the columns.
            known: of these documents; see `mrca.evaluation.known_facts`.
        """
        columns = {name: column for column, name in enumerate(relations)}
        stated = {
            (number, *fact[:3]): (number, fact.subject, fact.object, columns[fact.relation])
            for number, document in enumerate(documents)
            for fact in document.facts
            if fact.relation in columns
        }

        def among(facts: frozenset[Any] | None) -> NDArray[np.bool_] | None:
            return None if facts is None else np.array([each in facts for each in stated], bool)

        rows = _rows(stated.values())
        return cls(documents, relations, rows, among(known.annotated), among(known.distant))

    def keys(self, rows: NDArray[np.int64], parts: int = 4) -> NDArray[np.int64]:
        """A number for each row's document, subject, object and relation, or the first of these."""
        most = max((len(document.entities) for document in self.documents), default=0)
        keys = rows[:, 0]
        for part, size in enumerate((most, most, len(self.relations))[: parts - 1], 1):
            keys = keys * size + rows[:, part]
        return keys

    def known_cells(self, pairs: NDArray[np.integer]) -> NDArray[np.bool_] | None:
        """The known facts as a matrix; None where it is not known which these are.

        Args:
            pairs: document, subject and object of each row, `(rows, 3)`, those of all facts.

        Returns:
            `(rows, relations)`.
        """
        if self.known is None:
            return None
        known = self.rows[self.known]
        keys = self.keys(_rows(pairs, 3), 3)
        order = np.argsort(keys)
        cells = np.zeros((len(keys), len(self.relations)), bool)
        cells[order[np.searchsorted(keys, self.keys(known, 3), sorter=order)], known[:, 3]] = True
        return cells

    @cached_property
    def in_one_sentence(self) -> NDArray[np.bool_] | None:
        """Whether mentions of a fact's two entities share a sentence; None without sentences."""
        return self.share_sentence(self.rows)

    def share_sentence(self, rows: NDArray[np.int64]) -> NDArray[np.bool_] | None:
        """The same of other facts, sorted by document."""
        if all(len(document.sentences) < 2 for document in self.documents):
            return None
        found = np.zeros(len(rows), bool)
        starts = np.flatnonzero(np.diff(rows[:, 0], prepend=-1))
        for start, end in pairwise([*starts.tolist(), len(rows)]):
            sentences = _sentences(self.documents[rows[start, 0]])
            subjects, objects = (sentences[rows[start:end, part]] for part in (1, 2))
            found[start:end] = (subjects & objects).any(axis=1)
        return found

    @cached_property
    def paths(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Keys of the pairs with a path of two facts, and of those in a path to a fact."""
        stated: dict[int, dict[int, set[int]]] = {}
        for number, subject, object_, _ in self.rows.tolist():
            if subject != object_:
                stated.setdefault(number, {}).setdefault(subject, set()).add(object_)
        ends: set[tuple[int, int, int]] = set()
        legs: set[tuple[int, int, int]] = set()
        for number, objects in stated.items():
            for first, middles in objects.items():
                for middle in middles:
                    for last in objects.get(middle, set()) - {first}:
                        ends.add((number, first, last))
                        if last in middles:
                            legs |= {(number, first, middle), (number, middle, last)}
        return self.keys(_rows(ends, 3), 3), self.keys(_rows(legs, 3), 3)


def fact_scores(gold: GoldFacts, predicted: NDArray[np.int64]) -> FactScores:
    """Measure predicted facts against gold ones.

    Args:
        gold: the gold facts.
        predicted: document, subject, object and relation of each, int64 `(facts, 4)`; repeats count
            once.

    Source: Yao et al. 2019 (DocRED: Ign F1, intra- and inter-sentence); Zeng et al. 2020 (GAIN:
    Infer-F1); Tan et al. 2022 (KD-DocRE: tables 5, 7 and 8).

    Example:
        >>> from mrca.text import Entity, Fact, Span
        >>> entities = tuple(Entity((Span(place, place + 1),)) for place in range(3))
        >>> facts = Fact(0, "in", 1), Fact(1, "in", 2), Fact(0, "in", 2)
        >>> gold = GoldFacts.of([Document(("a", "b", "c"), entities, facts)], RelationSet(["in"]))
        >>> found = fact_scores(gold, np.array([[0, 0, 1, 0], [0, 0, 2, 0], [0, 2, 0, 0]]))
        >>> found.infer.f1, found.confusion.correct, found.confusion.more, found.confusion.missed
        (1.0, 2, 1, 1)
    """
    predicted = np.unique(_rows(predicted), axis=0)
    gold_keys, keys = gold.keys(gold.rows), gold.keys(predicted)
    found, hit = np.isin(gold_keys, keys), np.isin(keys, gold_keys)
    gold_pairs, pairs = gold.keys(gold.rows, 3), gold.keys(predicted, 3)

    def part(of_gold: NDArray[np.bool_], of_predicted: NDArray[np.bool_]) -> Score | None:
        if not of_gold.any():
            return None
        hits = int((found & of_gold).sum())
        return Score.from_counts(hits, int(of_predicted.sum()) - hits, int(of_gold.sum()) - hits)

    intra: Score | None = None
    inter: Score | None = None
    gold_near, near = gold.in_one_sentence, gold.share_sentence(predicted)
    if gold_near is not None and near is not None:
        intra, inter = part(gold_near, near), part(~gold_near, ~near)
    ends, legs = gold.paths
    implied, at_ends = np.isin(gold_pairs, ends), np.isin(pairs, ends)
    infer = part(implied, at_ends)
    infer_all = part(implied | np.isin(gold_pairs, legs), at_ends | np.isin(pairs, legs))
    of_related = np.isin(pairs, gold_pairs)
    return FactScores(
        ign=_ign(gold.known, found, predicted),
        ign_macro=_ign_macro(gold, found, predicted),
        ign_distant=_ign(gold.known_distant, found, predicted),
        intra=intra,
        inter=inter,
        infer=infer,
        infer_all=infer_all,
        related=_related(gold_pairs, pairs),
        confusion=PairConfusion(
            correct=int(hit.sum()),
            wrong=int((of_related & ~hit).sum()),
            more=int((~of_related).sum()),
            missed=int((~np.isin(gold_pairs, pairs)).sum()),
        ),
    )


def predicted_facts(
    pairs: NDArray[np.integer], cells: "NDArray[np.bool_] | csr_array"
) -> NDArray[np.int64]:
    """The facts that a matrix predicts, as `fact_scores` takes them.

    Args:
        pairs: document, subject and object of each row, `(rows, 3)`.
        cells: what is predicted, `(rows, relations)`, an array or a sparse matrix.
    """
    rows, columns = cells.nonzero()
    return np.column_stack([pairs[rows], columns]).astype(np.int64)


def _ign(
    known: NDArray[np.bool_] | None,
    found: NDArray[np.bool_],
    predicted: NDArray[np.int64],
) -> Score | None:
    if known is None:
        return None
    counts = found.sum(), len(predicted), len(found), (found & known).sum()
    precision, recall, f1 = map(float, ign_precision_recall_f1(*counts))
    return Score(precision, recall, f1, len(found))


def _ign_macro(
    gold: GoldFacts, found: NDArray[np.bool_], predicted: NDArray[np.int64]
) -> Score | None:
    if gold.known is None:
        return None
    columns = gold.rows[:, 3]
    counts = (
        np.bincount(each, minlength=len(gold.relations))
        for each in (columns[found], predicted[:, 3], columns, columns[found & gold.known])
    )
    precision, recall, f1 = (float(each.mean()) for each in ign_precision_recall_f1(*counts))
    return Score(precision, recall, f1, len(found))


def _related(gold_pairs: NDArray[np.int64], pairs: NDArray[np.int64]) -> Score:
    related, predicted = np.unique(gold_pairs), np.unique(pairs)
    both = int(np.isin(predicted, related).sum())
    return Score.from_counts(both, len(predicted) - both, len(related) - both)


def _sentences(document: Document) -> NDArray[np.bool_]:
    """Which sentences mention each entity, `(entities, sentences)`."""
    found = np.zeros((len(document.entities), len(document.sentences)), bool)
    for number in range(len(document.entities)):
        found[number, list(document.sentences_of(number))] = True
    return found


def _rows(rows: Iterable[Any], parts: int = 4) -> NDArray[np.int64]:
    listed = rows if isinstance(rows, np.ndarray) else list(rows)
    return np.asarray(listed, np.int64).reshape(-1, parts)
