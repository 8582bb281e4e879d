"""Every dependency of the package at its lower bound, as pip takes them.

    python -m venv /tmp/lowest && /tmp/lowest/bin/pip install $(python tools/lower_bounds.py)
    /tmp/lowest/bin/python -m pytest -W ignore

They are those of `pyproject.toml`, with those of the extra `test`. A bound is a version that the
suite was run with: CONTRIBUTING.md says when.
"""

import re
import tomllib
from pathlib import Path

_PROJECT = Path(__file__).parents[1] / "pyproject.toml"
_OWN = re.compile(r"mrca\[(?P<extras>.*)\]")
_BOUND = re.compile(r"(?P<name>[\w.-]+)(\[.*\])?>=(?P<version>[\d.]+)")


def lower_bounds(*extras: str) -> dict[str, str]:
    """Names and versions: of the package itself, and of extras with those that they take in."""
    project = tomllib.loads(_PROJECT.read_text("utf-8"))["project"]
    found: dict[str, str] = {}
    waiting = [*project["dependencies"]]
    for extra in extras:
        waiting += project["optional-dependencies"][extra]
    while waiting:
        requirement = waiting.pop()
        if own := _OWN.fullmatch(requirement):
            for extra in own["extras"].split(","):
                waiting += project["optional-dependencies"][extra]
        elif bound := _BOUND.match(requirement):
            found[bound["name"]] = bound["version"]
    return found


if __name__ == "__main__":
    bounds = sorted(lower_bounds("test").items())
    print(*(f"{name}=={version}" for name, version in bounds), "setuptools<81")
