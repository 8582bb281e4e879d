import pytest

from mrca.graph import FoundEntity, FoundFact, MergedFacts, Names
from mrca.graph.drawing import best_connected, drawing_of, text_width
from mrca.reporting.palette import GREY


def merged(facts):
    found = MergedFacts(Names())
    found.add(facts)
    return found.graph()


def fact(subject: str, relation: str, object_: str, kind: str = "PER") -> FoundFact:
    ends = (FoundEntity(name, kind, "", 0, 1) for name in (subject, object_))
    return FoundFact(next(ends), relation, next(ends), 0.9, "d", "char")


@pytest.fixture(scope="module")
def many():
    """A hub of 60, a pair beside it, and a chain."""
    hub = [fact("Hub", "leads", f"Member {number}") for number in range(60)]
    ring = [fact(f"Member {number}", "knows", f"Member {(number + 1) % 9}") for number in range(9)]
    return merged([*hub, *ring, fact("Left", "knows", "Right")])


def test_a_small_graph_is_drawn_whole_with_every_name_and_relation(found):
    drawing = drawing_of(merged(found), 60)
    assert drawing.detailed
    assert drawing.left_out == ""
    names = [" ".join(node.label.lines) for node in drawing.nodes]
    assert names == ["Ada Lane", "Oslo", "Bryan Hunt", "the firm"]
    said = {(names[arrow.start], *arrow.label.lines, names[arrow.end]) for arrow in drawing.arrows}
    assert ("Ada Lane", "born_in", "Oslo") in said
    assert len(said) == 3
    boxes = [*(n.label for n in drawing.nodes), *(a.label for a in drawing.arrows)]
    for box in boxes:
        assert 0 <= box.x - box.width / 2 <= box.x + box.width / 2 <= drawing.width
        assert 0 <= box.y - box.height / 2 <= box.y + box.height / 2 <= drawing.height


def test_a_colour_for_each_type_and_grey_for_none(found):
    drawing = drawing_of(merged(found), 60)
    assert set(drawing.legend) == {"PER", "LOC", ""}
    assert len(set(drawing.legend.values())) == 3
    assert drawing.legend[""] == GREY
    for node in drawing.nodes:
        assert node.colour == drawing.legend[node.type]


def test_relations_from_one_to_another_share_an_arrow():
    relations = ["a", "b", "c", "d", "e", "f"]
    both = [fact("Ada", name, "Bo") for name in relations] + [fact("Bo", "a", "Ada")]
    drawing = drawing_of(merged([*both, both[3]]), 60)
    first, back = drawing.arrows
    assert (len(first.relations), len(back.relations)) == (6, 1)
    assert first.relations[0] == ("d", 2, 0.9)  # found most often
    assert first.label.lines[-1] == "and 2 more"


def test_of_a_large_graph_the_best_connected_part_is_drawn_and_the_rest_is_said(many):
    part = best_connected(many, 30)
    assert part.number_of_edges() <= 30
    assert all(part.degree(node) for node in part)
    assert "Hub" in {values["name"] for _, values in part.nodes(data=True)}
    assert "Left" not in {values["name"] for _, values in part.nodes(data=True)}
    said = drawing_of(many, 30).left_out
    assert said == (
        f"Drawn: {part.number_of_edges()} of 70 facts, those among {len(part)} of 63 entities, "
        "the best-connected."
    )
    assert best_connected(many, 70) is many


def test_a_star_is_not_skipped_for_being_large(many):
    assert best_connected(many, 5).number_of_edges() == 5


def test_many_arrows_are_drawn_between_dots_above_their_names():
    facts = [fact(f"E {a}", "r", f"E {b}") for a in range(11) for b in range(11) if a != b]
    drawing = drawing_of(merged(facts), 500)
    assert not drawing.detailed
    assert len(drawing.arrows) == 110
    assert all(node.label.y > node.place.y for node in drawing.nodes)
    labels = [node.label for node in drawing.nodes]
    for number, one in enumerate(labels):
        for other in labels[:number]:
            aside = abs(one.x - other.x) >= (one.width + other.width) / 2
            assert aside or abs(one.y - other.y) >= (one.height + other.height) / 2


def test_long_names_are_cut_and_an_entity_may_be_related_to_itself():
    drawing = drawing_of(merged([fact("word " * 60, "is", "word " * 60)]), 10)
    [node] = drawing.nodes
    assert len(node.label.lines) == 3
    assert node.label.lines[-1].endswith("…")
    assert node.place.width < 150
    [loop] = drawing.arrows
    assert loop.start == loop.end == 0


def test_the_width_of_a_text():
    assert text_width("iii", 10) < text_width("mmm", 10) < text_width("mmm", 20)
    assert text_width("東京", 10) == 20
    assert text_width("$x$", 10) > 10  # no formula
