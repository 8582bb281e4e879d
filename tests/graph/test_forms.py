import io

import pytest

from mrca.errors import MrcaError
from mrca.graph import FactForm, Names, fact_writer


@pytest.mark.parametrize("form", [form for form in FactForm if form is not FactForm.NEO4J])
def test_a_file_holds_what_a_stream_does(form, found, tmp_path):
    stream = io.BytesIO()
    for place in (tmp_path / "facts", stream):
        with fact_writer(form, place, Names()) as writer:
            writer.add(found)
    assert (tmp_path / "facts").read_bytes() == stream.getvalue() != b""


@pytest.mark.parametrize("form", list(FactForm))
def test_nothing_is_left_of_what_was_stopped(form, found, tmp_path):
    with pytest.raises(KeyError), fact_writer(form, tmp_path / "facts", Names()) as writer:
        writer.add(found)
        raise KeyError
    assert not list(tmp_path.iterdir())


def test_neo4j_replaces_its_own_files_and_no_others(found, tmp_path):
    folder = tmp_path / "graph"
    for _ in range(2):
        with fact_writer(FactForm.NEO4J, folder, Names()) as writer:
            writer.add(found)
    assert sorted(path.name for path in folder.iterdir()) == ["nodes.csv", "relationships.csv"]
    (folder / "mine.txt").touch()
    for place, says in (
        (folder, "holds mine.txt, among others"),
        (folder / "mine.txt", "is a file"),
        (io.BytesIO(), "standard output cannot hold"),
    ):
        with pytest.raises(MrcaError, match=says), fact_writer(FactForm.NEO4J, place, Names()):
            pass
