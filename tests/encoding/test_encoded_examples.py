from itertools import pairwise

import numpy as np
import pytest

from mrca.encoding import Batch, EncodedExamples, Vocabulary, encode, training_words
from mrca.text import Example, Span

ROWS = [
    Example(
        ("Ann", "met", "Bo", "in", "New", "York"),
        subjects=(Span(0, 1), Span(2, 3)),
        objects=(Span(2, 3), Span(4, 6)),
    ),
    Example(("a", "B")),
    Example(("x",), objects=(Span(0, 1),)),
]


@pytest.fixture
def vocabulary(make_store):
    return Vocabulary(make_store(training_words(ROWS)))


def rows_of(encoded, name):
    values, starts = encoded.arrays[name], encoded.starts
    return [values[a:b].tolist() for a, b in pairwise(starts)]


def test_rows_lie_end_to_end(vocabulary):
    encoded = encode(ROWS, vocabulary, max_length=100)
    assert len(encoded) == 3
    assert encoded.lengths.tolist() == [6, 2, 1]
    assert encoded.starts.tolist() == [0, 6, 8, 9]
    dtypes = {name: array.dtype for name, array in encoded.arrays.items()}
    assert dtypes == {"words": "int32", "case": "int8", "role": "int8"}
    assert encoded.starts.dtype == "int64"


def test_words_are_looked_up_in_lower_case(vocabulary):
    encoded = encode(ROWS, vocabulary, max_length=100)
    assert rows_of(encoded, "words") == [
        [vocabulary.row(token.lower()) for token in row.tokens] for row in ROWS
    ]


def test_case_marks_upper_case_first_characters(vocabulary):
    assert rows_of(encode(ROWS, vocabulary, max_length=100), "case") == [
        [1, -1, 1, -1, 1, 1],
        [-1, 1],
        [-1],
    ]
    assert not encode(ROWS, vocabulary, max_length=100, case=False).arrays["case"].any()


def test_a_subject_that_is_an_object_too_counts_as_subject(vocabulary):
    assert rows_of(encode(ROWS, vocabulary, max_length=100), "role") == [
        [1, 0, 1, 0, -1, -1],
        [0, 0],
        [-1],
    ]
    assert not encode(ROWS, vocabulary, max_length=100, role=False).arrays["role"].any()


def test_rows_are_cut_and_so_are_their_spans(vocabulary):
    encoded = encode(ROWS, vocabulary, max_length=5)
    assert encoded.lengths.tolist() == [5, 2, 1]
    assert rows_of(encoded, "role") == [[1, 0, 1, 0, -1], [0, 0], [-1]]
    assert rows_of(encode(ROWS, vocabulary, max_length=2), "role")[0] == [1, 0]


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
def test_case_of_any_script(make_store, token, case):
    row = Example((token,))
    vocabulary = Vocabulary(make_store(training_words([row])))
    encoded = encode([row], vocabulary, max_length=3)
    assert encoded.arrays["case"].tolist() == [case]
    assert encoded.arrays["words"].tolist() == [vocabulary.row(token.lower())]


def test_no_rows(vocabulary):
    encoded = encode([], vocabulary, max_length=5)
    assert len(encoded) == 0
    assert encoded.arrays["words"].shape == (0,)


def test_a_batch_is_padded_with_zeros(vocabulary):
    encoded = encode(ROWS, vocabulary, max_length=100)
    inputs = encoded.batch(Batch(np.array([2, 0]), 8), "masked")
    assert inputs["lengths"].tolist() == [1, 6]
    assert inputs["case"].tolist() == [[-1] + [0] * 7, [1, -1, 1, -1, 1, 1, 0, 0]]
    assert inputs["role"].tolist() == [[-1] + [0] * 7, [1, 0, 1, 0, -1, -1, 0, 0]]
    assert (inputs["words"] == 0).tolist() == [[False] + [True] * 7, [False] * 6 + [True] * 2]
    assert inputs["words"][1, :6].tolist() == rows_of(encoded, "words")[0]
    assert {name: array.dtype for name, array in inputs.items()} == {
        "words": "int32",
        "case": "int8",
        "role": "int8",
        "lengths": "int32",
    }


def test_a_fixed_batch_claims_its_full_length(vocabulary):
    encoded = encode(ROWS, vocabulary, max_length=100)
    batch = Batch(np.array([1]), 10)
    masked, fixed = encoded.batch(batch, "masked"), encoded.batch(batch, "fixed")
    assert fixed["lengths"].tolist() == [10]
    for name in ("words", "case", "role"):
        np.testing.assert_array_equal(fixed[name], masked[name])


def test_states_are_kept_in_half_precision_and_given_in_single(vocabulary):
    states = np.arange(9 * 4, dtype="float16").reshape(9, 4)
    encoded = EncodedExamples({"states": states}, np.array([0, 6, 8, 9]))
    inputs = encoded.batch(Batch(np.array([1, 2]), 3), "masked")
    assert inputs["states"].dtype == "float32"
    np.testing.assert_array_equal(inputs["states"][0], [*states[6:8], [0] * 4])
    np.testing.assert_array_equal(inputs["states"][1], [states[8], [0] * 4, [0] * 4])
