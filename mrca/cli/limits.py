"""The option that says where head, medium and tail begin."""

from typing import Annotated

import typer

Limits = Annotated[
    str | None,
    typer.Option(
        "--limits",
        help="Where head, medium and tail begin: default, reuters or pubmed. By default as the "
        "corpus's paper has it.",
    ),
]
