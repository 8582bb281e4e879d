from pathlib import Path

import pytest

import mrca.config
from mrca.config import RunConfig, beside, load_recipe, recipe_names
from mrca.errors import MrcaError
from mrca.losses import LOSSES, get

FILES = Path(mrca.config.__file__).parent / "recipes"


def test_the_published_settings_are_there():
    assert {"mrca", "nyt", "pairs", "sample", "webnlg", "webnlg-sigmoid-bce"} <= set(recipe_names())
    assert recipe_names() == sorted(recipe_names())


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_loads_and_says_how_to_run_it(name):
    config = load_recipe(name)
    assert config.loss.name in LOSSES
    assert get(config.loss.name, **config.loss.options)
    header = (FILES / f"{name}.toml").read_text("utf-8").partition("\n[")[0].splitlines()
    assert all(line.startswith("#") for line in header)
    assert any(line.startswith("#   mrca train ") for line in header)


def test_the_recipe_mrca_is_table_4():
    config = load_recipe("mrca")
    assert config == RunConfig()
    model, training = config.model, config.training
    assert (model.units, model.pool_size, model.strides, model.dropout) == (500, 80, 2, 0.15)
    assert (training.batch_size, training.epochs, training.patience) == (32, 50, 5)
    assert (training.learning_rate, training.learning_rate_decay) == (1.5e-3, 3e-5)
    assert (config.loss.name, config.features.max_length) == ("rc_dice", 100)


def test_the_recipe_pairs_asks_about_entities():
    config = load_recipe("pairs")
    assert (config.candidates.kind, config.model.pooling) == ("pairs", "pairs")
    assert config.features.types
    assert config.data.dataset == ""
    assert load_recipe("sample").candidates == config.candidates


@pytest.mark.parametrize("name", ["nyt", "webnlg"])
def test_a_corpus_recipe_is_the_paper_on_that_corpus(name):
    config = load_recipe(name)
    assert config.data.dataset == name
    assert config.changed({"data.dataset": ""}) == RunConfig()


def test_the_sigmoid_recipe_differs_in_its_loss_alone():
    config = load_recipe("webnlg-sigmoid-bce")
    assert config.loss.name == "binary_crossentropy"
    assert config.changed({"loss": RunConfig().loss}) == load_recipe("webnlg")


def test_an_unknown_recipe_suggests_a_near_one():
    with pytest.raises(MrcaError, match=r"'webnlq'.*Did you mean 'webnlg'\?.*sample"):
        load_recipe("webnlq")


def test_a_file_is_a_recipe_too(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text("[model]\nunits = 3\n", "utf-8")
    assert load_recipe(str(file)).model.units == 3
    assert load_recipe(beside(tmp_path, "mine.toml")).model.units == 3
    assert load_recipe(beside(tmp_path, "webnlg")) == load_recipe("webnlg")
    for missing in ("../x", "x.toml"):
        with pytest.raises(MrcaError, match="Cannot read the configuration"):
            load_recipe(missing)
