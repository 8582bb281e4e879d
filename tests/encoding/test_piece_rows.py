from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrca.encoding import WordPieces, piece_rows
from mrca.errors import MrcaError
from mrca.text import Document, Entity, Span

# Marked so that a row of pieces can be read: `s(` and `)s` around subjects, `o(` and `)o`.
MARKERS = ["s(", ")s", "o(", ")o"]
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *(f"[unused{i}]" for i in range(4))]
VOCABULARY += [*"abcdef", *(f"##{letter}" for letter in "abcdef")]
NAMES = [*VOCABULARY[:4], *MARKERS, *VOCABULARY[8:]]


@pytest.fixture(scope="session")
def word_pieces():
    return WordPieces(VOCABULARY, lower_case=True)


def document(tokens, subjects=(), objects=()):
    """A document whose entities are these spans, each once."""
    spans = sorted({*subjects, *objects})
    return Document(
        tuple(tokens),
        tuple(Entity((Span(*span),)) for span in spans),
        subjects=tuple(sorted({spans.index(span) for span in subjects})),
        objects=tuple(sorted({spans.index(span) for span in objects})),
    )


def rows_of(encoded, name="pieces"):
    values = encoded.arrays[name].tolist()
    rows = [values[start:end] for start, end in pairwise(encoded.starts)]
    return [" ".join(NAMES[id] for id in row) for row in rows] if name == "pieces" else rows


ROWS = [
    document(("Ab", "c", "Def"), subjects=[(0, 1)], objects=[(2, 3)]),
    document(("f",)),
    document(("x", "A"), subjects=[(1, 2)], objects=[(0, 2)]),
]


def test_rows_stand_between_cls_and_sep(word_pieces):
    encoded = piece_rows(ROWS, word_pieces, max_length=20)
    assert rows_of(encoded) == [
        "[CLS] a ##b c d ##e ##f [SEP]",
        "[CLS] f [SEP]",
        "[CLS] [UNK] a [SEP]",
    ]
    assert encoded.starts.tolist() == [0, 8, 11, 15]
    dtypes = {name: array.dtype for name, array in encoded.arrays.items()}
    assert dtypes == {"pieces": "int32", "case": "int8", "role": "int8"}
    assert encoded.starts.dtype == "int64"


def test_case_and_role_stand_on_every_piece_of_a_word(word_pieces):
    encoded = piece_rows(ROWS, word_pieces, max_length=20)
    assert rows_of(encoded, "case") == [[0, 1, 1, -1, 1, 1, 1, 0], [0, -1, 0], [0, -1, 1, 0]]
    # A subject that is an object too counts as subject.
    assert rows_of(encoded, "role") == [[0, 1, 1, 0, -1, -1, -1, 0], [0, 0, 0], [0, -1, 1, 0]]
    without = piece_rows(ROWS, word_pieces, max_length=20, case=False, role=False)
    assert not without.arrays["case"].any()
    assert not without.arrays["role"].any()
    assert rows_of(without) == rows_of(encoded)


@pytest.mark.parametrize(
    ("max_length", "pieces", "role"),
    [
        (8, "[CLS] a ##b c d ##e ##f [SEP]", [0, 1, 1, 0, -1, -1, -1, 0]),
        (7, "[CLS] a ##b c d ##e [SEP]", [0, 1, 1, 0, -1, -1, 0]),
        (3, "[CLS] a [SEP]", [0, 1, 0]),
    ],
)
def test_long_rows_are_cut_and_keep_sep(word_pieces, max_length, pieces, role):
    encoded = piece_rows(ROWS, word_pieces, max_length=max_length)
    assert rows_of(encoded)[0] == pieces
    assert rows_of(encoded, "role")[0] == role
    assert rows_of(encoded, "case")[0][-1] == 0
    assert rows_of(encoded)[1] == "[CLS] f [SEP]"


@pytest.mark.parametrize("max_length", [2, 0, -1])
def test_there_must_be_room_for_a_piece(word_pieces, max_length):
    with pytest.raises(MrcaError, match=r"max_length is .*: expected at least 3"):
        piece_rows(ROWS, word_pieces, max_length=max_length)


@pytest.mark.parametrize(
    ("subjects", "objects", "expected"),
    [
        ([(0, 1)], [(2, 4)], "s( a )s b o( c d )o e"),
        ([(1, 3), (4, 5)], [], "a s( b c )s d s( e )s"),
        ([(0, 2)], [(2, 4)], "s( a b )s o( c d )o e"),  # closed before the next opens
        ([(2, 4)], [(0, 2)], "o( a b )o s( c d )s e"),
        ([(1, 2)], [(0, 4)], "o( a s( b )s c d )o e"),
        ([(0, 4)], [(0, 2)], "s( o( a b )o c d )s e"),  # the longer opens first
        ([(0, 2)], [(0, 4)], "o( s( a b )s c d )o e"),
        ([(2, 4)], [(0, 4)], "o( a b s( c d )s )o e"),  # and closes last
        ([(0, 1)], [(0, 1)], "s( o( a )o )s b c d e"),  # of equals the subject is outside
        ([(0, 3)], [(1, 4)], "s( a o( b c )s d )o e"),  # crossing stays crossing
        ([(0, 5), (0, 2)], [(0, 2)], "s( s( o( a b )o )s c d e )s"),
        ([], [], "a b c d e"),
    ],
)
def test_markers_around_mentions(word_pieces, subjects, objects, expected):
    row = document("abcde", subjects, objects)
    encoded = piece_rows([ROWS[1], row], word_pieces, max_length=30, markers="roles")
    assert rows_of(encoded) == ["[CLS] f [SEP]", f"[CLS] {expected} [SEP]"]
    plain = piece_rows([ROWS[1], row], word_pieces, max_length=30)
    for name in ("case", "role"):
        marked = zip(expected.split(), rows_of(encoded, name)[1][1:-1], strict=True)
        assert [value for piece, value in marked if piece not in MARKERS] == (
            rows_of(plain, name)[1][1:-1]
        )
        marked = zip(expected.split(), rows_of(encoded, name)[1][1:-1], strict=True)
        assert not any(value for piece, value in marked if piece in MARKERS)


def test_markers_are_cut_with_what_they_mark(word_pieces):
    row = document("abcdef", [(0, 1)], [(2, 5)])
    cut = [
        rows_of(piece_rows([row], word_pieces, max_length=length, markers="roles"))[0]
        for length in (8, 6, 4, 3)
    ]
    assert cut == [
        "[CLS] s( a )s b o( c [SEP]",
        "[CLS] s( a )s b [SEP]",
        "[CLS] s( a [SEP]",
        "[CLS] s( [SEP]",
    ]


@pytest.mark.parametrize("markers", [None, "roles"])
def test_of_unknown_roles_every_mention_is_marked_as_a_subject(word_pieces, markers):
    row = document("abcd", [(0, 1)], [(2, 4)]).with_unknown_roles()
    encoded = piece_rows([row], word_pieces, max_length=30, markers=markers)
    expected = "[CLS] s( a )s b s( c d )s [SEP]" if markers else "[CLS] a b c d [SEP]"
    assert rows_of(encoded) == [expected]
    assert [each for each in rows_of(encoded, "role")[0] if each] == [1, 1, 1]


def test_without_a_limit_nothing_is_cut(word_pieces):
    row = document("abcdef" * 50, [(299, 300)])
    encoded = piece_rows([row], word_pieces, max_length=None)
    assert encoded.starts.tolist() == [0, 302]
    assert not encoded.cut.any()
    assert encoded.places(0, Span(299, 300)) == range(300, 301)


@pytest.mark.parametrize(
    ("subjects", "objects", "expected", "places"),
    [
        ([(0, 1)], [(2, 4)], "* a * b * c d * e", [1, 5]),
        ([(0, 2)], [(2, 4)], "* a b * * c d * e", [1, 5]),
        ([(0, 3)], [(0, 1)], "* a * b c * d e", [1, 1]),  # two that begin together share one
        ([(0, 4)], [(2, 4)], "* a b * c d * e", [1, 4]),  # as do two that end together
        ([(4, 5)], [], "a b c d * e *", [5]),
        ([], [], "a b c d e", []),
    ],
)
def test_asterisks_around_mentions(subjects, objects, expected, places):
    names = ["*" if name == "[unused0]" else name for name in VOCABULARY]
    word_pieces = WordPieces(names, lower_case=True)
    row = document("abcde", subjects, objects)
    encoded = piece_rows([ROWS[1], row], word_pieces, max_length=None, markers="asterisks")
    start, end = encoded.starts[1:]
    found = [names[id] for id in encoded.arrays["pieces"][start:end].tolist()]
    assert " ".join(found) == f"[CLS] {expected} [SEP]"
    # A mention stands where the asterisk before it does.
    spans = [Span(*each) for each in [*subjects, *objects]]
    assert [list(encoded.places(1, span)) for span in spans] == [[place] for place in places]
    assert not encoded.arrays["role"][start:end][[name == "*" for name in found]].any()


@pytest.mark.parametrize(
    ("types", "expected", "places"),
    [
        (("B_c", ""), "@ * b c * a @ b @ c d @ e", [1, 9]),
        (("b", "Cd"), "@ * b * a @ b @ * c ##d * c d @ e", [1, 8]),  # split as any word
    ],
)
def test_typed_markers_around_mentions(types, expected, places):
    signs = {"[unused0]": "*", "[unused1]": "@"}
    names = [signs.get(name, name) for name in VOCABULARY]
    entities = tuple(
        Entity((Span(*span),), type) for span, type in zip([(0, 1), (2, 4)], types, strict=True)
    )
    rows = [ROWS[1], Document(tuple("abcde"), entities)]
    encoded = piece_rows(rows, WordPieces(names, lower_case=True), max_length=None, markers="typed")
    start, end = encoded.starts[1:]
    found = [names[id] for id in encoded.arrays["pieces"][start:end].tolist()]
    assert " ".join(found) == f"[CLS] {expected} [SEP]"
    # A mention stands where the first piece of its marker does.
    spans = [entity.mentions[0] for entity in entities]
    assert [list(encoded.places(1, span)) for span in spans] == [[place] for place in places]
    assert [found[place] for place in places] == ["@", "@"]


def test_typed_markers_of_nested_mentions_nest():
    signs = {"[unused0]": "*", "[unused1]": "@"}
    names = [signs.get(name, name) for name in VOCABULARY]
    entities = (
        Entity((Span(0, 1), Span(2, 3)), "a"),
        Entity((Span(0, 2),), "b"),
        Entity((Span(2, 3),), "c"),
    )
    rows = [Document(tuple("abc"), entities)]
    encoded = piece_rows(rows, WordPieces(names, lower_case=True), max_length=None, markers="typed")
    found = [names[id] for id in encoded.arrays["pieces"].tolist()]
    assert " ".join(found) == ("[CLS] @ * b * @ * a * a @ b @ @ * a * @ * c * c @ @ [SEP]")


def test_types_stand_on_every_piece_of_a_word(word_pieces):
    entities = (Entity((Span(0, 1),), "LOC"), Entity((Span(2, 3),), "PER"))
    row = Document(("Ab", "c", "Def"), entities)
    encoded = piece_rows([row], word_pieces, max_length=20, types=("LOC", "PER"))
    assert rows_of(encoded, "types") == [[0, 1, 1, 0, 2, 2, 2, 0]]
    assert encoded.arrays["types"].dtype == "int16"


def test_places_of_words_among_the_pieces(word_pieces):
    encoded = piece_rows(ROWS, word_pieces, max_length=20)
    assert [encoded.places(0, Span(*each)) for each in ((0, 1), (1, 3), (0, 3))] == [
        *(range(1, 3), range(3, 7), range(1, 7))
    ]
    assert encoded.places(2, Span(1, 2)) == range(2, 3)
    # What is cut off has no place, [SEP] is nobody's.
    cut = piece_rows(ROWS, word_pieces, max_length=6)
    assert list(cut.places(0, Span(2, 3))) == [4]
    assert list(piece_rows(ROWS, word_pieces, max_length=4).places(0, Span(2, 3))) == []


def test_with_markers_the_places_are_those_of_the_words_alone(word_pieces):
    row = document("abcdef", [(0, 1), (1, 2)], [(2, 5)])
    encoded = piece_rows([row], word_pieces, max_length=30, markers="roles")
    pieces = rows_of(encoded)[0].split()

    def at(*span):
        return [pieces[place] for place in encoded.places(0, Span(*span))]

    assert [at(0, 1), at(1, 2), at(2, 5)] == [["a"], ["b"], ["c", "d", "e"]]


@pytest.mark.parametrize(
    ("max_length", "words", "cut"),
    [
        (20, [3, 1, 2], []),
        (8, [3, 1, 2], []),
        (7, [3, 1, 2], [0]),
        (4, [1, 1, 2], [0]),
        (3, [1, 1, 1], [0, 2]),
    ],
)
def test_a_word_is_read_if_a_piece_of_it_is(word_pieces, max_length, words, cut):
    encoded = piece_rows(ROWS, word_pieces, max_length=max_length)
    assert encoded.words_read() == words
    assert np.flatnonzero(encoded.cut).tolist() == cut


def test_no_rows(word_pieces):
    encoded = piece_rows([], word_pieces, max_length=5, markers="roles")
    assert encoded.starts.tolist() == [0]
    assert encoded.arrays["pieces"].shape == (0,)
    assert encoded.words_read() == []


spans = st.lists(
    st.tuples(st.integers(0, 7), st.integers(1, 8)).filter(lambda each: each[0] < each[1]),
    max_size=4,
    unique=True,
)


@st.composite
def documents(draw):
    tokens = draw(st.lists(st.text("abcdefABx東", min_size=1, max_size=4), min_size=8, max_size=8))
    return document(tokens, draw(spans), draw(spans))


@given(st.lists(documents(), max_size=4), st.integers(3, 60), st.booleans())
def test_equals_the_definition(rows, max_length, markers):
    word_pieces = WordPieces(VOCABULARY, lower_case=True)
    style = "roles" if markers else None
    encoded = piece_rows(rows, word_pieces, max_length=max_length, markers=style)
    assert [
        list(zip(*(rows_of(encoded, name)[i] for name in ("case", "role")), strict=True))
        for i in range(len(rows))
    ] == [
        [(case, role) for _, case, role in slow(row, word_pieces, max_length, markers)]
        for row in rows
    ]
    assert rows_of(encoded) == [
        " ".join(NAMES[piece] for piece, *_ in slow(row, word_pieces, max_length, markers))
        for row in rows
    ]


def slow(row, word_pieces, max_length, markers):
    """Piece, case and role of each place, one at a time."""
    found = [(word_pieces.cls, 0, 0)]
    mentions = [(s, 0, 4, 5) for s in row.spans("subject")]
    mentions += [(s, 1, 6, 7) for s in row.spans("object")]
    for place in range(len(row.tokens) + 1):
        if markers:
            closing = [each for each in mentions if each[0].end == place]
            closing.sort(key=lambda each: (-each[0].start, -each[1]))
            opening = [each for each in mentions if each[0].start == place]
            opening.sort(key=lambda each: (-each[0].end, each[1]))
            found += [(each[3], 0, 0) for each in closing]
            found += [(each[2], 0, 0) for each in opening]
        if place < len(row.tokens):
            word = row.tokens[place]
            role = -any(s.start <= place < s.end for s in row.spans("object"))
            role = 1 if any(s.start <= place < s.end for s in row.spans("subject")) else role
            case = 1 if word[0].isupper() else -1
            found += [(piece, case, role) for piece in word_pieces.pieces(word)]
    found.append((word_pieces.sep, 0, 0))
    return found if len(found) <= max_length else [*found[: max_length - 1], found[-1]]
