"""The one exception type that a user is meant to read, and what many of its messages share."""

import difflib
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import ValidationError

_UNREADABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class MrcaError(ValueError):
    """Something in the input, the configuration or the machine that the user can put right.

    The message says what was wrong, where, what was expected, what was received and what to do
    next. The command line prints it alone, without a traceback, and exits with 1.
    """

    def __str__(self) -> str:
        return readable(super().__str__())


def readable(text: str) -> str:
    """A message without characters that move a terminal's cursor or turn the writing around.

    They, and halves of characters, are shown by their codes; line breaks and tabs stay.

    Example:
        >>> print(readable("a \x1b[2J b"))
        a \\x1b[2J b
    """
    return _UNREADABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The known name that is most like `name` as part of a message, or nothing.

    Example:
        >>> did_you_mean("smaple", ["nyt", "sample"]), did_you_mean("other", ["nyt", "sample"])
        (" Did you mean 'sample'?", '')
    """
    near = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def first_problem(error: "ValidationError") -> str:
    """The first thing that pydantic finds wrong with a file of our own: where, and what."""
    problem = error.errors()[0]
    place = ".".join(map(str, problem["loc"]))
    return f"{f'{place}: ' if place else ''}{problem['msg']}"


def check_options(
    owner: str, made_by: Callable[..., Any], options: Mapping[str, Any], own: Iterable[str] = ()
) -> None:
    """Check that all options are arguments by name, and that none is missing that must be given.

    Args:
        owner: what takes them, such as `"Loss 'focal'"`.
        made_by: its class; arguments that it only passes on (`**kwargs`) are no options.
        options: those that are given.
        own: names of arguments that are no options.

    Raises:
        MrcaError: if there are others, with those that there are, or one is missing.

    Example:
        >>> check_options("Loss 'focal'", lambda gamma=2.0: None, {"gama": 1})  # doctest: +ELLIPSIS
        Traceback (most recent call last):
            ...
        mrca.errors.MrcaError: Loss 'focal' does not take these arguments: gama. Did you mean 'ga...
    """
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    known = {
        name: parameter.default
        for name, parameter in inspect.signature(made_by).parameters.items()
        if parameter.kind not in variable and name not in own
    }
    wrong = [str(name) for name in options if name not in known]
    if wrong:
        raise MrcaError(
            f"{owner} does not take these arguments: {', '.join(wrong)}."
            f"{did_you_mean(wrong[0], known)} Expected one of: {', '.join(known)}."
        )
    missing = [
        name
        for name, default in known.items()
        if default is inspect.Parameter.empty and name not in options
    ]
    if missing:
        raise MrcaError(f"{owner} needs these arguments too: {', '.join(missing)}.")


def check_positive_integers(owner: object, **values: Any) -> None:
    """Check that arguments are integers of at least 1.

    Args:
        owner: the object whose arguments they are.
        **values: by name.

    Raises:
        MrcaError: if one is not.
    """
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise MrcaError(
                f"Argument `{name}` of {type(owner).__name__} must be an integer of at least 1. "
                f"Received: {value!r}."
            )


def check_installed(what: str, extra: str, *modules: str) -> None:
    """Check that packages that not everybody needs are installed.

    Args:
        what: what needs them, such as `"mrca tune"`.
        extra: the name under which `mrca` requires them.
        modules: what they are imported as.

    Raises:
        MrcaError: if one is not.
    """
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        raise MrcaError(
            f"{what} needs {' and '.join(missing)}. Install with `pip install 'mrca[{extra}]'`."
        )


def counted(number: int, noun: str) -> str:
    """The number with its noun, in the plural but for one.

    Example:
        >>> counted(1, "row"), counted(2500, "row"), counted(0, "error")
        ('1 row', '2,500 rows', '0 errors')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
