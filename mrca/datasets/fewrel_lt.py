"""FewRel-LT: a long tail of relations cut out of FewRel, as Yu et al. 2020 do (section 5.1)."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from mrca.datasets.readers.fewrel import FewRelSentence
from mrca.errors import MrcaError
from mrca.text import Document


def long_tail_counts(relations: int = 50, largest: int = 500, ratio: float = 100) -> list[int]:
    """Training sentences by relation: n_i = floor(largest * (1 / ratio)^(i / (relations - 1))).

    The paper prints n_i = n_max * eta^i with eta = n_max / n_min = 100, by which counts would grow.
    This is what it means: with its numbers the counts fall from 500 to 5 and sum to the 5,499 of
    its Table 1.

    Args:
        relations: how many, at least 2.
        largest: the count of the first one.
        ratio: the first one's count divided by the last one's.

    Example:
        >>> counts = long_tail_counts()
        >>> counts[:4], counts[-1], sum(counts)
        ([500, 455, 414, 377], 5, 5499)
    """
    return [math.floor(largest * ratio ** (-i / (relations - 1))) for i in range(relations)]


def fewrel_lt_splits(
    sentences: Iterable[FewRelSentence],
    *,
    counts: Sequence[int] | None = None,
    held_out: int = 100,
    seed: int = 0,
) -> dict[str, list[Document]]:
    """Cut a long-tailed corpus with one label per sentence.

    No wording and no pair of entities stands in the corpus twice, whatever the relation, the order
    of the two or upper case; so nothing is shared between splits. (The paper: "To prevent the
    leakage of entity information, we exclude samples with shared entity pairs.")

    The relations are shuffled. Each rank, from the largest count on, takes the first relation of
    this order that is left and still has enough sentences; which relation has the largest counts is
    therefore not wholly up to chance where few have that many. A relation's sentences are shuffled
    too; those that state more than one relation between the same two entities come last, since no
    one answer to them is right.

    Args:
        sentences: FewRel's, in the order of its files; the same ones give the same corpus.
        counts: training sentences per relation, falling; `long_tail_counts()` if not given.
        held_out: validation sentences per relation, and as many test sentences.
        seed: of everything that is drawn.

    Returns:
        `"train"`, `"valid"` and `"test"`, each shuffled.

    Raises:
        MrcaError: if too few relations have enough sentences.
    """
    random = np.random.default_rng(seed)
    pools = _pools(sentences, random)
    waiting = [sorted(pools)[index] for index in random.permutation(len(pools))]
    wordings: set[str] = set()
    pairs: set[frozenset[str]] = set()
    splits: dict[str, list[Document]] = {"train": [], "valid": [], "test": []}
    for rank, count in enumerate(counts or long_tail_counts()):
        needed = count + 2 * held_out
        most = 0
        for relation in waiting:
            taken = _distinct(pools[relation], needed, wordings, pairs)
            if len(taken) == needed:
                break
            most = max(most, len(taken))
        else:
            raise MrcaError(
                f"Too few sentences for relation {rank + 1} of the long tail. Expected one more "
                f"relation with {needed} different sentences and pairs of entities ({count} to "
                f"train, {held_out} to validate, {held_out} to test); the best of the "
                f"{len(waiting)} that are left has {most}. Bring all of FewRel's files."
            )
        waiting.remove(relation)
        wordings.update(sentence.wording for sentence in taken)
        pairs.update(sentence.pair for sentence in taken)
        drawn = [taken[index].document for index in random.permutation(needed)]
        splits["train"] += drawn[:count]
        splits["valid"] += drawn[count : count + held_out]
        splits["test"] += drawn[count + held_out :]
    return {
        split: [documents[index] for index in random.permutation(len(documents))]
        for split, documents in splits.items()
    }


def _pools(
    sentences: Iterable[FewRelSentence], random: np.random.Generator
) -> dict[str, list[FewRelSentence]]:
    """Relation → its sentences in the order in which they are taken."""
    pools: dict[str, list[FewRelSentence]] = defaultdict(list)
    meanings: dict[tuple[str, frozenset[str]], set[str]] = defaultdict(set)
    for sentence in sentences:
        pools[sentence.relation].append(sentence)
        meanings[sentence.wording, sentence.pair].add(sentence.relation)
    for relation in sorted(pools):
        pool = pools[relation]
        shuffled = [pool[index] for index in random.permutation(len(pool))]
        shuffled.sort(key=lambda one: len(meanings[one.wording, one.pair]) > 1)
        pools[relation] = shuffled
    return pools


def _distinct(
    pool: Sequence[FewRelSentence],
    needed: int,
    wordings: set[str],
    pairs: set[frozenset[str]],
) -> list[FewRelSentence]:
    """The first sentences of the pool that share nothing with each other or with those taken."""
    taken: list[FewRelSentence] = []
    new_wordings: set[str] = set()
    new_pairs: set[frozenset[str]] = set()
    for sentence in pool:
        if len(taken) == needed:
            break
        wording, pair = sentence.wording, sentence.pair
        if wording in wordings or wording in new_wordings or pair in pairs or pair in new_pairs:
            continue
        taken.append(sentence)
        new_wordings.add(wording)
        new_pairs.add(pair)
    return taken
