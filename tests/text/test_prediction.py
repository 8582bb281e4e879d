import pytest

from mrca.errors import MrcaError
from mrca.models import PredictedFact, Prediction
from mrca.text import Document, Entity, Span
from mrca.text.prediction import mention_text

TEXT = "Ada  Byron met <Bob> & co."
WORDS = ("Ada", "Byron", "met", "<", "Bob", ">", "&", "co.")


def offsets():
    found, at = [], 0
    for word in WORDS:
        at = TEXT.index(word, at)
        found.append(Span(at, at + len(word)))
        at += len(word)
    return tuple(found)


ADA = Entity((Span(0, 2), Span(7, 8)), "PER", "Q7259")
BOB = Entity((Span(3, 6),))
FROM_TEXT = Document(WORDS, (ADA, BOB), text=TEXT, offsets=offsets())
FROM_WORDS = Document(WORDS, (ADA, BOB))


def fact(relation, score, document=FROM_TEXT):
    first, second = (mention_text(document, each.mentions[0]) for each in (ADA, BOB))
    return PredictedFact(first, relation, second, score, ADA, BOB)


def test_a_mention_stands_as_it_does_in_the_text():
    assert mention_text(FROM_TEXT, Span(0, 2)) == "Ada  Byron"
    assert mention_text(FROM_WORDS, Span(0, 2)) == "Ada Byron"


def test_facts_are_ranked_and_relations_have_their_best_score():
    facts = [fact("met", 0.25), fact("knows", 0.5), fact("met", 0.75)]
    prediction = Prediction.of_facts(FROM_TEXT, facts)
    assert [each.score for each in prediction.facts] == [0.75, 0.5, 0.25]
    assert prediction.relations == (("met", 0.75), ("knows", 0.5))
    assert Prediction.of_facts(FROM_TEXT, []).relations == ()


def test_facts_as_json_have_the_offsets_of_the_text():
    (row,) = Prediction.of_facts(FROM_TEXT, [fact("met", 0.123456)]).facts_to_dicts()
    assert row == {
        "subject": {
            "text": "Ada  Byron",
            "char_start": 0,
            "char_end": 10,
            "mentions": [
                {"text": "Ada  Byron", "char_start": 0, "char_end": 10},
                {"text": "co.", "char_start": 23, "char_end": 26},
            ],
            "type": "PER",
            "id": "Q7259",
        },
        "relation": "met",
        "object": {"text": "<Bob>", "char_start": 15, "char_end": 20},
        "score": 0.1235,
    }
    assert TEXT[15:20] == "<Bob>"


def test_of_a_row_of_words_they_have_the_places_of_words():
    (row,) = Prediction.of_facts(FROM_WORDS, [fact("met", 0.5, FROM_WORDS)]).facts_to_dicts()
    assert row["object"] == {"text": "< Bob >", "token_start": 3, "token_end": 6}


def test_facts_in_docreds_form_have_the_numbers_of_the_entities():
    twin = Entity(*BOB)  # another entity with the same words
    document = Document(WORDS, (BOB, ADA, twin), id="Some Title")
    facts = [PredictedFact("", "P1", "", 0.5, twin, ADA), PredictedFact("", "P2", "", 1, ADA, BOB)]
    assert Prediction.of_facts(document, facts).facts_to_docred() == [
        {"title": "Some Title", "h_idx": 1, "t_idx": 0, "r": "P2", "evidence": []},
        {"title": "Some Title", "h_idx": 2, "t_idx": 1, "r": "P1", "evidence": []},
    ]
    untitled = Prediction.of_facts(FROM_WORDS, [fact("P1", 0.5, FROM_WORDS)])
    with pytest.raises(MrcaError, match="has no id, which DocRED's form needs as its title"):
        untitled.facts_to_docred()
    assert Prediction.of_facts(FROM_WORDS, []).facts_to_docred() == []


def test_relations_as_json():
    prediction = Prediction(FROM_TEXT, (), (("met", 0.123456), ("knows", 0.1)))
    assert prediction.relations_to_dicts() == [
        {"relation": "met", "score": 0.1235},
        {"relation": "knows", "score": 0.1},
    ]
    assert prediction.facts_to_dicts() == []


@pytest.mark.parametrize(
    ("prediction", "said"),
    [
        (
            Prediction.of_facts(FROM_TEXT, [fact("met", 0.5)]),
            "Prediction(Ada  Byron —met→ <Bob> (0.50))",
        ),
        (
            Prediction(FROM_TEXT, (), (("met", 0.5), ("knows", 0.25))),
            "Prediction(met (0.50); knows (0.25))",
        ),
        (Prediction(FROM_TEXT, (), ()), "Prediction(nothing)"),
    ],
    ids=["facts", "relations", "nothing"],
)
def test_it_is_shown_in_one_line(prediction, said):
    assert repr(prediction) == said


def test_in_a_notebook_it_is_a_table_of_escaped_text():
    table = Prediction.of_facts(FROM_TEXT, [fact("met", 0.5)])._repr_html_()
    assert "<th>subject</th><th>relation</th><th>object</th><th>score</th>" in table
    assert "<td>&lt;Bob&gt;</td><td>0.500</td>" in table
    assert "<Bob>" not in table
    whole = Prediction(FROM_TEXT, (), (("met", 0.5),))._repr_html_()
    assert "<th>relation</th><th>score</th>" in whole
    assert "<td>met</td><td>0.500</td>" in whole
