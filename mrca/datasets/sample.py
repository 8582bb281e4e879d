"""The sample corpus that the project writes itself."""

from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from random import Random

from mrca.datasets.relations_json import write_relations
from mrca.datasets.sample_grammar import Relation
from mrca.datasets.sample_names import NameSource
from mrca.datasets.sample_relations import RELATIONS
from mrca.datasets.sample_sentence import SentenceMaker
from mrca.datasets.write import write_jsonl
from mrca.errors import MrcaError
from mrca.resources import whole_file
from mrca.text import Example
from mrca.vectors.sample_vectors import train_sample_vectors

# Split: sentences, probability that an entity was named before, weight of rare wordings.
_SPLITS = {"train": (1300, 0.6, 0.25), "valid": (200, 0.3, 1.0), "test": (500, 0.3, 1.0)}
# Share of the sentences that state so many relations.
_SIZES = {0: 0.05, 1: 0.45, 2: 0.27, 3: 0.14, 4: 0.06, 5: 0.03}
_DECAY = 0.69  # a relation's count over that of the next more frequent one

_README = """\
# A sample corpus

The project writes this corpus itself, from a small grammar of invented people, places and things,
so that everything can be tried without a download. It shows the product. **Scores on it say
nothing about real corpora.** Any likeness of a name to a real one is by chance.

| split | sentences | without a relation | relations per sentence |
|---|---|---|---|
{splits}

| relation | {header} |
|---|{rule}
{relations}

Test and validation sentences use names and, more often, wordings that are rare or missing in the
train split. `vectors/` holds word2vec vectors (50 dimensions) trained on the train split alone.

Written by `mrca.datasets.sample.generate_sample`; to write it again, byte for byte (the vectors on
another processor: up to the last decimals):

    python -c "from pathlib import Path; from mrca.datasets.sample import generate_sample; \\
    generate_sample(Path('data/sample'), seed={seed})"
"""


def generate_sample(folder: Path, seed: int = 0) -> None:
    """Write the sample corpus and its vectors.

    It makes `train.jsonl`, `valid.jsonl`, `test.jsonl` (2,000 sentences in all, every text once),
    `relations.json` (12 names, the most frequent first), `vectors/` and `README.md`. The same seed
    gives the same bytes.

    Args:
        folder: where to write; made if missing, files of these names are replaced.
        seed: the corpus that is part of the project has seed 0.

    Raises:
        MrcaError: if the folder cannot be written.
    """
    splits = _splits(seed)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for split, examples in splits.items():
            write_jsonl(examples, folder / f"{split}.jsonl")
        write_relations((relation.name for relation in RELATIONS), folder)
        with whole_file(folder / "README.md") as temporary:
            temporary.write_text(_readme(splits, seed), encoding="utf-8", newline="\n")
    except OSError as error:
        raise MrcaError(
            f"Cannot write the sample corpus to {folder}: {error.strerror or error}. "
            "Choose a folder that can be written."
        ) from error
    train_sample_vectors(
        [example.tokens for example in splits["train"]], folder / "vectors", seed=seed
    )


def _splits(seed: int) -> dict[str, list[Example]]:
    rng = Random(seed)
    names = NameSource(rng)
    seen: set[tuple[str, ...]] = set()
    splits: dict[str, list[Example]] = {}
    for split, (rows, repeat, rare) in _SPLITS.items():
        maker = SentenceMaker(rng, names, repeat=repeat, rare=rare)
        examples: list[Example] = []
        for relations in _plan(rows, rng):
            example = _new_sentence(maker, relations, seen)
            seen.add(example.tokens)
            examples.append(example)
        splits[split] = [
            replace(example, id=f"{split}-{number:04}")
            for number, example in enumerate(_shuffled(examples, rng), start=1)
        ]
    return splits


def _new_sentence(
    maker: SentenceMaker, relations: Sequence[Relation], seen: set[tuple[str, ...]]
) -> Example:
    while True:
        example = maker.related(relations) if relations else maker.unrelated(RELATIONS)
        if example.tokens not in seen:
            return example


def _plan(rows: int, rng: Random) -> Iterator[list[Relation]]:
    """The relations of each sentence, so that their counts fall as the long tail asks.

    Sentences of many relations come first: relations for them are drawn by what is left of their
    counts, and the sentences of one relation take the rest.
    """
    sizes = [size for size, share in _SIZES.items() for _ in range(round(rows * share))]
    weights = [_DECAY**rank for rank in range(len(RELATIONS))]
    left = [max(2, round(sum(sizes) * weight / sum(weights))) for weight in weights]
    left[0] += sum(sizes) - sum(left)  # what rounding took or added
    for size in sorted(sizes, reverse=True):
        chosen: list[Relation] = []
        for _ in range(size):
            open_counts = [
                0 if relation in chosen else count
                for relation, count in zip(RELATIONS, left, strict=True)
            ]
            ends = list(accumulate(open_counts))
            index = bisect(ends, rng.random() * ends[-1])
            left[index] -= 1
            chosen.append(RELATIONS[index])
        yield chosen


def _shuffled(examples: Sequence[Example], rng: Random) -> list[Example]:
    keys = [rng.random() for _ in examples]
    return [example for _, example in sorted(zip(keys, examples, strict=True), key=lambda x: x[0])]


def _readme(splits: dict[str, list[Example]], seed: int) -> str:
    def line(cells: Iterable[object]) -> str:
        return "| " + " | ".join(str(cell) for cell in cells) + " |"

    split_lines = []
    for split, examples in splits.items():
        labels = [len(example.labels) for example in examples]
        mean = sum(labels) / sum(map(bool, labels))
        split_lines.append(line([split, f"{len(labels):,}", labels.count(0), f"{mean:.2f}"]))
    relation_lines = []
    for relation in RELATIONS:
        counts = [
            sum(relation.name in example.labels for example in examples)
            for examples in splits.values()
        ]
        relation_lines.append(line([f"`{relation.name}`", *counts]))
    return _README.format(
        splits="\n".join(split_lines),
        header=" | ".join(splits),
        seed=seed,
        rule="---|" * len(splits),
        relations="\n".join(relation_lines),
    )
