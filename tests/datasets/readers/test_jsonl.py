import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrca.datasets import Row, iter_jsonl
from mrca.datasets.readers.jsonl_schema import EntityObject, FactObject, JsonRow
from mrca.errors import MrcaError
from mrca.text import Document, Entity, Fact, Span


def read(*rows: object, **options: object) -> list[Row]:
    lines = [row if isinstance(row, str | bytes) else json.dumps(row) for row in rows]
    return list(iter_jsonl(lines, "corpus.jsonl", **options))


def read_document(row: object, **options: object) -> Document:
    (read_row,) = read(row, **options)
    assert read_row.error is None, read_row.error
    assert read_row.document is not None
    return read_row.document


def read_error(row: object, **options: object) -> str:
    (read_row,) = read(row, **options)
    assert read_row.document is None
    assert isinstance(read_row.error, MrcaError)
    return str(read_row.error)


TEXT = "Ada Lovelace was born in London."
TOKENS = ("Ada", "Lovelace", "was", "born", "in", "London", ".")
ENTITIES = (Entity((Span(0, 2),), name="Ada Lovelace"), Entity((Span(5, 6),), name="London"))
ORACLE = Document(
    tokens=TOKENS,
    entities=ENTITIES,
    facts=(Fact(0, "born_in", 1),),
    labels=("born_in",),
    subjects=(0,),
    objects=(1,),
    oracle=True,
)
STRINGS = ("Ada Lovelace", "London")
CHARACTERS = (
    {"char_start": 0, "char_end": 12},
    {"char_start": 25, "char_end": 31, "text": "London"},
)
WORDS = (
    {"token_start": 0, "token_end": 2, "text": "Ada Lovelace"},
    {"token_start": 5, "token_end": 6},
)
FORMS = pytest.mark.parametrize("subject, object_", [STRINGS, CHARACTERS, WORDS])


def test_a_document_keeps_its_text_and_where_its_words_stand_in_it():
    document = read_document({"text": TEXT, "labels": []})
    assert (document.tokens, document.text) == (TOKENS, TEXT)
    assert [TEXT[start:end] for start, end in document.offsets] == list(TOKENS)
    document = read_document({"tokens": list(TOKENS), "labels": []})
    assert (document.tokens, document.text, document.offsets) == (TOKENS, "", ())


# === Mentions ===


@FORMS
@pytest.mark.parametrize("form", ["object", "list"])
def test_every_way_to_name_an_entity_gives_the_same_document(subject, object_, form):
    fact = {"subject": subject, "relation": "born_in", "object": object_}
    stated = fact if form == "object" else list(fact.values())
    assert read_document({"text": TEXT, "facts": [stated]}).without_text() == ORACLE


@pytest.mark.parametrize("subject, object_", [STRINGS, WORDS])
def test_tokens_instead_of_text(subject, object_):
    row = {"tokens": list(TOKENS), "facts": [[subject, "born_in", object_]]}
    assert read_document(row) == ORACLE


def test_facts_are_read_under_their_first_name_too():
    row = {"tokens": list(TOKENS), "triples": [[STRINGS[0], "born_in", STRINGS[1]]]}
    assert read_document(row) == ORACLE
    assert '"triples" is its old name' in read_error({**row, "facts": []})


def test_a_string_marks_every_occurrence_and_offsets_mark_one():
    text = "Rome is Rome"
    (entity,) = read_document({"text": text, "subjects": ["Rome"]}).entities
    assert entity.mentions == ((0, 1), (2, 3))
    one = {"char_start": 8, "char_end": 12}
    (entity,) = read_document({"text": text, "subjects": [one]}).entities
    assert entity == Entity((Span(2, 3),), name="Rome")


def test_a_string_is_cut_into_words_as_its_document_is():
    row = {"text": "It is Paul's.", "entities": ["Paul's"]}
    assert read_document(row).entities == (Entity((Span(2, 4),), name="Paul 's"),)
    row = {"tokens": ["It", "is", "Paul's", "."], "entities": ["Paul's"]}
    assert read_document(row).entities == (Entity((Span(2, 3),), name="Paul's"),)


# === Listed entities ===


@FORMS
def test_listed_entities_may_all_be_subjects_and_objects(subject, object_):
    document = read_document({"text": TEXT, "entities": [subject, object_], "facts": []})
    assert document.entities == ENTITIES
    assert document.subjects == document.objects == (0, 1)
    assert (document.roles, document.oracle) == ("unknown", False)


def test_an_entity_has_a_type_an_id_and_several_mentions():
    text = "Ada Lovelace met Bo. She left Bo."
    row = {
        "text": text,
        "entities": [
            {"mentions": ["Ada Lovelace", {"char_start": 21, "char_end": 24}], "type": "PER"},
            {"text": "Bo", "type": "PER", "id": 7},
            {"token_start": 6, "token_end": 7, "id": "left"},
        ],
    }
    assert read_document(row).entities == (
        Entity((Span(0, 2), Span(5, 6)), "PER", name="Ada Lovelace"),
        Entity((Span(3, 4), Span(7, 8)), "PER", "7", "Bo"),
        Entity((Span(6, 7),), "", "left", "left"),
    )


@pytest.mark.parametrize("subject", ["Q1", "She", "Ada", {"char_start": 0, "char_end": 3}])
@pytest.mark.parametrize("object_", ["Bo", {"token_start": 2, "token_end": 3, "text": "Bo"}])
def test_a_fact_refers_by_id_by_words_or_by_place(subject, object_):
    row = {
        "text": "Ada met Bo. She left.",
        "entities": ["Bo", {"mentions": ["Ada", "She"], "id": "Q1"}],
        "facts": [[subject, "met", object_]],
    }
    assert read_document(row).facts == (Fact(1, "met", 0),)


def test_an_id_goes_before_words():
    row = {
        "text": "Ada met Bo",
        "entities": [{"text": "Ada", "id": "Bo"}, {"text": "Bo", "id": "Ada"}],
        "facts": [["Bo", "met", "Ada"]],
    }
    assert read_document(row).facts == (Fact(0, "met", 1),)


def test_where_words_are_shared_only_an_id_or_a_place_tells_entities_apart():
    row = {
        "text": "Paris met Paris",
        "entities": [{"char_start": 0, "char_end": 5}, {"char_start": 10, "char_end": 15}],
    }
    places = [{"token_start": 0, "token_end": 1}, {"token_start": 2, "token_end": 3}]
    assert read_document({**row, "facts": [[places[1], "met", places[0]]]}).facts == (
        Fact(1, "met", 0),
    )
    message = read_error({**row, "facts": [["Paris", "met", places[0]]]})
    assert "facts[0].subject: expected the id of one entity, since several have this" in message
    assert '(entities[0], entities[1]), received "Paris"' in message


def test_a_fact_of_what_is_no_entity_is_refused():
    row = {"text": "Ada met Bo", "entities": ["Ada", "Bo"]}
    for other in ("Cleo", "met", {"token_start": 1, "token_end": 2}):
        message = read_error({**row, "facts": [["Ada", "met", other]]})
        assert "facts[0].object: expected an id or a mention of one of the row's" in message
        message = read_error({**row, "objects": [other]})
        assert "objects[0]: expected an id or a mention of one of the row's" in message


def test_known_roles_are_those_of_listed_entities():
    row = {"text": "Ada met Bo", "entities": ["Ada", {"text": "Bo", "id": "b"}, "met"]}
    document = read_document({**row, "subjects": ["b"], "objects": ["met", "Ada", "Ada"]})
    assert (document.subjects, document.objects, document.roles) == ((1,), (0, 2), "given")
    assert len(document.entities) == 3
    document = read_document({**row, "subjects": ["b"]})
    assert (document.subjects, document.objects, document.roles) == ((1,), (0, 1, 2), "given")
    message = read_error({**row, "subjects": ["b"], "facts": [["Ada", "met", "b"]]})
    assert 'facts[0].subject: expected one of the row\'s subjects, received "Ada"' in message


def test_listed_pairs_are_those_that_are_asked_about():
    row = {"text": "Ada met Bo", "entities": ["Ada", {"text": "Bo", "id": "b"}, "met"]}
    document = read_document({**row, "pairs": [["b", "met"], ["Ada", "b"], ["Ada", "b"]]})
    assert document.pairs == ((0, 1), (1, 2))
    assert read_document({**row, "pairs": []}).pairs == ()
    assert read_document(row).pairs is None
    fact = {**row, "pairs": [["Ada", "b"]], "facts": [["b", "met", "Ada"]]}
    assert 'facts[0]: expected one of the row\'s pairs, received ["Bo", "Ada"]' in read_error(fact)
    itself = {**row, "pairs": [], "facts": [["b", "met", "b"]]}
    assert read_document(itself).facts == (Fact(1, "met", 1),)  # it is never asked about
    roles = {**row, "objects": ["b"], "pairs": [["Ada", "b"], ["b", "Ada"]]}
    assert 'pairs[1][1]: expected one of the row\'s objects, received "Ada"' in read_error(roles)
    unknown = {**row, "pairs": [["Ada", "Cleo"]]}
    assert "pairs[0][1]: expected an id or a mention of one of the row's" in read_error(unknown)
    alone = {"text": "Ada met Bo", "pairs": [["Ada", "Bo"]]}
    assert 'pairs: expected "entities" beside "pairs"' in read_error(alone)


def test_ids_are_unique_in_their_row():
    entities = [{"text": "Ada", "id": 1}, {"text": "Bo", "id": "1"}]
    message = read_error({"text": "Ada met Bo", "entities": entities})
    assert 'entities[1].id: expected an id that no other entity has, received "1"' in message


def test_a_fact_that_stands_twice_counts_once():
    row = {"text": "Ada met Bo", "entities": ["Ada", "Bo"]}
    facts = [["Ada", "met", "Bo"], {"subject": "Ada", "relation": "met", "object": "Bo"}]
    assert read_document({**row, "facts": facts}).facts == (Fact(0, "met", 1),)


def test_an_entity_that_is_not_there_is_reported_and_kept_without_a_mention():
    row = {
        "text": "Ada met Bo",
        "entities": ["Ada", {"mentions": ["Bo", "Bob"]}, {"text": "Cleo", "type": "PER"}],
        "facts": [["Ada", "met", "Cleo"]],
    }
    (read_row,) = read(row)
    assert [(each.kind, each.field) for each in read_row.problems] == [
        ("unmatched", "entities[1].mentions[1]"),
        ("unmatched", "entities[2]"),
    ]
    assert read_row.document.entities[2] == Entity((), "PER", name="Cleo")
    assert read_row.document.facts == (Fact(0, "met", 2),)


# === Sentences and evidence ===


def test_sentences_begin_at_characters_of_the_text_or_words_of_the_tokens():
    document = read_document({"text": "Ada met Bo. She left. Bye", "sentences": [0, 12, 21]})
    assert document.sentences == (0, 4, 7)
    tokens = ["Ada", "left", "Bye"]
    assert read_document({"tokens": tokens, "sentences": [0, 2]}).sentences == (0, 2)
    assert read_document({"tokens": tokens}).sentences == (0,)


def test_evidence_is_of_the_rows_sentences():
    row = {"tokens": ["Ada", "met", "Bo"], "entities": ["Ada", "Bo"], "sentences": [0, 1]}
    fact = {"subject": "Ada", "relation": "met", "object": "Bo", "evidence": [1, 0, 1]}
    assert read_document({**row, "facts": [fact]}).facts == (Fact(0, "met", 1, (0, 1)),)
    message = read_error({**row, "facts": [{**fact, "evidence": [2]}]})
    assert "facts[0].evidence: expected sentences up to 1, received 2" in message


# === Where marks come from ===


def test_marks_are_an_oracle_where_the_facts_alone_give_them():
    fact = ["Ada", "met", "Bo"]
    row = {"text": "Ada met Bo"}
    assert read_document({**row, "facts": [fact]}).oracle
    assert read_document({**row, "facts": []}).oracle  # no mark says: no fact
    assert not read_document({**row, "facts": [fact], "entities": ["Ada", "Bo"]}).oracle
    assert not read_document({**row, "facts": [fact], "subjects": ["Ada"]}).oracle
    assert not read_document({**row, "labels": ["met"]}).oracle
    assert not read_document(row).oracle


def test_without_a_list_mentions_with_the_same_words_are_one_entity():
    text = "Ada met Bo and Ada left Cleo"
    places = [{"token_start": 0, "token_end": 1}, {"token_start": 4, "token_end": 5}]
    facts = [[places[0], "met", "Bo"], [places[1], "left", "Cleo"], ["Bo", "met", places[0]]]
    document = read_document({"text": text, "facts": facts})
    assert [entity.name for entity in document.entities] == ["Ada", "Bo", "Cleo"]
    assert document.entities[0].mentions == ((0, 1), (4, 5))
    assert document.facts == (Fact(0, "met", 1), Fact(0, "left", 2), Fact(1, "met", 0))
    assert (document.subjects, document.objects) == ((0, 1), (0, 1, 2))


def test_marks_and_labels_instead_of_facts():
    row = {"text": TEXT, "subjects": [STRINGS[0]], "objects": [WORDS[1]], "labels": ["born_in"]}
    document = read_document(row)
    assert (document.entities, document.subjects, document.objects) == (ENTITIES, (0,), (1,))
    assert (document.labels, document.facts) == (("born_in",), ())
    assert (document.roles, document.oracle) == ("given", False)


# === Labels ===


def test_labels_are_unique_in_order_of_first_mention():
    row = {"text": "A B", "facts": [["A", "z", "B"], ["B", "a", "A"], ["B", "z", "A"]]}
    assert read_document(row).labels == ("z", "a")
    assert read_document({"text": "A B", "labels": ["z", "a", "z"]}).labels == ("z", "a")


def test_labels_beside_facts_may_repeat_them_but_not_disagree():
    row = {"tokens": list(TOKENS), "facts": [[STRINGS[0], "born_in", STRINGS[1]]]}
    assert read_document({**row, "labels": ["born_in"]}) == ORACLE
    message = read_error({**row, "labels": ["died_in"]})
    assert "labels: expected the relations of the facts, ['born_in']" in message
    assert 'received ["died_in"]' in message


def test_a_row_without_relations_is_not_a_row_without_labels():
    (none_is_stated, unknown) = read({"text": "A", "labels": []}, {"text": "A"})
    assert none_is_stated.labelled
    assert not unknown.labelled
    assert none_is_stated.document == unknown.document
    assert read({"text": "A", "facts": []}, require_labels=True)[0].error is None
    message = read_error({"text": "A", "entities": ["A"]}, require_labels=True)
    assert 'facts: expected "facts" or "labels", received a row without them' in message


def test_facts_beside_marks_must_name_marked_entities():
    row = {"text": "Ada met Bob", "subjects": ["Ada"], "objects": ["Bob"]}
    assert read_document({**row, "facts": [["Ada", "met", "Bob"]]}).facts == (Fact(0, "met", 1),)
    message = read_error({**row, "facts": [["Bob", "met", "Bob"]]})
    assert "facts[0].subject: expected one of the row's subjects" in message


# === Mentions that do not stand in their text ===


def test_a_mention_that_is_not_there_is_reported_and_the_row_kept():
    (row,) = read({"text": "Ada met Bob", "facts": [["Ada", "met", "Cleo"], ["Ada", "k", "Bob"]]})
    assert row.document.spans("object") == ((2, 3),)
    assert row.document.labels == ("met", "k")
    assert row.document.facts == (Fact(0, "met", 1), Fact(0, "k", 2))
    (problem,) = row.problems
    assert (problem.kind, problem.line, problem.field) == ("unmatched", 1, "facts[0].object")
    assert "Cleo" in problem.received


def test_a_mention_need_not_have_the_full_stop_of_an_abbreviation():
    text = "Ada founded Globex Corp."
    for entity in ("Globex Corp", "Globex Corp.", {"char_start": 12, "char_end": 23}):
        document = read_document({"text": text, "facts": [["Ada", "founded", entity]]})
        assert document.entities[1] == Entity((Span(2, 4),), name="Globex Corp.")
    document = read_document({"text": "Malcolm X. spoke", "entities": ["Malcolm X."]})
    assert document.spans("subject") == ((0, 2),)
    # Words of the user's own stay as they are.
    (row,) = read({"tokens": ["Globex", "Corp."], "subjects": ["Globex Corp"]})
    assert [problem.kind for problem in row.problems] == ["unmatched"]


def test_a_mention_that_is_not_there_shows_how_the_text_was_cut():
    (row,) = read({"text": "The New York-based firm", "subjects": ["New York", "Cleo"]})
    assert [(problem.expected, problem.received) for problem in row.problems] == [
        ('words of the text, in sequence (it has the words "New" "York-based")', '"New York"'),
        ("words of the text, in sequence", '"Cleo"'),
    ]
    message = read_error(
        {"text": "The New York-based firm", "subjects": [{"char_start": 4, "char_end": 12}]}
    )
    assert 'such as [4, 18] = the words "New" "York-based", received [4, 12]' in message


def test_problems_come_in_the_order_of_the_fields():
    facts = [["Ada", "met", "Cleo"], ["Dora", "met", "Bob"], ["Eve", "met", "Finn"]]
    row = {"text": "Ada met Bob", "facts": facts}
    fields = ["facts[0].object", "facts[1].subject", "facts[2].subject", "facts[2].object"]
    (read_row,) = read(row)
    assert [problem.field for problem in read_row.problems] == fields
    (read_row,) = read({**row, "subjects": ["Ada", "Gil"]})
    assert [problem.field for problem in read_row.problems] == [*fields, "subjects[1]"]


def test_offsets_inside_words_are_refused_or_widened_and_said():
    row = {"text": "the manhunt for pro-Russian men", "entities": ["men"]}
    inside = [{"char_start": 7, "char_end": 11}, {"char_start": 20, "char_end": 31}]
    row["entities"] += [{"mentions": inside, "type": "X"}]
    message = read_error(row)
    assert "entities[1].mentions[0]: expected offsets at the borders of words" in message
    (read_row,) = read(row, offsets="widen")
    assert read_row.document.entities[1] == Entity((Span(1, 2), Span(3, 5)), "X", name="manhunt")
    assert [(each.kind, each.field) for each in read_row.problems] == [
        ("widened", "entities[1].mentions[0]"),
        ("widened", "entities[1].mentions[1]"),
    ]
    assert str(read_row.problems[0]).endswith(
        'expected the whole of [4, 11] = the words "manhunt", received [7, 11] = "hunt"'
    )


def test_offsets_at_the_borders_of_words_are_not_widened():
    row = {"text": "Ada met Bo.", "entities": [{"char_start": 0, "char_end": 3}, "Bo"]}
    assert read(row, offsets="widen") == read(row)
    nothing = {"text": "A  B", "entities": [{"char_start": 1, "char_end": 3}]}
    assert "at the borders of words" in read_error(nothing, offsets="widen")


def test_ids_may_be_strings_or_whole_numbers():
    assert read_document({"id": "row-1", "text": "A"}).id == "row-1"
    assert read_document({"id": 7, "text": "A"}).id == "7"


BAD = {
    "neither text nor tokens": ({}, "exactly one"),
    "both text and tokens": ({"text": "A", "tokens": ["A"]}, "received"),
    "unknown field": (
        {"text": "A", "lables": []},
        "lables: expected no other fields than id, text",
    ),
    "a misspelt field": (
        {"text": "A", "entites": ["A"]},
        "received this field ([\"A\"]). Did you mean 'entities'?",
    ),
    "a field of another schema in an entity": (
        {"text": "A", "entities": [{"start": 0, "end": 1, "label": "PER"}]},
        "entities[0].start: expected no other fields than char_start, char_end, token_start, "
        "token_end, text, mentions, type, id, received this field (0). Did you mean 'char_start'?",
    ),
    "a misspelt field of a fact": (
        {"text": "A", "facts": [{"subject": "A", "realtion": "r", "object": "A"}]},
        "facts[0].realtion: expected no other fields than subject, relation, object, evidence, "
        "received this field (\"r\"). Did you mean 'relation'?",
    ),
    "a list": ("[1]", "a JSON object"),
    "null": ("null", "a JSON object"),
    "not JSON": ("{text: 1}", "expected JSON"),
    "cut off": ('{"text": "A', "expected JSON"),
    "two values": ('{"text": "A"} {"text": "B"}', "one JSON value"),
    "NaN": ('{"text": NaN}', "received NaN"),
    "Infinity": ('{"text": "A", "id": -Infinity}', "received -Infinity"),
    "a key twice": ('{"text": "A", "text": "B"}', "'text' twice"),
    "half a character": ('{"text": "\\ud83d"}', "half of a surrogate pair"),
    "half a character in a string": ('{"text": "\ud83d"}', "half of a surrogate pair"),
    "not UTF-8": (b'{"text": "caf\xe9"}', "the byte 0xe9 at byte 14"),
    "UTF-16": ('{"text": "A"}'.encode("utf-16"), "the byte 0xff at byte 1"),
    "a huge number": ('{"text": "A", "id": ' + "9" * 5000 + "}", "thousands of digits"),
    "a deep row": ("[" * 100_000, "nested too deep"),
    "text is a number": ({"text": 3}, "text: expected a valid string, received 3"),
    "text is empty": ({"text": " "}, "text: expected at least one word"),
    "no tokens": ({"tokens": []}, "tokens: expected at least one word"),
    "an empty token": ({"tokens": ["A", ""]}, "tokens[1]: expected at least one character"),
    "a token with a space": ({"tokens": ["A B"]}, "tokens: expected words without a space"),
    "null labels": ({"text": "A", "labels": None}, "'labels', or the field left out"),
    "labels is a string": ({"text": "A", "labels": "x"}, "labels: expected a valid list"),
    "an empty label": ({"text": "A", "labels": [""]}, "labels[0]: expected at least one"),
    "id is true": (
        {"id": True, "text": "A"},
        "id: expected a string that is not empty, or a whole",
    ),
    "an entity is a number": ({"text": "A", "subjects": [1]}, "subjects[0]: expected a string, or"),
    "an empty entity": ({"text": "A", "subjects": [""]}, "subjects[0]: expected at least one"),
    "a blank entity": ({"text": "A", "subjects": [" "]}, "subjects[0]: expected at least one word"),
    "a fact of two": ({"text": "A", "facts": [["A", "r"]]}, "facts[0]: expected three items"),
    "a fact is a string": ({"text": "A", "facts": ["A"]}, "facts[0]: expected {"),
    "no relation": (
        {"text": "A", "facts": [{"subject": "A", "object": "A"}]},
        "facts[0].relation: expected this field",
    ),
    "relation is a number": ({"text": "A", "facts": [["A", 1, "A"]]}, "facts[0].relation"),
    "no offsets": ({"text": "A", "subjects": [{"text": "A"}]}, 'received "no offsets"'),
    "half of the offsets": ({"text": "A", "subjects": [{"char_start": 0}]}, "with char_end"),
    "two kinds of offsets": (
        {
            "text": "A",
            "subjects": [{"char_start": 0, "char_end": 1, "token_start": 0, "token_end": 1}],
        },
        "char_start with char_end, or token_start with token_end",
    ),
    "offsets that cross": (
        {"text": "A", "subjects": [{"token_start": 1, "token_end": 1}]},
        "start < end, received [1, 1]",
    ),
    "null offsets": (
        {"text": "A", "subjects": [{"token_start": 0, "token_end": None}]},
        "start < end",
    ),
    "negative offsets": (
        {"text": "A", "subjects": [{"token_start": -1, "token_end": 1}]},
        "subjects[0].token_start: expected greater than or equal to 0, received -1",
    ),
    "fractional offsets": (
        {"text": "A", "subjects": [{"token_start": 0.0, "token_end": 1}]},
        "subjects[0].token_start: expected a valid integer, received 0.0",
    ),
    "characters past the end": (
        {"text": "A", "subjects": [{"char_start": 0, "char_end": 2}]},
        "subjects[0].char_end: expected at most 1, received 2",
    ),
    "tokens past the end": (
        {"text": "A", "subjects": [{"token_start": 0, "token_end": 2}]},
        "subjects[0].token_end: expected at most 1, received 2",
    ),
    "characters inside a word": (
        {"text": "Ada met", "subjects": [{"char_start": 0, "char_end": 2}]},
        'such as [0, 3] = the words "Ada", received [0, 2] = "Ad"',
    ),
    "characters between words": (
        {"text": "A  B", "subjects": [{"char_start": 1, "char_end": 2}]},
        "at the borders of words",
    ),
    "characters beside tokens": (
        {"tokens": ["A"], "subjects": [{"char_start": 0, "char_end": 1}]},
        'token_start and token_end beside "tokens"',
    ),
    "text that is not the slice": (
        {"text": "Ada met", "subjects": [{"char_start": 0, "char_end": 3, "text": "Bob"}]},
        'subjects[0].text: expected "Ada", received "Bob"',
    ),
    "text that is not the tokens": (
        {"tokens": ["Ada"], "subjects": [{"token_start": 0, "token_end": 1, "text": "Bob"}]},
        'subjects[0].text: expected "Ada", received "Bob"',
    ),
    "a mention's unknown field": (
        {"text": "A", "subjects": [{"token_start": 0, "token_end": 1, "type": "PER"}]},
        "subjects[0].type: expected no other fields",
    ),
    "an entity's unknown field": (
        {"text": "A", "entities": [{"text": "A", "kind": "PER"}]},
        "entities[0].kind: expected no other fields",
    ),
    "an entity that is a number": (
        {"text": "A", "entities": [1]},
        "entities[0]: expected a string, or an object with offsets, or one with mentions",
    ),
    "an entity of nothing": (
        {"text": "A", "entities": [{"type": "PER"}]},
        "entities[0]: expected mentions, or one mention by its offsets or its text",
    ),
    "an entity's empty text": (
        {"text": "A", "entities": [{"text": ""}]},
        "entities[0]: expected mentions, or one mention by its offsets or its text",
    ),
    "an entity's blank text": (
        {"text": "A", "entities": [{"text": " "}]},
        "entities[0]: expected at least one word",
    ),
    "mentions and a text": (
        {"text": "A", "entities": [{"mentions": ["A"], "text": "A"}]},
        "entities[0]: expected mentions, or one mention's text, not both",
    ),
    "mentions and offsets": (
        {"text": "A", "entities": [{"mentions": ["A"], "char_start": 0, "char_end": 1}]},
        "entities[0]: expected no offsets beside mentions",
    ),
    "no mentions": (
        {"text": "A", "entities": [{"mentions": []}]},
        "entities[0].mentions: expected 1 items",
    ),
    "a type of its own in a mention": (
        {"text": "A", "entities": [{"mentions": [{"text": "A", "type": "PER"}]}]},
        "entities[0].mentions[0].type: expected no other fields",
    ),
    "an empty type": (
        {"text": "A", "entities": [{"text": "A", "type": ""}]},
        "entities[0].type: expected at least one character",
    ),
    "an id that is a fraction": (
        {"text": "A", "entities": [{"text": "A", "id": 1.5}]},
        "entities[0].id: expected a string that is not empty, or a whole number",
    ),
    "an empty id": (
        {"id": "", "text": "A"},
        "id: expected a string that is not empty, or a whole number",
    ),
    "sentences that do not begin at 0": (
        {"tokens": ["A", "B"], "sentences": [1]},
        "sentences: expected token numbers, rising from 0, received [1]",
    ),
    "sentences that fall": (
        {"text": "A B C", "sentences": [0, 4, 2]},
        "sentences: expected character numbers, rising from 0, received [0, 4, 2]",
    ),
    "no sentences": (
        {"text": "A", "sentences": []},
        "sentences: expected character numbers, rising from 0",
    ),
    "a sentence behind the text": (
        {"tokens": ["A"], "sentences": [0, 1]},
        "sentences[1]: expected token numbers, with a word between two, received 1",
    ),
    "a sentence without a word": (
        {"text": "A   B", "sentences": [0, 2, 3]},
        "sentences[2]: expected character numbers, with a word between two, received 3",
    ),
    "negative evidence": (
        {
            "text": "A",
            "facts": [{"subject": "A", "relation": "r", "object": "A", "evidence": [-1]}],
        },
        "facts[0].evidence[0]: expected greater than or equal to 0",
    ),
    "a fact's unknown field": (
        {"text": "A", "facts": [{"subject": "A", "relation": "r", "object": "A", "score": 1}]},
        "facts[0].score: expected no other fields",
    ),
}


@pytest.mark.parametrize("row, expected", BAD.values(), ids=BAD.keys())
def test_a_bad_row_is_named_by_line_field_expected_and_received(row, expected):
    good = {"text": "A", "labels": []}
    rows = read(good, row, good)
    assert [r.error is None for r in rows] == [True, False, True]
    message = str(rows[1].error)
    assert message.startswith("corpus.jsonl, line 2")
    assert expected in message
    assert "received" in message


def test_all_errors_of_a_row_are_listed():
    (row,) = read({"text": 3, "labels": [1]})
    assert row.error is not None
    assert [problem.field for problem in row.error.problems] == ["text", "labels[0]"]


def test_blank_lines_are_skipped_and_counted_and_a_mark_at_the_start_is_taken():
    rows = read(b'\xef\xbb\xbf{"text": "A"}\r\n', b"\n", b" \t\r\n", b'{"text": "B"}')
    assert [row.line for row in rows] == [1, 4]
    assert all(row.error is None for row in rows)
    assert read(b'{"text": "A"}', b'\xef\xbb\xbf{"text": "A"}')[1].error is not None


def test_rows_come_one_by_one():
    def endless():
        number = 0
        while True:
            number += 1
            yield json.dumps({"id": number, "text": "A"})

    rows = iter_jsonl(endless(), "stream")
    assert [next(rows).line for _ in range(3)] == [1, 2, 3]


FIELDS = sorted(
    {*JsonRow.model_fields, *FactObject.model_fields, *EntityObject.model_fields, "triples", "x"}
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=5)
    ),
    max_leaves=12,
)
MENTION = (
    st.sampled_from(["A", "B c", "", " ", "A."])
    | st.dictionaries(
        st.sampled_from(["char_start", "char_end", "token_start", "token_end", "text"]),
        st.integers(-1, 6) | st.just("A"),
    )
    | JSON
)
FACT = st.lists(MENTION, max_size=4) | st.fixed_dictionaries(
    {"subject": MENTION, "relation": st.just("r") | JSON, "object": MENTION},
    optional={"evidence": st.lists(st.integers(0, 2), max_size=2)},
)
ENTITY = MENTION | st.fixed_dictionaries(
    {},
    optional={
        "mentions": st.lists(MENTION, max_size=3),
        "text": st.sampled_from(["A", "c.", "x"]),
        "type": st.sampled_from(["PER", "", 1]),
        "id": st.sampled_from(["A", "1", 1, ""]),
    },
)
ROW = st.fixed_dictionaries(
    {},
    optional={
        "id": JSON,
        "text": st.sampled_from(["A B c.", "", "A's (A)"]) | st.text(max_size=8),
        "tokens": st.lists(st.sampled_from(["A", "B", "c", ""]), max_size=4),
        "entities": st.lists(ENTITY, max_size=3),
        "subjects": st.lists(MENTION, max_size=2),
        "objects": st.lists(MENTION, max_size=2),
        "facts": st.lists(FACT, max_size=2),
        "pairs": st.lists(st.lists(MENTION, max_size=3), max_size=2) | JSON,
        "sentences": st.lists(st.integers(0, 3), max_size=2).map(sorted) | JSON,
        "labels": st.lists(st.sampled_from(["r", "s"]), max_size=2) | JSON,
    },
)


@given(st.lists(st.binary(max_size=40) | st.text(string.printable, max_size=40), max_size=4))
def test_any_bytes_give_rows_or_errors_of_ours(lines):
    for row in iter_jsonl(lines, "fuzz"):
        assert (row.document is None) == (row.error is not None)


@given(JSON | ROW, st.sampled_from(["exact", "widen"]))
def test_any_json_gives_a_row_or_an_error_of_ours(value, offsets):
    for row in iter_jsonl([json.dumps(value)], "fuzz", offsets=offsets):
        assert (row.document is None) == (row.error is not None)
        for document in filter(None, [row.document]):
            check_document(document)


def check_document(document):
    """What everything behind the readers relies on."""
    numbers = range(len(document.entities))
    for entity in document.entities:
        assert list(entity.mentions) == sorted(set(entity.mentions))
        assert all(0 <= start < end <= len(document.tokens) for start, end in entity.mentions)
        assert entity.name
    for role in (document.subjects, document.objects):
        assert list(role) == sorted(set(role))
        assert set(role) <= set(numbers)
    for fact in document.facts:
        assert fact.subject in document.subjects
        assert fact.object in document.objects
        assert set(fact.evidence) <= set(range(len(document.sentences)))
    assert len(set(document.facts)) == len(document.facts)
    if document.facts:
        assert set(document.labels) == {fact.relation for fact in document.facts}
    assert document.sentences[0] == 0
    assert list(document.sentences) == sorted(set(document.sentences))
    assert document.roles == "given" or set(document.subjects) == set(document.objects)
