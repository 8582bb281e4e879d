import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mrca.config import RunConfig
from mrca.datasets import CandidateSelection, load_corpus
from mrca.encoders import WordVectors
from mrca.text.inline_marks import marked, parse_marked
from mrca.text.tokenise import _ABBREVIATION
from mrca.vectors import word_vectors

tf = pytest.importorskip("tensorflow")

from mrca.export.probes import document_of  # noqa: E402
from mrca.export.text_to_inputs import TextToInputs  # noqa: E402

PATTERN = re.compile("[A-Za-z]+")
# What the tokeniser, the marks and Unicode care about, so that odd combinations come up.
WORDS = (
    "<s> </s> <o> </o> &lt; &gt; &amp; &lt < > & Ada ada London's St. U.S. J. X. Prof. vs. a.b. "
    "O'Neil 's ’re 'm 'tis '' `` ... .. . , ; : ! ? … ( ) [ ] { } \" “ ” ‘ ’ « » ¿ 's's a's!'s S' "
    "é e\u0301 É İx ΑΣ Σ ΟΔΟΣ. ΣΑ Α\u0301Σ Σ' ǅ Ⅷ 😀 👩\u200d👩\u200d👧 שלום مرحبا. 東京。 ٣. _. "
    "ª. \ufeff \0 3.5 q z qz s _"
)
FRAGMENTS = WORDS.split(" ")
SPACES = [" ", "\n", "\t", "\x1c", "\x85", "\xa0", "\u2003", "\u3000"]
texts = st.lists(
    st.sampled_from(FRAGMENTS) | st.sampled_from(SPACES) | st.characters(codec="utf-8"),
    max_size=24,
).map("".join)

HARD = [
    "",
    " ",
    "Ada",
    "<s>Ada</s> was born in <o>London</o>.",
    "<s><o>Ada</o></s>'s cat, (U.S.)! Malcolm X.",
    "<s>a <s>b</s> &lt;s&gt; &amp;lt; </o>",
    "<o> </o>x <s></s>",
    "!!!))",
    "ΟΔΟΣ ΑΣ' Σ Α\u0301Σ\u0301 ΑΣΑ İx IX",
    "X.",
    "X.)",
    "..",
    "...",
    "Wait..!",
    "'''s",
    "a's's'",
    "👩\u200d👩\u200d👧 e\u0301 שלום\u200f مرحبا.",
]


def encoded(documents, store, max_length):
    """What a run of word vectors reads documents as."""
    config = RunConfig(features={"max_length": max_length})
    encoder = WordVectors(config, (), list(store.words()), store.vectors, store, {})
    return encoder.encode(CandidateSelection("whole").select(documents))


def python(texts, store, max_length=100):
    """What the package's own Python makes of marked sentences, row by row."""
    read = [parse_marked(text) for text in texts]
    found = encoded([document_of(each) for each in read], store, max_length)
    rows = []
    for row, each in enumerate(read):
        words = slice(*found.starts[row : row + 2])
        case, role = (found.arrays[name][words] for name in ("case", "role"))
        vectors = found.table[found.arrays["words"][words]]
        rows.append((list(each.tokens[:max_length]), case, role, vectors, each.problem))
    return rows


def assert_equal(inputs, expected):
    inputs = {name: np.asarray(value) for name, value in inputs.items()}
    width = max([len(tokens) for tokens, *_ in expected] + [1])
    assert inputs["vectors"].shape[:2] == (len(expected), width)
    for row, (tokens, case, role, vectors, problem) in enumerate(expected):
        n = len(tokens)
        found = [token.decode() for token in inputs["tokens"][row]]
        assert found == tokens + [""] * (width - n)
        assert inputs["case"][row, :n].tolist() == case.tolist(), tokens
        assert inputs["role"][row, :n].tolist() == role.tolist(), tokens
        np.testing.assert_allclose(inputs["vectors"][row, :n], vectors, rtol=1e-6, atol=1e-6)
        assert not inputs["case"][row, n:].any()
        assert not inputs["role"][row, n:].any()
        assert not inputs["vectors"][row, n:].any()
        assert inputs["lengths"][row] == n
        assert inputs["problem"][row].decode() == problem


@given(st.lists(texts, max_size=6))
@settings(max_examples=100, deadline=None)
@example(HARD)
@example([])
@example(["", "", ""])
def test_the_graph_reads_as_python_does(text_to_inputs, word_store, batch):
    inputs = text_to_inputs(tf.constant(batch, tf.string))
    assert_equal(inputs, python(batch, word_store))


@given(st.lists(st.binary(max_size=12), min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
@example([bytes([byte]) + rest for byte in range(0x80, 0x100) for rest in (b"", b"\x80", b"\xbf ")])
@example([b"a\xed\xa0\x80b \xc0\xaf", b"\xf4\x90\x80\x80", "�".encode()])
def test_invalid_utf8_is_replaced_and_said(text_to_inputs, word_store, batch):
    inputs = text_to_inputs(tf.constant(batch, tf.string))
    expected = python([data.decode("utf-8", "replace") for data in batch], word_store)
    for row, data in enumerate(batch):
        try:
            data.decode()
        except UnicodeDecodeError:
            expected[row] = (*expected[row][:4], "invalid UTF-8")
    assert_equal(inputs, expected)


def test_shapes_and_types_are_the_network_s(text_to_inputs):
    inputs = text_to_inputs(tf.constant(["one two", ""]))
    forms = {name: (value.shape.as_list(), value.dtype.name) for name, value in inputs.items()}
    assert forms == {
        "vectors": ([2, 2, 6], "float32"),
        "case": ([2, 2], "int8"),
        "role": ([2, 2], "int8"),
        "lengths": ([2], "int32"),
        "tokens": ([2, 2], "string"),
        "problem": ([2], "string"),
    }
    structure = text_to_inputs.__call__.get_concrete_function().structured_outputs
    assert structure["vectors"].shape.as_list() == [None, None, 6]


def test_a_row_does_not_depend_on_its_batch(text_to_inputs):
    together = text_to_inputs(tf.constant(HARD))
    for row, text in enumerate(HARD):
        alone = text_to_inputs(tf.constant([text]))
        length = int(alone["lengths"][0])
        assert together["lengths"][row] == length
        assert together["problem"][row] == alone["problem"][0]
        for name in ("vectors", "case", "role", "tokens"):
            np.testing.assert_array_equal(together[name][row, :length], alone[name][0, :length])


def test_every_abbreviation_keeps_its_full_stop(text_to_inputs, word_store):
    titles = [title for title in PATTERN.findall(_ABBREVIATION.pattern) if title != "W"]
    assert {"St", "vs", "Calif"} <= set(titles)
    batch = [f"{title}. {title}.) ({title}., {title.upper()}. {title}" for title in titles]
    assert_equal(text_to_inputs(tf.constant(batch)), python(batch, word_store))


def test_long_rows_are_cut(text_to_inputs, word_store):
    batch = ["<s>Ada</s> X. " * 5000, "a" * 10_000, "!" * 10_000, "a." * 5000, "<s>" * 10_000]
    inputs = text_to_inputs(tf.constant(batch))
    assert_equal(inputs, python(batch, word_store))
    assert inputs["vectors"].shape[1] == 100


def test_ten_thousand_words(word_store, tmp_path):
    table = TextToInputs(word_store.words(), word_store.vectors, tmp_path, max_length=10_000)
    batch = ["<s>Ada's</s> cat ΑΣ, " * 2000, "x"]
    expected = python(batch, word_store, 10_000)
    assert len(expected[0][0]) == 10_000
    assert_equal(table(tf.constant(batch)), expected)


def test_fixed_padding_claims_the_full_length(word_store, tmp_path):
    fixed = TextToInputs(
        word_store.words(), word_store.vectors, tmp_path, max_length=5, padding="fixed"
    )
    inputs = fixed(tf.constant(["one", "", "a b c d e f g"]))
    assert inputs["vectors"].shape == (3, 5, 6)
    assert inputs["lengths"].numpy().tolist() == [5, 5, 5]
    assert inputs["problem"].numpy().tolist() == [b"", b"no words", b""]
    assert fixed(tf.constant([], tf.string))["vectors"].shape == (0, 5, 6)


def test_features_that_are_off_are_zeros(word_store, tmp_path):
    plain = TextToInputs(
        word_store.words(), word_store.vectors, tmp_path, max_length=5, case=False, role=False
    )
    inputs = plain(tf.constant(["<s>Ada</s> slept"]))
    assert not inputs["case"].numpy().any()
    assert not inputs["role"].numpy().any()


def test_half_precision_vectors_come_out_as_float32(word_store, tmp_path):
    half = TextToInputs(
        word_store.words(), word_store.vectors.astype(np.float16), tmp_path, max_length=5
    )
    inputs = half(tf.constant(["Ada bed"]))
    assert half.table.matrix.dtype == tf.float16
    assert inputs["vectors"].dtype == tf.float32
    expected, _ = word_vectors(word_store, ["Ada", "bed"])
    np.testing.assert_allclose(inputs["vectors"][0], expected, rtol=2e-3, atol=1e-3)


@given(st.lists(texts, max_size=4))
@settings(max_examples=40, deadline=None)
@example([])
@example([""])
def test_words_that_are_cut_already(text_to_inputs, batch):
    whole = text_to_inputs(tf.constant(batch, tf.string))
    again = text_to_inputs.from_tokens(whole["tokens"], tf.cast(whole["role"], tf.int32))
    for name in ("vectors", "case", "role", "lengths", "tokens"):
        np.testing.assert_array_equal(again[name], whole[name])
    empty = [not text.any() for text in whole["tokens"].numpy()]
    assert again["problem"].numpy().tolist() == [b"no words" if none else b"" for none in empty]


def test_padding_of_cut_words_may_be_longer_than_any_row(text_to_inputs):
    tokens = tf.constant([["Ada", "", "x", "", ""], ["", "", "", "", ""]])
    inputs = text_to_inputs.from_tokens(tokens, tf.ones((2, 5), tf.int32))
    assert inputs["lengths"].numpy().tolist() == [3, 0]
    assert inputs["tokens"].numpy().tolist() == [[b"Ada", b"", b"x"], [b"", b"", b""]]
    assert inputs["case"].numpy().tolist() == [[1, -1, -1], [0, 0, 0]]
    assert text_to_inputs.from_tokens(tokens[:, :0], tf.ones((2, 0), tf.int32))["role"].shape == (
        2,
        1,
    )


LOAD = """
import sys
sys.modules["mrca"] = None
import numpy as np, tensorflow as tf
loaded = tf.saved_model.load(sys.argv[1])
texts = [bytes.fromhex(line.strip()) for line in open(sys.argv[2])]
out = loaded(tf.constant(texts))
arrays = {name: value.numpy() for name, value in out.items()}
for name in ("tokens", "problem"):
    arrays[name] = arrays[name].astype("S")
np.savez(sys.argv[3], **arrays)
again = loaded.from_tokens(out["tokens"], tf.cast(out["role"], tf.int32))
assert np.array_equal(again["vectors"], out["vectors"])
assert not loaded.table.matrix.trainable
"""


@pytest.mark.processes
def test_a_fresh_process_without_this_package_gives_the_same(text_to_inputs, tmp_path):
    saved = tmp_path / "saved"
    tf.saved_model.save(text_to_inputs, str(saved))
    assert (saved / "assets" / "vocabulary.txt").is_file()
    batch = [text.replace("\0", "") for text in HARD]
    (tmp_path / "texts").write_text("\n".join(text.encode().hex() for text in batch), "utf-8")
    result = subprocess.run(
        [sys.executable, "-c", LOAD, saved, tmp_path / "texts", tmp_path / "out.npz"],
        cwd=tmp_path,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    with np.load(tmp_path / "out.npz") as loaded:
        for name, value in text_to_inputs(tf.constant(batch)).items():
            expected = value.numpy()
            if value.dtype == tf.string:
                expected = expected.astype("S")
            np.testing.assert_array_equal(loaded[name], expected, err_msg=name)


def test_only_core_operations(text_to_inputs):
    functions = [text_to_inputs.__call__, text_to_inputs.from_tokens]
    for function in functions:
        graph = function.get_concrete_function().graph.as_graph_def()
        nodes = [*graph.node, *(node for each in graph.library.function for node in each.node_def)]
        names = {node.op for node in nodes}
        assert not names & {"PyFunc", "EagerPyFunc", "PyFuncStateless"}
        assert not {name for name in names if "Text" in name and name != "TextLine"}
        assert graph.ByteSize() < 500_000, "nothing large is a constant"


def test_the_test_split_of_webnlg(word_store, tmp_path):
    if not os.environ.get("MRCA_DATA_DIR"):
        pytest.skip("MRCA_DATA_DIR is not set")
    corpus = load_corpus(str(Path(os.environ["MRCA_DATA_DIR"]) / "webnlg"))
    rows = corpus.splits["test"]
    table = TextToInputs(word_store.words(), word_store.vectors, tmp_path, max_length=100)
    batch = [marked(row) for row in rows]
    expected = python(batch, word_store)
    assert_equal(table(tf.constant(batch)), expected)
    arrays = encoded(rows, word_store, 100).arrays
    assert [token for tokens, *_ in expected for token in tokens] == [
        token for row in rows for token in row.tokens
    ]
    for place, name in ((1, "case"), (2, "role")):
        found = np.concatenate([row[place] for row in expected])
        np.testing.assert_array_equal(found, arrays[name])


def test_words_that_are_cut_already_and_wrong(text_to_inputs):
    tokens = tf.constant([[b"Ada", b"\xff"], [b"Ada", b""]])
    inputs = text_to_inputs.from_tokens(tokens, tf.constant([[1, 2], [-1, 0]]))
    assert inputs["problem"].numpy().tolist() == [b"invalid UTF-8", b""]
    assert inputs["role"].numpy().tolist() == [[1, 1], [-1, 0]]
    with pytest.raises(tf.errors.InvalidArgumentError, match="of one shape"):
        text_to_inputs.from_tokens(tokens, tf.constant([[1], [0]]))


def test_a_word_as_long_as_a_request_takes_little_memory(tmp_path):
    """Its characters' vectors, 300 numbers each, would be 2.4 GB."""
    names = [*"abcdefgh"]
    vectors = np.random.default_rng(0).normal(size=(8, 300)).astype(np.float32)
    table = TextToInputs(names, vectors, tmp_path, max_length=5)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    inputs = table(tf.constant(["abcdefgh" * 125_000]))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    np.testing.assert_allclose(inputs["vectors"][0, 0], vectors.mean(axis=0), atol=1e-6)
    assert grown < 1_000_000  # kilobytes
