"""Settings and their values as tables and pictures show them."""

from collections.abc import Sequence
from typing import Any


def setting_text(value: Any) -> str:
    """A setting's value as tables and axes show it: as in TOML, but for quotes.

    Example:
        >>> setting_text(True), setting_text(0.00123456), setting_text("focal")
        ('true', '0.001235', 'focal')
    """
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def short_names(fields: Sequence[str]) -> dict[str, str]:
    """Dotted fields by the shortest end that tells them apart; a name by what it names.

    Example:
        >>> short_names(["loss.name", "loss.options.gamma", "model.units"])
        {'loss.name': 'loss', 'loss.options.gamma': 'gamma', 'model.units': 'units'}
    """
    parts = {field: field.removesuffix(".name").split(".") for field in fields}
    names = {}
    for field, own in parts.items():
        ends = [".".join(own[-length:]) for length in range(1, len(own) + 1)]
        others = [f".{'.'.join(other)}" for name, other in parts.items() if name != field]
        alone = (end for end in ends if not any(each.endswith(f".{end}") for each in others))
        names[field] = next(alone, field)
    return names
