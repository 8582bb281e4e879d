import json

import pytest

from mrca.datasets import iter_rows, load_corpus
from mrca.datasets.convert import convert_corpus, convert_file
from mrca.errors import MrcaError


def test_a_corpus_stays_the_same_corpus(write_corpus, tmp_path):
    rows = [
        {"text": "A met Bo. A left.", "triples": [["A", "met", {"char_start": 6, "char_end": 8}]]},
        {"text": "A met B", "triples": [["A", "knows", "Nobody Here"]]},
    ]
    folder = write_corpus(relations=["z", "met", "knows"], train=rows, valid=["z"], test=["met"])
    before = load_corpus(str(folder))
    convert_corpus(before, tmp_path / "out" / "converted")
    after = load_corpus(str(tmp_path / "out" / "converted"))
    assert after.splits == before.splits
    assert after.relations == before.relations
    assert len(after.unmatched) == len(before.unmatched) == 1
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["converted"]


def test_a_public_file_becomes_json_lines(tmp_path):
    source = tmp_path / "train.json"
    source.write_text(json.dumps([{"text": "A is B", "triple_list": [["A", "r", "B"]]}] * 3))
    assert convert_file(source, tmp_path / "train.jsonl") == 3
    row = json.loads((tmp_path / "train.jsonl").read_text().splitlines()[0])
    assert row == {
        "tokens": ["A", "is", "B"],
        "subjects": [{"token_start": 0, "token_end": 1, "text": "A"}],
        "objects": [{"token_start": 2, "token_end": 3, "text": "B"}],
        "triples": [["A", "r", "B"]],
    }


def test_a_row_whose_labels_are_not_known_stays_one(tmp_path):
    rows = [{"text": "A", "subjects": ["A"]}, {"text": "A", "labels": []}]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    convert_file(tmp_path / "rows.jsonl", tmp_path / "out.jsonl")
    before, after = (list(iter_rows(tmp_path / name)) for name in ("rows.jsonl", "out.jsonl"))
    assert [row.labelled for row in after] == [row.labelled for row in before] == [False, True]
    assert [row.example for row in after] == [row.example for row in before]
    assert "labels" not in json.loads((tmp_path / "out.jsonl").read_text().splitlines()[0])


def test_a_bad_row_leaves_nothing_behind(write_corpus):
    folder = write_corpus(train=["a", {"text": 1}])
    with pytest.raises(MrcaError, match="line 2, text") as caught:
        convert_file(folder / "train.jsonl", folder / "out.jsonl")
    assert "mrca data validate" in str(caught.value)
    assert [path.name for path in folder.iterdir()] == ["train.jsonl"]


def test_nothing_is_overwritten(write_corpus):
    folder = write_corpus(train=["a", "a"])
    with pytest.raises(MrcaError, match="exists"):
        convert_file(folder / "train.jsonl", folder / "train.jsonl")
    with pytest.raises(MrcaError, match="exists"):
        convert_corpus(load_corpus(str(folder)), folder)


def test_the_real_corpora_stay_the_same(real_data, tmp_path):
    for name in ("webnlg", "nyt_small"):
        before = load_corpus(name, real_data, download=False)
        convert_corpus(before, tmp_path / name)
        after = load_corpus(str(tmp_path / name))
        assert after.splits == before.splits
        assert after.relations == before.relations
