import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mrca.datasets import load_corpus
from mrca.encoding import WordPieces, piece_rows
from mrca.errors import MrcaError
from mrca.text import Span
from mrca.text.inline_marks import marked, parse_marked

tf = pytest.importorskip("tensorflow")

from mrca.export.probes import document_of  # noqa: E402
from mrca.export.text_to_pieces import TextToPieces  # noqa: E402

LENGTH = 12
FRAGMENTS = ["<s>", "</s>", "<o>", "</o>", "&lt;", "Ada", "met", "Éa", ".", "a's", "\0", "\u200b"]
FRAGMENTS += ["東京", "😀", "<", " "]
texts = st.lists(st.sampled_from(FRAGMENTS), max_size=20).map("".join)
HARD = [
    "",
    " ",
    "Ada",
    "\0",
    "<s>Ada</s> met <o>b</o>.",
    "<s><o>Ada</o></s> <o><s>met</s> Ada</o>",
    "<s>a <o>b</s> c</o><s>d</s><s>e</s>",
    "<s>a</s><o>b</o> <s> </s> </o>",
    "a b c d e f g h i <s>j k l</s>",
    "a b c d e f g h i <s>j</s> k l",
    "<s><o>Ada a a a a</o> a a a a a a a a a</s>",
    "<o><s>Ada met a a a a a a a a a a a a</s> a</o>",
]


@pytest.fixture(scope="module")
def word_pieces(vocabulary):
    return WordPieces(vocabulary, lower_case=True)


@pytest.fixture(scope="module")
def readers(word_pieces, tmp_path_factory):
    """Without and with markers."""
    folder = tmp_path_factory.mktemp("assets")
    return [
        TextToPieces(word_pieces, folder, max_length=LENGTH, markers=markers)
        for markers in (False, True)
    ]


def assert_equal(inputs, rows, word_pieces, max_length=LENGTH, markers=False):
    style = "roles" if markers else None
    encoded = piece_rows(rows, word_pieces, max_length=max_length, markers=style)
    found = {name: value.numpy() for name, value in inputs.items()}
    assert found["lengths"].tolist() == np.diff(encoded.starts).tolist()
    there = np.arange(found["pieces"].shape[1]) < found["lengths"][:, None]
    for name, expected in encoded.arrays.items():
        assert found[name].dtype == expected.dtype
        np.testing.assert_array_equal(found[name][there], expected, err_msg=name)
        assert not found[name][~there].any()


@given(st.lists(texts, max_size=4), st.booleans())
@settings(max_examples=60, deadline=None)
@example(HARD, False)
@example(HARD, True)
@example([], True)
@example(["", ""], True)
def test_the_graph_reads_as_python_does(readers, word_pieces, batch, markers):
    inputs = readers[markers](tf.constant(batch, tf.string))
    assert_equal(
        inputs, [document_of(parse_marked(text)) for text in batch], word_pieces, markers=markers
    )
    problems = [parse_marked(text).problem for text in batch]
    assert [problem.decode() for problem in inputs["problem"].numpy()] == problems


def test_shapes_and_types_are_the_network_s(readers):
    inputs = readers[0](tf.constant(["ada met", ""]))
    forms = {name: (value.shape.as_list(), value.dtype.name) for name, value in inputs.items()}
    assert forms == {
        "pieces": ([2, 4], "int32"),
        "case": ([2, 4], "int8"),
        "role": ([2, 4], "int8"),
        "lengths": ([2], "int32"),
        "problem": ([2], "string"),
    }


def test_a_row_does_not_depend_on_its_batch(readers):
    together = readers[1](tf.constant(HARD))
    for row, text in enumerate(HARD):
        alone = readers[1](tf.constant([text]))
        length = int(alone["lengths"][0])
        for name in ("pieces", "case", "role"):
            np.testing.assert_array_equal(together[name][row, :length], alone[name][0])


@pytest.mark.parametrize("markers", [False, True])
def test_words_that_are_cut_already(readers, word_pieces, document, markers):
    rows = [
        document(("Ada", "", "x y", "."), (Span(0, 1),), (Span(2, 4),)),
        document(()),
        document(("a",) * 20, (Span(3, 18),), (Span(0, 3), Span(18, 20))),
        document(("a", "b", "c", "ada"), (Span(0, 1), Span(3, 4)), (Span(1, 3),)),
    ]
    roles = [[1, 0, -1, -1], [], [-1] * 3 + [1] * 15 + [-1] * 2, [1, -1, -1, 1]]
    tokens = np.array([[*row.tokens, *[""] * 22][:22] for row in rows])
    # What stands beside padding says nothing.
    role = np.array([[*role, *[1] * 22][:22] for role in roles], np.int32)
    inputs = readers[markers].from_tokens(tf.constant(tokens), tf.constant(role))
    assert_equal(inputs, rows, word_pieces, markers=markers)
    assert inputs["problem"].numpy().tolist() == [b"", b"no words", b"", b""]
    assert readers[markers].from_tokens(tokens[:, :0], role[:, :0])["pieces"].shape == (4, 2)


def test_mentions_of_one_kind_that_touch_are_one_where_only_roles_are_known(
    readers, word_pieces, document
):
    tokens, role = tf.constant([["ada", "met"]]), tf.constant([[1, 1]])
    inputs = readers[1].from_tokens(tokens, role)
    assert_equal(inputs, [document(("ada", "met"), (Span(0, 2),))], word_pieces, markers=True)


def test_features_that_are_off_are_zeros(word_pieces, tmp_path):
    reader = TextToPieces(word_pieces, tmp_path, max_length=LENGTH, case=False, role=False)
    inputs = reader.from_tokens(tf.constant([["Ada", "met"]]), tf.constant([[1, 0]]))
    assert not inputs["case"].numpy().any()
    assert not inputs["role"].numpy().any()


def test_markers_need_pieces(tmp_path):
    word_pieces = WordPieces(["[PAD]", "[UNK]", "[CLS]", "[SEP]"], lower_case=True)
    with pytest.raises(MrcaError, match="four unused pieces"):
        TextToPieces(word_pieces, tmp_path, max_length=LENGTH, markers=True)


def test_only_core_operations_and_no_large_constants(readers):
    for reader in readers:
        for function in (reader.__call__, reader.from_tokens):
            graph = function.get_concrete_function().graph.as_graph_def()
            nodes = [*graph.node, *(n for each in graph.library.function for n in each.node_def)]
            names = {node.op for node in nodes}
            assert not names & {"PyFunc", "EagerPyFunc", "PyFuncStateless"}
            assert not {name for name in names if "Text" in name or "Wordpiece" in name}
            assert graph.ByteSize() < 500_000


def test_the_test_split_of_webnlg(word_pieces, tmp_path):
    if not os.environ.get("MRCA_DATA_DIR"):
        pytest.skip("MRCA_DATA_DIR is not set")
    rows = load_corpus(str(Path(os.environ["MRCA_DATA_DIR"]) / "webnlg")).splits["test"]
    reader = TextToPieces(word_pieces, tmp_path, max_length=100)
    batch = [marked(row) for row in rows]
    assert_equal(reader(tf.constant(batch)), rows, word_pieces, 100)
