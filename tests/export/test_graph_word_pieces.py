import sys

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import normalizers, pre_tokenizers

from mrca.encoding import WordPieces

tf = pytest.importorskip("tensorflow")

from mrca.export.graph_normalise import BertNormaliser  # noqa: E402
from mrca.export.graph_word_pieces import GraphWordPieces  # noqa: E402

# Marks that stay, of the classes 9, 7, 216, 224, 226 and 230; accents, which go; and what goes too,
# but is passed by no mark.
MARKS = ["\u1b44", "\U00011446", "\U0001d165", "\u302e", "\U0001d16d", "\u1dfb"]
MARKS += ["\u0301", "\u0f73", "\u034f", "\u0e31"]
LETTERS = [*"abcdeiostu", "é", "É", "İ", "Σ", "ß", "東", "각", "\u1100", "ก", "\U0001d15e"]
PIECES = ["un", "##aff", "##able", "ab", "abcd", "##cab", "##c", "##ce", "#", "##ing", "##"]
ODD = [*"#[]'-\0\x1c \t\n\xa0\u2028\u200b\ufffd\ufeff、≠\u037e\uf900😀\u0378"]
SINGLE = [*LETTERS, *MARKS, *"#[]'-=;", "、", "😀", "σ", "\u1161", "\u11a8", "\u8c48"]
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[unused1]", *PIECES]
VOCABULARY += [piece for piece in SINGLE if piece not in VOCABULARY]
VOCABULARY += [f"##{piece}" for piece in SINGLE if f"##{piece}" not in VOCABULARY]

words = st.lists(
    st.sampled_from([*LETTERS, *MARKS, *ODD, *PIECES, "[SEP]"]) | st.characters(codec="utf-8"),
    max_size=8,
).map("".join)


@pytest.fixture(scope="module", params=["uncased", "cased"])
def pair(request, tmp_path_factory):
    """The package's own word pieces, and a function of the graph's."""
    own = WordPieces(VOCABULARY, request.param == "uncased")
    module = GraphWordPieces(own, tmp_path_factory.mktemp("assets"))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
    def pieces(words):
        decoded = tf.strings.unicode_decode(words, "UTF-8")
        return module(decoded.values, decoded.value_rowids(), tf.size(words, out_type=tf.int64))

    return own, pieces


def assert_equal(pair, batch):
    own, graph = pair
    expected = [own.pieces(word) for word in batch]
    pieces, of = (value.numpy().tolist() for value in graph(tf.constant(batch, tf.string)))
    found = [[] for _ in batch]
    for piece, word in zip(pieces, of, strict=True):
        found[word].append(piece)
    assert of == sorted(of)
    for word, each, wanted in zip(batch, found, expected, strict=True):
        assert tuple(each) == wanted, ascii(word)


@given(st.lists(words, max_size=8))
@settings(max_examples=80, deadline=None)
@example([])
@example(["", "\0", "\u200b\ufffd", " ", "a b\tc", "\x1c"])
@example(["unaffable", "unaffables", "abce", "abcab", "UNabcd", "untokén", "[SEP]", "#a##b", "##c"])
@example(["a" * 100, "a" * 101, "a" * 100 + "-" + "é" * 101, "x" * 10_000, "", "-" * 300])
@example(["e\u0301", "\u0301", "a\u302e\u0301\u1b44b", "\u302e\u0301", "\u1b44", "\u302e\0\u1b44"])
@example(["\U0001d165\U0001d16d\u1b44", "\U0001d15e\u1b44", "\u0301a", "a\u302e", "\u1b44b"])
def test_words_are_split_as_in_python(pair, batch):
    assert_equal(pair, batch)


def test_marks_are_put_in_order(pair):
    batch = [f"a{x}{y}{z}" for x in MARKS for y in [*MARKS, "\0", " "] for z in MARKS]
    assert_equal(pair, batch)


def normalised(lower_case, codes):
    """Parts of `a?b` for each character, as the tokenizers library gives them, and the graph."""
    batch = [f"a{chr(code)}b" for code in codes]
    normalise = normalizers.BertNormalizer(lowercase=lower_case).normalize_str
    split = pre_tokenizers.BertPreTokenizer().pre_tokenize_str
    expected = [[part for part, _ in split(normalise(word))] for word in batch]

    numbers = np.array([[ord("a"), code, ord("b")] for code in codes], np.int32)
    parts = BertNormaliser(lower_case)(
        tf.constant(numbers.ravel()), tf.repeat(tf.range(len(codes), dtype=tf.int64), 3)
    )
    ragged = tf.RaggedTensor.from_value_rowids(parts.codes, parts.parts)
    found = [[] for _ in batch]
    for word, part in zip(parts.words.numpy(), ragged.to_list(), strict=True):
        found[word].append("".join(map(chr, part)))
    return expected, found


@pytest.mark.parametrize("lower_case", [True, False])
def test_characters_of_many_scripts(lower_case):
    expected, found = normalised(
        lower_case, [*range(0x1400), *range(0x1E00, 0x2400), *range(0xF8F0, 0xFB00)]
    )
    assert expected == found


@pytest.mark.slow
@pytest.mark.parametrize("lower_case", [True, False])
def test_every_character(lower_case):
    codes = [code for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
    expected, found = normalised(lower_case, codes)
    assert [hex(c) for c, x, y in zip(codes, expected, found, strict=True) if x != y] == []
