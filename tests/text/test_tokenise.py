import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mrca.text import Span, find_mention, tokenise


def words(text):
    return [token.text for token in tokenise(text)]


# Mostly what the tokeniser looks at, so that odd combinations of it come up.
texts = st.text(st.sampled_from("abSstMo.,;:!?'’\"`()[]…- \n\t") | st.characters(), max_size=40)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        (" \n\t ", ""),
        ("one two", "one two"),
        ("Hunt's store (in St. Louis, Mo.).", "Hunt 's store ( in St. Louis , Mo. ) ."),
        ('He said: "Go!"', 'He said : " Go ! "'),
        ("the U.S. and J. Doe", "the U.S. and J. Doe"),
        ("north-central, 3.5 and 1,000", "north-central , 3.5 and 1,000"),
        ("O'Neil's (O’Hara’s)", "O'Neil 's ( O’Hara ’s )"),
        ("the dogs' house", "the dogs ' house"),
        ("Wait... what?!", "Wait . . . what ? !"),
        ("already - spaced , 's `` text ''", "already - spaced , 's `` text ''"),
        ("'Some quoted text'", "' Some quoted text '"),
        ("'maybe' 'seldom' 'dear'", "' maybe ' ' seldom ' ' dear '"),
        ("‘Salzburg’ and ’sup’", "‘ Salzburg ’ and ’sup ’"),
        ("It 's, and they 'll.", "It 's , and they 'll ."),
        ("¿Qué? «Oui»", "¿ Qué ? « Oui »"),
        ("(((", "( ( ("),
        ("...", "..."),
        ("Łódź.", "Łódź ."),
        ("no-break\u00a0space\u3000wide", "no-break space wide"),
    ],
)
def test_examples(text, expected):
    assert words(text) == expected.split()


@given(texts)
def test_offsets_are_exact_and_in_order(text):
    tokens = tokenise(text)
    end = 0
    for token in tokens:
        assert end <= token.start < token.end
        assert text[token.start : token.end] == token.text
        assert not any(character.isspace() for character in token.text)
        end = token.end


@given(texts)
def test_no_character_is_lost(text):
    assert "".join(words(text)) == "".join(text.split())


@given(texts)
@example("'s's'")
@example("('Mo.').,")
def test_tokenised_text_comes_back_as_it_was(text):
    once = words(text)
    assert words(" ".join(once)) == once


@given(st.lists(st.sampled_from("ab"), max_size=12), st.lists(st.sampled_from("ab"), max_size=3))
def test_find_mention_finds_every_place(tokens, mention):
    places = [
        Span(start, end)
        for start in range(len(tokens))
        for end in range(start + 1, len(tokens) + 1)
        if tokens[start:end] == mention
    ]
    assert find_mention(tokens, mention) == places
    assert find_mention(tuple(tokens), tuple(mention)) == places


def test_find_mention_heeds_case_and_whole_tokens():
    tokens = ["New", "York", "new", "York", "Yorker"]
    assert find_mention(tokens, ["New", "York"]) == [(0, 2)]
    assert find_mention(tokens, ["York"]) == [(1, 2), (3, 4)]
    assert find_mention(tokens, []) == []
    assert find_mention([], ["York"]) == []
