"""Reader of FewRel: sentences with one marked entity pair and the relation between the two."""

import gzip
import sys
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from mrca.datasets.row import Problem, RowError, shorten
from mrca.datasets.row_error import expect, row_error
from mrca.datasets.strict_json import JsonError, decode, parse
from mrca.errors import MrcaError
from mrca.text import Example, Span, Triple

_GZIP = b"\x1f\x8b"
_Mention = Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class FewRelSentence:
    """One sentence of FewRel.

    Attributes:
        relation: its relation's Wikidata property, such as `"P413"`.
        example: the sentence; its one label is the relation's readable name where that is known.
        pair: the names of the two entities in lower case, without their order.
    """

    relation: str
    example: Example
    pair: frozenset[str]

    @property
    def wording(self) -> str:
        """The sentence's characters: the same however it was cut into words, upper case or not."""
        return "".join(self.example.tokens).casefold()


def read_fewrel(paths: Iterable[Path]) -> list[FewRelSentence]:
    """Read FewRel's files, whatever they are called.

    Each file is one of these, gzipped or not; its content says which:

    * the official form (`train_wiki.json`): an object of property → list of sentences
      `{"tokens", "h": [name, Wikidata id, [[index of a word, …], …]], "t": …}`;
    * JSON Lines of such sentences with `"relation"`, whose `h` and `t` may lack the Wikidata id;
    * `pid2name.json`: an object of property → [readable name, description].

    Words that are only white space are left out, and words with white space in them are cut there.
    Other fields are ignored. A name that two properties share is not used.

    Args:
        paths: the files.

    Returns:
        The sentences of all files, in their order.

    Raises:
        MrcaError: if a file cannot be read, is none of these, or a sentence cannot be used.
    """
    items: list[tuple[str, str, int, Any]] = []
    names: dict[str, str] = {}
    for path in paths:
        text = _text(path)
        value = _object(text, path)
        if "tokens" in value:
            items.extend(_lines(text, path))
        elif all(_is_name(entry) for entry in value.values()):
            names.update({relation: entry[0] for relation, entry in value.items()})
        else:
            items.extend(_relations(value, path))
    uses = Counter(names.values())
    labels = {relation: name for relation, name in names.items() if uses[name] == 1}
    return [
        _sentence(item, relation, labels.get(relation, relation), source, number)
        for relation, source, number, item in items
    ]


class _Entity(BaseModel):
    name: str
    mentions: Annotated[list[_Mention], Field(min_length=1)]


class _Item(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    tokens: Annotated[list[str], Field(min_length=1)]
    h: _Entity
    t: _Entity

    @field_validator("h", "t", mode="before")
    @classmethod
    def _list(cls, value: Any) -> Any:
        if not isinstance(value, list) or len(value) not in (2, 3):
            raise expect("[name, (Wikidata id,) mentions]", value)
        return {"name": value[0], "mentions": value[-1]}


def _sentence(item: Any, relation: str, label: str, source: str, number: int) -> FewRelSentence:
    try:
        parsed = _Item.model_validate(item)
    except ValidationError as error:
        raise row_error(error, _Item, source, number, "item") from error
    tokens: list[str] = []
    starts: list[int] = []  # where the words that each published word became begin
    for token in parsed.tokens:
        starts.append(len(tokens))
        tokens.extend(map(sys.intern, token.split()))
    starts.append(len(tokens))

    def spans(entity: _Entity, field: str) -> tuple[Span, ...]:
        found: set[Span] = set()
        for first, last in (run for mention in entity.mentions for run in _runs(mention)):
            if last >= len(parsed.tokens) or starts[first] == starts[last + 1]:
                expected = f"indices of words, below {len(parsed.tokens)}"
                received = shorten(entity.mentions)
                raise RowError(
                    [Problem("error", source, number, field, expected, received, "item")]
                )
            found.add(Span(starts[first], starts[last + 1]))
        return tuple(sorted(found))

    subjects, objects = spans(parsed.h, "h"), spans(parsed.t, "t")
    subject, object_ = (
        sys.intern(" ".join(tokens[side[0].start : side[0].end])) for side in (subjects, objects)
    )
    example = Example(
        tokens=tuple(tokens),
        subjects=subjects,
        objects=objects,
        labels=(label,),
        triples=(Triple(subject, label, object_),),
        id=f"{relation}/{number}",
    )
    pair = frozenset(entity.name.strip().casefold() for entity in (parsed.h, parsed.t))
    return FewRelSentence(relation, example, pair)


def _runs(mention: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last index of each run of neighbouring words."""
    first = last = mention[0]
    for index in mention[1:]:
        if index != last + 1:
            yield first, last
            first = index
        last = index
    yield first, last


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
        return decode(gzip.decompress(data) if data.startswith(_GZIP) else data, first=True)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise MrcaError(f"{path} is a broken gzip file: {error}. Bring it again.") from error
    except OSError as error:
        raise MrcaError(f"Cannot read {path}: {error.strerror or error}.") from error
    except JsonError as error:
        raise _none_of_them(path, error) from error


def _object(text: str, path: Path) -> dict[str, Any]:
    """The object that the file is, or the one of its first line."""
    first_line = text.lstrip().partition("\n")[0]
    for candidate in (first_line, text):
        try:
            value = parse(candidate)
        except JsonError as error:
            problem = error
        else:
            if isinstance(value, dict) and value:
                return value
            problem = JsonError("an object, `{…}`, with something in it", shorten(value))
    raise _none_of_them(path, problem)


def _none_of_them(path: Path, problem: JsonError) -> MrcaError:
    return MrcaError(
        f"{path} is none of FewRel's files: {problem}. Expected train_wiki.json, val_wiki.json, "
        "pid2name.json, or JSON Lines of their sentences."
    )


def _is_name(entry: Any) -> bool:
    return isinstance(entry, list) and len(entry) == 2 and all(isinstance(s, str) for s in entry)


def _lines(text: str, path: Path) -> Iterator[tuple[str, str, int, Any]]:
    places: Counter[str] = Counter()
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            item = parse(line)
        except JsonError as error:
            raise MrcaError(f"{path}, line {number}: {error}.") from error
        relation = item.get("relation") if isinstance(item, dict) else None
        if not isinstance(relation, str) or not relation:
            expected = 'an object with "relation"'
            raise MrcaError(f"{path}, line {number}: expected {expected}, received {shorten(item)}")
        places[relation] += 1
        yield relation, f"{path}, relation {relation}", places[relation], item


def _relations(value: dict[str, Any], path: Path) -> Iterator[tuple[str, str, int, Any]]:
    for relation, items in value.items():
        if not isinstance(items, list) or not relation:
            raise MrcaError(
                f"{path}, {shorten(relation)}: expected a list of sentences, "
                f"received {shorten(items)}"
            )
        for number, item in enumerate(items, 1):
            yield relation, f"{path}, relation {relation}", number, item
