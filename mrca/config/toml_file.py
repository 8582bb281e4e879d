"""Configurations as TOML text, and settings as a user types them."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tomli_w

from mrca.config.run_config import RunConfig
from mrca.errors import MrcaError


def load_config(path: Path) -> RunConfig:
    """Read a configuration.

    Raises:
        MrcaError: if the file cannot be read, is not TOML, or does not describe a run.
    """
    values = _of_first_version(read_toml(path, "configuration"))
    return RunConfig.checked(values, f"The configuration {path} does not fit")


def dump_config(config: RunConfig, *, whole: bool = True) -> str:
    """The configuration as TOML that `load_config` reads back.

    Args:
        config: what to write.
        whole: every setting, or else those alone that differ from their defaults.
    """
    return tomli_w.dumps(config.model_dump(exclude_defaults=not whole))


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """The values of a TOML file; a byte order mark at its beginning is taken.

    Args:
        path: the file.
        what: what it is, for messages.

    Raises:
        MrcaError: if it cannot be read or is not TOML.
    """
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise MrcaError(f"Cannot read the {what} {path}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise MrcaError(f"The {what} {path} is not UTF-8 text.") from None
    except RecursionError:
        raise MrcaError(f"The {what} {path} is nested too deep.") from None
    except ValueError as error:  # a TOMLDecodeError, or a number of too many digits
        raise MrcaError(f"The {what} {path} is not valid TOML: {error}.") from None


def parse_settings(texts: Sequence[str]) -> dict[str, Any]:
    """Settings as `RunConfig.changed` takes them, from what a user types.

    Args:
        texts: such as `"training.batch_size=64"`; the value is TOML, and a bare word stands for
            itself as text.

    Raises:
        MrcaError: if one is malformed.

    Example:
        >>> parse_settings(["training.epochs=5", "loss.name=focal"])
        {'training.epochs': 5, 'loss.name': 'focal'}
    """
    settings = {}
    for text in texts:
        path, equals, value = text.partition("=")
        names = [name.strip() for name in path.split(".")]
        if not equals or len(names) < 2 or not all(names):
            raise MrcaError(
                f"Cannot read the setting {text!r}. Expected section.key=value, such as "
                "training.batch_size=64."
            )
        settings[".".join(names)] = _value(value.strip())
    return settings


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text


def _of_first_version(values: dict[str, Any]) -> dict[str, Any]:
    """The values with what version 0.1 called otherwise under its present name."""
    training = values.get("training")
    if not isinstance(training, dict) or "precision" not in training:
        return values
    rest = {name: value for name, value in training.items() if name != "precision"}
    model = values.get("model", {})
    if not isinstance(model, dict):
        return values
    return {**values, "training": rest, "model": {"precision": training["precision"], **model}}
