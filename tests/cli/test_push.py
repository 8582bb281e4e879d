import json
import shutil
from pathlib import Path

import pytest

import mrca as package
from mrca.errors import MrcaError
from mrca.runs import layout


@pytest.fixture
def pushed(mrca, hub, tiny_pairs_run):
    done = mrca("push", tiny_pairs_run.folder, "ada/sample", "--license", "mit")
    assert done.code == 0, done.err
    return done


def test_a_pushed_run_answers_as_the_one_that_was_trained(
    pushed, mrca, hub, tiny_pairs_run, slice_rows, tmp_path
):
    assert pushed.out == f"Pushed to {hub.address}/ada/sample\n"
    assert "Next: mrca predict hf://ada/sample ROWS.jsonl" in pushed.err
    assert "no license" not in pushed.err
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(f"{json.dumps(row)}\n" for row in slice_rows[:5]))
    own = mrca("predict", tiny_pairs_run.folder, rows)
    done = mrca("predict", "hf://ada/sample", rows)
    assert (done.code, done.out) == (0, own.out), done.err
    once = mrca("predict", f"hf://ada/sample@{hub.sha('ada/sample')}", rows)
    assert once.out == own.out
    for loaded in (
        package.load("hf://ada/sample").classifier,
        package.RelationClassifier.from_preset("hf://ada/sample"),
    ):
        assert str(loaded.predict(slice_rows[0])) == str(
            tiny_pairs_run.classifier.predict(slice_rows[0])
        )
    assert package.load("hf://ada/sample").name == "sample"


def test_a_fetched_run_is_measured_and_stays_as_it_is(pushed, mrca):
    done = mrca("evaluate", "hf://ada/sample")
    assert done.code == 0, done.err
    assert "sample on sample (sample corpus), test split" in done.out
    assert "mrca evaluate hf://ada/sample@" in done.err
    folder = package.load("hf://ada/sample").folder
    assert not (folder / "plots").exists()
    refused = mrca("evaluate", "hf://ada/sample", "--tune", "global", "--save")
    assert refused.code == 1
    assert "hf download ada/sample --local-dir saved_models/sample" in refused.err


def test_training_starts_from_a_fetched_run(pushed, mrca, tiny_pairs_run):
    done = mrca(
        *("train", "--init-from", "hf://ada/sample", "--set", "training.epochs=1", "--freeze")
    )
    assert done.code == 0, done.err
    assert (layout.find_run(Path("sample-continued")) / layout.CONFIG).is_file()


def test_what_an_address_does_not_lead_to_is_said(mrca, hub):
    done = mrca("predict", "hf://ada/nothing", stdin="")
    assert done.code == 1
    assert "Cannot fetch the run hf://ada/nothing: there is no repository" in done.err
    done = mrca("predict", "hf://ada", stdin="")
    assert "Expected hf://user/name or hf://user/name@REVISION" in done.err


def test_a_run_that_does_not_open_is_not_pushed(mrca, hub, tiny_pairs_run, tmp_path):
    folder = shutil.copytree(tiny_pairs_run.folder, tmp_path / "broken")
    (folder / layout.NETWORK).write_bytes(b"")
    done = mrca("push", folder, "ada/broken")
    assert (done.code, hub.commits) == (1, {})
    assert "train it again" in done.err


def test_without_a_license_it_says_so(mrca, hub, tiny_pairs_run):
    done = mrca("push", tiny_pairs_run.folder, "hf://ada/sample", "--private")
    assert done.code == 0, done.err
    assert "Note: no license is stated" in done.err
    assert hub.private == ["ada/sample"]


def test_without_a_token_it_says_how_to_log_in(mrca, hub, tiny_pairs_run, monkeypatch):
    import huggingface_hub

    monkeypatch.delenv("HF_TOKEN")
    if huggingface_hub.get_token():
        pytest.skip("this machine is logged in")
    done = mrca("push", tiny_pairs_run.folder, "ada/sample")
    assert done.code == 1
    assert "this machine has no token of the hub" in done.err
    assert "hf auth login" in done.err


def test_a_module_in_a_fetched_run_is_not_run_unasked(
    mrca, hub, hub_module, tiny_config, sample_slice, tmp_path
):
    from mrca import training

    config = tiny_config.changed(
        {"encoder.name": f"hub:{hub_module}", "features.max_length": 32, "training.epochs": 1}
    )
    run = training.train(config, tmp_path / "runs" / "modular", data_dir=sample_slice)
    assert mrca("push", run.folder, "ada/modular").code == 0
    assert "encoder/saved_model.pb" in hub.files("ada/modular")
    row = '{"text": "Ada met Bob.", "subjects": ["Ada"], "objects": ["Bob"]}'
    done = mrca("predict", "hf://ada/modular", stdin=row)
    assert done.code == 1
    assert "reads with a TF Hub module, which it carries: a program" in done.err
    with pytest.raises(MrcaError, match="trust=True"):
        package.load("hf://ada/modular")
    done = mrca("predict", "hf://ada/modular", "--trust", stdin=row)
    assert done.code == 0, done.err
    assert json.loads(done.out)["line"] == 1
