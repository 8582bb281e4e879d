import json

import pytest

from mrca.datasets import iter_rows
from mrca.datasets.validate import validate

FILES = {
    "utf-16": ("\xff\xfe{", "expected text encoded as UTF-8, received text encoded as UTF-16"),
    "xml": ("<corpus><document/></corpus>", "received XML or HTML"),
    "zip": ("PK\x03\x04rest", "received a zip archive, or a workbook"),
    "parquet": ("PAR1rest", "received a Parquet table"),
    "multi-head": ("#doc 1\n0\tAda\tB-PER\t['N']\t[0]\n", "received a word and its tag in each"),
    "comments": ("# " * 2000 + "\nAda B-PER\n", "received a word and its tag in each line"),
    "no tags": ("# " * 2000 + "\nAda\n", "a file without JSON; its first line is"),
    "conll": ("-DOCSTART- O\n\nAda B-PER\nleft O\n", "received a word and its tag in each line"),
    "iob": ("Ada\tNNP\tB-PER\nleft\tVBD\tO\n", "received a word and its tag in each line"),
    "ann": ("T1\tPerson 0 3\tAda\n", "received one .ann of brat's"),
    "prose": ("Ada left.\nBo stayed.\n", 'without JSON; its first line is "Ada left."'),
}
OBJECTS = {
    "dygie": ({"doc_key": "a", "sentences": [], "ner": [], "relations": []}, "received DyGIE++'s"),
    "old spacy": ({"id": 0, "paragraphs": []}, "expected a .spacy file with doc._.rel"),
    "duie": ({"text": "A", "spo_list": []}, 'expected {"text", "triple_list": '),
    "another one": ({"phrase": "A", "who": "B"}, "items in no such form, the first is {"),
    "splits": ({"train": [], "test": []}, "expected a file for each split"),
}


@pytest.mark.parametrize("content, expected", FILES.values(), ids=FILES.keys())
def test_a_file_in_another_form_is_one_error_with_the_way_out(content, expected, tmp_path):
    path = tmp_path / "train.txt"
    path.write_bytes(content.encode("latin-1"))
    (row,) = iter_rows(path)
    assert str(row.error).startswith(f"{path}: expected ")
    assert expected in str(row.error)
    assert row.ends_file  # it is not skipped


@pytest.mark.parametrize(
    "ending, content, said",
    [
        ("parquet", "PAR1rest", "received a Parquet table"),
        ("conll", "Ada B-PER\nleft O\n", "received a word and its tag in each line"),
        ("xml", "<corpus/>", "received XML or HTML"),
    ],
)
def test_a_folder_with_nothing_else_gives_it_too(ending, content, said, tmp_path):
    (tmp_path / f"train.{ending}").write_text(content)
    report = validate(str(tmp_path))
    (problem,) = (each for each in report.problems if each.kind == "error")
    assert f"train.{ending}: expected " in str(problem)
    assert said in str(problem)


@pytest.mark.parametrize("item, expected", OBJECTS.values(), ids=OBJECTS.keys())
@pytest.mark.parametrize("container", ["lines", "array", "indented"])
def test_so_is_an_object_in_another_form(item, expected, container, tmp_path):
    path = tmp_path / "train.json"
    contents = {
        "lines": "\n".join([json.dumps(item)] * 2),
        "array": json.dumps([item] * 2),
        "indented": json.dumps(item, indent=1),
    }
    path.write_text(contents[container], encoding="utf-8")
    (row,) = iter_rows(path)
    assert expected in str(row.error)


def test_json_lines_whose_first_line_is_broken_keep_an_error_for_each_line(tmp_path):
    path = tmp_path / "train.jsonl"
    path.write_text('nonsense\n{"text": "Ada left.", "labels": []}\n{"txt": 1}\n', "utf-8")
    assert [row.error is None for row in iter_rows(path)] == [False, True, False]
