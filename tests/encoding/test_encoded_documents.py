import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mrca.datasets import CandidateSelection
from mrca.encoding import (
    Batch,
    BatchLimits,
    EncodedDocuments,
    EncodedEntities,
    plan_batches,
    row_starts,
)
from mrca.encoding.encoded_documents import ranges
from mrca.text import Document, Entity, Span

LENGTHS = [6, 2, 1]


@pytest.fixture
def encoded():
    """Three rows of words, whose states are their numbers."""
    words = np.array([0, 1, 2, 3, 4, 5, 6, 7, 6], np.int32)
    marks = np.array([1, -1, 1, -1, 1, 1, -1, 1, -1], np.int8)
    table = np.stack([np.arange(1, 9), -np.arange(1, 9)], axis=1).astype(np.float32)
    return EncodedDocuments(
        {"words": words, "case": marks, "role": -marks}, row_starts(LENGTHS), table=table
    )


# === Tokens ===


def test_rows_lie_end_to_end(encoded):
    assert len(encoded) == 3
    assert encoded.lengths.tolist() == LENGTHS
    assert encoded.starts.tolist() == [0, 6, 8, 9]
    assert encoded.starts.dtype == "int64"


def test_a_batch_has_the_states_of_words_and_is_padded_with_zeros(encoded):
    inputs = encoded.batch(Batch(np.array([2, 0]), 8), "masked")
    assert inputs["lengths"].tolist() == [1, 6]
    assert inputs["case"].tolist() == [[-1] + [0] * 7, [1, -1, 1, -1, 1, 1, 0, 0]]
    assert inputs["role"].tolist() == [[1] + [0] * 7, [-1, 1, -1, 1, -1, -1, 0, 0]]
    np.testing.assert_array_equal(inputs["states"][0], [[7, -7]] + [[0, 0]] * 7)
    np.testing.assert_array_equal(inputs["states"][1, :, 0], [1, 2, 3, 4, 5, 6, 0, 0])
    assert {name: array.dtype for name, array in inputs.items()} == {
        "states": "float32",
        "case": "int8",
        "role": "int8",
        "lengths": "int32",
    }


def test_a_fixed_batch_claims_its_full_length(encoded):
    batch = Batch(np.array([1]), 10)
    masked, fixed = encoded.batch(batch, "masked"), encoded.batch(batch, "fixed")
    assert fixed["lengths"].tolist() == [10]
    for name in ("states", "case", "role"):
        np.testing.assert_array_equal(fixed[name], masked[name])


def test_states_are_kept_in_half_precision_and_given_in_single():
    states = np.arange(9 * 4, dtype="float16").reshape(9, 4)
    encoded = EncodedDocuments({"states": states}, row_starts(LENGTHS))
    inputs = encoded.batch(Batch(np.array([1, 2]), 3), "masked")
    assert inputs["states"].dtype == "float32"
    np.testing.assert_array_equal(inputs["states"][0], [*states[6:8], [0] * 4])
    np.testing.assert_array_equal(inputs["states"][1], [states[8], [0] * 4, [0] * 4])


def test_one_candidate_a_row_where_whole_documents_are_asked_about(encoded):
    assert encoded.candidates is None
    assert encoded.candidates_of(np.array([2, 0])).tolist() == [2, 0]


def test_ranges_of_any_rows_end_to_end():
    starts = np.array([0, 2, 2, 5])
    assert ranges(starts, np.array([2, 1, 0])).tolist() == [2, 3, 4, 0, 1]
    assert ranges(starts, np.array([], np.int64)).tolist() == []


# === Entities and pairs ===


def encode(documents, lengths=None):
    """Documents with entities, asked about in pairs, of words that are their own number."""
    read = lengths or [len(document.tokens) for document in documents]
    candidates = CandidateSelection("pairs").select(documents)
    words = np.concatenate([np.arange(each, dtype=np.int32) for each in (*read, 0)])
    entities = EncodedEntities.of(
        candidates, lambda row, span: range(span.start, min(span.end, read[row]))
    )
    return candidates, EncodedDocuments({"words": words}, row_starts(read), entities)


def entity(*spans):
    return Entity(tuple(Span(*span) for span in spans))


DOCUMENTS = [
    Document(tuple("abcdef"), (entity((0, 2), (4, 5)), entity((5, 6)))).with_unknown_roles(),
    Document(tuple("xy")),
    Document(
        tuple("uvw"),
        (entity((1, 2)), entity((0, 1)), entity((1, 3))),
        subjects=(0, 2),
        objects=(1, 2),
    ),
]


def test_a_batch_says_where_entities_stand_and_which_pairs_are_asked_about():
    candidates, encoded = encode(DOCUMENTS)
    assert candidates.counts.tolist() == encoded.candidates.tolist() == [2, 0, 3]
    inputs = encoded.batch(Batch(np.array([2, 0]), 8), "masked")
    # Places in the entity's own row; rows and entities are counted in the batch.
    assert inputs["entities"].tolist() == [
        [1, -1, -1],
        [0, -1, -1],
        [1, 2, -1],
        [0, 1, 4],
        [5, -1, -1],
    ]
    assert inputs["entity_rows"].tolist() == [0, 0, 0, 1, 1]
    assert inputs["row_entities"].tolist() == [[0, 1, 2, -1], [3, 4, -1, -1]]
    assert inputs["pairs"].tolist() == [[0, 1], [0, 2], [2, 1], [3, 4], [4, 3]]
    assert encoded.candidates_of(np.array([2, 0])).tolist() == [2, 3, 4, 0, 1]
    names = ("entities", "entity_rows", "row_entities", "pairs")
    assert {inputs[name].dtype.name for name in names} == {"int32"}


def test_mentions_that_overlap_give_a_token_once_and_cut_ones_none():
    row = Document(tuple("abcdef"), (entity((0, 3), (2, 4)), entity((1, 2), (5, 6))))
    _, encoded = encode([row.with_unknown_roles()], [3])
    inputs = encoded.batch(Batch(np.array([0]), 4), "masked")
    assert inputs["entities"].tolist() == [[0, 1, 2], [1, -1, -1]]


def test_a_batch_of_documents_without_entities_or_tokens():
    _, encoded = encode([DOCUMENTS[1], Document(())])
    inputs = encoded.batch(Batch(np.array([0, 1]), 4), "masked")
    assert inputs["entities"].shape == (0, 1)
    assert inputs["entity_rows"].shape == (0,)
    assert inputs["row_entities"].tolist() == [[-1] * 4] * 2
    assert inputs["pairs"].shape == (0, 2)


def test_inputs_describe_what_a_batch_gives():
    _, encoded = encode(DOCUMENTS)
    inputs = encoded.batch(Batch(np.array([0, 2]), 8), "masked")
    described = encoded.inputs
    assert described.keys() == inputs.keys()
    for name, (shape, dtype) in described.items():
        assert inputs[name].dtype == dtype
        assert len(inputs[name].shape) == len(shape)
        for given_size, size in zip(inputs[name].shape, shape, strict=True):
            assert size in (None, given_size)


def test_any_plan_holds_each_candidate_once_in_the_order_that_is_told(some_documents):
    """Of every batch, pair i is about the entities and the document of `candidates_of`'s i-th."""

    @given(
        some_documents,
        st.builds(BatchLimits, st.integers(1, 4), st.integers(8, 40), st.integers(1, 12)),
        st.none() | st.integers(0, 99),
    )
    @settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def check(documents, limits, seed):
        candidates, encoded = encode(documents)
        plan = plan_batches(
            encoded.lengths, limits, max_length=12, candidates=encoded.candidates, seed=seed
        )
        seen = []
        for batch in plan:
            inputs = encoded.batch(batch, "masked")
            numbers = encoded.candidates_of(batch.rows)
            assert len(inputs["pairs"]) == len(numbers) > 0
            for pair, number in zip(inputs["pairs"], numbers, strict=True):
                row = inputs["entity_rows"][pair]
                assert row[0] == row[1]
                document = batch.rows[row[0]]
                assert document == candidates.rows[number]
                for place, which in zip(
                    pair, (candidates.subjects[number], candidates.objects[number]), strict=True
                ):
                    mentions = documents[document].entities[which].mentions
                    tokens = {token for span in mentions for token in range(*span)}
                    found = inputs["entities"][place]
                    assert set(found[found >= 0].tolist()) == tokens
            seen += numbers.tolist()
        assert sorted(seen) == list(range(len(candidates)))

    check()
