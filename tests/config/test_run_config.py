import pydantic
import pytest

from mrca.config import RunConfig, load_recipe
from mrca.errors import MrcaError


def test_settings_do_not_change_once_made():
    with pytest.raises(pydantic.ValidationError):
        RunConfig().training.epochs = 3


def test_every_setting_has_a_description():
    for section in RunConfig.model_fields.values():
        for name, field in section.annotation.model_fields.items():
            assert field.description, name


def test_a_precision_is_one_of_kerass_policies():
    assert RunConfig().model.precision == "float32"
    with pytest.raises(pydantic.ValidationError, match="mixed_bfloat16"):
        RunConfig(model={"precision": "float16"})


def test_a_second_stage_takes_over_what_its_layers_follow_from():
    first = RunConfig(
        model={"units": 7, "precision": "mixed_float16"},
        candidates={"max_distance": 5},
        training={"epochs": 3},
    )
    second = RunConfig(loss={"name": "focal"}, training={"epochs": 2}).with_layers_of(first)
    assert (second.model, second.candidates) == (first.model, first.candidates)
    assert (second.loss.name, second.training.epochs) == ("focal", 2)


def test_the_learning_rate_must_stay_above_zero_to_the_last_epoch():
    RunConfig(training={"epochs": 50, "learning_rate": 1.5e-3, "learning_rate_decay": 3e-5})
    with pytest.raises(pydantic.ValidationError, match="last of 51 epochs"):
        RunConfig(training={"epochs": 51, "learning_rate": 1.5e-3, "learning_rate_decay": 3e-5})


# === Changing settings ===


@pytest.mark.parametrize(
    ("setting", "value", "needs"),
    [
        ("momentum", 0.5, {"optimizer": "sgd"}),
        ("weight_decay", 0.1, {"optimizer": "adamw"}),
        ("decay_rate", 0.5, {"schedule": "step"}),
        ("decay_epochs", 2, {"schedule": "step"}),
    ],
)
def test_a_setting_of_something_that_is_not_chosen_is_refused(setting, value, needs):
    settings = {f"training.{name}": chosen for name, chosen in needs.items()}
    config = RunConfig().changed({**settings, f"training.{setting}": value})
    assert getattr(config.training, setting) == value
    [(choice, chosen)] = needs.items()
    with pytest.raises(MrcaError, match=f"{setting} is of {choice}={chosen}"):
        RunConfig().changed({f"training.{setting}": value})


def test_zero_is_as_good_as_leaving_it_out():
    """So that another optimiser goes on top of a recipe that turns AdamW's decay off."""
    config = load_recipe("atlop").changed({"training.optimizer": "adam"})
    assert (config.training.optimizer, config.training.weight_decay) == ("adam", 0)


def test_a_rate_that_is_not_subtracted_from_needs_no_epochs_to_spare():
    for schedule in ("linear", "cosine", "step", "constant"):
        training = {"epochs": 60, "learning_rate": 1e-3, "schedule": schedule}
        assert RunConfig(training=training).training.learning_rate_decay == 3e-5


def test_a_changed_setting_changes_nothing_else():
    start = RunConfig()
    config = start.changed({"training.epochs": 3, "loss.options.gamma": 2.0})
    assert (config.training.epochs, config.loss.options) == (3, {"gamma": 2.0})
    assert start == RunConfig()
    assert config.changed({"training.epochs": 50, "loss.options": {}}) == start
    assert config.differences(start, "was", "is now") == [
        "loss.options was {'gamma': 2.0} and is now {}",
        "training.epochs was 3 and is now 50",
    ]
    assert start.differences(start.changed({}), "was", "is") == []


def test_a_whole_section_may_be_given_as_values_or_as_itself():
    focal = RunConfig(loss={"name": "focal", "options": {"gamma": 1.0}})
    start = RunConfig(loss={"name": "dice", "options": {"smooth": 0.5}})
    assert start.changed({"loss": focal.loss}) == focal
    assert start.changed({"loss": {"name": "focal", "options": {"gamma": 1.0}}}) == focal
    assert start.changed({"loss": {}}) == RunConfig()


def test_settings_are_changed_in_their_order():
    changes = {"loss": {"name": "focal"}, "loss.options.gamma": 1.0}
    assert RunConfig().changed(changes).loss.options == {"gamma": 1.0}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"model.unit": 3}, "model.unit: there is no such setting, received 3. Did you mean 'uni"),
        ({"modle.units": 3}, "modle: there is no such setting. Did you mean 'model'?"),
        ({"units": 3}, "units: there is no such setting, received 3"),
        ({"model": 3}, "model: expected a section of settings, received 3"),
        ({"model.units": "3"}, "model.units: expected a whole number, received '3'"),
        ({"model.units": -1}, "model.units: expected at least 0, received -1"),
        ({"features.max_length": 10_001}, "features.max_length: expected at most 10000"),
        ({"candidates.kind": "triples"}, "candidates.kind: expected 'whole' or 'pairs'"),
        ({"loss.options": {"gamma": None}}, "loss: options without a value: gamma; leave them out"),
    ],
)
def test_what_does_not_fit_is_named(settings, said):
    with pytest.raises(MrcaError) as caught:
        RunConfig().changed(settings)
    assert str(caught.value).startswith("The settings do not fit:\n  ")
    assert said in str(caught.value)


def test_everything_that_does_not_fit_is_said_at_once_under_its_heading():
    with pytest.raises(MrcaError) as caught:
        RunConfig.checked({"model": {"units": -1}, "data": {"roles": "any"}}, "The file x")
    assert str(caught.value).splitlines() == [
        "The file x:",
        "  data.roles: expected 'corpus' or 'unknown', received 'any'",
        "  model.units: expected at least 0, received -1",
    ]


def test_a_setting_is_no_section():
    with pytest.raises(MrcaError, match=r"'model\.units\.x': 'units' is a value, not a section"):
        RunConfig().changed({"model.units.x": 3})


@pytest.mark.parametrize(("before", "now"), [(True, "strongest"), (False, "none")])
def test_an_interaction_that_is_true_or_false_is_one_of_earlier(before, now):
    config = RunConfig().changed({"model.pair_interaction": before})
    assert config.model.pair_interaction == now
    assert RunConfig.checked({"model": {"pair_interaction": before}}, "Wrong") == config
