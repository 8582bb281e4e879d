import pytest

from mrca.encoding import word_marks
from mrca.text import Document, Entity, Span


@pytest.fixture(scope="module")
def rows(make_document):
    return [
        make_document(
            ("Ann", "met", "Bo", "in", "New", "York"), [(0, 1), (2, 3)], [(2, 3), (4, 6)]
        ),
        make_document(("a", "B")),
        make_document(("x",), [], [(0, 1)]),
    ]


def test_case_marks_upper_case_first_characters(rows):
    marks = word_marks(rows, [6, 2, 1])
    assert marks["case"].tolist() == [1, -1, 1, -1, 1, 1, -1, 1, -1]
    assert not word_marks(rows, [6, 2, 1], case=False)["case"].any()


def test_a_subject_that_is_an_object_too_counts_as_subject(rows):
    marks = word_marks(rows, [6, 2, 1])
    assert marks["role"].tolist() == [1, 0, 1, 0, -1, -1, 0, 0, -1]
    assert not word_marks(rows, [6, 2, 1], role=False)["role"].any()


def test_words_that_are_not_read_have_no_marks_and_spans_are_cut_with_them(rows):
    assert word_marks(rows, [5, 0, 1])["role"].tolist() == [1, 0, 1, 0, -1, -1]
    assert word_marks(rows, [2, 1, 1])["case"].tolist() == [1, -1, -1, -1]


def test_dtypes_and_no_rows(rows):
    marks = word_marks(rows, [6, 2, 1], types=("PER",))
    assert {name: array.dtype for name, array in marks.items()} == {
        "case": "int8",
        "role": "int8",
        "types": "int16",
    }
    assert {name: array.shape for name, array in word_marks([], []).items()} == {
        "case": (0,),
        "role": (0,),
    }


def test_with_unknown_roles_every_entity_may_be_a_subject(rows):
    unknown = rows[0].with_unknown_roles()
    assert word_marks([unknown], [6])["role"].tolist() == [1, 0, 1, 0, 1, 1]


def test_types_are_counted_from_one_in_the_order_that_a_model_knows():
    entities = (
        Entity((Span(0, 1), Span(3, 4)), "PER"),
        Entity((Span(1, 3),), "LOC"),
        Entity((Span(4, 5),), "SHIP"),
        Entity((Span(5, 6),)),
    )
    row = Document(tuple("abcdefg"), entities)
    found = word_marks([row, row], [7, 2], types=("LOC", "PER"))["types"]
    assert found.tolist() == [2, 1, 1, 2, 0, 0, 0, 2, 1]  # an unknown type is none


@pytest.mark.parametrize(
    ("token", "case"),
    [
        ("İstanbul", 1),
        ("straße", -1),
        ("ẞ", 1),
        ("ß", -1),
        ("Éa", 1),
        ("é", -1),
        ("1A", -1),
        ("'s", -1),
        ("东", -1),
        ("Δ", 1),
        ("ıI", -1),
    ],
)
def test_case_of_any_script(token, case):
    assert word_marks([Document((token,))], [1])["case"].tolist() == [case]
