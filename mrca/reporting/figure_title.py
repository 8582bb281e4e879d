"""Titles that fit over their figures."""

import textwrap

_CHARACTERS = 9.5  # to an inch, in bold at 11 points


def figure_title(title: str, inches: float) -> str:
    """A title in lines that are no wider than so many inches, broken at blanks and hyphens.

    Example:
        >>> figure_title("webnlg on webnlg, test split", 2.0)
        'webnlg on webnlg,\\ntest split'
    """
    width = int(_CHARACTERS * inches)
    lines = (textwrap.wrap(line, width, break_long_words=False) for line in title.splitlines())
    return "\n".join(part for line in lines for part in line)
