"""The one exception type that a user is meant to read."""

import difflib
from collections.abc import Iterable


class MrcaError(ValueError):
    """Something in the input, the configuration or the machine that the user can put right.

    The message says what was wrong, where, what was expected, what was received and what to do
    next. The command line prints it alone, without a traceback, and exits with 1.
    """


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The known name that is most like `name` as part of a message, or nothing.

    Example:
        >>> did_you_mean("smaple", ["nyt", "sample"]), did_you_mean("other", ["nyt", "sample"])
        (" Did you mean 'sample'?", '')
    """
    near = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""
