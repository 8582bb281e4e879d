"""A table as a notebook shows it."""

import html
from collections.abc import Iterable


def html_table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table for a notebook."""

    def line(cells: Iterable[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    body = "".join(line(row, "td") for row in rows)
    return f"<table><thead>{line(head, 'th')}</thead><tbody>{body}</tbody></table>"
