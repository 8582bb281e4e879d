import json
from pathlib import Path

import pytest

from mrca import experiments
from mrca.evaluation import Decoupling

FOUR = ["decouple.csv", "decouple.json", "decouple.md", "decouple.png"]
WAYS = ("IBS", "CBS", "RWL")


@pytest.fixture
def asked(monkeypatch):
    """In place of training: numbers; keeps what was asked for."""
    calls = []

    def record(config, output, *, seeds, **options):
        calls.append((config, output, seeds, (options["workers"], options["ray"])))
        runs = {row: {column: [0.5] * seeds for column in WAYS} for row in WAYS}
        return Decoupling("Layers and classifier", runs, 60.0)

    monkeypatch.setattr(experiments, "decouple", record)
    return calls


def test_a_table_and_four_files(mrca, asked):
    done = mrca("decouple", "--dataset", "fewrel-lt", "--seeds", 2, "--workers", 2)
    assert done.code == 0, done.err
    assert "classifier RWL" in done.out
    assert done.out.count("0.5000 ± 0.0000") == 9
    assert "Written: " in done.err
    assert "Next: mrca evaluate saved_models/decouple/fewrel-lt/ibs-ibs-seed1" in done.err
    config, output, seeds, places = asked[0]
    assert (config.data.dataset, config.loss.name) == ("fewrel-lt", "categorical_crossentropy")
    assert places == (2, None)
    assert (output, seeds) == (Path("saved_models/decouple/fewrel-lt"), 2)
    assert sorted(path.name for path in output.iterdir()) == FOUR


def test_options_are_settings(mrca, asked):
    Path("bert").mkdir()
    given = ["--recipe", "fewrel-lt", "--dataset", "sample", "--encoder", "hub:bert"]
    given += ["--set", "training.epochs=4", "--name", "mine", "--output", "out", "--json"]
    done = mrca("decouple", *given)
    assert done.code == 0, done.err
    assert len(json.loads(done.out)["cells"]) == 9
    config, output, *_ = asked[0]
    assert config.data.dataset == "sample"
    assert config.encoder.name == f"hub:{Path('bert').resolve()}"
    assert config.training.epochs == 4
    assert output == Path("out/mine")


def test_it_can_be_stopped(mrca, monkeypatch):
    def stop(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(experiments, "decouple", stop)
    done = mrca("decouple", "--dataset", "fewrel-lt")
    assert done.code == 130
    assert "stopped. Resume it with: mrca decouple --dataset fewrel-lt" in done.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "Give --dataset NAME or FOLDER"),
        (["--recipe", "pairs"], 2, "Say what to train on with --dataset"),
        (["--dataset", "sample"], 1, "or a recipe that has one (--recipe): fewrel-lt"),
        (["--dataset", "smaple"], 1, "No corpus is called 'smaple'"),
        (["--dataset", "sample", "--name", "a/b"], 2, "is not a name for a run"),
        (["--recipe", "fewrel"], 1, "Did you mean 'fewrel-lt'?"),
        (["--dataset", "sample", "--set", "training.epoch=1"], 1, "there is no such setting"),
        (["--dataset", "sample", "--seeds", 0], 2, "'--seeds'"),
    ],
)
def test_what_does_not_fit_is_said(mrca, arguments, code, said):
    done = mrca("decouple", *arguments)
    assert done.code == code
    assert said in done.err
    assert not Path("saved_models").exists()
