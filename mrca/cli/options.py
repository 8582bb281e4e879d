"""Options that several commands have."""

import math
import shlex
import sys
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mrca.config import checked_seeds
from mrca.datasets.readers.one_pair import NO_RELATION
from mrca.runs import layout

# A day, in seconds: sockets and threads take no time-out of any size.
LONGEST_WAIT = 86_400


class Tune(StrEnum):
    """Which thresholds are chosen on the validation split."""

    NONE = "none"
    GLOBAL = "global"
    PER_RELATION = "per-relation"


class OffsetsInWords(StrEnum):
    """What becomes of character offsets that begin or end inside a word."""

    EXACT = "exact"
    WIDEN = "widen"


class OnBadRow(StrEnum):
    """What becomes of a row that cannot be used."""

    ERROR = "error"
    SKIP = "skip"


def _finished_run(folder: Path) -> Path:
    """The run that was meant; that there is none is said before Keras is loaded."""
    folder = layout.find_run(folder)
    layout.check_run_folder(folder)
    return folder


def finished_run(folder: Path | None) -> Path | None:
    """The same of an option that may be left out."""
    return None if folder is None else _finished_run(folder)


RunFolder = Annotated[
    Path,
    typer.Argument(
        help="The run folder, or its name in saved_models/; or hf://user/name, a run that was "
        "pushed.",
        callback=_finished_run,
    ),
]
Trust = Annotated[
    bool,
    typer.Option(
        "--trust",
        metavar="",
        help="Of a run from hf://: run the TF Hub module, a program, that it carries or names.",
    ),
]
Dataset = Annotated[
    str | None,
    typer.Option("--dataset", help="A name that `mrca data list` shows, or a folder of your own."),
]
Vectors = Annotated[
    str | None,
    typer.Option("--vectors", help="A name that `mrca vectors list` shows, or a path."),
]
OtherVectors = Annotated[
    str | None, typer.Option("--vectors", help="Word vectors to look unseen words up in.")
]
MovedEncoder = Annotated[
    str | None,
    typer.Option(
        "--encoder",
        help="Where the BERT encoder that the run was trained on is now, if it has moved: "
        "hub:FOLDER or keras_hub:FOLDER.",
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", help="section.key=value, such as training.epochs=3; may be given several times."
    ),
]
Limits = Annotated[
    str | None,
    typer.Option(
        "--limits",
        help="Where head, medium and tail begin: default, reuters, pubmed or docred. By default "
        "as the corpus's paper has it.",
    ),
]
Ignore = Annotated[
    list[str] | None,
    typer.Option(help="A relation to leave out of every score, such as no_relation; may repeat."),
]
Distant = Annotated[
    bool,
    typer.Option(
        "--distant",
        metavar="",
        help="Say Ign F1 against the corpus's automatically labelled documents "
        "(train_distant.json) too; reading them takes minutes.",
    ),
]
DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", help="A folder of corpora to look in before all others."),
]
Offsets = Annotated[
    OffsetsInWords,
    typer.Option(help="Character offsets inside a word: an error, or widened to it and counted."),
]
OnError = Annotated[
    OnBadRow,
    typer.Option(help="A row that cannot be used: an error, or skipped, counted and told."),
]
VectorsDir = Annotated[
    Path | None,
    typer.Option("--vectors-dir", help="A folder of vectors to look in before all others."),
]
NumberOrSeeds = Annotated[
    str | None,
    typer.Option(
        "--seeds",
        metavar="N|LIST",
        help="So many runs with successive seeds, such as 3, or with these, such as 1,5,42,66,233; "
        "printed is mean ± sd.",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        min=1,
        help="Work at so many places at the same time, each with a GPU where there are some "
        "(needs mrca\\[ray]). By default one after another, in this process.",
    ),
]
RayAddress = Annotated[
    str | None,
    typer.Option(
        "--ray",
        metavar="ADDRESS",
        help="Work on that cluster of Ray, such as 10.0.0.5:6379 or auto (needs mrca\\[ray]).",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", metavar="", help="Print JSON instead of tables.")]
ServedVersion = Annotated[
    int | None,
    typer.Option(
        "--version",
        min=1,
        max=layout.HIGHEST_VERSION,
        help="Which exported version; by default the highest.",
    ),
]
Host = Annotated[
    str, typer.Option("--host", help="The address to listen on; by default this machine only.")
]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")]


def a_number(value: float) -> float:
    """What an option of bounded numbers says, if it is not `nan`, which no bound keeps out.

    Raises:
        typer.BadParameter: if it is.
    """
    if math.isnan(value):
        raise typer.BadParameter("Expected a number.")
    return value


def parse_seeds(text: str) -> int | tuple[int, ...]:
    """What `--seeds` says: a number of seeds, or some with commas between them.

    Raises:
        typer.BadParameter: if it is neither.
    """
    try:
        first, *others = map(int, text.split(","))
        return checked_seeds([first, *others] if others else first)
    except ValueError:
        raise typer.BadParameter(
            f"Expected a number of runs, such as 3, or different seeds with commas between them, "
            f"such as 1,5,42. Received: {text}.",
            param_hint="'--seeds'",
        ) from None


def typed_command() -> str:
    """What was typed: what resumes a command that takes what is finished as it is."""
    return shlex.join(["mrca", *sys.argv[1:]])


def resume_command() -> str:
    """What was typed, with --resume."""
    typed = [argument for argument in sys.argv[1:] if argument != "--resume"]
    return shlex.join(["mrca", *typed, "--resume"])


def say_next(*commands: str) -> None:
    """What a user may type next, on stderr, each on a line of its own.

    Args:
        *commands: such as `"mrca evaluate saved_models/webnlg"`; at least one.
    """
    for lead, command in zip(("Next: ", *["  or: "] * len(commands)), commands, strict=False):
        typer.echo(f"{lead}{command}", err=True)


def ignore_option(relations: Iterable[str]) -> str:
    """` --ignore NAME` for the label that says that nothing is stated, if relations have one:
    published scores leave it out."""
    return "".join(f" --ignore {shlex.quote(name)}" for name in relations if name in NO_RELATION)
