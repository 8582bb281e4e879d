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


def test_the_learning_rate_must_stay_above_zero_to_the_last_epoch():
    RunConfig(training={"epochs": 50, "learning_rate": 1.5e-3, "learning_rate_decay": 3e-5})
    with pytest.raises(pydantic.ValidationError, match="last of 51 epochs"):
        RunConfig(training={"epochs": 51, "learning_rate": 1.5e-3, "learning_rate_decay": 3e-5})
