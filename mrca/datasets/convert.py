"""Any readable form to the JSON Lines of `docs/data-format.md`."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mrca.datasets.corpus import Corpus
from mrca.datasets.reader import iter_rows
from mrca.datasets.relations_json import write_relations
from mrca.datasets.write import to_json_row, write_jsonl, write_rows
from mrca.errors import MrcaError


def convert_file(source: Path, target: Path) -> int:
    """Write one file as JSON Lines; how many rows it has.

    A row that does not say which relations hold stays one that does not.

    Args:
        source: a file in any form that the readers take.
        target: the file to write; it must not exist.

    Raises:
        MrcaError: if a row cannot be used (nothing is written then), or the target exists.
    """
    _refuse_existing(target)
    return write_rows(_json_rows(source), target)


def convert_corpus(corpus: Corpus, target: Path) -> None:
    """Write a corpus as a folder of JSON Lines, with `relations.json` to keep their order.

    Args:
        corpus: what `load_corpus` gave.
        target: the folder to make; it must not exist.

    Raises:
        MrcaError: if the target exists or cannot be written.
    """
    _refuse_existing(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as temporary:
            made = Path(temporary) / "corpus"
            for split, examples in corpus.splits.items():
                write_jsonl(examples, made / f"{split}.jsonl")
            write_relations(corpus.relations, made)
            made.replace(target)
    except OSError as error:
        raise MrcaError(f"Cannot write {target}: {error.strerror or error}.") from error


def _json_rows(source: Path) -> Iterator[dict[str, Any]]:
    for row in iter_rows(source):
        if row.example is None:
            raise MrcaError(
                f"{row.error}\nNothing was written. See every such row with: "
                f"mrca data validate {source}"
            )
        yield to_json_row(row.example, labelled=row.labelled)


def _refuse_existing(target: Path) -> None:
    if target.exists():
        raise MrcaError(f"{target} exists. Choose another name, or remove it first.")
