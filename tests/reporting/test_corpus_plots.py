import json

import pytest

from mrca.datasets import corpus_statistics, label_cooccurrence, load_corpus
from mrca.errors import MrcaError
from mrca.reporting.corpus_plots import plot_cooccurrence, plot_statistics
from mrca.text import Document, RelationSet


@pytest.fixture
def statistics(tmp_path):
    labels = [["a", "b"]] * 3 + [["a"]] * 200
    rows = [json.dumps({"text": "A", "labels": names}) for names in labels]
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "train.jsonl").write_text("\n".join(rows), "utf-8")
    return corpus_statistics(load_corpus(str(folder)))


@pytest.mark.parametrize(
    "ending, start", [(".png", b"\x89PNG"), (".PDF", b"%PDF"), (".svg", b"<?")]
)
def test_a_picture_is_drawn_whole(ending, start, statistics, tmp_path):
    path = tmp_path / "new" / f"tail{ending}"
    plot_statistics(statistics, path)
    assert path.read_bytes().startswith(start)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_heat_map_names_relations_as_they_are_and_shortens_long_ones(tmp_path):
    long = "/location/administrative_division/country"
    names = ["$cost$", "price [x]", long]
    rows = [Document(("A",), labels=tuple(names)), Document(("A",), labels=(long,))]
    path = tmp_path / "new" / "together.svg"
    plot_cooccurrence(label_cooccurrence(rows, RelationSet(names)), "mine", path)
    drawn = path.read_text(encoding="utf-8")
    for text in ("$cost$", "price [x]", "/location/adminis…e_division/country  (2)", ".50"):
        assert f"<!-- {text} -->" in drawn
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    with pytest.raises(MrcaError, match=r"Expected a name in \.png"):
        plot_cooccurrence(label_cooccurrence(rows, RelationSet(names)), "mine", tmp_path / "a.b")


def test_other_endings_and_places_are_refused(statistics, tmp_path):
    with pytest.raises(MrcaError, match=r"Expected a name in \.png"):
        plot_statistics(statistics, tmp_path / "tail.txt")
    (tmp_path / "file").write_text("")
    with pytest.raises(MrcaError, match="Cannot write"):
        plot_statistics(statistics, tmp_path / "file" / "tail.png")
