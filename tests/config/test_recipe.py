from pathlib import Path

import pytest

import mrca.config
from mrca.config import RunConfig, beside, load_preset, preset_names
from mrca.errors import MrcaError
from mrca.losses import LOSSES, get

FILES = Path(mrca.config.__file__).parent / "preset_files"


def test_the_published_settings_are_there():
    assert {"nyt", "paper", "sample", "webnlg", "webnlg-sigmoid-bce"} <= set(preset_names())
    assert preset_names() == sorted(preset_names())


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_loads_and_says_how_to_run_it(name):
    config = load_preset(name)
    assert config.loss.name in LOSSES
    assert get(config.loss.name, **config.loss.options)
    header = (FILES / f"{name}.toml").read_text("utf-8").partition("\n[")[0].splitlines()
    assert all(line.startswith("#") for line in header)
    assert any(line.startswith("#   mrca train ") for line in header)


def test_the_paper_preset_is_table_4():
    config = load_preset("paper")
    assert config == RunConfig()
    model, training = config.model, config.training
    assert (model.units, model.pool_size, model.strides, model.dropout) == (500, 80, 2, 0.15)
    assert (training.batch_size, training.epochs, training.patience) == (32, 50, 5)
    assert (training.learning_rate, training.learning_rate_decay) == (1.5e-3, 3e-5)
    assert (config.loss.name, config.features.max_length) == ("rc_dice", 100)


@pytest.mark.parametrize("name", ["nyt", "webnlg"])
def test_a_corpus_preset_is_the_paper_on_that_corpus(name):
    config = load_preset(name)
    assert config.data.dataset == name
    assert config.model_copy(update={"data": RunConfig().data}) == RunConfig()


def test_the_sigmoid_preset_differs_in_its_loss_alone():
    config = load_preset("webnlg-sigmoid-bce")
    assert config.loss.name == "binary_crossentropy"
    assert config.model_copy(update={"loss": RunConfig().loss}) == load_preset("webnlg")


def test_an_unknown_preset_suggests_a_near_one():
    with pytest.raises(MrcaError, match=r"'webnlq'.*Did you mean 'webnlg'\?.*sample"):
        load_preset("webnlq")


def test_a_file_is_a_preset_too(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text("[model]\nunits = 3\n", "utf-8")
    assert load_preset(str(file)).model.units == 3
    assert load_preset(beside(tmp_path, "mine.toml")).model.units == 3
    assert load_preset(beside(tmp_path, "webnlg")) == load_preset("webnlg")
    for missing in ("../x", "x.toml"):
        with pytest.raises(MrcaError, match="Cannot read the configuration"):
            load_preset(missing)
