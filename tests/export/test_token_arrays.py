from mrca.export.token_arrays import mention_arrays, token_arrays
from mrca.text import Document, Entity, Span


def test_rows_are_padded_and_roles_say_both(document):
    documents = [
        document(("a", "b", "c", "d"), (Span(1, 3), Span(2, 3)), (Span(2, 4), Span(0, 1))),
        document(("x",), (Span(0, 1),)),
        document(()),
    ]
    arrays = token_arrays(documents)
    assert arrays["tokens"].tolist() == [["a", "b", "c", "d"], ["x", "", "", ""], [""] * 4]
    assert arrays["role"].tolist() == [[-1, 1, 2, -1], [1, 0, 0, 0], [0, 0, 0, 0]]
    assert token_arrays([])["tokens"].shape == (0, 0)


def test_an_entity_whose_role_is_not_known_is_a_subject():
    """So is it in what a network reads, and in the markers of word pieces."""
    entities = (Entity((Span(0, 1),)), Entity((Span(2, 3),)))
    document = Document(("a", "b", "c"), entities).with_unknown_roles()
    assert token_arrays([document])["role"].tolist() == [[1, 0, 1]]


def test_mentions_with_their_entities(document):
    row = document(("Ada", "met", "Bob"), [(0, 1)], [(2, 3)])
    arrays = mention_arrays([row, row.with_unknown_roles(), document(("x",))])
    assert arrays["tokens"].tolist()[2] == ["x", "", ""]
    assert arrays["start"].tolist() == [[0, 2], [0, 2], [0, 0]]
    assert arrays["end"].tolist() == [[1, 3], [1, 3], [0, 0]]
    assert arrays["role"].tolist() == [[1, -1], [0, 0], [0, 0]]
    assert arrays["id"].tolist() == [["0", "1"], ["0", "1"], ["", ""]]
    assert mention_arrays([])["start"].shape == (0, 0)
