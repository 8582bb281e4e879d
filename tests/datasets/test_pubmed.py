import gzip
import json
from collections import Counter

import pytest

from mrca.datasets.pubmed import pubmed_splits
from mrca.errors import MrcaError

SIZES = {"documents": 40, "valid": 5, "test": 8, "seed": 0}


def article(number):
    """One of whose headings a fifth of the articles have, and one that it alone may have."""
    headings = [f"Common {number % 5}", *([f"Rare {number}"] if number % 4 == 0 else [])]
    return {"pmid": str(number), "title": f"Title {number}", "meshMajor": headings}


def text_of(articles):
    """As BioASQ publishes it: the head, then an article a line."""
    return '{"articles":[\n' + ",\n".join(map(json.dumps, articles)) + "\n]}"


@pytest.fixture
def published(tmp_path):
    def write(articles, name="allMeSH_2022.json"):
        path = tmp_path / name
        text = articles if isinstance(articles, str) else text_of(articles)
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return path

    return write


def test_the_draw_has_its_sizes_and_is_the_same_for_everybody(published):
    articles = [article(number) for number in range(100)]
    splits = pubmed_splits(published(articles), **SIZES)
    assert {split: len(rows) for split, rows in splits.items()} == {
        "train": 27,
        "valid": 5,
        "test": 8,
    }
    ids = [row.id for rows in splits.values() for row in rows]
    assert len(set(ids)) == 40
    for rows in splits.values():  # in the file's order, and the article itself
        assert [int(row.id) for row in rows] == sorted(int(row.id) for row in rows)
        assert all(row.tokens == ("Title", row.id) for row in rows)
        assert all(list(row.labels) == article(int(row.id))["meshMajor"] for row in rows)
    assert pubmed_splits(published(articles, "allMeSH_2022.json.gz"), **SIZES) == splits
    assert pubmed_splits(published(articles), **{**SIZES, "seed": 1}) != splits


def test_every_heading_can_be_learnt(published):
    splits = pubmed_splits(published([article(number) for number in range(100)]), **SIZES)
    learnt, asked = (
        {label for name in names for row in splits[name] for label in row.labels}
        for names in (["train"], ["valid", "test"])
    )
    assert asked <= learnt
    assert any(label.startswith("Rare") for label in learnt)


def test_every_article_is_as_likely_as_any_other(published):
    path = published([{**article(number), "meshMajor": ["One"]} for number in range(12)])
    drawn = Counter(
        row.id
        for seed in range(400)
        for rows in pubmed_splits(path, documents=4, valid=1, test=1, seed=seed).values()
        for row in rows
    )
    # 400 * 4 / 12 = 133, with a standard deviation of 9.4.
    assert set(drawn) == {str(number) for number in range(12)}
    assert all(abs(count - 400 / 3) < 45 for count in drawn.values())


def test_too_few_articles_to_draw_from_are_counted(published):
    path = published([article(number) for number in range(39)])
    with pytest.raises(MrcaError, match=r"has 39 articles\. Expected at least 40 to draw from"):
        pubmed_splits(path, **SIZES)


@pytest.mark.parametrize(
    "bad, expected",
    [
        ({"title": 3}, r"item 3, title: expected a valid string"),
        ({"title": "T", "meshMajor": "Humans"}, r"item 3, meshMajor: expected a valid list"),
        ({"title": " ", "meshMajor": []}, "item 3: expected at least one word"),
        ({"title": "T"}, "item 3: expected meshMajor, .*received an article without"),
        ([], "item 3: expected a JSON object"),
    ],
)
def test_a_drawn_article_that_cannot_be_used_is_named(bad, expected, published):
    articles = [article(number) for number in range(40)]
    articles[2] = bad
    with pytest.raises(MrcaError, match=f"{expected}(.|\n)*The file must be"):
        pubmed_splits(published(articles), **SIZES)


@pytest.mark.parametrize(
    "content, expected",
    [
        ("PK", r"item 1: expected `\{`, received 'PK'"),
        ("", r"item 1: expected `\{`, received the end of the file"),
        (text_of([article(0)])[:-2], "item 2: expected `,` or `]` after an article"),
        (text_of([article(0)])[:-5], "item 1: expected"),
    ],
)
def test_a_file_that_is_another_or_ends_early_is_said(content, expected, published):
    with pytest.raises(MrcaError, match=f"{expected}(.|\n)*allMeSH_YEAR.json, whole and unpacked"):
        pubmed_splits(published(content), **SIZES)


def test_a_file_that_cannot_be_read_is_said(published, tmp_path):
    with pytest.raises(MrcaError, match=r"Cannot read .*gone\.json"):
        pubmed_splits(tmp_path / "gone.json", **SIZES)
    path = published([article(number) for number in range(40)], "allMeSH.json.gz")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(MrcaError, match="broken gzip file"):
        pubmed_splits(path, **SIZES)
