import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrca.datasets import iter_rows
from mrca.datasets.readers.deepke import iter_deepke
from mrca.text import Fact

HEADER = "sentence,relation,head,head_offset,tail,tail_offset"
ROW = "Ada Moss lives in Oslo.,lives_in,Ada Moss,0,Oslo,18"


@pytest.fixture
def rows_of(tmp_path):
    def read(text, **options):
        path = tmp_path / "train.csv"
        path.write_text(text, encoding="utf-8", newline="")
        return list(iter_rows(path, **options))

    return read


def test_a_row_is_a_sentence_with_its_head_and_tail(rows_of):
    quoted = '"He said ""no"",\nBo of Oslo",None,Oslo,20,Bo,14'
    first, second, third = rows_of(f"{HEADER}\r\n{ROW}\r\n{quoted}\r\n{ROW}\r\n")
    assert first.document.tokens == ("Ada", "Moss", "lives", "in", "Oslo", ".")
    assert [entity.name for entity in first.document.entities] == ["Ada Moss", "Oslo"]
    assert first.document.facts == (Fact(0, "lives_in", 1),)
    assert (second.document.labels, second.document.facts) == (("None",), ())
    assert [row.line for row in (first, second, third)] == [2, 3, 5]


def test_types_are_read_and_a_row_without_a_relation_is_to_predict(rows_of):
    header = "head,head_type,tail,tail_type,head_offset,tail_offset,sentence"
    (row,) = rows_of(f"\ufeff{header}\nAda,PER,Oslo,LOC,0,7,Ada in Oslo\n")
    assert [(e.name, e.type) for e in row.document.entities] == [("Ada", "PER"), ("Oslo", "LOC")]
    assert not row.labelled


def test_words_without_spaces_are_cut_at_the_entities(rows_of):
    (row,) = rows_of(f"{HEADER}\n阿达住在奥斯陆,住,阿达,0,奥斯陆,4\n")
    assert row.document.tokens == ("阿达", "住在", "奥斯陆")


BAD = {
    "another place": (
        "Ada Moss lives in Oslo.,r,Ada,0,Oslo,3",
        'tail_offset: expected "Oslo" at 3, received " Mos"',
    ),
    "no number": ("Ada in Oslo,r,Ada,zero,Oslo,7", "head_offset: expected a whole number"),
    "an empty head": ("Ada in Oslo,r,,0,Oslo,7", 'head_offset: expected "" at 0'),
    "too few cells": ("Ada in Oslo,r,Ada,0", "expected as many cells as columns"),
    "too many cells": (f"{ROW},9,9", "expected as many cells as columns"),
}


@pytest.mark.parametrize("bad, expected", BAD.values(), ids=BAD.keys())
def test_a_bad_row_is_named_and_the_others_are_read(bad, expected, rows_of):
    rows = rows_of(f"{HEADER}\n{ROW}\n{bad}\n{ROW}\n")
    assert [row.error is None for row in rows] == [True, False, True]
    assert "train.csv, line 3" in str(rows[1].error)
    assert expected in str(rows[1].error)


def test_a_table_that_is_broken_or_another_one_is_said_once(rows_of):
    rows = rows_of(f'{HEADER}\n{ROW}\n"Ada\n')
    assert "line 3: expected a row of a CSV table" in str(rows[1].error)
    assert rows[1].ends_file
    (row,) = rows_of("sentence,head_offset\nAda,0\nAda,0\n")
    assert "expected the columns sentence, head, head_offset, tail, tail_offset" in str(row.error)
    (row,) = rows_of("id,sentence,label\n1,Ada left,r\n2,Bo left,r\n")
    assert "received a table without DeepKE's columns" in str(row.error)


@given(*[st.text(st.characters(codec="utf-8"), max_size=8)] * 5)
def test_any_table_gives_documents_or_errors_of_ours(before, head, between, tail, after):
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(HEADER.split(","))
    sentence = f"{before}{head}{between}{tail}{after}"
    places = len(before), len(before + head + between)
    writer.writerow([sentence, "r", head, places[0], tail, places[1]])
    for row in iter_deepke(table.getvalue().encode(), "fuzz"):
        assert (row.document is None) == (row.error is not None)
        for document in filter(None, [row.document]):
            names = ["".join(entity.name.split()) for entity in document.entities]
            assert names == ["".join(each.split()) for each in (head, tail)]
