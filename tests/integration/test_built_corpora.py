"""Corpora built from the published files, where they are on this machine (MRCA_DATA_DIR)."""

import os
from collections import Counter
from pathlib import Path

import pytest

from mrca.datasets import (
    CORPORA,
    Corpus,
    corpus_statistics,
    group_limits,
    load_corpus,
    read_fewrel,
)


def build(name: str, cache: Path, monkeypatch) -> Corpus:
    data = Path(os.environ.get("MRCA_DATA_DIR") or "unset")
    recipe = CORPORA[name].recipe
    assert recipe is not None
    if not any(all((data / file).is_file() for file in files) for files in recipe.raw):
        pytest.skip(f"MRCA_DATA_DIR is not set to a folder that holds what {name} is built from")
    monkeypatch.setenv("MRCA_CACHE_DIR", str(cache))
    return load_corpus(name)


def sizes(corpus: Corpus) -> dict[str, int]:
    return {split: len(documents) for split, documents in corpus.splits.items()}


def groups(corpus: Corpus) -> dict[str, int]:
    statistics = corpus_statistics(corpus, group_limits(corpus.limits))
    return {group: len(names) for group, names in statistics.groups.items()}


def test_fewrel_lt_has_the_papers_counts_and_shares_nothing(monkeypatch, tmp_path):
    corpus = build("fewrel-lt", tmp_path, monkeypatch)
    assert sizes(corpus) == {"train": 5499, "valid": 5000, "test": 5000}
    assert len(corpus.relations) == 50
    assert groups(corpus) == {"head": 18, "medium": 17, "tail": 15}
    assert not any(name.startswith("P") and name[1:].isdigit() for name in corpus.relations.names)
    assert corpus.problems == []
    for split in ("valid", "test"):
        counts = Counter(label for row in corpus.splits[split] for label in row.labels)
        assert set(counts.values()) == {100}
    rows = [row for split in corpus.splits.values() for row in split]
    assert all(len(row.labels) == len(row.facts) == 1 for row in rows)
    assert all(row.subjects and row.objects for row in rows)
    raw = Path(os.environ["MRCA_DATA_DIR"]) / "fewrel80" / "fewrel80.jsonl.gz"
    if raw.is_file():
        by_id = {sentence.document.id: sentence for sentence in read_fewrel([raw])}
        drawn = [by_id[row.id] for row in rows]
        assert len({sentence.wording for sentence in drawn}) == len(drawn)
        assert len({sentence.pair for sentence in drawn}) == len(drawn)
        # Whoever builds it from this file gets this corpus.
        assert corpus.fingerprint.startswith("4c7831b0cf145c46")


def test_reuters_is_modapte_with_a_thousand_documents_held_out(monkeypatch, tmp_path):
    corpus = build("reuters", tmp_path, monkeypatch)
    assert sizes(corpus) == {"train": 6770, "valid": 1000, "test": 3019}
    assert len(corpus.relations) == 90
    for split in ("train", "test"):
        seen = {label for row in corpus.splits[split] for label in row.labels}
        assert seen == set(corpus.relations.names)
    assert groups(corpus) == {"head": 30, "medium": 32, "tail": 28}
    assert not any(row.subjects or row.objects for row in corpus.splits["train"])
    assert corpus.fingerprint.startswith("ba9104063f8c5d5f")


def test_ddi_has_the_published_pairs_with_whole_texts_held_out(monkeypatch, tmp_path):
    corpus = build("ddi", tmp_path, monkeypatch)
    assert corpus.relations.names == ("advise", "effect", "int", "mechanism")
    assert corpus.types == ("brand", "drug", "drug_n", "group")
    assert not corpus.oracle
    texts = {
        split: {row.id.rpartition(".")[0] for row in rows} for split, rows in corpus.splits.items()
    }
    assert not texts["train"] & texts["valid"]
    statistics = corpus_statistics(corpus)
    facts = {split: sum(len(row.facts) for row in rows) for split, rows in corpus.splits.items()}
    assert (facts["train"] + facts["valid"], facts["test"]) == (4021, 979)
    assert all(split.empty_pairs > 0.9 for split in statistics.splits.values())
