import json
from dataclasses import replace

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from mrca.datasets import (
    iter_jsonl,
    iter_rows,
    load_corpus,
    row_from_value,
    to_json_row,
    write_jsonl,
)
from mrca.datasets.write import convert_corpus, convert_file
from mrca.errors import MrcaError
from mrca.text import Document, Entity, Fact, Span, find_mention

TOKENS = st.text(min_size=1, max_size=4).filter(lambda token: " " not in token)
RELATIONS = st.sampled_from(["r", "s", "/a/b c", "ü\n"])
IDS = st.text(max_size=4)


@st.composite
def spans_of(draw, tokens: tuple[str, ...], most: int = 3) -> tuple[Span, ...]:
    starts = st.integers(0, len(tokens) - 1)
    pairs = draw(st.lists(st.tuples(starts, st.integers(1, 3)), max_size=most))
    return tuple(sorted({Span(start, min(start + n, len(tokens))) for start, n in pairs}))


@st.composite
def entities_of(draw, tokens: tuple[str, ...]) -> list[Entity]:
    """Entities that may share words, mentions and types, as those of real corpora do."""
    ids = draw(st.lists(st.text(min_size=1, max_size=2), max_size=5, unique=True))
    ids += [""] * draw(st.integers(0, 4))
    entities = []
    for id in ids:
        mentions = draw(spans_of(tokens))
        words = [" ".join(tokens[span.start : span.end]) for span in mentions]
        absent = TOKENS.map(lambda token: token + "?!").filter(
            lambda token: not find_mention(tokens, [token])
        )
        name = draw(st.sampled_from(words) | absent if words else absent)
        entities.append(Entity(mentions, draw(st.sampled_from(["", "PER", "LOC"])), id, name))
    return entities


@st.composite
def documents(draw) -> Document:
    """What a reader may give: entities listed with or without roles, or labels alone."""
    tokens = tuple(draw(st.lists(TOKENS, min_size=1, max_size=6)))
    entities = draw(entities_of(tokens))
    numbers = list(range(len(entities)))
    given = bool(entities) and draw(st.booleans())
    roles = [
        sorted(draw(st.sets(st.sampled_from(numbers)))) if given else numbers for _ in range(2)
    ]
    starts = sorted({0, *draw(st.sets(st.integers(0, len(tokens) - 1), max_size=3))})
    facts: tuple[Fact, ...] = ()
    if all(roles):
        evidence = st.sets(st.integers(0, len(starts) - 1), max_size=2).map(sorted).map(tuple)
        places = [st.sampled_from(role) for role in roles]
        facts = tuple(draw(st.lists(st.builds(Fact, places[0], RELATIONS, places[1], evidence))))
        facts = tuple(dict.fromkeys(facts))
    pairs = None
    if entities and draw(st.booleans()):  # an entity related to itself is never asked about
        every = [(first, second) for first in roles[0] for second in roles[1]]
        needed = {(fact.subject, fact.object) for fact in facts if fact.subject != fact.object}
        more = draw(st.sets(st.sampled_from(every))) if every else set()
        pairs = tuple(sorted(needed | more))
    stated = dict.fromkeys(fact.relation for fact in facts)
    labels = draw(st.permutations(list(stated)) if facts else st.sets(RELATIONS).map(list))
    return Document(
        tokens=tokens,
        entities=tuple(entities),
        facts=facts,
        labels=tuple(labels),
        subjects=tuple(roles[0]),
        objects=tuple(roles[1]),
        roles="given" if given or not entities else "unknown",
        pairs=pairs,
        sentences=tuple(starts),
        id=draw(IDS),
    )


def read_again(document: Document) -> Document:
    line = json.dumps(to_json_row(document), ensure_ascii=False)
    (row,) = iter_jsonl([line], "written", require_labels=True)
    assert row.error is None, row.error
    return row.document


def without_ids(document: Document, kept: Document) -> Document:
    """The document with the ids that the other one has."""
    pairs = zip(document.entities, kept.entities, strict=True)
    entities = tuple(entity._replace(id=other.id) for entity, other in pairs)
    return replace(document, entities=entities)


TWINS = Document(
    ("A", "A"),
    (Entity((Span(0, 1),), name="A"), Entity((Span(0, 1),), name="A"), Entity((), name="A?!")),
    (Fact(1, "r", 2),),
    ("r",),
    (0, 1, 2),
    (0, 1, 2),
    "unknown",
)
PERMUTED = replace(TWINS, facts=(Fact(0, "s", 2), Fact(2, "r", 2)), labels=("r", "s"))


@given(documents())
@example(TWINS)
@example(PERMUTED)
def test_what_is_written_reads_back_the_same(document):
    again = read_again(document)
    assert without_ids(again, document) == document
    for entity, other in zip(document.entities, again.entities, strict=True):
        assert other.id == entity.id or not entity.id
    # Once more, nothing at all changes.
    assert read_again(again) == again


PLACE = st.integers(0, 3).flatmap(
    lambda start: st.builds(
        lambda n: {"token_start": start, "token_end": start + n}, st.integers(1, 2)
    )
)
MENTION = st.sampled_from(["Ada", "Ada Corp", "Corp", "Bo", "Bo Corp.", "Cleo"]) | PLACE
TEXTS = st.lists(st.sampled_from(["Ada", "Corp.", "Bo", "Bo's"]), min_size=5, max_size=9).map(
    " ".join
)
STATED = st.lists(
    st.tuples(MENTION, st.sampled_from("rs"), MENTION).map(list)
    | st.fixed_dictionaries(
        {"subject": MENTION, "relation": st.sampled_from("rs"), "object": MENTION},
        optional={"evidence": st.just([0])},
    ),
    max_size=4,
)
LISTED = st.lists(
    MENTION
    | st.fixed_dictionaries(
        {"mentions": st.lists(MENTION, min_size=1, max_size=3)},
        optional={"type": st.sampled_from(["PER", "LOC"]), "id": st.sampled_from("123")},
    ),
    max_size=4,
)
ROWS = st.fixed_dictionaries(
    {"facts": STATED},
    optional={
        "entities": LISTED,
        "subjects": st.lists(MENTION, max_size=3),
        "objects": st.lists(MENTION, max_size=3),
        "pairs": st.lists(st.lists(MENTION, min_size=2, max_size=2), max_size=3),
    },
)


@given(TEXTS, st.booleans(), ROWS)
def test_what_was_read_is_written_and_read_again_the_same(text, as_tokens, row):
    source = {"tokens": text.split()} if as_tokens else {"text": text}
    first = row_from_value({**source, **row}, "drawn", 1)
    assume(first.document is not None)
    document = first.document.without_text()
    again = read_again(document)
    assert without_ids(again, document) == document


def test_an_oracle_mark_is_not_written_as_another_entity():
    text = "Ada Corp left Ada Corp."  # the tokeniser leaves the full stop to the abbreviation
    row = row_from_value({"text": text, "facts": [["Ada Corp", "r", "left"]]}, "here", 1)
    again = read_again(row.document)
    assert (again.facts, again.oracle) == (row.document.facts, True)
    assert [entity.name for entity in again.entities] == ["Ada Corp", "left"]
    assert row.document.entities[0].mentions == ((0, 2), (3, 5))
    assert again.entities[0].mentions == ((0, 2),)


# === Files ===


def test_a_file_holds_a_line_for_each_document(tmp_path):
    path = tmp_path / "new" / "out.jsonl"
    ada = Entity((Span(0, 1),), name="Ada")
    rows = [
        Document(("Ada", "x"), (ada,), labels=("r",), subjects=(0,), id="1"),
        Document(("é\u2028",)),
    ]
    assert write_jsonl(iter(rows), path) == 2
    assert [row.document for row in iter_rows(path, require_labels=True)] == rows
    assert [p.name for p in path.parent.iterdir()] == ["out.jsonl"]


def test_a_failure_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "out.jsonl"
    path.write_text("old")

    def failing():
        yield Document(("A",))
        raise MrcaError("bad row")

    with pytest.raises(MrcaError, match="bad row"):
        write_jsonl(failing(), path)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out.jsonl"]


def test_a_place_that_cannot_be_written_is_an_error_of_ours(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(MrcaError, match="Cannot write"):
        write_jsonl([Document(("A",))], tmp_path / "file" / "out.jsonl")


# === Other forms ===


def test_a_corpus_stays_the_same_corpus(write_corpus, tmp_path):
    rows = [
        {"text": "A met Bo. A left.", "facts": [["A", "met", {"char_start": 6, "char_end": 8}]]},
        {"text": "A met B", "facts": [["A", "knows", "Nobody Here"]]},
        {"text": "A met B", "entities": ["A", {"text": "B", "type": "T"}], "facts": []},
    ]
    folder = write_corpus(relations=["z", "met", "knows"], train=rows, valid=["z"], test=["met"])
    before = load_corpus(str(folder))
    convert_corpus(before, tmp_path / "out" / "converted")
    after = load_corpus(str(tmp_path / "out" / "converted"))
    assert after.splits == before.splits
    assert after.relations == before.relations
    assert len(after.unmatched) == len(before.unmatched) == 1
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["converted"]


def test_a_public_file_becomes_json_lines_whose_marks_are_an_oracle(tmp_path):
    source = tmp_path / "train.json"
    source.write_text(json.dumps([{"text": "A is B", "triple_list": [["A", "r", "B"]]}] * 3))
    assert convert_file(source, tmp_path / "train.jsonl").rows == 3
    row = json.loads((tmp_path / "train.jsonl").read_text().splitlines()[0])
    assert row == {"tokens": ["A", "is", "B"], "facts": [["A", "r", "B"]]}


def test_listed_entities_are_written_with_types_and_ids(tmp_path):
    given = {
        "text": "Ada met Bo",
        "entities": [{"text": "Ada", "type": "PER", "id": "Q7"}, {"mentions": ["Bo", "Cleo"]}],
        "facts": [{"subject": "Q7", "relation": "met", "object": "Bo", "evidence": [0]}],
    }
    row = row_from_value(given, "here", 1)
    assert to_json_row(row.document) == {
        "tokens": ["Ada", "met", "Bo"],
        "entities": [
            {"token_start": 0, "token_end": 1, "text": "Ada", "type": "PER", "id": "Q7"},
            {"token_start": 2, "token_end": 3, "text": "Bo"},
        ],
        "facts": [{"subject": "Q7", "relation": "met", "object": "Bo", "evidence": [0]}],
    }


def test_a_row_whose_labels_are_not_known_stays_one(tmp_path):
    rows = [
        {"text": "A", "subjects": ["A"]},
        {"text": "A", "entities": ["A"]},
        {"text": "A", "labels": []},
        {"text": "A", "entities": ["A"], "facts": []},
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    convert_file(tmp_path / "rows.jsonl", tmp_path / "out.jsonl")
    before, after = (list(iter_rows(tmp_path / name)) for name in ("rows.jsonl", "out.jsonl"))
    assert [row.labelled for row in after] == [False, False, True, True]
    assert [row.labelled for row in before] == [False, False, True, True]
    assert [row.document for row in after] == [row.document.without_text() for row in before]
    first = json.loads((tmp_path / "out.jsonl").read_text().splitlines()[0])
    assert not {"labels", "facts"} & first.keys()


def test_offsets_inside_words_are_widened_where_it_is_asked_for(tmp_path):
    row = {"text": "a manhunt", "entities": [{"char_start": 5, "char_end": 9}], "facts": []}
    source = tmp_path / "rows.jsonl"
    source.write_text(json.dumps(row))
    with pytest.raises(MrcaError, match="at the borders of words"):
        convert_file(source, tmp_path / "out.jsonl")
    assert convert_file(source, tmp_path / "out.jsonl", offsets="widen").rows == 1
    (read,) = iter_rows(tmp_path / "out.jsonl")
    assert read.document.entities[0].name == "manhunt"


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
