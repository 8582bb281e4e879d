import gzip
import zipfile

import pytest

from mrca.errors import MrcaError
from mrca.vectors import VectorFormat, VectorStore, import_vectors


def test_a_file_becomes_a_store(tmp_path):
    (tmp_path / "v.txt.gz").write_bytes(gzip.compress(b"a 1 2\nb 3 4.5\na 7 7\n"))
    store = import_vectors(tmp_path / "v.txt.gz", tmp_path / "stores" / "mine", "mine")
    assert (store.name, len(store), store.dim, store.duplicates) == ("mine", 2, 2, 1)
    assert (store.max_entry, store.feature_value) == (4.5, 5.0)
    assert VectorStore.open(store.folder).fingerprint == store.fingerprint


def test_an_existing_store_is_kept_unless_told(tmp_path):
    (tmp_path / "v.txt").write_bytes(b"a 1 2\n")
    import_vectors(tmp_path / "v.txt", tmp_path / "store", "mine")
    with pytest.raises(MrcaError, match="already exists"):
        import_vectors(tmp_path / "v.txt", tmp_path / "store", "mine")
    import_vectors(tmp_path / "v.txt", tmp_path / "store", "again", overwrite=True)
    assert VectorStore.open(tmp_path / "store").name == "again"


def test_a_bad_file_leaves_nothing_behind(tmp_path):
    (tmp_path / "v.txt").write_bytes(b"a 1 2\nb x 1\n")
    with pytest.raises(MrcaError, match=r"v\.txt, line 2, value 1"):
        import_vectors(tmp_path / "v.txt", tmp_path / "stores" / "mine", "mine")
    assert not (tmp_path / "stores").exists()


def test_the_format_may_be_said(tmp_path):
    (tmp_path / "v.txt").write_bytes(b"1990 3\nyear 4\n")  # looks like a header
    with pytest.raises(MrcaError, match="line 2"):
        import_vectors(tmp_path / "v.txt", tmp_path / "store", "mine")
    store = import_vectors(
        tmp_path / "v.txt", tmp_path / "store", "mine", format=VectorFormat.GLOVE
    )
    assert list(store.words()) == ["1990", "year"]


def zip_of(path, **files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_", "."), content)
    return path


def test_one_file_is_taken_out_of_a_zip(tmp_path):
    only = zip_of(tmp_path / "only.zip", any_txt="a 1 2\n")
    assert import_vectors(only, tmp_path / "stores" / "1", "x").dim == 2
    both = zip_of(tmp_path / "both.zip", a_txt="a 1\n", b_txt="a 1 2 3\n")
    assert import_vectors(both, tmp_path / "stores" / "2", "x", zip_member="b.txt").dim == 3
    with pytest.raises(MrcaError, match=r"holds a\.txt, b\.txt\. Expected exactly one"):
        import_vectors(both, tmp_path / "stores" / "3", "x")
    assert sorted(path.name for path in (tmp_path / "stores").iterdir()) == ["1", "2"]


def test_no_path_of_a_zip_reaches_the_disk(tmp_path):
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        archive.writestr("../../outside.txt", "a 1\n")
    import_vectors(tmp_path / "evil.zip", tmp_path / "a" / "b" / "store", "x")
    assert list(tmp_path.rglob("outside*")) == []


def test_mistakes_inside_a_zip_are_named_by_the_archive(tmp_path):
    archive = zip_of(tmp_path / "v.zip", v_txt="a 1 2\nb 1\n")
    with pytest.raises(MrcaError, match=r"v\.zip:v\.txt, line 2"):
        import_vectors(archive, tmp_path / "store", "x")


@pytest.mark.parametrize("content", [b"PK\x03\x04 cut", b"", b"a 1 2\n"])
def test_damaged_zips_are_refused(tmp_path, content):
    (tmp_path / "v.zip").write_bytes(content)
    with pytest.raises(MrcaError, match=r"v\.zip"):
        import_vectors(tmp_path / "v.zip", tmp_path / "store", "x")


def test_a_zip_with_a_damaged_member_is_refused(tmp_path):
    path = zip_of(tmp_path / "v.zip", v_txt="".join(f"w{n} {n} {n}\n" for n in range(2000)))
    content = bytearray(path.read_bytes())
    content[200:260] = bytes(60)
    path.write_bytes(content)
    with pytest.raises(MrcaError, match="zip"):
        import_vectors(path, tmp_path / "store", "x")


@pytest.mark.parametrize("content", [b"the 1 2\nof 3 4\n", b"2 2\nthe 1 2\nof 3 4\n"])
@pytest.mark.parametrize("packed", ["txt", "gz", "zip"])
def test_a_byte_order_mark_is_no_part_of_a_word(tmp_path, content, packed):
    path, content = tmp_path / f"v.{packed}", b"\xef\xbb\xbf" + content
    if packed == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("v.txt", content)
    else:
        path.write_bytes(gzip.compress(content) if packed == "gz" else content)
    store = import_vectors(path, tmp_path / "stores" / "mine", "mine")
    assert list(store.words()) == ["the", "of"]
    assert [each.name for each in (tmp_path / "stores").iterdir()] == ["mine"]


def test_what_is_wrong_behind_a_byte_order_mark_is_said_of_the_file(tmp_path):
    (tmp_path / "v.txt").write_bytes(b"\xef\xbb\xbfa 1 2\nb x 1\n")
    with pytest.raises(MrcaError, match=r"/v\.txt, line 2, value 1"):
        import_vectors(tmp_path / "v.txt", tmp_path / "stores" / "mine", "mine")


def test_a_member_without_a_name_is_a_damaged_archive(tmp_path):
    with zipfile.ZipFile(tmp_path / "v.zip", "w") as archive:
        member = zipfile.ZipInfo("x")
        member.filename = ""
        archive.writestr(member, b"a 1 2\n")
    with pytest.raises(MrcaError, match="damaged or unsupported zip archive"):
        import_vectors(tmp_path / "v.zip", tmp_path / "store", "mine")
