import pydantic
import pytest

from mrca.config import RunConfig


def test_settings_do_not_change_once_made():
    with pytest.raises(pydantic.ValidationError):
        RunConfig().training.epochs = 3


def test_every_setting_has_a_description():
    for section in RunConfig.model_fields.values():
        for name, field in section.annotation.model_fields.items():
            assert field.description, name


def test_a_precision_is_one_of_kerass_policies():
    assert RunConfig().training.precision == "float32"
    with pytest.raises(pydantic.ValidationError, match="mixed_bfloat16"):
        RunConfig(training={"precision": "float16"})


def test_a_second_stage_takes_over_what_its_layers_follow_from():
    first = RunConfig(model={"units": 7}, training={"precision": "mixed_float16", "epochs": 3})
    second = RunConfig(loss={"name": "focal"}, training={"epochs": 2}).with_layers_of(first)
    assert (second.model.units, second.training.precision) == (7, "mixed_float16")
    assert (second.loss.name, second.training.epochs) == ("focal", 2)


def test_the_learning_rate_must_stay_above_zero_to_the_last_epoch():
    RunConfig(training={"epochs": 50, "learning_rate": 1.5e-3, "learning_rate_decay": 3e-5})
    with pytest.raises(pydantic.ValidationError, match="last of 51 epochs"):
        RunConfig(training={"epochs": 51, "learning_rate": 1.5e-3, "learning_rate_decay": 3e-5})
