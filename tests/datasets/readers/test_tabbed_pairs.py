import gzip
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mrca.datasets import CandidateSelection, corpus_statistics, iter_rows, load_corpus
from mrca.datasets.readers.tabbed_pairs import iter_tabbed_pairs
from mrca.datasets.write import convert_corpus
from mrca.text import Document, Entity, Fact, Span

TEXT = "Naloxone reversed hypotension .|Severe drug fever came with naloxone .|Fever ended ."
NALOXONE = ["D1", "Naloxone|naloxone", "Chemical", "0:9", "1:10", "0:1"]
DRUG = ["D2", "drug", "Chemical", "5", "6", "1"]
LOW = ["D3", "hypotension", "Disease", "2", "3", "0"]
FEVER = ["D4", "drug fever|Fever", "Disease", "5:11", "7:12", "1:2"]
PAIRS = [
    ["1:CID:2", "R2L", "CROSS", "0-1", "5-7", *NALOXONE, *FEVER],
    ["1:NR:2", "L2R", "NON-CROSS", "0-1", "2-3", *NALOXONE, *LOW],
    ["not_include", "L2R", "CROSS", "5-6", "2-3", *DRUG, *LOW],
    ["1:NR:2", "L2R", "NON-CROSS", "5-6", "5-7", *DRUG, *FEVER],
]
DOCUMENT = Document(
    tokens=tuple(TEXT.replace("|", " ").split(" ")),
    entities=(
        Entity((Span(0, 1), Span(9, 10)), "Chemical", "D1", "Naloxone"),
        Entity((Span(5, 7), Span(11, 12)), "Disease", "D4", "drug fever"),
        Entity((Span(2, 3),), "Disease", "D3", "hypotension"),
        Entity((Span(5, 6),), "Chemical", "D2", "drug"),
    ),
    facts=(Fact(0, "CID", 1),),
    labels=("CID",),
    subjects=(0, 3),
    objects=(1, 2),
    pairs=((0, 1), (0, 2), (3, 1)),
    sentences=(0, 4, 11),
    id="42",
)


def line(pairs=PAIRS, text=TEXT, id="42"):
    return "\t".join([id, text, *(column for pair in pairs for column in pair)])


def read(*lines):
    return list(iter_tabbed_pairs([each.encode() + b"\n" for each in lines], "train.data"))


def test_chemicals_are_subjects_and_the_listed_pairs_are_asked_about():
    (row,) = read(line())
    assert row.document == DOCUMENT
    assert row.problems == ()
    asked = CandidateSelection("pairs").of(row.document)
    assert [(*pair.subjects, *pair.objects, pair.labels) for pair in asked] == [
        (0, 1, ("CID",)),
        (0, 2, ()),
        (3, 1, ()),
    ]


def test_where_every_pair_is_listed_none_needs_to_be_named():
    (row,) = read(line([["1:NR:2", *pair[1:]] for pair in PAIRS]))
    assert row.document.pairs is None
    assert len(CandidateSelection("pairs").of(row.document)) == 4
    assert row.labelled and row.document.labels == ()


def test_a_name_that_has_nothing_to_do_with_its_place_is_reported():
    (row,) = read(line([[*PAIRS[0][:6], "Aspirin|naloxone", *PAIRS[0][7:]]]))
    assert [str(problem) for problem in row.problems] == [
        'train.data, line 1 (42), pair 1, first entity, names: expected "Naloxone", received '
        '"Aspirin"'
    ]
    assert row.document.entities[0] == DOCUMENT.entities[0]


def with_column(number, value):
    return line([[value if place == number else each for place, each in enumerate(PAIRS[0])]])


BAD = {
    "a column too few": (line()[: line().rindex("\t")], "expected a number, a text and 17 columns"),
    "no text": (line(text=" "), "text: expected at least one word"),
    "a label": (with_column(0, "CID"), "pair 1, label: expected a label such as 1:CID:2"),
    "no id": (with_column(5, ""), "pair 1, first entity, id: expected at least one character"),
    "starts": (with_column(8, "0:x"), "pair 1, first entity, starts: expected places of words"),
    "an end too few": (with_column(15, "7"), "second entity: expected as many names, starts and"),
    "an end too far": (
        with_column(15, "7:99"),
        "second entity: expected places of words, start below end, end up to 14, received 11 and",
    ),
    "an empty mention": (with_column(9, "0:10"), "first entity: expected places of words, start"),
    "bytes": ("\udcff", "expected text encoded as UTF-8, received the byte 0xff"),
}


@pytest.mark.parametrize(("bad", "expected"), BAD.values(), ids=BAD.keys())
def test_a_bad_line_is_named_and_the_others_are_read(bad, expected):
    lines = [each.encode("utf-8", "surrogateescape") for each in (line(), "", bad, line())]
    rows = list(iter_tabbed_pairs(lines, "train.data"))
    assert [row.error is None for row in rows] == [True, False, True]
    assert "train.data, line 3" in str(rows[1].error)
    assert expected in str(rows[1].error)


@pytest.mark.parametrize("name", ["_filter.data", "_filter.data.gz", ".data", ".tsv", ".txt"])
def test_a_published_folder_is_a_corpus_and_converts_to_the_same_documents(name, tmp_path):
    folder = tmp_path / "cdr"
    folder.mkdir()
    for split in ("train", "dev", "test"):
        content = (line() + "\n").encode()
        packed = gzip.compress(content) if name.endswith(".gz") else content
        (folder / f"{split}{name}").write_bytes(packed)
    corpus = load_corpus(str(folder))
    assert [len(rows) for rows in corpus.splits.values()] == [1, 1, 1]
    assert corpus.relations.names == ("CID",)
    convert_corpus(corpus, tmp_path / "converted")
    (document,) = load_corpus(str(tmp_path / "converted")).splits["test"]
    assert document == DOCUMENT
    row = json.loads((tmp_path / "converted" / "test.jsonl").read_text("utf-8"))
    assert row["pairs"] == [["D1", "D4"], ["D1", "D3"], ["D2", "D4"]]


COLUMN = st.sampled_from(
    ["0", "1", "0:1", "2:3", "A", "A|B", "", "1:CID:2", "1:NR:2", "L2R", "x:1"]
)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.lists(COLUMN, min_size=16, max_size=17), max_size=2)
    | st.lists(st.sampled_from(PAIRS), max_size=4),
    st.sampled_from([TEXT, "A B", "A|B", "|", "", " A  B "]),
)
def test_any_line_gives_a_document_or_an_error_of_ours(pairs, text):
    for row in read(line(pairs, text)):
        assert (row.document is None) == (row.error is not None)
        for document in filter(None, [row.document]):
            words = len(document.tokens)
            spans = [span for entity in document.entities for span in entity.mentions]
            assert all(0 <= span.start < span.end <= words for span in spans)
            assert document.sentences[0] == 0
            assert all(fact.subject in document.subjects for fact in document.facts)


def test_cdr_has_the_published_numbers(real_file):
    folder = real_file("cdr")
    statistics = corpus_statistics(load_corpus(str(folder)))
    splits = statistics.splits.values()
    assert [split.documents for split in splits] == [500, 500, 500]
    # 1,038, 1,012 and 1,066 chemical-induced diseases, as BioCreative V counts them.
    facts = [round(split.facts.mean * split.documents) for split in splits]
    assert facts == [1038, 1012, 1066]
    assert [split.pairs for split in splits] == [5242, 5087, 5204]
    assert statistics.types == ("Chemical", "Disease")
    rows = [row for path in sorted(folder.glob("*.gz")) for row in iter_rows(path)]
    assert not any(row.problems for row in rows)
    pairs = [pair for row in rows for pair in row.document.pairs or ()]
    assert len(pairs) > 0
