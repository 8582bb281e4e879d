import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mrca.datasets import CandidateSelection, corpus_statistics, load_corpus
from mrca.datasets.readers.pubtator import iter_pubtator
from mrca.datasets.write import convert_corpus
from mrca.text import Entity, Fact, Span

BLOCK = """\
7|t|HNF6 and type II diabetes
7|a|HNF6-deficient cells met insulin, glucose and MODY1/2.
7\t0\t4\tHNF6\tGene\t3175
7\t9\t25\ttype II diabetes\tDisease\tD003924
7\t26\t30\tHNF6\tGene\t3175
7\t51\t58\tinsulin\tGene\t3630
7\t60\t67\tglucose\tChemical\t-
7\t72\t77\tMODY1\tGene\t3172,6927
7\tAssociation\tD003924\t3175\tNo
7\tBind\t3630\t3172\tNovel
7\tBind\t3630\t3630\tNo
"""


def read(text):
    return list(iter_pubtator(text.encode().splitlines(keepends=True), "Train.PubTator"))


def test_an_entity_has_all_mentions_of_its_id_in_the_order_of_the_first():
    (row,) = read(BLOCK)
    document = row.document
    assert document.entities == (
        Entity((Span(0, 1), Span(5, 6)), "Gene", "3175", "HNF6"),
        Entity((Span(2, 5),), "Disease", "D003924", "type II diabetes"),
        Entity((Span(8, 9),), "Gene", "3630", "insulin"),
        Entity((Span(10, 11),), "Chemical", "Chemical at 60", "glucose"),
        Entity((Span(12, 13),), "Gene", "3172", "MODY1/2"),
        Entity((Span(12, 13),), "Gene", "6927", "MODY1/2"),
    )
    assert (document.id, document.roles, document.sentences) == ("7", "unknown", (0,))
    assert document.text.startswith("HNF6 and type II diabetes\nHNF6-deficient")


def test_offsets_inside_a_word_are_widened_and_reported():
    (row,) = read(BLOCK)
    assert [problem.kind for problem in row.problems] == ["widened", "widened", "widened"]
    assert "Train.PubTator, line 1 (7), entities[0].mentions[1]: expected the whole of" in str(
        row.problems[0]
    )


def test_each_two_entities_are_asked_about_once_and_a_fact_goes_from_the_first():
    (row,) = read(BLOCK)
    document = row.document
    assert document.facts == (
        Fact(0, "Association", 1),  # the file has the disease first
        Fact(2, "Bind", 4),
        Fact(2, "Bind", 2),  # never asked about
    )
    asked = CandidateSelection("pairs").of(document)
    assert len(asked) == 6 * 5 / 2
    assert all(pair.subjects < pair.objects for pair in asked)
    assert sum(bool(pair.labels) for pair in asked) == 2


def test_several_ids_are_one_entity_where_a_relation_names_them_as_one():
    block = (
        "8|t|A met B\n8|a|\n8\t0\t1\tA\tChemical\tD1|D2\n8\t6\t7\tB\tDisease\tD3\n8\tCID\t{}\tD3\n"
    )
    (joined,), (apart,) = (read(block.format(ids)) for ids in ("D1|D2", "D2"))
    assert [entity.id for entity in joined.document.entities] == ["D1|D2", "D3"]
    assert [entity.id for entity in apart.document.entities] == ["D1", "D2", "D3"]
    assert apart.document.facts == (Fact(1, "CID", 2),)
    variant = "8|t|c.5A>G\n8\t0\t6\tc.5A>G\tSequenceVariant\tc|SUB|A|5|G\n"
    (row,) = read(variant)
    assert [entity.id for entity in row.document.entities] == ["c|SUB|A|5|G"]


def test_documents_are_parted_by_blank_lines_and_need_no_relation():
    rows = read(f"\ufeff{BLOCK}\n\n9|t|Nothing here\n9|a|at all\n\n{BLOCK}")
    assert [row.line for row in rows] == [1, 14, 17]
    assert rows[1].document.tokens == ("Nothing", "here", "at", "all")
    assert rows[1].labelled and rows[1].document.facts == ()
    assert rows[0].document == rows[2].document


BAD = {
    "no title": ("7|t|HNF6 and", "7|a|HNF6 and", "line 1 (7): expected a title, such as"),
    "text at its offsets": ("0\t4\tHNF6\tG", "0\t3\tHNF6\tG", 'text: expected "HNF", received'),
    "an end behind the text": ("72\t77", "72\t99", "char_end: expected at most 80, received 99"),
    "an offset": ("\t0\t4", "\tx\t4", "line 3 (7): expected two offsets, a text, a type and an"),
    "a start behind its end": ("\t0\t4", "\t4\t0", "expected whole numbers with start < end"),
    "another document": ("7\t51", "8\t51", "line 6 (7): expected a line of 7, or a blank one"),
    "columns": ("Bind\t3630\t3172\tNovel", "Bind", "line 10 (7): expected 6 columns of a mention"),
    "an unknown id": ("D003924\t3175", "D003924\t31", "line 9 (7): expected ids of entities of 7"),
    "bytes": ("insulin,", "\udcff", "line 2: expected text encoded as UTF-8"),
}


@pytest.mark.parametrize(("old", "new", "expected"), BAD.values(), ids=BAD.keys())
def test_a_bad_document_is_named_and_the_others_are_read(old, new, expected):
    assert BLOCK.count(old) == 1
    text = f"{BLOCK}\n{BLOCK.replace(old, new)}\n{BLOCK}"
    lines = text.encode("utf-8", "surrogateescape").splitlines(keepends=True)
    rows = list(iter_pubtator(lines, "Train.PubTator"))
    good = [row for row in rows if row.error is None]
    assert rows[0] in good and rows[-1] in good
    errors = " ".join(str(row.error) for row in rows if row.error)
    number = int(expected.split("line ")[1].split()[0].strip(":")) if "line " in expected else 0
    shifted = expected.replace(f"line {number}", f"line {number + 12}") if number else expected
    assert shifted in errors


def test_a_published_folder_is_a_corpus_and_converts_to_the_same_pairs(tmp_path):
    folder = tmp_path / "biored"
    folder.mkdir()
    for name in ("Train.PubTator", "Dev.PubTator.txt", "TEST.PUBTATOR"):
        (folder / name).write_text(BLOCK, "utf-8")
    corpus = load_corpus(str(folder))
    assert [len(rows) for rows in corpus.splits.values()] == [1, 1, 1]
    convert_corpus(corpus, tmp_path / "converted")
    assert load_corpus(str(tmp_path / "converted")).splits == corpus.splits


PART = st.sampled_from(
    [*BLOCK.splitlines(), "", "7", "7\t0\t9\tx\tT\t1", "7\tr\t1\t2", "|t|", "8|t|A B", "8|a|C"]
)


@settings(deadline=None, max_examples=200)
@given(st.lists(PART, max_size=12) | st.permutations(BLOCK.splitlines()))
def test_any_lines_give_documents_or_errors_of_ours(lines):
    for row in read("\n".join(lines)):
        assert (row.document is None) == (row.error is not None)
        for document in filter(None, [row.document]):
            assert all(first < later for first, later in document.pairs)
            assert all(fact.subject <= fact.object for fact in document.facts)


def test_biored_has_the_published_numbers(real_file):
    corpus = load_corpus(str(real_file("biored")))
    statistics = corpus_statistics(corpus)
    splits = statistics.splits.values()
    assert [split.documents for split in splits] == [400, 100, 100]
    facts = [round(split.facts.mean * split.documents) for split in splits]
    assert facts == [4178, 1162, 1163]
    assert (len(statistics.train_counts), len(statistics.types)) == (8, 6)
    assert [split.pairs for split in splits] == [31_249, 9_275, 10_268]
    assert {problem.kind for problem in corpus.problems} == {"widened"}
    assert statistics.splits["train"].within_sentence is None
