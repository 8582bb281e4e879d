"""The one exception type that a user is meant to read."""


class MrcaError(ValueError):
    """Something in the input, the configuration or the machine that the user can put right.

    The message says what was wrong, where, what was expected, what was received and what to do
    next. The command line prints it alone, without a traceback, and exits with 1.
    """
