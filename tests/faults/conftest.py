"""Faults that are drawn: how many, what they are made of, and a count of them at the end.

A few of each kind by default; `MRCA_FAULTS=whole` draws the numbers that docs/robustness.md states.
The same faults are drawn each time, or others with `MRCA_FAULTS_SEED`.
"""

import hashlib
import json
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

_WHOLE = os.environ.get("MRCA_FAULTS", "small") == "whole"
_SEED = os.environ.get("MRCA_FAULTS_SEED", "0")
_COUNTS: Counter[str] = Counter()

# What stands where something else was expected.
_ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2, 1.5, 1e308, -1e-308, float("nan"), float("inf"), 10**30),
    *("", " ", "\x00", "a\x1b[31mb", "\u202eabc", "\ud800", "[/]", "[red]", "../../x", "/etc"),
    *("=1+1", "NaN", "a\nb", "x" * 3000, "é", "\u200b", "0001", "..", "|", "`", "<script>"),
    *([], {}, [[]], [None], ["a", "a"], {"": {}}, {"a": [1]}, list(range(40)), [[1, 2], [3, 4]]),
)

_COMPARISON = """\
title = "Two"
recipe = "svm"
seeds = [1]
set = ["data.dataset=sample"]

[[methods]]
name = "one"

[[methods]]
name = "two"
set = ["classifier.options.C=0.1"]
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("faults")
            # Others may warn of what they are given; here it counts what comes of it.
            item.add_marker(pytest.mark.filterwarnings("default"))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if _COUNTS:
        terminalreporter.section("faults")
        for what, number in sorted(_COUNTS.items()):
            terminalreporter.write_line(f"{number:7,}  {what}")


@pytest.fixture(scope="session")
def two_methods() -> str:
    """The file of a comparison of two methods that train in a moment."""
    return _COMPARISON


@pytest.fixture(scope="session")
def drawn() -> Callable[[int, int], int]:
    """`drawn(few, whole)`: how many faults of a kind."""
    return lambda few, whole: whole if _WHOLE else few


@pytest.fixture
def tally() -> Callable[..., None]:
    """`tally(what, number)`: counts what was tried, for the end."""

    def count(what: str, number: int = 1) -> None:
        _COUNTS[what] += number

    return count


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """Draws the same for a test each time."""
    return random.Random(f"{_SEED} {request.node.name}")


class Mutations:
    """Makes something else of values, texts and bytes.

    Args:
        chance: draws what.
    """

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def value(self, value: Any, times: int = 1) -> Any:
        """A JSON value in which a few places hold something else, are gone or stand twice."""
        value = deepcopy(value)
        for _ in range(times):
            places = list(_places(value))
            if not places:
                return self.chance.choice(_ODD)
            holder, key = self.chance.choice(places)
            self._change(holder, key)
        return value

    def _change(self, holder: Any, key: Any) -> None:
        match self.chance.randrange(6):
            case 0:
                del holder[key]
            case 1 if isinstance(holder, dict):
                holder[self.chance.choice(("", "colour", f"{key} ", "\x1b[2J"))] = holder.pop(key)
            case 1:
                holder.insert(key, holder[key])
            case 2:
                holder[key] = [holder[key]]
            case 3 if isinstance(holder[key], str):
                holder[key] = self.text(holder[key])
            case 3 if isinstance(holder[key], int | float):
                number = holder[key]
                holder[key] = self.chance.choice((-number, number * 10**9, number + 1))
            case _:
                holder[key] = deepcopy(self.chance.choice(_ODD))

    def text(self, text: str) -> str:
        """A text with a few characters more, fewer or others."""
        if not text:
            return self.chance.choice(("\ufeff", " ", "\x00"))
        start = self.chance.randrange(len(text))
        end = min(len(text), start + self.chance.choice((0, 1, 1, 5, 40)))
        put = self.chance.choice(("", "", text[:5], *'"[=.\t\u2028', "]" * 3, "9" * 400))
        return text[:start] + put + text[end:]

    def content(self, content: bytes) -> bytes:
        """The bytes of a file that is cut, empty, damaged or something else."""
        half = len(content) // 2
        at = self.chance.randrange(len(content) or 1)
        noise = self.chance.randbytes(self.chance.choice((1, 4, 64)))
        return self.chance.choice(
            (
                lambda: content[:at],
                lambda: b"",
                lambda: content[:at] + noise + content[at + len(noise) :],
                lambda: content[:at] + noise + content[at:],
                lambda: content[at:],
                lambda: content + content[:half],
                lambda: b"\xff\xfe" + content,
                lambda: b"\xef\xbb\xbf" + content,
                lambda: content.replace(b"\n", b"\r"),
                lambda: content.replace(b'"', b"'"),
                lambda: b"[" * 100_000,
                lambda: b"{}",
                lambda: b"[]",
                lambda: b"null\n",
                lambda: self.chance.randbytes(300),
                lambda: b"\x1f\x8b" + noise,
                lambda: b"PK\x03\x04" + noise,
            )
        )()

    def json(self, value: Any) -> bytes:
        """JSON of a value that is changed, or damaged as a text."""
        changed = self.value(value, self.chance.choice((1, 1, 2, 4)))
        content = json.dumps(changed, ensure_ascii=self.chance.random() < 0.7)
        content = content.encode("utf-8", "surrogatepass")
        return self.content(content) if self.chance.random() < 0.15 else content

    def lines(self, values: list[Any]) -> bytes:
        """JSON Lines, some of which are changed."""
        lines = [json.dumps(value).encode() for value in values]
        for _ in range(self.chance.choice((1, 1, 3))):
            place = self.chance.randrange(len(lines))
            lines[place] = self.json(values[place])
        content = b"\n".join(lines) + b"\n"
        return self.content(content) if self.chance.random() < 0.1 else content


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each place in a JSON value: what holds it, and its key there."""
    if not isinstance(value, dict | list):
        return
    for key in list(value if isinstance(value, dict) else range(len(value))):
        yield value, key
        yield from _places(value[key])


@pytest.fixture
def mutations(chance: random.Random) -> Mutations:
    """Makes something else of what a command takes."""
    return Mutations(chance)


@pytest.fixture
def tells(mrca: Callable[..., Any]) -> Callable[..., Any]:
    """Runs a command as `mrca` does, and says what is wrong with how it took a fault, or `""`."""

    def run(*arguments: object, stdin: bytes = b"") -> tuple[Any, str]:
        try:
            done = mrca(*arguments, stdin=stdin)
        except BaseException as error:  # a traceback, for a user
            if isinstance(error, KeyboardInterrupt):
                raise
            return None, f"{type(error).__name__}: {error}"
        if done.code not in (0, 1, 2):
            return done, f"exit code {done.code}"
        if "did not expect" in done.err:
            return done, done.err
        if any(sign in text for sign in ("\x1b", "\x07") for text in (done.out, done.err)):
            return done, "a control character reaches the terminal"
        return done, ""

    return run


@pytest.fixture
def precious(tmp_path: Path) -> Iterator[Path]:
    """A file and a folder that no command has a business with; they must be as they were."""
    folder = tmp_path / "precious"
    (folder / "inner").mkdir(parents=True)
    (folder / "file.txt").write_text("mine")
    (folder / "inner" / "meta.json").write_text("{}")
    before = tree(folder)
    yield folder
    assert tree(folder) == before


def tree(folder: Path) -> dict[str, str]:
    """What a folder holds: names with digests of their content, or where links lead."""
    return {
        path.relative_to(folder).as_posix(): f"-> {path.readlink()}"
        if path.is_symlink()
        else hashlib.sha256(path.read_bytes()).hexdigest()
        if path.is_file()
        else ""
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture(scope="session")
def tree_of() -> Callable[[Path], dict[str, str]]:
    """What a folder holds; see `tree`."""
    return tree


@pytest.fixture
def no_failures() -> Iterator[list[str]]:
    """Collects what went wrong, so that all of it is told at once."""
    found: list[str] = []
    yield found
    assert not found, f"{len(found)} of them:\n" + "\n---\n".join(found[:12])
