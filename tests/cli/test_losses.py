import json

import pytest

from mrca.losses import LOSSES
from mrca.losses.describe import describe, describe_all


@pytest.mark.parametrize("command", [["losses"], ["losses", "list"]])
def test_list(mrca, command):
    done = mrca(*command)
    assert done.code == 0
    lines = [line for line in done.out.splitlines() if line.startswith("│")]
    names = [line.split("│")[1][1:].rstrip() for line in lines]
    assert [name for name in names if name and not name.startswith(" ")] == list(LOSSES)
    assert "Zhou et al. 2021" in done.out
    rows = {row["name"]: row for row in json.loads(mrca(*command, "--json").out)}
    assert list(rows) == list(LOSSES)
    assert rows["distribution_balanced"] == {
        "name": "distribution_balanced",
        "class_name": "DistributionBalanced",
        "abbreviation": "DB",
        "paper": "Huang et al. 2021",
        "decision": "sigmoid >= 0.5",
        "needs_counts": True,
    }


def test_nothing_is_cut_off_on_80_columns(mrca, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = mrca("losses").out.splitlines()
    assert max(map(len, lines)) <= 80
    assert "…" not in "".join(lines)
    for loss in describe_all():
        row = next(place for place, line in enumerate(lines) if f"│ {loss.name} " in line)
        assert loss.abbreviation in lines[row]
        assert f" {loss.paper} " in lines[row + 1]
        decision = " ".join(line.split("│")[3].strip() for line in lines[row : row + 2])
        assert decision.strip() == loss.decision
        assert ("needed" in lines[row]) == loss.needs_counts


def test_names_are_whole_on_a_narrow_screen(mrca, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    out = mrca("losses").out
    assert all(name in out for name in LOSSES)


@pytest.mark.parametrize("name", LOSSES)
def test_show(mrca, monkeypatch, name):
    loss = describe(name)
    monkeypatch.setenv("COLUMNS", "60")  # narrower than some formulas
    done = mrca("losses", "show", name)
    assert done.code == 0
    lines = done.out.splitlines()
    for line in loss.formula.splitlines():
        assert f"    {line}".rstrip() in lines
    words = " ".join(done.out.split())
    assert f"mrca.losses.{loss.class_name}" in words
    assert f"decision: {loss.decision}" in words
    assert loss.source.replace("`", "") in words
    for argument in loss.arguments:
        assert argument.name in done.out.replace("│", " ") or len(argument.name) > 12
    assert ("required" in words) == loss.needs_counts


def test_show_as_json(mrca):
    shown = json.loads(mrca("losses", "show", "focal", "--json").out)
    assert shown["formula"].splitlines()[0] == "y = 1:  (1 - p)^gamma (-log p)"
    assert shown["arguments"][0] == {
        "name": "gamma",
        "default": "2.0",
        "description": "focusing exponent, at least 0, default 2 (paper and authors' code).",
    }
    assert shown["source"].startswith("Huang et al. 2021, equation 2")


@pytest.mark.parametrize(
    "ending, start", [(".png", b"\x89PNG"), (".PDF", b"%PDF"), (".svg", b"<?")]
)
def test_plot(mrca, tmp_path, ending, start):
    path = tmp_path / "new" / f"curves{ending}"
    done = mrca("losses", "plot", "categorical_crossentropy", "focal", "--output", path)
    assert done.code == 0, done.err
    assert str(path.name) in done.err
    assert done.out == ""
    assert path.read_bytes().startswith(start)
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_plot_with_its_defaults(mrca, tmp_path):
    arguments = ["distribution_balanced", "--range", "-3", "9", "--count", 5, "--num-samples", 70]
    assert mrca("losses", "plot", *arguments).code == 0
    assert (tmp_path / "here" / "losses.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "command, code, message",
    [
        ("show rc_dise", 1, "Did you mean 'rc_dice'"),
        ("show", 2, "Missing argument"),
        ("shwo focal", 2, "No such command"),
        ("--json show focal", 2, "Give --json after show"),
        ("plot", 2, "Missing argument"),
        ("plot focal rc_dise", 1, "Did you mean 'rc_dice'"),
        ("plot focal --output losses.txt", 1, "Expected a name in .png, .svg, .pdf"),
        ("plot focal --output losses", 1, "Expected a name in .png, .svg, .pdf"),
        ("plot focal --output file/losses.png", 1, "Cannot write file/losses.png"),
        ("plot focal --range 6 -6", 1, "Received: 6 -6"),
        ("plot focal --range nan 6", 1, "Received: nan 6"),
        ("plot focal --range 6", 2, "--range"),
        ("plot focal --count 0", 2, "--count"),
        ("plot focal --count 5 --num-samples 4", 1, "from 1 to all training rows, 4"),
    ],
)
def test_wrong_use_writes_nothing(mrca, tmp_path, command, code, message):
    here = tmp_path / "here"
    (here / "file").write_text("a file")
    done = mrca("losses", *command.split(" "))
    assert done.code == code, done
    assert message in done.err
    assert done.out == ""
    assert [each.name for each in here.iterdir()] == ["file"]


def test_reference_is_markdown(mrca):
    out = mrca("losses", "reference").out
    assert out.startswith("# Losses\n")
    assert all(f"\n## {name}\n" in out for name in LOSSES)
