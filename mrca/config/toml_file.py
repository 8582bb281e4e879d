"""Configurations as TOML text, and dotted overrides."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import ValidationError

from mrca.config.run_config import RunConfig
from mrca.errors import MrcaError


def load_config(path: Path) -> RunConfig:
    """Read a configuration.

    Raises:
        MrcaError: if the file cannot be read, is not TOML, or does not describe a run.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MrcaError(f"Cannot read the configuration {path}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise MrcaError(f"The configuration {path} is not UTF-8 text.") from None
    except ValueError as error:  # a TOMLDecodeError, or a number of too many digits
        raise MrcaError(f"The configuration {path} is not valid TOML: {error}.") from None
    return _validated(values, str(path))


def dump_config(config: RunConfig) -> str:
    """The configuration as TOML that `load_config` reads back."""
    return tomli_w.dumps(config.model_dump())


def with_overrides(config: RunConfig, overrides: Sequence[str]) -> RunConfig:
    """A copy with dotted settings changed.

    Args:
        config: what to start from.
        overrides: strings such as `"training.batch_size=64"`; the value is TOML, and a bare word
            stands for itself as text.

    Raises:
        MrcaError: if an override is malformed, names no setting, or its value does not fit.
    """
    values = config.model_dump()
    for override in overrides:
        path, equals, text = override.partition("=")
        names = [name.strip() for name in path.split(".")]
        if not equals or len(names) < 2 or not all(names):
            raise MrcaError(
                f"Cannot read the setting {override!r}. Expected section.key=value, such as "
                "training.batch_size=64."
            )
        section = values
        for name in names[:-1]:
            section = section.setdefault(name, {})
            if not isinstance(section, dict):
                raise MrcaError(f"Setting {path!r}: {name!r} is a value, not a section.")
        section[names[-1]] = _value(text.strip())
    return _validated(values, "--set " + " --set ".join(overrides))


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except ValueError:
        return text


def _validated(values: dict[str, Any], source: str) -> RunConfig:
    try:
        return RunConfig.model_validate(values)
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            place = ".".join(str(part) for part in problem["loc"])
            message = problem["msg"].removeprefix("Value error, ")
            if problem["type"] == "extra_forbidden":
                message = f"there is no such setting; expected one of {_settings(problem['loc'])}"
            received = (
                "" if isinstance(problem["input"], dict) else f" (received: {problem['input']!r})"
            )
            lines.append(f"  {place}: {message}{received}")
        raise MrcaError(
            f"The configuration does not fit ({source}):\n" + "\n".join(lines)
        ) from None


def _settings(location: tuple[int | str, ...]) -> str:
    fields = RunConfig.model_fields
    if len(location) > 1 and location[0] in fields:
        section: Any = fields[str(location[0])].annotation
        fields = section.model_fields
    return ", ".join(fields)
