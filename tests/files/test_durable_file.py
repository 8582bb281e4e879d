import pytest

from mrca.files import durable_file


def test_a_file_has_its_name_once_it_is_whole(tmp_path):
    path = tmp_path / "rows"
    path.write_text("old")
    with durable_file(path) as file:
        file.write(b"new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_what_failed_leaves_nothing_and_what_was_there_stays(tmp_path):
    path = tmp_path / "rows"
    path.write_text("old")

    def fail():
        with durable_file(path) as file:
            file.write(b"new")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_two_that_write_the_same_file_are_in_no_ones_way(tmp_path):
    path = tmp_path / "rows"
    with durable_file(path) as first, durable_file(path) as second:
        first.write(b"one")
        second.write(b"another")
    assert path.read_text() == "one"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_replaced_and_not_followed(tmp_path):
    other = tmp_path / "other"
    other.write_text("precious")
    path = tmp_path / "rows"
    path.symlink_to(other)
    with durable_file(path) as file:
        file.write(b"new")
    assert other.read_text() == "precious"
    assert not path.is_symlink()
