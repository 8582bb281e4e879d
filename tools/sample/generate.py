"""Write the sample corpus and its vectors, both part of the package.

    python tools/sample/generate.py mrca/datasets/sample mrca/vectors/sample

The same seed gives the same bytes; those in the package have seed 0.
"""

import argparse
import json
from bisect import bisect
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any

from layout import lay_out
from names import NameSource, shuffled
from plan import Draft, Planner, kinds_of
from readme import readme
from relations import RELATIONS
from sentence import Writer
from vectors import train_vectors

from mrca.text import tokenise

# Split: sentences, probability that an entity was named before, factor of rare wordings.
_SPLITS = {"train": (1300, 0.7, 0.35), "valid": (200, 0.3, 1.25), "test": (500, 0.3, 1.25)}
# Share of the sentences that state so many facts.
_SIZES = {0: 0.22, 1: 0.25, 2: 0.29, 3: 0.17, 4: 0.06, 5: 0.01}
_MOST_ENTITIES = 9  # of a sentence
_DECAY = 0.695  # a relation's count over that of the next more frequent one
_REPEATED = 0.3  # a further fact of a sentence is of a relation that it states already
_RELATED = 0.85  # a further fact may be about an entity of the others

Row = dict[str, Any]


def main() -> None:
    """Read the command line and write the corpus."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path, help="made if missing; its files are replaced")
    parser.add_argument("vectors", type=Path, help="the same")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    write_sample(arguments.corpus, arguments.vectors, arguments.seed)


def write_sample(folder: Path, vectors: Path, seed: int) -> None:
    """Write three splits, the relations, the README and the word vectors."""
    splits = make_splits(seed)
    folder.mkdir(parents=True, exist_ok=True)
    for split, rows in splits.items():
        lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
        _write(folder / f"{split}.jsonl", "".join(lines))
    _write(folder / "relations.json", json.dumps(list(RELATIONS), indent=1) + "\n")
    _write(folder / "README.md", readme(splits, list(RELATIONS), seed))
    sentences = [[token.text for token in tokenise(row["text"])] for row in splits["train"]]
    train_vectors(sentences, vectors, seed)


def make_splits(seed: int) -> dict[str, list[Row]]:
    """The rows of each split; no text stands twice."""
    rng = Random(seed)
    names = NameSource(rng)
    texts: set[str] = set()
    splits: dict[str, list[Row]] = {}
    for split, (number, repeat, rare) in _SPLITS.items():
        planner = Planner(rng, names, repeat=repeat, rare=rare)
        writer = Writer(rng, rare=rare)
        rows: list[Row] = []
        for relations in _plan(number, rng):
            row = None
            while row is None or row["text"] in texts or len(row["entities"]) > _MOST_ENTITIES:
                draft = planner.related(relations) if relations else planner.unrelated()
                row = _row(draft, writer, rng)
            texts.add(row["text"])
            rows.append(row)
        splits[split] = [
            {"id": f"{split}-{place:04}", **row}
            for place, row in enumerate(shuffled(rng, rows), start=1)
        ]
    return splits


def _row(draft: Draft, writer: Writer, rng: Random) -> Row:
    laid = lay_out(writer.write(draft), rng)
    entities: list[Row] = []
    for entity, mentions in laid.mentions.items():
        place = mentions[0] if len(mentions) == 1 else {"mentions": mentions}
        entities.append({**place, "type": entity.type})
    order = list(laid.mentions)
    facts: list[tuple[int, int, str]] = []
    for fact in draft.facts:
        ends = [order.index(fact.subject), order.index(fact.object)]
        if fact.relation.symmetric:
            ends.sort()
        if fact.relation.name:
            facts.append((ends[0], ends[1], fact.relation.name))
    named = [
        [order[subject].name, name, order[object_].name] for subject, object_, name in sorted(facts)
    ]
    return {"text": laid.text, "entities": entities, "facts": named}


def _plan(rows: int, rng: Random) -> Iterator[list[str]]:
    """The relations of each sentence, so that their counts fall as the long tail asks.

    Sentences of many facts come first: relations for them are drawn by what is left of their
    counts, and the sentences of one fact take the rest.
    """
    sizes = [size for size, share in _SIZES.items() for _ in range(round(rows * share))]
    weights = [_DECAY**rank for rank in range(len(RELATIONS))]
    left = [max(2, round(sum(sizes) * weight / sum(weights))) for weight in weights]
    left[0] += sum(sizes) - sum(left)  # what rounding took or added
    names = list(RELATIONS)
    for size in sorted(sizes, reverse=True):
        chosen: list[str] = []
        for _ in range(size):
            counts = left
            if chosen and rng.random() < _REPEATED:
                counts = [n if name in chosen else 0 for name, n in zip(names, left, strict=True)]
            elif chosen and rng.random() < _RELATED:
                kinds = set().union(*map(kinds_of, chosen))
                counts = [
                    n if kinds & kinds_of(name) else 0 for name, n in zip(names, left, strict=True)
                ]
            ends = list(accumulate(counts if any(counts) else left))
            place = bisect(ends, rng.random() * ends[-1])
            left[place] -= 1
            chosen.append(names[place])
        yield chosen


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
