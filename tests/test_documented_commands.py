"""Every `mrca` command that a page shows is one, with the options that it shows."""

import re
import shlex
from pathlib import Path

import pytest
import typer

from mrca.cli.main import app

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "CONTRIBUTING.md"]


def commands_of(text: str) -> list[str]:
    """Lines of a page's blocks that call `mrca`, whole ones that leave nothing out with `…`."""
    blocks = re.findall(r"^```(?:bash|sh|console)?\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    calls = [re.match(r"(?:\$ |.*&& )?(mrca\b.*)", line) for line in lines]
    return [call[1] for call in calls if call and "…" not in call[1]]


def check(command: str) -> None:
    """Raise if the command line does not know a command's name or one of its options."""
    words = shlex.split(command, comments=True)
    ends = [place for place, word in enumerate(words) if word in (">", "|", "&&", "<", ";")]
    words = words[1 : min(ends, default=len(words))]
    known = typer.main.get_command(app)
    while hasattr(known, "commands") and words and not words[0].startswith("-"):
        if words[0].endswith(".toml"):  # `mrca tune SPACE.toml` is `mrca tune search SPACE.toml`
            words.insert(0, "search")
        name = words.pop(0)
        assert name in known.commands, f"there is no command {name!r}: {command}"
        known = known.commands[name]
    try:
        known.make_parser(known.context_class(known)).parse_args(words)
    except Exception as error:
        raise AssertionError(f"{error.format_message()} {command}") from error


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_commands_of(page):
    for command in commands_of(page.read_text("utf-8")):
        check(command)


def test_the_check_itself():
    text = (
        "```\nmrca train --dataset x\n$ mrca data list  # all\npip install . && mrca losses\n```\n"
    )
    assert commands_of(text) == ["mrca train --dataset x", "mrca data list  # all", "mrca losses"]
    for command in ("mrca train --dataset x --set model.units=3 > log", "mrca --help", "mrca"):
        check(command)
    with pytest.raises(AssertionError, match=r"No such option.*--datset"):
        check("mrca train --datset x")
    with pytest.raises(AssertionError, match="no command 'trian'"):
        check("mrca trian")
