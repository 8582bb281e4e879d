import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mrca.datasets import iter_rows, load_corpus
from mrca.datasets.readers.pubmed import iter_pubmed
from mrca.datasets.readers.read_file import row_unit
from mrca.datasets.write import convert_corpus
from mrca.text import Document


def dump(value):
    return json.dumps(value, ensure_ascii=False)


ARTICLE = {
    "journal": "J Made Up",
    "meshMajor": ["Humans", "Mice, Inbred", "Humans"],
    "year": "2019",
    "abstractText": "We gave mice 3.5 mg of naïve salt.",
    "pmid": "123",
    "title": "Salt in mice.",
}
DOCUMENT = Document(
    tokens=(
        "Salt",
        "in",
        "mice",
        ".",
        "We",
        "gave",
        "mice",
        "3.5",
        "mg",
        "of",
        "naïve",
        "salt",
        ".",
    ),
    labels=("Humans", "Mice, Inbred"),
    id="123",
)
LAYOUTS = {
    "an article a line": lambda articles: (
        '{"articles":[\n' + ",\n".join(map(dump, articles)) + "\n]}\n"
    ),
    "one line": lambda articles: dump({"articles": articles}),
    "indented": lambda articles: json.dumps({"articles": articles}, indent=2),
    "an array": dump,
    "lines": lambda articles: "\n\n".join(map(dump, articles)) + "\n",
    "byte order mark": lambda articles: "\ufeff" + dump({"articles": articles}),
}


@pytest.fixture
def rows_of(tmp_path):
    def read(content, **options):
        path = tmp_path / "train.json"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return list(iter_rows(path, **options))

    return read


@pytest.mark.parametrize("lay_out", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_title_and_abstract_with_the_headings_however_the_file_is_laid_out(lay_out, rows_of):
    rows = rows_of(lay_out([ARTICLE, {**ARTICLE, "pmid": 4}]))
    assert rows[0].document == DOCUMENT
    assert [row.document.id for row in rows] == ["123", "4"]
    assert all(row.labelled for row in rows)


def test_what_a_row_is_counted_in(tmp_path):
    for name, lay_out in LAYOUTS.items():
        path = tmp_path / "train.json"
        path.write_text(lay_out([ARTICLE]), encoding="utf-8")
        assert row_unit(path) == ("line" if name == "lines" else "item")


def test_bytes_of_latin_1_are_read_as_such(rows_of):
    for name in ("an article a line", "lines"):
        text = LAYOUTS[name]([ARTICLE, ARTICLE])
        rows = rows_of(text.encode("latin-1"))
        assert [row.document for row in rows] == [DOCUMENT, DOCUMENT]


def test_an_article_without_headings_is_there_to_predict(rows_of):
    article = {"title": "Salt", "abstractText": None}
    text = LAYOUTS["an article a line"]([article, {**article, "meshMajor": []}])
    rows = rows_of(text)
    assert [row.labelled for row in rows] == [False, True]
    assert rows[1].document == Document(tokens=("Salt",))
    rows = rows_of(text, require_labels=True)
    assert "item 1: expected the relations that are stated" in str(rows[0].error)
    assert rows[1].error is None


@pytest.mark.parametrize("layout", ["an article a line", "lines"])
@pytest.mark.parametrize(
    "bad, expected",
    [
        ({**ARTICLE, "meshMajor": "Humans"}, "meshMajor: expected a valid list"),
        ({**ARTICLE, "meshMajor": [""]}, "meshMajor[0]: expected at least one character"),
        ({**ARTICLE, "title": 3}, "title: expected a valid string"),
        ({"abstractText": " "}, "expected at least one word in title and abstractText"),
        ([], "expected a JSON object"),
    ],
)
def test_a_bad_article_is_named_and_the_others_are_read(layout, bad, expected, rows_of):
    rows = rows_of(LAYOUTS[layout]([ARTICLE, bad, ARTICLE]))
    assert [row.error is None for row in rows] == [True, False, True]
    assert ("item 2" if layout != "lines" else "line 3") in str(rows[1].error)
    assert expected in str(rows[1].error)


@pytest.mark.parametrize(
    "tail, expected",
    [
        ("", "expected `,` or `]` after an article, received the end of the file"),
        (" 3", "expected `,` or `]` after an article, received '3'"),
        (",", "expected JSON"),
        (",]}", "expected JSON"),
        (',{"pmid": NaN}]}', "received NaN"),
        (',{"pmid": 1, "pmid": 2}]}', "expected each key once"),
        ("]", "expected `}`, received the end of the file"),
        ("]} {}", "expected the end of the file after `}`, received '{}'"),
    ],
)
def test_a_broken_file_gives_what_comes_before_and_one_error(tail, expected, rows_of):
    first, second = rows_of('{"articles":[' + dump(ARTICLE) + tail)
    assert first.document == DOCUMENT
    assert "item 2" in str(second.error)
    assert expected in str(second.error)


def test_a_broken_line_leaves_the_others(rows_of):
    rows = rows_of(dump(ARTICLE) + '\n{"abstractText":\n' + dump(ARTICLE))
    assert [row.error is None for row in rows] == [True, False, True]
    assert "line 2: expected JSON" in str(rows[1].error)


def test_no_more_of_a_file_is_read_than_is_needed():
    file = io.BytesIO(dump({"articles": [ARTICLE] * 5000}).encode())
    rows = iter_pubmed(file, "big")
    assert next(rows).document == DOCUMENT
    assert file.tell() < len(file.getvalue()) / 5
    assert sum(row.error is None for row in rows) == 4999
    assert not file.closed


def test_an_article_longer_than_what_is_read_at_once(rows_of):
    long = {**ARTICLE, "abstractText": "salt " * 60_000}
    rows = rows_of(dump({"articles": [ARTICLE, long, ARTICLE]}))
    assert [len(row.document.tokens) for row in rows] == [13, 60_004, 13]


def test_a_folder_is_a_corpus_and_converts_to_the_same_documents(tmp_path):
    folder = tmp_path / "pubmed"
    folder.mkdir()
    for split in ("train", "valid", "test"):
        text = LAYOUTS["an article a line"]([ARTICLE] * 2)
        (folder / f"{split}.json").write_text(text, encoding="utf-8")
    corpus = load_corpus(str(folder))
    convert_corpus(corpus, tmp_path / "converted")
    again = load_corpus(str(tmp_path / "converted"))
    assert again.splits == corpus.splits
    assert again.relations == corpus.relations


def test_json_lines_of_ones_own_are_not_taken_for_articles(rows_of):
    own = {"text": 'A, "abstractText": B {"articles":[', "labels": ["meshMajor"]}
    (row,) = rows_of(dump(own))
    assert row.document.labels == ("meshMajor",)


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(list(LAYOUTS.values())), st.data())
def test_any_file_gives_rows_or_errors_of_ours(tmp_path_factory, lay_out, data):
    content = bytearray(lay_out([ARTICLE, ARTICLE]).encode())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=4)):
        content[place] = data.draw(st.sampled_from(b'{}[],":\\\xff\x00 n') | st.integers(0, 255))
    path = tmp_path_factory.mktemp("fuzz") / "train.json"
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    for row in iter_rows(path):
        assert (row.document is None) == (row.error is not None)
        if row.document:
            json.dumps(row.document.tokens, ensure_ascii=False).encode()
