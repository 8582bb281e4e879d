"""Reader of DWIE: a news article per file, its concepts with all their mentions, relations."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mrca.datasets.readers.docred import same_words
from mrca.datasets.readers.jsonl import row_from_value
from mrca.datasets.readers.public_json import Text
from mrca.datasets.readers.pydantic_errors import row_error
from mrca.datasets.readers.strict_json import JsonError, decode, parse
from mrca.errors import MrcaError
from mrca.text import Document

SPLITS = ("train", "test")

# A concept has several types, from the most general to special ones such as `gpe0`; these say what
# it is at a size that a feature can learn.
_TYPES = ("person", "organization", "location", "event", "work_of_art", "misc", "time", "money")
_TYPE = "type::"

_Place = Annotated[int, Field(ge=0)]


class _Mention(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    begin: _Place
    end: _Place
    text: str = ""
    concept: _Place


class _Concept(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    concept: _Place
    tags: list[str] = []


class _Relation(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    s: _Place
    p: Text
    o: _Place


class _Article(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    id: Text
    content: Text
    tags: list[str]
    mentions: list[_Mention]
    concepts: list[_Concept]
    relations: list[_Relation]


def dwie_documents(folder: Path) -> dict[str, list[Document]]:
    """Read the articles of a folder: split → documents, in the order of their files' names.

    A concept that the article mentions is an entity; roles are unknown. Its type is the general one
    of its `type::` tags, such as `location`. Concepts without a mention, and their relations, are
    left out, since the article does not state them. Offsets inside a word are widened to it. The
    form has no borders of sentences.

    Args:
        folder: `annos_with_content`, with a `.json` file for each article, as the corpus's own
            script for downloading makes it.

    Raises:
        MrcaError: if it holds no such files, or one of them cannot be used.
    """
    found: dict[str, list[Document]] = {split: [] for split in SPLITS}
    for path in sorted(folder.glob("*.json")):
        article = _read(path)
        split = next((split for split in SPLITS if split in article.tags), None)
        if split is not None:
            found[split].append(_document(article, path))
    if not all(found.values()):
        raise MrcaError(
            f"{folder} holds no training or no test articles of DWIE. Expected the folder "
            "annos_with_content, whose .json files have the content of the articles."
        )
    return found


def _read(path: Path) -> _Article:
    try:
        return _Article.model_validate(parse(decode(path.read_bytes(), first=True)))
    except OSError as error:
        raise MrcaError(f"Cannot read {path}: {error.strerror or error}.") from error
    except JsonError as error:
        raise MrcaError(f"{path}: {error}") from error
    except ValidationError as error:
        raise row_error(error, _Article, str(path), 0) from error


def _document(article: _Article, path: Path) -> Document:
    mentioned: dict[int, list[dict[str, Any]]] = {}
    for number, mention in enumerate(article.mentions):
        words = article.content[mention.begin : mention.end]
        if not same_words(words, mention.text):
            raise MrcaError(
                f"{path} ({article.id}), mentions[{number}]: expected {mention.text!r} at "
                f"{mention.begin}, received {words!r}. The content is another one than was "
                "annotated: download it again."
            )
        place = {"char_start": mention.begin, "char_end": mention.end}
        mentioned.setdefault(mention.concept, []).append(place)
    entities = [
        {
            "id": str(concept.concept),
            "mentions": mentioned[concept.concept],
            **({"type": type} if (type := _type(concept.tags)) else {}),
        }
        for concept in article.concepts
        if concept.concept in mentioned
    ]
    value = {
        "id": article.id,
        "text": article.content,
        "entities": entities,
        "facts": [
            [str(relation.s), relation.p, str(relation.o)]
            for relation in article.relations
            if relation.s in mentioned and relation.o in mentioned
        ],
    }
    row = row_from_value(value, str(path), 0, offsets="widen")
    if row.document is None:
        raise MrcaError(str(row.error))
    return row.document


def _type(tags: Sequence[str]) -> str:
    types = list(_types(tags))
    return next((type for type in _TYPES if type in types), types[0] if types else "")


def _types(tags: Sequence[str]) -> Iterator[str]:
    return (tag.removeprefix(_TYPE) for tag in tags if tag.startswith(_TYPE))
