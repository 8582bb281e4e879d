import pytest

from mrca.graph import FoundEntity, FoundFact, MergedFacts, Names
from mrca.graph.drawing import drawing_of
from mrca.graph.picture import picture_of, save_picture, tint


def picture(facts, most=60):
    merged = MergedFacts(Names())
    merged.add(facts)
    return picture_of(drawing_of(merged.graph(), most), "A title")


def texts(figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def test_names_relations_types_and_arrows_are_there(found):
    figure = picture(found)
    shown = texts(figure)
    for text in ("A title", "Ada Lane", "Oslo", "born_in", "knows", "PER", "LOC"):
        assert text in shown
    assert "without a type" in shown
    arrows = [patch for patch in figure.axes[0].patches if "Arrow" in type(patch).__name__]
    assert len(arrows) == 3
    assert "facts" not in " ".join(shown)


def test_what_is_left_out_is_written_below(found):
    assert "Drawn: 1 of 3 facts" in " ".join(texts(picture(found, most=1)))


@pytest.mark.parametrize(
    ("form", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")]
)
def test_files(found, tmp_path, form, start):
    assert save_picture(picture(found), tmp_path / "x", form)
    assert (tmp_path / "x").read_bytes().startswith(start)


def test_a_dollar_is_no_formula_and_missing_characters_are_told(tmp_path):
    money = FoundEntity("$5_x$ \\frac", "", "", 0, 1)
    assert save_picture(
        picture([FoundFact(money, "$r$", money, 1.0, "d", "char")]), tmp_path / "x", "png"
    )
    tokyo = FoundEntity("東京", "", "", 0, 1)
    figure = picture([FoundFact(tokyo, "r", tokyo, 1.0, "d", "char")])
    assert not save_picture(figure, tmp_path / "x", "png")


def test_a_tint_is_lighter():
    assert tint("#000000") == "#d4d4d4"
    assert tint("#ffffff") == "#ffffff"
