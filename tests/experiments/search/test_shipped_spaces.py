import re
from pathlib import Path

import pytest

from mrca import losses
from mrca.experiments.search import load_space

FOLDER = Path(__file__).parents[3] / "tuning"
NAMES = sorted(path.stem for path in FOLDER.glob("*.toml"))
# As tuning/losses.toml says: one relation per row, or a teacher to learn from.
SOFTMAX = {"categorical_crossentropy", "categorical_focal", "reweighted_crossentropy"}
DISTILLATION = {"distillation_mse", "distillation_kl"}
# Factors that an optimiser does not see, and what authors' codes know of their corpora.
NOT_SEARCHED = {
    "name",
    "reduction",
    "dtype",
    "loss_weight",
    "top_k",
    "num_relations",
    "num_samples",
}

FIXED = {
    "rc_dice": {"mode"},
    "dice": {"mode", "squared"},
    "self_adjusting_dice": {"activation"},
}


@pytest.mark.parametrize("name", NAMES)
def test_every_space_can_be_read_and_drawn_from(name, draw):
    space = load_space(FOLDER / f"{name}.toml")
    found = [draw(space, seed) for seed in range(30)]
    for settings in found:
        space.config(settings)
    assert len({tuple(settings.items()) for settings in found}) > 20


# Arguments of one loss among many are drawn too rarely to vary.
@pytest.mark.parametrize("name", sorted({*NAMES} - {"losses"}))
def test_every_parameter_of_a_space_varies(name, draw):
    space = load_space(FOLDER / f"{name}.toml")
    found = [draw(space, seed) for seed in range(30)]
    for parameter in space.parameters:
        assert len({settings.get(parameter.field) for settings in found}) > 1


def test_every_multi_label_loss_is_searched_with_its_arguments():
    space = load_space(FOLDER / "losses.toml")
    [names] = [each.choices for each in space.parameters if each.field == "loss.name"]
    assert set(names) == set(losses.LOSSES) - SOFTMAX - DISTILLATION
    for name in names:
        searched = {
            parameter.field.removeprefix("loss.options.")
            for parameter in space.parameters
            if parameter.field.startswith("loss.options.")
            and name in parameter.when.get("loss.name", names)
        }
        loss = losses.for_corpus(name, {}, [3, 4], 10)
        arguments = {
            argument
            for argument, value in loss.get_config().items()
            if isinstance(value, int | float | str)
        }
        optional = {"focal_alpha"} & set(loss.get_config())
        assert (arguments | optional) - NOT_SEARCHED - FIXED.get(name, set()) <= searched, name


def test_defaults_lie_within_the_ranges_of_the_losses():
    space = load_space(FOLDER / "losses.toml")
    for parameter in space.parameters:
        argument = parameter.field.removeprefix("loss.options.")
        for name in parameter.when.get("loss.name", []):
            default = losses.for_corpus(name, {}, [3, 4], 10).get_config()[argument]
            if default is None:
                continue
            inside = (
                parameter.min <= default <= parameter.max
                if parameter.choices is None
                else default in parameter.choices
            )
            assert inside, (name, argument)


def test_the_space_of_webnlg_holds_the_papers_settings_but_for_fixed_ones():
    space = load_space(FOLDER / "webnlg.toml")
    usual = space.assignment({})
    assert (usual["model.units"], usual["model.pool_size"], usual["model.strides"]) == (500, 80, 2)
    assert (usual["training.batch_size"], usual["training.learning_rate"]) == (32, 1.5e-3)
    assert space.base.vectors.name == "glove-wiki-gigaword-300"
    quick = load_space(FOLDER / "webnlg_quick.toml").assignment({})
    shared = set(quick) & set(usual) - {"loss.options.smooth", "loss.options.threshold"}
    assert {field: usual[field] for field in shared} == {field: quick[field] for field in shared}


def test_the_space_in_the_readme_can_be_read(space_file):
    text = (FOLDER / "README.md").read_text("utf-8")
    [example] = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    space = load_space(space_file(text=example))
    assert (space.seeds, space.max_trials, space.max_hours) == (1, 40, 4.0)
    assert len(space.parameters) == 4
    assert set(re.findall(r"\]\((\w+)\.toml\)", text)) == set(NAMES)
