import json
import shutil
import sys

import pytest

from mrca.errors import MrcaError
from mrca.experiments import decouple
from mrca.experiments.decouple import _plan
from mrca.experiments.finished_runs import training_seconds

WAYS = ("ibs", "cbs", "rwl")


@pytest.fixture
def softmax(tiny_config):
    """The tiny configuration with a loss for one relation a row."""
    return tiny_config.changed({"loss.name": "categorical_crossentropy", "training.epochs": 1})


def test_three_first_stages_and_three_second_stages_on_each(softmax, tmp_path):
    plan = _plan(softmax, tmp_path, seeds=2)
    first = [f"{way}-seed{seed}" for way in WAYS for seed in (1, 2)]
    second = [f"{row}-{column}-seed{seed}" for row in WAYS for column in WAYS for seed in (1, 2)]
    assert [run.folder.name for run in plan] == [*first, *second]
    configs = {run.folder.name: run.config for run in plan}
    for name, config in configs.items():
        *ways, seed = name.split("-")
        sampler = "class_balanced" if ways[-1] == "cbs" else "instance_balanced"
        loss = "reweighted_crossentropy" if ways[-1] == "rwl" else "categorical_crossentropy"
        assert (config.training.sampler, config.loss.name) == (sampler, loss)
        assert config.training.seed == int(seed.removeprefix("seed"))
        base = str((tmp_path / f"{ways[0]}-{seed}").resolve()) if len(ways) == 2 else ""
        assert config.classifier.representation == base


def test_every_pair_is_measured(softmax, trained, tiny_run, sample_slice, tmp_path):
    result = decouple(softmax, tmp_path, seeds=2, data_dir=sample_slice)
    assert result.title == "Test macro F1 on sample (sample corpus)"
    assert len(trained) == 24
    f1 = tiny_run.metrics["splits"]["test"]["macro"]["f1"]
    ways = [way.upper() for way in WAYS]
    assert result.runs == {row: {column: [f1, f1] for column in ways} for row in ways}
    metrics = {"splits": {"test": {"macro": {"f1": 0.75}}}}
    (tmp_path / "cbs-rwl-seed2" / "metrics.json").write_text(json.dumps(metrics), "utf-8")
    shutil.rmtree(tmp_path / "ibs-seed1")
    again = decouple(softmax, tmp_path, seeds=2, data_dir=sample_slice)
    assert again.runs["CBS"]["RWL"] == [f1, 0.75]
    assert [name for name, _ in trained[24:]] == ["ibs-seed1"]
    assert again.seconds == pytest.approx(24 * training_seconds(tiny_run.folder))


def test_everything_is_checked_before_and_after_training(
    softmax, trained, sample_slice, tmp_path, monkeypatch
):
    from mrca.experiments.train_planned import check_finished

    seen = []

    def check(runs, corpus):
        seen.append((len(trained), len(runs)))
        check_finished(runs, corpus)

    monkeypatch.setattr(sys.modules["mrca.experiments.decouple"], "check_finished", check)
    decouple(softmax, tmp_path, data_dir=sample_slice)
    assert seen == [(0, 12), (12, 12)]
    with pytest.raises(MrcaError, match=r"ibs-seed1 has another .*units was 8 and is now 9"):
        decouple(softmax.changed({"model.units": 9}), tmp_path, data_dir=sample_slice)
    assert len(trained) == 12


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"loss.name": "rc_dice"}, "decides by fixed_threshold. Take a softmax loss .*: fewrel-lt"),
        ({"loss.name": "reweighted_crossentropy"}, "is what RWL trains with"),
        ({"classifier.representation": "x"}, "trains its own first stages"),
        (
            {"classifier.name": "bilateral_branch"},
            "cbs-seed1: The classifier 'bilateral_branch' draws",
        ),
        ({"classifier.name": "tau_normalised"}, "rescales one that is trained"),
        ({"loss.name": "softmaxx"}, "Unknown loss 'softmaxx'"),
    ],
)
def test_what_has_no_three_ways_is_refused(softmax, sample_slice, tmp_path, settings, said):
    with pytest.raises(MrcaError, match=said):
        decouple(softmax.changed(settings), tmp_path / "out", data_dir=sample_slice)
    assert not (tmp_path / "out").exists()
