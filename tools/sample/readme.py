"""The README of the sample corpus, with its counts."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_README = """\
# A sample corpus

The project writes this corpus itself, from a small grammar of invented people, places and things,
so that everything can be tried without a download. It shows the product. **Scores on it say
nothing about real corpora.** Any likeness of a name to a real one is by chance.

{splits}

Every entity of a sentence is marked, with its type, whether it is in a relation or not. A pair is
two different entities of a sentence in one order; most are in no relation. A fact is given where
the wording states it, and not where it follows from others or was once so. `spouse` goes both
ways and is given once, from the person who is mentioned first.

{relations}

{types}

Test and validation sentences use names and, more often, wordings that are rare or missing in the
train split. The vectors `sample` (word2vec, 50 dimensions) are trained on the train split alone.

Written by `tools/sample/` of the project; to write it again, byte for byte (the vectors on another
processor: up to the last decimals):

    python tools/sample/generate.py mrca/datasets/sample mrca/vectors/sample --seed {seed}
"""


def readme(
    splits: Mapping[str, Sequence[Mapping[str, Any]]], relations: Sequence[str], seed: int
) -> str:
    """The text, with tables of the splits, of the relations and of the entity types."""
    return _README.format(
        splits=_splits_table(splits),
        relations=_relations_table(splits, relations),
        types=_types_table(splits),
        seed=seed,
    )


def _splits_table(splits: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    lines = []
    for split, rows in splits.items():
        sizes = [len(row["entities"]) for row in rows]
        pairs = sum(size * (size - 1) for size in sizes)
        related = len(
            {(row["id"], subject, object_) for row in rows for subject, _, object_ in row["facts"]}
        )
        lines.append(
            [
                split,
                f"{len(rows):,}",
                f"{sum(not row['facts'] for row in rows):,}",
                f"{sum(sizes):,}",
                f"{sum(len(row['facts']) for row in rows):,}",
                f"{pairs:,}",
                f"{1 - related / pairs:.1%}",
            ]
        )
    head = ["split", "sentences", "without a fact", "entities", "facts", "pairs"]
    return _table([*head, "pairs without a relation"], lines)


def _relations_table(
    splits: Mapping[str, Sequence[Mapping[str, Any]]], relations: Sequence[str]
) -> str:
    counts = {
        split: Counter(relation for row in rows for _, relation, _ in row["facts"])
        for split, rows in splits.items()
    }
    lines = [
        [f"`{relation}`", *(f"{counts[split][relation]:,}" for split in splits)]
        for relation in relations
    ]
    return _table(["facts of the relation", *splits], lines)


def _types_table(splits: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    counts = {
        split: Counter(entity["type"] for row in rows for entity in row["entities"])
        for split, rows in splits.items()
    }
    types = sorted(set().union(*counts.values()), key=lambda each: -counts["train"][each])
    lines = [[f"`{each}`", *(f"{counts[split][each]:,}" for split in splits)] for each in types]
    return _table(["entities of the type", *splits], lines)


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
