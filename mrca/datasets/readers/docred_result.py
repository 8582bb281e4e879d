"""A result file as DocRED's scorers take it: the facts that some model found in many documents."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mrca.datasets.candidates import Candidates
from mrca.datasets.readers.pydantic_errors import row_error
from mrca.datasets.readers.row import Problem, RowError, shorten
from mrca.datasets.readers.strict_json import JsonError, decode, parse_array
from mrca.errors import MrcaError
from mrca.text import RelationSet

_Number = Annotated[int, Field(ge=0)]


class _Item(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    title: str | int
    h_idx: _Number
    t_idx: _Number
    r: str


def read_docred_result(
    path: Path, candidates: Candidates, relations: RelationSet
) -> NDArray[np.bool_]:
    """Read `[{"title", "h_idx", "t_idx", "r"}, …]` as what is predicted for candidate pairs.

    `title` is a document's id, `h_idx` and `t_idx` are the numbers of subject and object among its
    entities; other fields, such as `evidence`, are passed over. A fact that stands twice counts
    once.

    Args:
        path: the file.
        candidates: pairs of the documents that it is about.
        relations: the relations, in the order of their columns.

    Returns:
        `(candidates, relations)`.

    Raises:
        MrcaError: if the file is of another form, or an item names a document, entities or a
            relation that are not there, or a document of which there are two.
    """
    cells = np.zeros((len(candidates), len(relations)), bool)
    documents = {document.id: number for number, document in enumerate(candidates.documents)}
    counts = Counter(document.id for document in candidates.documents)
    places = {tuple(pair): place for place, pair in enumerate(candidates.pairs.tolist())}
    try:
        for number, value in enumerate(parse_array(decode(path.read_bytes(), first=True)), 1):
            item = _parsed(value, str(path), number)
            document = documents.get(str(item.title))
            place = places.get((document, item.h_idx, item.t_idx))
            if document is None:
                raise _error(
                    path, number, "title", "the id of a document of the split", shorten(item.title)
                )
            if counts[str(item.title)] > 1:
                received = f"{shorten(item.title)}, of {counts[str(item.title)]} documents"
                raise _error(path, number, "title", "the id of one document of the split", received)
            if place is None:
                count = len(candidates.documents[document].entities)
                expected = f"the numbers of two entities of a pair, each below {count}"
                received = f"{item.h_idx} and {item.t_idx}"
                raise _error(path, number, "h_idx, t_idx", expected, received)
            if item.r not in relations:
                names = ", ".join(relations.names[:3])
                expected = f"one of the {len(relations)} relations of the corpus, such as {names}"
                raise _error(path, number, "r", expected, shorten(item.r))
            cells[place, relations.index(item.r)] = True
    except JsonError as error:
        raise MrcaError(f"{path} is no list of facts: {error}.") from None
    return cells


def _parsed(value: Any, source: str, number: int) -> _Item:
    try:
        return _Item.model_validate(value)
    except ValidationError as error:
        raise row_error(error, _Item, source, number, "item") from None


def _error(path: Path, number: int, field: str, expected: str, received: str) -> RowError:
    return RowError([Problem("error", str(path), number, field, expected, received, "item")])
