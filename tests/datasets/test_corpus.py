import json

import pytest

from mrca.datasets import load_corpus, marks_line
from mrca.datasets.validate import validate
from mrca.errors import MrcaError


def test_a_users_folder(write_corpus):
    folder = write_corpus(train=["b", "a b", ""], valid=["a"], test=["b"])
    corpus = load_corpus(str(folder))
    assert corpus.name == "mine"
    assert corpus.folder == folder
    assert {split: len(rows) for split, rows in corpus.splits.items()} == {
        "train": 3,
        "valid": 1,
        "test": 1,
    }
    assert corpus.relations.names == ("a", "b")
    assert corpus.splits["train"][1].labels == ("a", "b")
    assert corpus.problems == []


def test_a_corpus_is_shown_by_its_sizes(write_corpus):
    corpus = load_corpus(str(write_corpus(train=["b", "a b", ""], valid=["a"])))
    assert repr(corpus) == "Corpus('mine': train 3, valid 1; 2 relations)"
    table = corpus._repr_html_()
    assert "<tr><td>train</td><td>3</td><td>0</td><td>0</td><td>3</td></tr>" in table
    assert "<th>documents</th>" in table


def test_relations_json_gives_the_order_and_may_name_more(write_corpus):
    folder = write_corpus(relations=["z", "b", "a"], train=["b", "a"], valid=["z"])
    assert load_corpus(str(folder)).relations.names == ("z", "b", "a")


@pytest.mark.parametrize("content", ["{}", "[1]", '["a", "a"]', "[]", '["a"', '[""]', "\ufeff["])
def test_a_bad_relations_json_is_named(content, write_corpus):
    folder = write_corpus(train=["a"], valid=["a"])
    (folder / "relations.json").write_text(content, encoding="utf-8")
    with pytest.raises(MrcaError, match=r"relations\.json: "):
        load_corpus(str(folder))


def test_rel2id_gives_the_order_of_its_columns_without_that_of_no_relation(write_corpus):
    folder = write_corpus(train=["b", "a"], valid=["a"])
    (folder / "rel2id.json").write_text('{"a": 2, "Na": 0, "b": 1, "c": 10}', encoding="utf-8")
    assert load_corpus(str(folder)).relations.names == ("b", "a", "c")
    (folder / "relations.json").write_text('["a", "b"]', encoding="utf-8")
    assert load_corpus(str(folder)).relations.names == ("a", "b")


@pytest.mark.parametrize("content", ["[]", '{"a": "1"}', '{"a": true}', '{"Na": 0}', "{", "\xff"])
@pytest.mark.parametrize("name", ["rel2id.json", "rel_info.json"])
def test_a_bad_rel2id_or_rel_info_is_named(name, content, write_corpus):
    folder = write_corpus(train=["a"], valid=["a"])
    content = content.replace('"1"', "[]") if name == "rel_info.json" else content
    (folder / name).write_bytes(content.encode("latin-1"))
    with pytest.raises(MrcaError, match=name.replace(".", r"\.") + ": "):
        load_corpus(str(folder))


def test_a_test_split_without_labels_is_left_out_and_said(write_corpus):
    folder = write_corpus(train=["a"] * 4, valid=["a"], test=[{"text": "A"}, {"text": "B"}])
    corpus = load_corpus(str(folder))
    assert list(corpus.splits) == ["train", "valid"]
    assert "test.jsonl, test: expected rows that say which relations are stated" in str(
        corpus.notes[0]
    )
    some = write_corpus("some", train=["a"], valid=["a"], test=[{"text": "A"}, "a"])
    with pytest.raises(MrcaError, match=r'test\.jsonl, line 1, facts: expected "facts" or'):
        load_corpus(str(some))


@pytest.mark.parametrize("relations", [None, ["a"]])
def test_a_label_that_is_no_relation_is_named_by_split_line_and_remedy(relations, write_corpus):
    folder = write_corpus(relations=relations, train=["a"], valid=["a", "a c"])
    with pytest.raises(MrcaError) as caught:
        load_corpus(str(folder))
    message = str(caught.value)
    assert "valid.jsonl, line 2: the relation 'c' of the valid split" in message
    assert f"Add it to {folder / 'relations.json'}" in message


def test_without_a_validation_split_a_seeded_tenth_is_held_out_and_said(write_corpus):
    folder = write_corpus(train=["a", "b"] * 20)
    corpus, again = load_corpus(str(folder)), load_corpus(str(folder))
    assert [len(corpus.splits[split]) for split in ("train", "valid")] == [36, 4]
    assert list(corpus.splits) == ["train", "valid"]
    ids = [row.id for rows in corpus.splits.values() for row in rows]
    assert len(set(ids)) == 40
    assert again.splits == corpus.splits
    (note,) = corpus.notes
    assert "4 of the 40 training rows are held out for validation" in str(note)


def test_one_row_cannot_be_split(write_corpus):
    with pytest.raises(MrcaError, match="at least two rows"):
        load_corpus(str(write_corpus(train=["a"])))


def test_no_training_split_says_what_is_there(write_corpus):
    with pytest.raises(MrcaError, match=r"no training split.*It holds: dev\.jsonl, test\.jsonl"):
        load_corpus(str(write_corpus(dev=["a"], test=["a"])))


def test_two_files_of_one_split_are_not_chosen_between(write_corpus):
    folder = write_corpus(train=["a"])
    (folder / "train.json").write_text("[]")
    with pytest.raises(MrcaError, match=r"both train\.json and train\.jsonl"):
        load_corpus(str(folder))


def test_nothing_to_learn_is_refused(write_corpus):
    with pytest.raises(MrcaError, match=r"No training row of .* states a relation"):
        load_corpus(str(write_corpus(train=["", ""], valid=[""])))
    with pytest.raises(MrcaError, match=r"valid\.jsonl holds no rows"):
        load_corpus(str(write_corpus("empty", train=["a"], valid=[])))


def test_rows_that_cannot_be_used_stop_the_load_with_their_lines(write_corpus):
    folder = write_corpus(train=["a", {"text": "A"}, {"text": 3}], valid=["a"])
    with pytest.raises(MrcaError) as caught:
        load_corpus(str(folder))
    message = str(caught.value)
    assert 'line 2, facts: expected "facts" or "labels"' in message
    assert "line 3, text: expected a valid string" in message
    assert f"mrca data validate {folder}; leave them out with: --on-error skip" in message


def test_a_row_with_a_mention_that_is_not_there_is_kept_or_dropped(write_corpus):
    absent = {"text": "Ada met Bob", "facts": [["Ada", "a", "Cleo"], ["Dan", "a", "Bob"]]}
    folder = write_corpus(train=["a", absent], valid=["a", absent], test=[absent])
    kept = load_corpus(str(folder))
    dropped = load_corpus(str(folder), unmatched="drop")
    assert len(kept.splits["train"]) == 2
    assert kept.splits["train"][1].labels == ("a",)
    assert [len(rows) for rows in dropped.splits.values()] == [1, 2, 1]
    assert dropped.splits["valid"] == kept.splits["valid"]
    assert len(kept.unmatched) == 6
    assert {p.field for p in kept.unmatched} == {"facts[0].object", "facts[1].subject"}
    assert kept.unmatched == dropped.unmatched
    with pytest.raises(MrcaError, match="Expected 'keep' or 'drop'"):
        load_corpus(str(folder), unmatched="guess")


def test_dropping_rows_changes_neither_the_relations_nor_what_is_held_out(write_corpus):
    absent = {"text": "Ada met Bob", "facts": [["Ada", "b", "Cleo"]]}
    folder = write_corpus(train=["a", absent] * 20)
    kept, dropped = (load_corpus(str(folder), unmatched=way) for way in ("keep", "drop"))
    assert dropped.splits["valid"] == kept.splits["valid"]
    assert {document.labels for document in dropped.splits["train"]} == {("a",)}
    assert dropped.relations == kept.relations
    alone = write_corpus("alone", train=[absent], valid=[absent])
    with pytest.raises(MrcaError, match=r"data\.unmatched=keep"):
        load_corpus(str(alone), unmatched="drop")


def test_the_public_json_form_is_read_from_a_users_folder(tmp_path):
    rows = [{"text": "A is B", "triple_list": [["A", "r", "B"]]}]
    for split in ("train", "valid"):
        (tmp_path / f"{split}.json").write_text(json.dumps(rows))
    assert load_corpus(str(tmp_path)).splits["valid"][0].labels == ("r",)


def test_the_fingerprint_is_of_the_data_not_of_the_place(write_corpus):
    def fingerprint(name, **changes):
        content = {"train": ["a", "b"], "valid": ["a"], "test": ["b"], **changes}
        return load_corpus(str(write_corpus(name, **content))).fingerprint

    original = fingerprint("one")
    assert len(original) == 64
    assert fingerprint("two") == original
    others = {
        fingerprint("three", train=["b", "a"]),
        fingerprint("four", test=["a"]),
        fingerprint("five", relations=["b", "a"]),
    }
    assert len(others | {original}) == 4


def test_registered_corpora_have_the_union_of_all_splits(write_corpus, tmp_path):
    write_corpus("data/nyt_small", train=["b"], valid=["c"], test=["a"])
    corpus = load_corpus("nyt_small", tmp_path / "data")
    assert corpus.name == "nyt_small"
    assert corpus.relations.names == ("a", "b", "c")


def test_tokens_are_held_once(write_corpus):
    corpus = load_corpus(str(write_corpus(train=["a", "a"], valid=["a"])))
    first, second = corpus.splits["train"]
    assert first.tokens[0] is second.tokens[0]


def test_webnlg(real_data):
    corpus = load_corpus("webnlg", real_data, download=False)
    assert [len(rows) for rows in corpus.splits.values()] == [5019, 500, 703]
    assert len(corpus.relations) == 216
    (note,) = corpus.problems
    assert "'fullName' and 'fullname'" in str(note)


def test_nyt_small(real_data):
    corpus = load_corpus("nyt_small", real_data, download=False)
    assert [len(rows) for rows in corpus.splits.values()] == [4440, 500, 5000]
    assert len(corpus.relations) == 24
    counts = [
        sum(f"{split}.json" in problem.source for problem in corpus.unmatched)
        for split in corpus.splits
    ]
    assert counts == [45, 2, 44]
    dropped = load_corpus("nyt_small", real_data, unmatched="drop", download=False)
    assert [len(rows) for rows in dropped.splits.values()] == [4419, 500, 5000]


# === Marks, types, offsets ===

ADA = {"text": "Ada", "type": "PER"}
LISTED = {"text": "Ada met Bo", "entities": [ADA, "Bo"], "facts": [["Ada", "a", "Bo"]]}
ORACLE = {"text": "Ada met Bo", "facts": [["Ada", "a", "Bo"]]}
NOTHING = {"text": "Nobody met anyone", "facts": []}


@pytest.mark.parametrize(
    ("rows", "oracle", "said"),
    [
        (
            [LISTED, LISTED],
            False,
            "Entities are listed by the corpus; pairs of them without a fact",
        ),
        ([ORACLE, NOTHING], True, "the marks are an oracle, and scores are those of a model that"),
        ([ORACLE, LISTED, "a"], True, "1 of 2 rows list no entities, so that only those of their"),
        (["a", "a"], False, ""),
    ],
)
def test_where_the_marks_come_from_is_said(rows, oracle, said, write_corpus):
    corpus = load_corpus(str(write_corpus(train=rows, valid=["a"])))
    assert corpus.oracle == oracle
    line = marks_line(corpus.splits["train"])
    assert line.startswith(said) or said in line
    assert bool(line) == bool(said)


def test_the_types_are_those_of_the_training_split(write_corpus):
    place = {"text": "in Rome", "entities": [{"text": "Rome", "type": "LOC"}], "facts": []}
    corpus = load_corpus(str(write_corpus(train=[LISTED, "a"], valid=[place])))
    assert corpus.types == ("PER",)


def test_documents_of_a_corpus_do_not_hold_their_strings(write_corpus):
    corpus = load_corpus(str(write_corpus(train=[LISTED, "a"], valid=["a"])))
    assert all(not row.text and not row.offsets for row in corpus.splits["train"])


def test_offsets_inside_words_stop_the_load_or_are_widened(write_corpus):
    row = {"text": "a manhunt", "entities": [{"char_start": 5, "char_end": 9}], "labels": ["a"]}
    folder = write_corpus(train=[row], valid=["a"])
    with pytest.raises(MrcaError, match=r"line 1, entities\[0\]: expected offsets at the borders"):
        load_corpus(str(folder))
    corpus = load_corpus(str(folder), offsets="widen")
    assert corpus.splits["train"][0].entities[0].name == "manhunt"
    assert [problem.kind for problem in corpus.problems] == ["widened"]
    assert corpus.unmatched == corpus.notes == []
    assert corpus.splits == load_corpus(str(folder), unmatched="drop", offsets="widen").splits
    with pytest.raises(MrcaError, match=r"offsets is 'guess'\. Expected 'exact' or 'widen'"):
        load_corpus(str(folder), offsets="guess")


def test_names_that_differ_by_what_cannot_be_read_are_noticed(write_corpus):
    folder = write_corpus(train=[{"text": "t", "labels": ["born in", "Born\u00a0in"]}], valid=["a"])
    (folder / "relations.json").write_text(json.dumps(["born in", "Born\u00a0in", "a"]))
    (note,) = load_corpus(str(folder)).notes
    assert r"only in white space, case or Unicode form: 'born in' and 'Born\xa0in'" in str(note)
    assert any("Unicode form" in str(each) for each in validate(str(folder)).problems)
