from hypothesis import given
from hypothesis import strategies as st

from mrca.datasets.readers.find_mention import find_words, similar_words
from mrca.text import find_mention, tokenise

words = st.lists(st.sampled_from(["A", "A.", "Corp", "Corp.", "."]), min_size=1, max_size=4)


def test_every_place_is_found_with_and_without_the_full_stop():
    tokens = ["Globex", "Corp", "left", "Globex", "Corp."]
    assert find_words(tokens, ["Globex", "Corp"]) == (["Globex", "Corp"], [(0, 2), (3, 5)])
    assert find_words(tokens[2:], ["Globex", "Corp"]) == (["Globex", "Corp."], [(1, 3)])
    assert find_words(tokens, ["Globex"]) == (["Globex"], [(0, 1), (3, 4)])
    assert find_words(tokens, ["globex", "Corp"]) == (["globex", "Corp"], [])


@given(words, words)
def test_an_exact_sequence_is_always_found(tokens, mention):
    found = find_words(tokens, mention)
    exact = find_mention(tokens, mention)
    assert set(exact) <= set(found.spans)
    assert found.words == mention or not exact
    assert found.spans == sorted(set(found.spans))


@given(st.text("AbCorp. ,", max_size=30), st.integers(0, 30), st.integers(0, 30))
def test_what_is_copied_from_between_words_is_found(text, start, end):
    tokens = tokenise(text)
    chosen = tokens[start:end]
    if chosen:
        copied = [token.text for token in tokenise(text[chosen[0].start : chosen[-1].end])]
        assert find_words([token.text for token in tokens], copied).spans


@given(words, words)
def test_similar_words_are_of_the_text(tokens, mention):
    similar = similar_words(tokens, mention)
    assert not similar or find_mention(tokens, similar)


def test_similar_words_are_those_in_the_place_of_the_mention():
    tokens = ["The", "north", "of", "the", "New", "York-based", "firm"]
    assert similar_words(tokens, ["New", "York"]) == ["New", "York-based"]
    assert similar_words(tokens, ["york"]) == ["York-based"]
    assert similar_words(tokens, ["The", "NEW", "York"]) == ["the", "New", "York-based"]
    assert similar_words(tokens, ["a"]) == similar_words(tokens, ["Oslo"]) == []
