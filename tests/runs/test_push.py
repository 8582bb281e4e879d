"""What a run is pushed as, and that it arrives."""

import json
import shutil
from pathlib import Path

import pytest
import tomli_w

from mrca.config import load_config
from mrca.errors import MrcaError
from mrca.runs import layout
from mrca.runs.push import PAGE, push, shared_run
from mrca.runs.shared import Address

RUN = Path(__file__).parents[1] / "first_version" / "run"
ADDRESS = Address("ada/webnlg")
DISK = "/home/ada/secret"


@pytest.fixture
def run(tmp_path):
    """A run that names places on its maker's disk wherever it can."""
    folder = shutil.copytree(RUN, tmp_path / "run")
    changes = {
        "data.dataset": f"{DISK}/corpus",
        "vectors.name": f"{DISK}/vectors.txt",
        "training.init_from": f"{DISK}/before",
        "loss.teacher": f"{DISK}/teacher/",
        "encoder.vocab_file": f"{DISK}/vocab.txt",
    }
    write_config(folder, changes)
    environment = layout.read_json(folder / layout.ENVIRONMENT)
    environment["vectors"]["folder"] = f"{DISK}/vectors"
    environment["init_from"] = {"name": f"{DISK}/before", "fingerprint": "0"}
    layout.write_json(folder / layout.ENVIRONMENT, environment)
    (folder / "1").mkdir()
    (folder / "1" / "saved_model.pb").write_bytes(b"an export")
    (folder / "plots").mkdir()
    (folder / "plots" / "test.png").touch()
    return folder


def write_config(folder: Path, changes: dict) -> None:
    config = load_config(folder / layout.CONFIG).changed(changes)
    (folder / layout.CONFIG).write_text(tomli_w.dumps(config.model_dump()), "utf-8")


def read_with(folder: Path, encoder: str) -> None:
    """Make a run one of a frozen encoder, as far as its settings go."""
    write_config(folder, {"encoder.name": encoder})
    environment = layout.read_json(folder / layout.ENVIRONMENT)
    del environment["vectors"]
    environment["encoder"] = {"name": encoder, "fingerprint": "0"}
    layout.write_json(folder / layout.ENVIRONMENT, environment)


def contents(files: dict) -> dict[str, bytes]:
    return {
        name: content if isinstance(content, bytes) else content.read_bytes()
        for name, content in files.items()
    }


def written(files: dict, folder: Path) -> Path:
    for name, content in contents(files).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def test_no_path_of_its_makers_disk_is_in_it(run, tmp_path):
    shared = shared_run(run, ADDRESS)
    for name, content in contents(shared.files).items():
        assert DISK.encode() not in content, name
        assert str(tmp_path).encode() not in content, name
    config = load_config(written(shared.files, tmp_path / "other") / layout.CONFIG)
    assert config.data.dataset == "corpus"
    assert config.vectors.name == "tiny"
    assert config.training.init_from == "before"
    assert config.loss.teacher == "teacher"
    environment = json.loads(shared.files[layout.ENVIRONMENT])
    assert environment["vectors"].keys() == {"name", "fingerprint"}
    assert environment["init_from"]["name"] == "before"


def test_it_is_a_whole_run_without_what_else_lies_in_the_folder(run, tmp_path):
    shared = shared_run(run, ADDRESS)
    layout.check_run_folder(written(shared.files, tmp_path / "other"))
    layout.read_config(tmp_path / "other")
    assert not [name for name in shared.files if name.startswith(("1/", "plots/"))]
    assert layout.CARD not in shared.files  # the page is one
    assert shared.size == sum(map(len, contents(shared.files).values()))


def test_its_page_says_where_it_is_and_what_license_it_has(run):
    page = shared_run(run, ADDRESS, license="mit").files[PAGE].decode()
    assert page.startswith('---\nlibrary_name: "mrca"\nlicense: "mit"\n')
    assert "\n# hf://ada/webnlg\n" in page
    assert 'run = mrca.load("hf://ada/webnlg")' in page
    assert "- License: none stated" in shared_run(run, ADDRESS).files[PAGE].decode()


@pytest.mark.parametrize(
    ("vectors", "note"),
    [
        ("tiny", "unless the file of the vectors 'tiny'"),
        ("glove-wiki-gigaword-300", "`mrca vectors fetch glove-wiki-gigaword-300`"),
        ("sample", None),
    ],
)
def test_what_unseen_words_need_is_said(run, vectors, note):
    environment = layout.read_json(run / layout.ENVIRONMENT)
    environment["vectors"]["name"] = vectors
    layout.write_json(run / layout.ENVIRONMENT, environment)
    shared = shared_run(run, ADDRESS)
    assert [note in each for each in shared.notes] == ([True] if note else [])
    assert all(each in shared.files[PAGE].decode() for each in shared.notes)


def test_a_frozen_encoder_of_a_folder_is_put_into_it(run, tmp_path):
    encoder = tmp_path / "bert-tiny"
    (encoder / "assets").mkdir(parents=True)
    names = ("config.json", "model.safetensors", "assets/vocabulary.txt")
    for name in (*names, "pytorch_model.bin", ".hidden.json"):
        (encoder / name).write_text("x")
    read_with(run, f"keras_hub:{encoder}")
    shared = shared_run(run, ADDRESS)
    assert {name for name in shared.files if name.startswith("encoder/")} == {
        f"encoder/{name}" for name in names
    }
    assert json.loads(shared.files[layout.ENVIRONMENT])["encoder"]["name"] == "keras_hub:bert-tiny"
    assert b'name = "keras_hub:bert-tiny"' in shared.files[layout.CONFIG]
    encoder.rename(tmp_path / "moved")
    with pytest.raises(MrcaError, match=r"not there.*--encoder hub:FOLDER or keras_hub:FOLDER"):
        shared_run(run, ADDRESS)
    moved = shared_run(run, ADDRESS, encoder=f"keras_hub:{tmp_path / 'moved'}")
    assert "encoder/config.json" in moved.files


@pytest.mark.parametrize("name", ["keras_hub:bert_base_en", "hub:https://tfhub.dev/x/bert/4"])
def test_one_that_has_a_public_name_keeps_it(run, name):
    read_with(run, name)
    shared = shared_run(run, ADDRESS)
    assert not [each for each in shared.files if each.startswith("encoder/")]
    assert f'name = "{name}"'.encode() in shared.files[layout.CONFIG]


def test_pushed_it_can_be_fetched(run, hub):
    shared = shared_run(run, ADDRESS)
    pushed = push(shared, ADDRESS, private=True)
    assert pushed.page == f"{hub.address}/ada/webnlg"
    assert hub.private == ["ada/webnlg"]
    assert hub.files("ada/webnlg") == {".gitattributes": b"", **contents(shared.files)}
    folder = layout.find_run(Path("hf://ada/webnlg"))
    layout.check_run_folder(folder)
    assert (folder / layout.NETWORK).read_bytes() == (run / layout.NETWORK).read_bytes()


def test_pushed_again_nothing_of_the_one_before_is_left(run, hub):
    push(shared_run(run, ADDRESS), ADDRESS)
    hub.commits["ada/webnlg"][-1]["LICENSE"] = b"the maker's own"
    (run / layout.HISTORY).unlink()
    push(shared_run(run, ADDRESS), ADDRESS)
    files = hub.files("ada/webnlg")
    assert layout.HISTORY not in files
    assert files["LICENSE"] == b"the maker's own"


def test_what_keeps_it_from_being_pushed_is_said(run, hub, monkeypatch, tmp_path):
    shared = shared_run(run, ADDRESS)
    with pytest.raises(MrcaError, match="Expected ada/webnlg, received hf://ada/webnlg@v1"):
        push(shared, Address("ada/webnlg", "v1"))
    with pytest.raises(MrcaError, match='"license" must be one of'):
        push(shared_run(run, ADDRESS, license="nonsense"), ADDRESS)
    hub.commits.clear()
    monkeypatch.setenv("HF_TOKEN", "hf_of_nobody")
    with pytest.raises(MrcaError, match=r"may not do that \(status 401\).*hf auth login"):
        push(shared, ADDRESS)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(MrcaError, match="Cannot push to hf://ada/webnlg: the hub was not reached"):
        push(shared, ADDRESS)
    assert hub.commits == {}
