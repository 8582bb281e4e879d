import importlib.util
import shlex
import socket

import pytest


@pytest.fixture
def folder(mrca, tmp_path):
    """A folder of versions; the model in it is no more than a name."""
    version = tmp_path / "here" / "saved_models" / "run" / "1"
    version.mkdir(parents=True)
    (version / "saved_model.pb").write_bytes(b"\xff")
    return version.parent


def test_nothing_to_serve(mrca, tiny_run, folder):
    done = mrca("serve", tiny_run.folder)
    assert (done.code, done.out) == (1, "")
    assert "Nothing is exported from" in done.err
    assert f"`mrca export {tiny_run.folder}`" in done.err
    assert "no run at nowhere" in mrca("serve", "nowhere").err
    assert "no exported version 2, but 1" in mrca("serve", "run", "--version", "2").err


def test_a_taken_port_is_said_before_anything_is_loaded(mrca, folder):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = mrca("serve", "run", "--port", port)
    assert (done.code, done.out) == (1, "")
    assert f"Port {port} of 127.0.0.1 is taken" in done.err


def test_a_damaged_model(mrca, folder):
    done = mrca("serve", "run", "--port", 0)
    assert done.code == 1
    assert "saved_models/run/1" in done.err
    assert "damaged" in done.err


def test_the_command_to_ask_it_is_quoted(mrca, folder, monkeypatch):
    odd = folder.rename(folder.with_name("größer & 'als"))
    (odd / "1" / "assets.extra").mkdir()
    (odd / "1" / "assets.extra" / "sample_request.json").touch()
    monkeypatch.setattr(
        "mrca.serving.serve.serve", lambda *_, ready, **__: ready("http://127.0.0.1:8501")
    )
    done = mrca("serve", odd)
    assert done.code == 0
    asked = shlex.split(done.err[done.err.index("curl ") :])
    sample = odd / "1" / "assets.extra" / "sample_request.json"
    url = "http://127.0.0.1:8501/v1/models/gr%C3%B6%C3%9Fer%20%26%20%27als:predict"
    assert asked == ["curl", "-d", f"@{sample}", url]


def test_a_host_that_others_reach_is_warned_of(mrca, folder):
    with pytest.warns(UserWarning, match=r"0\.0\.0\.0 may be reached from other machines"):
        mrca("serve", "run", "--port", 0, "--host", "0.0.0.0")


def test_without_the_extra_it_says_what_to_install(mrca, folder, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        "mrca.errors.find_spec",
        lambda name: None if name == "uvicorn" else found(name),
    )
    done = mrca("serve", "run")
    assert done.code == 1
    assert "mrca serve needs uvicorn. Install with `pip install 'mrca[serve]'`" in done.err


@pytest.mark.parametrize(
    "option", ["--version", "--port", "--max-rows", "--max-cells", "--max-connections", "--timeout"]
)
def test_options_out_of_range(mrca, folder, option):
    assert mrca("serve", "run", option, "-1").code == 2
