import dataclasses
import hashlib
import json
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import mrca.datasets
from mrca.datasets import (
    CORPORA,
    GROUP_LIMITS,
    CorpusSource,
    fetch_corpus,
    find_corpus,
    load_corpus,
    locate_corpus,
)
from mrca.datasets.locate import split_file, split_files
from mrca.datasets.recipe import Recipe
from mrca.datasets.registry import SPLITS
from mrca.datasets.validate import validate
from mrca.errors import MrcaError
from mrca.files import RemoteFile
from mrca.text import Document

CONTENT = {
    f"{split}.json": f'[{{"text": "A B", "triple_list": [["A", "of {split}", "B"]]}}]'.encode()
    for split in SPLITS
}
RELATIONS = ["of test", "of train", "of valid"]


def git_blob(content: bytes) -> str:
    return "git-blob:" + hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@pytest.fixture(autouse=True)
def own_places(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MRCA_DATA_DIR", raising=False)
    monkeypatch.setenv("MRCA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def remote(monkeypatch):
    """A corpus `far` on a local server; its closed twin stands for a machine without internet."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format, *args):
            pass

        def do_GET(self):
            content = CONTENT[Path(self.path).name]
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        for name, port in (("far", server.server_port), ("closed", 9)):
            files = tuple(
                RemoteFile(file, (f"http://127.0.0.1:{port}/{file}",), git_blob(content))
                for file, content in CONTENT.items()
            )
            monkeypatch.setitem(CORPORA, name, CorpusSource(name, "a test", "download", files))
        yield
        server.shutdown()
        thread.join()


def make_splits(files):
    """One row per split, which says what it was made from."""
    words = "+".join(path.read_text("utf-8").replace(" ", "") for path in files)
    return {split: [Document((split, words), labels=("r",))] for split in SPLITS}


@pytest.fixture
def built(monkeypatch):
    """A corpus `cut` that is built from two files, or from one of another folder."""

    def register(version: int = 1, files: tuple[RemoteFile, ...] = ()) -> None:
        recipe = Recipe((("raw/a.txt", "raw/b.txt"), ("other/c.txt",)), make_splits, version)
        monkeypatch.setitem(
            CORPORA, "cut", CorpusSource("cut", "a test", "built", files, recipe, "reuters")
        )

    register()
    return register


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def made_from(folder: Path) -> str:
    (document,) = load_corpus(str(folder)).splits["test"]
    return document.tokens[1]


def held(folder: Path) -> dict[str, bytes]:
    """The published files in a folder; the relations beside them must be those of all splits."""
    assert json.loads((folder / "relations.json").read_text("utf-8")) == RELATIONS
    return {path.name: path.read_bytes() for path in folder.glob("[!r]*")}


def put(folder: Path, *splits: str) -> Path:
    folder.mkdir(parents=True)
    for split in splits or SPLITS:
        (folder / f"{split}.jsonl").write_text("{}")
    return folder


def test_the_search_order(monkeypatch, tmp_path):
    places = [
        put(tmp_path / "given" / "nyt"),
        put(tmp_path / "environment" / "nyt"),
        put(tmp_path / "data" / "nyt"),
        put(tmp_path / "cache" / "data" / "nyt"),
    ]
    monkeypatch.setenv("MRCA_DATA_DIR", str(tmp_path / "environment"))
    for place in places:
        found = find_corpus("nyt", tmp_path / "given")
        assert found is not None
        assert found.resolve() == place
        for file in place.iterdir():
            file.unlink()
    assert find_corpus("nyt", tmp_path / "given") is None


def test_an_incomplete_corpus_is_passed_over(tmp_path):
    put(tmp_path / "given" / "nyt", "train")
    whole = put(tmp_path / "cache" / "data" / "nyt")
    assert locate_corpus("nyt", tmp_path / "given") == whole


def test_a_missing_corpus_is_downloaded_into_the_cache_once(remote, tmp_path):
    seen = []
    folder = locate_corpus("far", progress=lambda *now: seen.append(now))
    assert folder == tmp_path / "cache" / "data" / "far"
    assert held(folder) == CONTENT
    assert len(seen) == 3
    assert locate_corpus("far", progress=lambda *now: seen.append(now)) == folder
    assert len(seen) == 3


def test_fetch_puts_it_where_it_is_told(remote, tmp_path):
    assert fetch_corpus("far", tmp_path / "here") == tmp_path / "here" / "far"
    assert locate_corpus("far", tmp_path / "here") == tmp_path / "here" / "far"


def test_what_was_fetched_can_be_loaded_and_checked_by_its_path_too(remote, tmp_path):
    folder = fetch_corpus("far", tmp_path / "here")
    by_path, by_name = load_corpus(str(folder)), load_corpus("far", tmp_path / "here")
    assert by_path.relations.names == by_name.relations.names == tuple(RELATIONS)
    assert by_path.fingerprint == by_name.fingerprint
    assert validate(str(folder)).errors == validate("far").errors == []


def test_without_download_it_says_where_it_looked_and_what_to_bring(remote, tmp_path):
    with pytest.raises(MrcaError) as caught:
        locate_corpus("far", tmp_path / "here", download=False)
    message = str(caught.value)
    assert str(tmp_path / "here" / "far") in message
    assert str(tmp_path / "cache" / "data" / "far") in message
    assert "mrca data fetch far --from-file train.json --from-file valid.json" in message


def test_on_a_closed_network_the_files_that_are_brought_are_recognised(remote, tmp_path):
    with pytest.raises(MrcaError, match=r"mrca data fetch closed --from-file train\.json"):
        fetch_corpus("closed")
    brought = []
    for number, content in enumerate(CONTENT.values()):
        brought.append(tmp_path / f"download({number})")
        brought[-1].write_bytes(content)
    folder = fetch_corpus("closed", brought=brought)
    assert held(folder) == CONTENT
    brought[0].write_bytes(b"changed")
    with pytest.raises(MrcaError, match="none of the expected files"):
        fetch_corpus("closed", brought=brought)


def test_a_corpus_without_a_download_says_how_to_bring_it(tmp_path):
    for call in (locate_corpus, fetch_corpus):
        with pytest.raises(MrcaError, match=r"Put its train\.json.*--data-dir"):
            call("nyt_small")
    with pytest.raises(MrcaError, match="no published files to bring"):
        fetch_corpus("nyt_small", brought=[tmp_path / "train.json"])


def test_an_unknown_name_lists_the_known_and_the_nearest():
    with pytest.raises(MrcaError, match=r"Did you mean 'webnlg'\? Expected one of nyt, webnlg"):
        locate_corpus("webnlp")
    with pytest.raises(MrcaError, match="No corpus is called ''"):
        locate_corpus("")
    with pytest.raises(MrcaError, match="No corpus is called 'WebNLG-2020/x'"):
        fetch_corpus("WebNLG-2020/x")


def test_a_mistyped_folder_is_suggested(tmp_path):
    put(tmp_path / "my_corpus", "train")
    put(tmp_path / "my_corp", "other")  # no corpus
    with pytest.raises(MrcaError, match=r"Did you mean 'my_corpus'\?"):
        locate_corpus("my_corpu")
    with pytest.raises(MrcaError, match="No corpus is called 'nowhere/my_corpu'"):
        locate_corpus("nowhere/my_corpu")


def test_a_registered_name_goes_before_a_folder_of_that_name(tmp_path):
    put(tmp_path / "nyt_small", "train")
    assert locate_corpus("./nyt_small") == Path("nyt_small")
    with pytest.raises(MrcaError, match="was not found"):
        locate_corpus("nyt_small")


def test_a_file_is_not_a_corpus(tmp_path):
    (tmp_path / "train.jsonl").write_text("{}")
    with pytest.raises(MrcaError, match="is a file"):
        locate_corpus("train.jsonl")


def test_the_sample_lies_in_the_package(tmp_path):
    packaged = Path(mrca.datasets.__file__).parent / "sample"
    assert locate_corpus("sample", download=False) == packaged
    assert fetch_corpus("sample", tmp_path / "here") == packaged
    put(tmp_path / "cache" / "data" / "sample")  # what an earlier version wrote there
    assert locate_corpus("sample") == packaged
    mine = put(tmp_path / "data" / "sample")
    assert locate_corpus("sample").resolve() == mine
    assert not (tmp_path / "here").exists()


def test_every_packaged_corpus_can_be_loaded_and_is_in_order():
    packaged = [name for name, source in CORPORA.items() if source.origin == "packaged"]
    assert packaged == ["sample"]
    for name in packaged:
        corpus = load_corpus(name, download=False)
        assert (list(corpus.splits), corpus.problems) == (list(SPLITS), [])
        assert validate(name).problems == []


def test_a_corpus_is_built_from_files_of_a_search_folder_into_the_cache(built, tmp_path):
    write(tmp_path / "given" / "other" / "c.txt", "c")
    folder = locate_corpus("cut", tmp_path / "given")
    assert folder == tmp_path / "cache" / "data" / "cut"
    assert find_corpus("cut") == folder
    assert [path.name for path in folder.parent.iterdir()] == ["cut"]
    corpus = load_corpus("cut")
    assert (corpus.name, corpus.limits, made_from(folder)) == ("cut", "reuters", "c")
    assert validate("cut").problems == []


def test_a_corpus_that_was_built_is_not_built_again(built, tmp_path):
    raw = write(tmp_path / "data" / "other" / "c.txt", "c")
    folder = locate_corpus("cut")
    write(raw, "changed")
    assert locate_corpus("cut") == fetch_corpus("cut") == folder
    assert made_from(folder) == "c"
    raw.unlink()
    assert locate_corpus("cut") == fetch_corpus("cut") == folder


def test_an_incomplete_set_of_files_is_passed_over(built, tmp_path):
    write(tmp_path / "data" / "raw" / "a.txt", "a")
    write(tmp_path / "data" / "other" / "c.txt", "c")
    assert made_from(locate_corpus("cut")) == "c"
    write(tmp_path / "data" / "raw" / "b.txt", "b")
    assert made_from(fetch_corpus("cut", tmp_path / "new")) == "a+b"


def test_a_changed_recipe_builds_anew(built, tmp_path):
    raw = write(tmp_path / "data" / "other" / "c.txt", "old")
    folder = locate_corpus("cut")
    built(version=2)
    write(raw, "new")
    assert find_corpus("cut") is None
    assert made_from(locate_corpus("cut")) == "new"
    assert find_corpus("cut") == folder


def test_files_that_are_brought_go_before_what_was_built(built, tmp_path):
    write(tmp_path / "data" / "other" / "c.txt", "c")
    folder = locate_corpus("cut")
    brought = [write(tmp_path / "download(1)", "x"), write(tmp_path / "download(2)", "y")]
    assert fetch_corpus("cut", brought=brought) == folder
    assert made_from(folder) == "x+y"


def test_without_the_files_it_says_which_to_bring_and_how(built, tmp_path):
    write(tmp_path / "data" / "raw" / "a.txt", "a")
    for call in (locate_corpus, fetch_corpus):
        with pytest.raises(MrcaError) as caught:
            call("cut")
        message = str(caught.value)
        assert "mrca data fetch cut --from-file a.txt --from-file b.txt\n" in message
        assert "mrca data fetch cut --from-file c.txt\n" in message
        assert "<folder>/raw/ or <folder>/other/ and set MRCA_DATA_DIR=<folder>" in message


def test_without_download_nothing_is_built(built, tmp_path):
    write(tmp_path / "data" / "other" / "c.txt", "c")
    with pytest.raises(MrcaError, match="The corpus 'cut' was not found"):
        locate_corpus("cut", download=False)
    assert not (tmp_path / "cache").exists()


def test_what_a_corpus_is_built_from_is_downloaded_where_it_can_be(remote, built, tmp_path):
    built(files=CORPORA["far"].files)
    folder = locate_corpus("cut")
    assert made_from(folder) == b"+".join(CONTENT.values()).decode().replace(" ", "")
    kept = tmp_path / "cache" / "data" / "raw"
    assert {path.name for path in kept.iterdir()} == set(CONTENT)
    shutil.rmtree(kept)
    built(files=CORPORA["closed"].files, version=2)
    with pytest.raises(MrcaError, match=r"Could not download train\.json(.|\n)*--from-file c\.txt"):
        fetch_corpus("cut", tmp_path / "elsewhere")


def test_a_corpus_without_published_limits_has_the_default_ones(tmp_path):
    put(tmp_path / "mine", "train")
    (tmp_path / "mine" / "train.jsonl").write_text('{"text": "A", "labels": ["r"]}\n' * 2)
    assert load_corpus("mine").limits == "default"


@pytest.mark.parametrize(
    "name, files",
    [("fewrel-lt", 3), ("reuters", 0), ("ddi", 0), ("pubmed", 0), ("pubmed_small", 0)],
)
def test_the_registered_built_corpora(name, files, monkeypatch, tmp_path):
    source = CORPORA[name]
    assert (source.origin, len(source.files)) == ("built", files)
    assert source.limits in GROUP_LIMITS
    for file in source.files:
        assert len({url.split("/")[2] for url in file.urls}) == 3
        assert len(file.digest) == len("sha256:") + 64
    monkeypatch.setitem(CORPORA, name, dataclasses.replace(source, files=()))
    with pytest.raises(MrcaError, match=f"mrca data fetch {name} --from-file "):
        locate_corpus(name)


def test_what_is_not_downloaded_is_said_with_where_it_can_be_had():
    with pytest.raises(MrcaError) as refused:
        locate_corpus("pubmed")
    for part in ("participants-area.bioasq.org", "--from-file allMeSH*.json*", "<folder>/pubmed/"):
        assert part in str(refused.value)


def test_every_registered_download_has_three_mirrors_and_a_digest():
    for name in ("nyt", "webnlg"):
        assert [file.name for file in CORPORA[name].files] == [f"{s}.json" for s in SPLITS]
        for file in CORPORA[name].files:
            hosts = {url.split("/")[2] for url in file.urls}
            assert hosts == {"raw.githubusercontent.com", "github.com", "cdn.jsdelivr.net"}
            assert all(url.endswith(f"data/{name}/{file.name}") for url in file.urls)
            assert len(file.digest) == len("git-blob:") + 40


@pytest.mark.parametrize(
    "split, name",
    [
        ("train", "train.txt"),
        ("valid", "dev.json"),
        ("valid", "dev.jsonl"),
        ("valid", "val.json"),
        ("test", "test.txt"),
        ("train", "train_annotated.json"),
        ("train", "train_revised.json"),
        ("valid", "dev_revised.json"),
        ("test", "test_filter.data.gz"),
        ("train", "Train.PubTator"),
        ("test", "Test.PubTator.txt.gz"),
        ("valid", "dev.tsv"),
        ("distant", "train_distant.json"),
        ("train", "TRAIN_FILE.TXT"),
        ("test", "TEST_FILE_FULL.TXT"),
        ("train", "wiki80_train.txt"),
        ("valid", "conll04_dev.json"),
        ("train", "train.csv"),
        ("valid", "dev.spacy"),
    ],
)
def test_a_split_by_the_name_that_published_corpora_give_it(tmp_path, split, name):
    assert split_file(tmp_path, split) is None
    (tmp_path / name).write_text("")
    assert split_file(tmp_path, split) == tmp_path / name


@pytest.mark.parametrize(
    "name",
    ["train_filter.txt.bak", "trainer.json", "train.PubTator.json", "train.gz", "mytrain.json"],
)
def test_a_file_of_another_name_is_no_split(tmp_path, name):
    (tmp_path / name).write_text("")
    assert all(split_file(tmp_path, split) is None for split in (*SPLITS, "distant"))


def test_names_with_the_corpus_s_before_them_count_where_there_are_no_others(tmp_path):
    for name in ("conll04_train.json", "conll04_dev.json", "conll04_train_dev.json"):
        (tmp_path / name).write_text("")
    assert split_file(tmp_path, "train") == tmp_path / "conll04_train.json"
    assert split_file(tmp_path, "valid") == tmp_path / "conll04_dev.json"
    (tmp_path / "train.json").write_text("")
    assert split_file(tmp_path, "train") == tmp_path / "train.json"
    assert split_file(tmp_path, "valid") is None


def test_a_test_split_without_relations_counts_where_there_is_none_with_them(tmp_path):
    for name in ("TRAIN_FILE.TXT", "TEST_FILE.txt"):
        (tmp_path / name).write_text("")
    assert split_file(tmp_path, "test") == tmp_path / "TEST_FILE.txt"
    (tmp_path / "TEST_FILE_FULL.TXT").write_text("")
    assert split_file(tmp_path, "test") == tmp_path / "TEST_FILE_FULL.TXT"


def test_what_the_user_brings_is_found_by_either_name_and_needs_no_validation_split(
    monkeypatch, tmp_path
):
    monkeypatch.setitem(
        CORPORA, "re-mine", CorpusSource("re-mine", "", "local", folder="re_mine", published=("x",))
    )
    with pytest.raises(MrcaError, match=r"Put its x into <folder>/re-mine/"):
        locate_corpus("re-mine", tmp_path)
    folder = tmp_path / "re_mine"
    write(folder / "dev_revised.json", "[]")
    assert find_corpus("re-mine", tmp_path) is None  # nothing to test on
    write(folder / "test_revised.json", "[]")
    assert find_corpus("re-mine", tmp_path) == folder
    other = put(tmp_path / "re-mine", "train", "test")
    assert find_corpus("re-mine", tmp_path) == other


def test_of_a_published_corpus_the_validation_split_stands_in_for_a_missing_training_split(
    tmp_path,
):
    write(tmp_path / "dev.json", "[]")
    write(tmp_path / "test.json", "[]")
    files = {"train": tmp_path / "dev.json", "test": tmp_path / "test.json"}
    assert split_files(tmp_path) == files
    mine = put(tmp_path / "mine", "valid", "test")
    assert set(split_files(mine)) == {"valid", "test"}  # JSON Lines need a train.jsonl


def test_two_files_of_one_split_are_not_chosen_between(tmp_path):
    for name in ("valid.jsonl", "dev.json"):
        (tmp_path / name).write_text("")
    with pytest.raises(MrcaError, match=r"holds both dev\.json and valid\.jsonl"):
        split_file(tmp_path, "valid")
