import copy
import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mrca.datasets import CandidateSelection, corpus_statistics, iter_rows, load_corpus
from mrca.datasets.readers.docred import read_docred_item, same_words
from mrca.datasets.validate import validate
from mrca.datasets.write import convert_corpus
from mrca.errors import MrcaError
from mrca.text import Document, Entity, Fact, Span

ITEM = {
    "title": "Ada Moss",
    "sents": [["Ada", "Moss", "came", "to", "Oslo", "."], ["Moss", "liked", "Norway", "'s", "sea"]],
    "vertexSet": [
        [
            {"name": "Moss", "sent_id": 1, "pos": [0, 1], "type": "PER", "global_pos": [6, 6]},
            {"name": "Ada Moss", "sent_id": 0, "pos": [0, 2], "type": "PER"},
            {"name": "Moss", "sent_id": 1, "pos": [0, 1], "type": "ORG"},
        ],
        [{"name": "Oslo", "sent_id": 0, "pos": [4, 5], "type": "LOC"}],
        [{"name": "Norway's", "sent_id": 1, "pos": [2, 4], "type": "LOC"}],
    ],
    "labels": [
        {"h": 0, "r": "P19", "t": 1, "evidence": [0]},
        {"h": 1, "r": "P17", "t": 2, "evidence": [1, 0]},
        {"h": 0, "r": "P19", "t": 1, "evidence": [1]},
        {"h": 0, "r": "P27", "t": 2},
    ],
}
DOCUMENT = Document(
    tokens=tuple(word for sentence in ITEM["sents"] for word in sentence),
    entities=(
        Entity((Span(0, 2), Span(6, 7)), "PER", name="Moss"),
        Entity((Span(4, 5),), "LOC", name="Oslo"),
        Entity((Span(8, 10),), "LOC", name="Norway 's"),
    ),
    facts=(Fact(0, "P19", 1, (0, 1)), Fact(1, "P17", 2, (0, 1)), Fact(0, "P27", 2)),
    labels=("P19", "P17", "P27"),
    subjects=(0, 1, 2),
    objects=(0, 1, 2),
    roles="unknown",
    sentences=(0, 6),
    id="Ada Moss",
)


def changed(path, value):
    """The item with another value at a path, such as `vertexSet 0 1 pos`."""
    item = copy.deepcopy(ITEM)
    *way, last = [int(part) if part.isdigit() else part for part in path.split()]
    place = item
    for part in way:
        place = place[part]
    place[last] = value
    return item


def test_clusters_facts_evidence_and_sentences_are_read(rows_of):
    (row,) = rows_of([ITEM])
    assert row.document == DOCUMENT
    assert row.labelled
    assert row.problems == ()
    pairs = [candidate[:2] for candidate in CandidateSelection("pairs").of(row.document)]
    assert len(pairs) == 6  # every ordered pair of two entities
    assert ((0,), (0,)) not in pairs


def test_without_labels_a_row_is_one_to_predict(rows_of):
    unknown = {name: value for name, value in ITEM.items() if name != "labels"}
    rows = rows_of([{**ITEM, "labels": []}, unknown])
    assert [row.labelled for row in rows] == [True, False]
    assert rows[0].document == rows[1].document
    assert rows[1].document.entities == DOCUMENT.entities


def test_white_space_is_no_word_and_a_sentence_without_words_is_left_out(rows_of):
    item = {
        **ITEM,
        "sents": [["\xa0", " "], ["Ada", "\xa0", "Moss"], ["", "in", "New York"]],
        "vertexSet": [
            [{"name": "Ada   Moss", "sent_id": 1, "pos": [0, 3], "type": "PER"}],
            [{"name": "New York", "sent_id": 2, "pos": [2, 3], "type": "LOC"}],
        ],
        "labels": [{"h": 0, "r": "P19", "t": 1, "evidence": [0, 2]}],
    }
    (row,) = rows_of([item])
    assert row.document.tokens == ("Ada", "Moss", "in", "New", "York")
    assert [entity.mentions for entity in row.document.entities] == [
        (Span(0, 2),),
        (Span(3, 5),),
    ]
    assert (row.document.sentences, row.document.facts[0].evidence) == ((0, 2), (1,))
    assert row.problems == ()


def test_a_name_that_has_nothing_to_do_with_its_place_is_reported(rows_of):
    (row,) = rows_of([changed("vertexSet 1 0 name", "Bergen")])
    assert row.document.entities == DOCUMENT.entities
    (problem,) = row.problems
    assert problem.kind == "span"
    assert str(problem).endswith(
        'item 1 ("Ada Moss"), vertexSet[1][0].name: expected "Oslo", received "Bergen"'
    )


@pytest.mark.parametrize(
    ("words", "published", "same"),
    [
        ("55.5 %", "55.5%", True),
        ("14 \xa0 nm", "14   nm", True),
        ("Ca2", "Ca", True),
        ("100 years", "7.\n100 years", True),
        ("Oslo", "Bergen", False),
    ],
)
def test_words_are_compared_without_their_spaces(words, published, same):
    assert same_words(words, published) == same


BAD = {
    "no sentences": ("sents", [], "sents: expected 1 items"),
    "no words": ("sents", [[" "]], "sents: expected at least one word"),
    "a word that is a number": ("sents 0 2", 7, "sents[0][2]: expected a valid string"),
    "an empty cluster": ("vertexSet 1", [], "vertexSet[1]: expected 1 items"),
    "one end only": ("vertexSet 0 1 pos", [0], "vertexSet[0][1].pos: expected 2 items"),
    "an end behind the sentence": (
        "vertexSet 0 1 pos",
        [0, 7],
        "vertexSet[0][1].pos: expected the places of words of sentence 0, start below end, end up "
        "to 6, received [0, 7]",
    ),
    "an empty mention": ("vertexSet 0 1 pos", [2, 2], "start below end, end up to 6, received"),
    "a sentence too many": (
        "vertexSet 2 0 sent_id",
        2,
        "vertexSet[2][0].sent_id: expected the number of a sentence, below 2, received 2",
    ),
    "a head that is no entity": (
        "labels 1 h",
        3,
        "labels[1].h: expected the number of an entity of vertexSet, below 3, received 3",
    ),
    "a negative tail": ("labels 1 t", -1, "labels[1].t: expected greater than or equal to 0"),
    "no relation": ("labels 3 r", "", "labels[3].r: expected at least one character"),
    "evidence in no sentence": (
        "labels 0 evidence",
        [2],
        "labels[0].evidence: expected numbers of sentences, below 2, received 2",
    ),
}


@pytest.mark.parametrize(("path", "value", "expected"), BAD.values(), ids=BAD.keys())
def test_a_bad_document_is_named_by_its_title_and_the_others_are_read(
    path, value, expected, rows_of
):
    rows = rows_of([ITEM, changed(path, value), ITEM])
    assert [row.error is None for row in rows] == [True, False, True]
    message = str(rows[1].error)
    assert 'train.json, item 2 ("Ada Moss"), ' in message
    assert expected in message


def test_hacred_is_lines_of_the_same_under_other_names(tmp_path):
    item = {
        "id": 6020,
        "text": "…",
        "sents_char": [["A"]],
        "sents_word": ITEM["sents"],
        "vertex_char": [],
        "vertex_word": ITEM["vertexSet"],
        "labels_word": ITEM["labels"],
    }
    path = tmp_path / "train.json"
    lines = [json.dumps(item), "", "{", json.dumps({**item, "sents_word": 3})]
    path.write_text("\n".join(lines), "utf-8")
    first, broken, wrong = iter_rows(path)
    assert first.document.id == "6020"
    assert first.document.facts == DOCUMENT.facts
    assert first.document.entities == DOCUMENT.entities
    assert "train.json, line 3: expected JSON" in str(broken.error)
    assert "train.json, line 4 (6020), sents: expected a valid list" in str(wrong.error)


@pytest.fixture
def folder(tmp_path):
    """A folder as DocRED is published: its test split has no labels."""
    folder = tmp_path / "docred"
    folder.mkdir()
    unlabelled = {name: value for name, value in ITEM.items() if name != "labels"}
    for name, items in {
        "train_annotated": [ITEM, {**ITEM, "title": "B"}],
        "train_distant": [ITEM] * 3,
        "dev": [ITEM],
        "test": [unlabelled],
        "rel2id": {"P27": 3, "Na": 0, "P17": 1, "P19": 2},
        "rel_info": {"P17": "country", "P19": "place of birth", "P27": "country of citizenship"},
    }.items():
        (folder / f"{name}.json").write_text(json.dumps(items), "utf-8")
    return folder


def test_a_published_folder_is_a_corpus(folder):
    corpus = load_corpus(str(folder))
    assert {split: len(rows) for split, rows in corpus.splits.items()} == {"train": 2, "valid": 1}
    assert corpus.relations.names == ("P17", "P19", "P27")
    assert corpus.descriptions["P19"] == "place of birth"
    (note,) = corpus.notes
    assert "test.json, test: expected rows that say which relations are stated" in str(note)
    report = validate(str(folder))
    assert report.errors == []
    assert (report.unlabelled, sum(report.rows.values())) == (1, 7)


def test_the_distant_split_is_trained_on_where_it_is_asked_for(folder):
    corpus = load_corpus(str(folder), train_split="distant")
    assert {split: len(rows) for split, rows in corpus.splits.items()} == {"train": 3, "valid": 1}
    assert corpus.fingerprint != load_corpus(str(folder)).fingerprint
    (folder / "train_distant.json").unlink()
    with pytest.raises(MrcaError, match=r"'distant', and .* has no train_distant\.json"):
        load_corpus(str(folder), train_split="distant")


def test_where_annotated_runs_train_on_a_part_distant_ones_are_validated_on_the_rest(folder):
    (folder / "train_annotated.json").unlink()
    items = [{**ITEM, "title": title} for title in "ABCDEFGHIJKL"]
    (folder / "dev.json").write_text(json.dumps(items), "utf-8")
    annotated = load_corpus(str(folder))
    distant = load_corpus(str(folder), train_split="distant")
    assert len(annotated.splits["train"]) == 11
    assert distant.splits["valid"] == annotated.splits["valid"]
    assert len(distant.splits["train"]) == 3
    assert "1 validated on" in str(distant.notes[-1])


def test_a_corpus_converts_to_the_same_documents(folder, tmp_path):
    corpus = load_corpus(str(folder))
    convert_corpus(corpus, tmp_path / "converted")
    converted = load_corpus(str(tmp_path / "converted"))
    (document,) = converted.splits["valid"]
    assert document.facts == DOCUMENT.facts
    assert (document.sentences, document.id) == (DOCUMENT.sentences, DOCUMENT.id)
    assert [entity[:2] for entity in document.entities] == [
        entity[:2] for entity in DOCUMENT.entities
    ]
    assert converted.relations == corpus.relations
    assert converted.descriptions == corpus.descriptions


def test_without_its_training_split_the_validation_split_is_divided(folder):
    (folder / "train_annotated.json").unlink()
    (folder / "dev.json").unlink()
    items = [{**ITEM, "title": str(number)} for number in range(20)]
    (folder / "dev_revised.json").write_text(json.dumps(items), "utf-8")
    corpus = load_corpus(str(folder))
    train, valid = (
        {document.id for document in corpus.splits[split]} for split in ("train", "valid")
    )
    assert (len(train), len(valid), len(train & valid)) == (18, 2, 0)
    assert "18 rows of dev_revised.json are trained on, and the other 2 validated on" in str(
        corpus.notes[-1]
    )
    assert load_corpus(str(folder)).splits == corpus.splits
    assert validate(str(folder)).errors == []


NUMBER = st.integers(-1, 3) | st.sampled_from(["1", None, 1.5])
MENTION = st.fixed_dictionaries(
    {"sent_id": NUMBER, "pos": st.lists(NUMBER, max_size=3)},
    optional={"name": st.sampled_from(["A", ""]), "type": st.sampled_from(["T", "", 1])},
)


@settings(deadline=None, max_examples=300)
@given(
    st.fixed_dictionaries(
        {
            "sents": st.lists(
                st.lists(st.sampled_from(["A", "B", "", " ", "a b", 3]), max_size=3), max_size=3
            ),
            "vertexSet": st.lists(st.lists(MENTION, max_size=2), max_size=3),
        },
        optional={
            "title": st.sampled_from(["t", "", 1, None]),
            "labels": st.lists(
                st.fixed_dictionaries(
                    {"h": NUMBER, "t": NUMBER, "r": st.sampled_from(["r", "", 1])},
                    optional={"evidence": st.lists(NUMBER, max_size=2)},
                ),
                max_size=2,
            ),
        },
    )
    | st.sampled_from([None, 3, {}, "vertexSet"])
)
def test_any_item_gives_a_document_or_an_error_of_ours(item):
    row = read_docred_item(item, "fuzz", 1)
    assert (row.document is None) == (row.error is not None)
    for document in filter(None, [row.document]):
        check(document)


@settings(deadline=None)
@given(st.data())
def test_a_document_that_is_right_is_read_as_it_is(data):
    sents = data.draw(
        st.lists(st.lists(st.sampled_from(["A", "B", "C"]), min_size=1, max_size=4), min_size=1)
    )
    mention = st.integers(0, len(sents) - 1).flatmap(
        lambda sentence: st.tuples(
            st.just(sentence),
            st.integers(0, len(sents[sentence]) - 1).flatmap(
                lambda start: st.tuples(
                    st.just(start), st.integers(start + 1, len(sents[sentence]))
                )
            ),
        )
    )
    clusters = data.draw(st.lists(st.lists(mention, min_size=1, max_size=3), min_size=1))
    number = st.integers(0, len(clusters) - 1)
    facts = data.draw(st.sets(st.tuples(number, st.sampled_from("rs"), number)))
    item = {
        "sents": sents,
        "vertexSet": [
            [{"sent_id": sentence, "pos": list(pos)} for sentence, pos in cluster]
            for cluster in clusters
        ],
        "labels": [{"h": h, "r": r, "t": t} for h, r, t in facts],
    }
    document = read_docred_item(item, "drawn", 1).document
    check(document)
    for entity, cluster in zip(document.entities, clusters, strict=True):
        assert sorted({document.words(span) for span in entity.mentions}) == sorted(
            {" ".join(sents[sentence][slice(*pos)]) for sentence, pos in cluster}
        )
    assert {fact[:3] for fact in document.facts} == facts
    assert len(document.sentences) == len(sents)


def check(document):
    words = len(document.tokens)
    assert words
    assert all(entity.mentions and entity.name for entity in document.entities)
    assert all(
        0 <= span.start < span.end <= words for e in document.entities for span in e.mentions
    )
    assert document.sentences[0] == 0
    assert all(first < second for first, second in pairwise((*document.sentences, words)))
    for fact in document.facts:
        assert all(number < len(document.sentences) for number in fact.evidence)


def test_re_docred_has_the_numbers_of_hingeabl_s_tables(real_file):
    statistics = corpus_statistics(load_corpus(str(real_file("re_docred"))))
    train, valid, test = statistics.splits.values()
    assert [split.documents for split in (train, valid, test)] == [450, 50, 500]
    assert statistics.types == ("LOC", "MISC", "NUM", "ORG", "PER", "TIME")
    assert len(statistics.train_counts) == 96

    def of_dev(count):
        return (450 * count(train) + 50 * count(valid)) / 500

    # Table 6: entities, triples and sentences per document.
    assert round(of_dev(lambda split: split.entities.mean), 1) == 19.4
    assert round(of_dev(lambda split: split.facts.mean), 1) == 34.6
    assert round(of_dev(lambda split: split.sentences), 1) == 8.2
    assert round(test.entities.mean, 1) == 19.6
    assert round(test.facts.mean, 1) == 34.9
    assert round(test.sentences, 1) == 7.9
    # Table 5, of all three splits: 391.0 pairs, 94 % of them without a relation.
    assert train.pairs + valid.pairs + test.pairs == 193_232 + 198_670
    assert test.empty_pairs == pytest.approx(0.9314, abs=1e-4)
    assert sum(test.relations_per_pair.values()) == 13_627
    assert sum(number * pairs for number, pairs in test.relations_per_pair.items()) == 17_448
