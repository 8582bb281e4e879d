from mrca.text import Example, Span, Triple, entity_pairs

ANN, BO, UTAH = Span(0, 1), Span(2, 3), Span(4, 5)
SENTENCE = Example(
    ("Ann", "and", "Bo", "left", "Utah", ";", "Ann", "returned"),
    subjects=(ANN, BO, Span(6, 7)),
    objects=(BO, UTAH),
    labels=("knows", "from", "likes"),
    triples=(
        Triple("Ann", "knows", "Bo"),
        Triple("Ann", "from", "Utah"),
        Triple("Ann", "likes", "Bo"),
        Triple("Bo", "from", "Utah"),
    ),
    id="s1",
)


def test_every_pair_of_different_entities_in_order():
    pairs = entity_pairs(SENTENCE)
    assert [(pair.subject, pair.object) for pair in pairs] == [
        ("Ann", "Bo"),
        ("Ann", "Utah"),
        ("Bo", "Utah"),
    ]


def test_a_pair_marks_all_mentions_of_its_two_entities_and_no_other():
    first, _, last = (pair.example for pair in entity_pairs(SENTENCE))
    assert (first.subjects, first.objects) == ((ANN, Span(6, 7)), (BO,))
    assert (last.subjects, last.objects) == ((BO,), (UTAH,))
    assert first.tokens == last.tokens == SENTENCE.tokens
    assert first.id == "s1"


def test_a_pair_has_the_labels_of_its_own_triples():
    first, second, last = (pair.example for pair in entity_pairs(SENTENCE))
    assert first.labels == ("knows", "likes")
    assert first.triples == (SENTENCE.triples[0], SENTENCE.triples[2])
    assert second.labels == last.labels == ("from",)


def test_nothing_to_ask_about():
    assert entity_pairs(Example(("a", "b"))) == []
    assert entity_pairs(Example(("a", "b"), subjects=(ANN,))) == []
    assert entity_pairs(Example(("a", "b"), subjects=(ANN,), objects=(ANN,))) == []


def test_without_triples_pairs_have_no_labels():
    pairs = entity_pairs(Example(("a", "b", "c"), (ANN,), (BO,), labels=("knows",)))
    assert [(pair.example.labels, pair.example.triples) for pair in pairs] == [((), ())]
