import pytest

from mrca.datasets import corpus_statistics, load_corpus
from mrca.datasets.plot import plot_statistics
from mrca.errors import MrcaError


@pytest.fixture
def statistics(write_corpus):
    return corpus_statistics(load_corpus(str(write_corpus(train=["a b"] * 3 + ["a"] * 200))))


@pytest.mark.parametrize(
    "ending, start", [(".png", b"\x89PNG"), (".PDF", b"%PDF"), (".svg", b"<?")]
)
def test_a_picture_is_drawn_whole(ending, start, statistics, tmp_path):
    path = tmp_path / "new" / f"tail{ending}"
    plot_statistics(statistics, path)
    assert path.read_bytes().startswith(start)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_other_endings_and_places_are_refused(statistics, tmp_path):
    with pytest.raises(MrcaError, match=r"Expected a name in \.png"):
        plot_statistics(statistics, tmp_path / "tail.txt")
    (tmp_path / "file").write_text("")
    with pytest.raises(MrcaError, match="Cannot write"):
        plot_statistics(statistics, tmp_path / "file" / "tail.png")
