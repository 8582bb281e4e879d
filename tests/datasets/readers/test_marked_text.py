import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrca.datasets.readers.marked_text import Marked, Place, Stated, marked_row
from mrca.text import Fact

PLACE = Place("notes.jsonl", 3, document="n7")
TEXT = "Ada Moss left Oslo."


def marked(id, start, end, **more):
    return Marked(id, [(start, end)], PLACE.at(f"spans[{id}]"), **more)


def test_all_entities_are_listed_with_types_ids_and_offsets():
    entities = [marked("a", 0, 8, type="PER"), marked("b", 14, 18), marked("c", 9, 13)]
    row = marked_row(TEXT, entities, [Stated("a", "left", "b", PLACE)], PLACE)
    document = row.document
    assert [(e.name, e.type, e.id) for e in document.entities] == [
        ("Ada Moss", "PER", "a"),
        ("Oslo", "", "b"),
        ("left", "", "c"),
    ]
    assert document.facts == (Fact(0, "left", 1),)
    assert (document.id, document.roles, document.text) == ("n7", "unknown", TEXT)
    assert (row.line, row.labelled, row.problems) == (3, True, ())


def test_facts_that_are_not_known_are_not_none():
    assert not marked_row(TEXT, [], None, PLACE).labelled
    assert marked_row(TEXT, [], [], PLACE).labelled


def test_an_offset_inside_a_word_is_widened_and_told_where_the_file_has_it():
    row = marked_row("the pro-Oslo camp ", [marked("a", 8, 12)], [], PLACE)
    assert row.document.entities[0].name == "pro-Oslo"
    (problem,) = row.problems
    assert (problem.kind, problem.field, problem.document) == ("widened", "spans[a]", "n7")


def test_words_keep_their_places_where_blank_ones_are_left_out():
    words = ["Ada", " ", "New York", "\n", "won"]
    row = marked_row(words, [marked("a", 2, 3), marked("b", 0, 3)], [], PLACE)
    assert row.document.tokens == ("Ada", "New", "York", "won")
    assert [entity.mentions for entity in row.document.entities] == [((1, 3),), ((0, 3),)]


def test_offsets_that_count_an_emoji_twice_are_read_by_the_words_beside_them():
    text = "😀😀 Ada left"
    (row, again) = (
        marked_row(text, [marked("a", start, start + 3, text="Ada")], [], PLACE) for start in (3, 5)
    )
    assert row.document.entities[0].name == again.document.entities[0].name == "Ada"


BAD = {
    "the same id": ([marked("a", 0, 3), marked("a", 4, 8)], [], "an id that no other entity has"),
    "behind the text": ([marked("a", 0, 99)], [], "an end up to 19, where the text ends"),
    "an empty span": ([marked("a", 3, 3)], [], "a start below its end"),
    "other words": ([marked("a", 0, 3, text="Bo")], [], 'expected "Bo" at [0, 3], received "Ada"'),
    "only white space": ([marked("a", 3, 4)], [], "offsets at the borders of words"),
    "an unknown id": ([marked("a", 0, 3)], [Stated("a", "r", "b", PLACE)], "the ids of two"),
    "no relation": ([marked("a", 0, 3)], [Stated("a", "", "a", PLACE)], "the name of a relation"),
}


@pytest.mark.parametrize("entities, facts, expected", BAD.values(), ids=BAD.keys())
def test_what_cannot_be_used_is_named(entities, facts, expected):
    row = marked_row(TEXT, entities, facts, PLACE)
    assert row.document is None
    assert str(row.error).startswith("notes.jsonl, line 3 (n7)")
    assert expected in str(row.error)


@given(
    st.lists(st.sampled_from(["Ada", "x", "U.S.", "pro-A", "é", "😀", "(", "."]), min_size=1),
    st.data(),
)
def test_a_span_of_whole_words_is_that_span(words, data):
    text = " ".join(words)
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first, len(words) - 1))
    start = len(" ".join(words[:first])) + (first > 0)
    end = len(" ".join(words[: last + 1]))
    row = marked_row(text, [marked("a", start, end, text=text[start:end])], [], PLACE)
    (entity,) = row.document.entities
    assert row.problems == ()
    assert "".join(entity.name.split()) == "".join(text[start:end].split())


@given(st.text(max_size=20), st.integers(-1, 22), st.integers(-1, 22), st.booleans())
def test_any_span_gives_words_around_it_or_an_error_of_ours(text, start, end, whole):
    row = marked_row(text if whole else list(text), [marked("a", start, end)], [], PLACE)
    assert (row.document is None) == (row.error is not None)
    if row.document is not None:
        name = "".join(row.document.entities[0].name.split())
        assert "".join(text[start:end].split()) in name
