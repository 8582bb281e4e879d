"""Reader of FewRel: sentences with one marked entity pair and the relation between the two."""

import gzip
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from mrca.datasets.readers.cut_words import cut_words
from mrca.datasets.readers.one_pair import one_pair_document
from mrca.datasets.readers.pydantic_errors import expect, row_error
from mrca.datasets.readers.row import Problem, Row, RowError, shorten
from mrca.datasets.readers.strict_json import JsonError, decode, parse
from mrca.errors import MrcaError
from mrca.text import Document, Span

NAMES = "pid2name.json"
_GZIP = b"\x1f\x8b"

_Unit = Literal["line", "item"]
_Mention = Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class FewRelSentence:
    """One sentence of FewRel.

    Attributes:
        relation: its relation's Wikidata property, such as `"P413"`.
        document: the sentence; its one label is the relation's readable name where that is known.
        pair: the published names of the two entities in lower case, without their order.
    """

    relation: str
    document: Document
    pair: frozenset[str]

    @property
    def wording(self) -> str:
        """The sentence's characters: the same however it was cut into words, upper case or not."""
        return "".join(self.document.tokens).casefold()


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
    files: list[tuple[str, str, bool]] = []  # the text, its source, whether it is of lines
    names: dict[str, str] = {}
    for path in paths:
        text = _text(path)
        value = _object(text, path)
        if "tokens" not in value and all(_is_name(entry) for entry in value.values()):
            names.update({relation: entry[0] for relation, entry in value.items()})
        else:
            files.append((text, str(path), "tokens" in value))
    labels = _unique(names)
    sentences = []
    for text, source, of_lines in files:
        items = _of_lines(text.split("\n"), source) if of_lines else _of_object(text, source)
        for item in items:
            sentence = _sentence(item, labels, source)
            if sentence.error is not None:
                raise sentence.error
            if sentence.document is None or not item.relation:
                expected = 'an object with "relation"'
                raise _error(source, item, "", expected, shorten(item.value))
            pair = frozenset(item.value[side][0].strip().casefold() for side in "ht")
            sentences.append(FewRelSentence(item.relation, sentence.document, pair))
    return sentences


def iter_fewrel(data: bytes, source: str, names: Mapping[str, str]) -> Iterator[Row]:
    """Read the official form, an object of property → list of sentences.

    Args:
        data: the whole file.
        source: its name, for messages.
        names: property → label, where that is not the property itself.

    Yields:
        The rows in order, counted through the file. A sentence that cannot be used comes with its
        error and reading continues, except where the JSON is broken.
    """
    try:
        text = decode(data, first=True)
    except JsonError as error:
        yield Row(0, None, _error(source, _Item(0, "item"), "", error.expected, error.received))
        return
    for item in _of_object(text, source):
        yield _sentence(item, names, source)


def iter_fewrel_lines(
    lines: Iterable[bytes], source: str, names: Mapping[str, str]
) -> Iterator[Row]:
    """Read JSON Lines of FewRel's sentences, one at a time.

    Args:
        lines: the lines, such as a file opened in binary mode; blank ones are skipped.
        source: the file's name, for messages.
        names: as of `iter_fewrel`.

    Yields:
        A row for each line; one without a `relation` is not labelled.
    """
    for item in _of_lines(lines, source):
        yield _sentence(item, names, source)


def fewrel_names(folder: Path) -> dict[str, str]:
    """Property → readable name by the folder's `pid2name.json`; empty where there is none.

    A name that two properties share is not used.

    Raises:
        MrcaError: if the file cannot be read or holds something else.
    """
    path = folder / NAMES
    if not path.is_file():
        return {}
    value = _object(_text(path), path)
    if not all(_is_name(entry) for entry in value.values()):
        wrong = next(entry for entry in value.values() if not _is_name(entry))
        raise MrcaError(
            f"{path}: expected property → [readable name, description], received "
            f"{shorten(wrong)}. Bring FewRel's own, or remove it to have the properties as labels."
        )
    return _unique({relation: entry[0] for relation, entry in value.items()})


# === A file's sentences ===


class _Item(NamedTuple):
    """A sentence before it is read: its line or item, its relation, its place among the latter's.

    `field` goes before the names of its fields in messages; `problem` says why it is none.
    """

    line: int
    unit: _Unit
    value: Any = None
    relation: str = ""
    number: int = 0
    field: str = ""
    problem: JsonError | None = None


def _of_object(text: str, source: str) -> Iterator[_Item]:
    try:
        value = parse(text)
    except JsonError as error:
        yield _Item(0, "item", problem=error)
        return
    if not isinstance(value, dict):  # an object that is empty, say, is not taken for FewRel
        yield _Item(0, "item", problem=JsonError("an object, `{…}`", shorten(value)))
        return
    count = 0
    for relation, items in value.items():
        if not isinstance(items, list) or not relation:
            count += 1
            problem = JsonError("a property with a list of sentences", shorten(items))
            yield _Item(count, "item", field=relation, problem=problem)
            continue
        for number, item in enumerate(items, 1):
            count += 1
            yield _Item(count, "item", item, relation, number, f"{relation}[{number - 1}]")


def _of_lines(lines: Iterable[bytes | str], source: str) -> Iterator[_Item]:
    places: Counter[str] = Counter()
    for line, data in enumerate(lines, 1):
        try:
            text = decode(data, first=line == 1)
            if not text.strip():
                continue
            item = parse(text)
        except JsonError as error:
            yield _Item(line, "line", problem=error)
            continue
        relation = item.get("relation") if isinstance(item, dict) else None
        if relation is not None and not (isinstance(relation, str) and relation):
            problem = JsonError("a property, such as `P413`", shorten(relation))
            yield _Item(line, "line", field="relation", problem=problem)
            continue
        relation = relation or ""
        places[relation] += 1
        yield _Item(line, "line", item, relation, places[relation])


# === One sentence ===


class _Entity(BaseModel):
    name: str
    mentions: Annotated[list[_Mention], Field(min_length=1)]


class _Sentence(BaseModel):
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


def _sentence(item: _Item, names: Mapping[str, str], source: str) -> Row:
    """Turn `{"tokens", "h": [name, (Wikidata id,) mentions], "t": …}` into a row."""
    if item.problem is not None:
        wrong = item.problem
        return Row(item.line, None, _error(source, item, "", wrong.expected, wrong.received))
    try:
        parsed = _Sentence.model_validate(item.value)
    except ValidationError as error:
        found = row_error(error, _Sentence, source, item.line, item.unit)
        problems = [
            replace(problem, field=".".join(filter(None, (item.field, problem.field))))
            for problem in found.problems
        ]
        return Row(item.line, None, RowError(problems))
    tokens, starts = cut_words(parsed.tokens)
    mentions = []
    for field, entity in (("h", parsed.h), ("t", parsed.t)):
        spans = []
        for first, last in (run for mention in entity.mentions for run in _runs(mention)):
            if last >= len(parsed.tokens) or starts[first] == starts[last + 1]:
                expected = f"indices of words, below {len(parsed.tokens)}"
                received = shorten(entity.mentions)
                return Row(item.line, None, _error(source, item, field, expected, received))
            spans.append(Span(starts[first], starts[last + 1]))
        mentions.append(spans)
    document = one_pair_document(
        tokens,
        mentions[0],
        mentions[1],
        names.get(item.relation, item.relation) or None,
        id=f"{item.relation}/{item.number}" if item.relation else "",
    )
    return Row(item.line, document, labelled=bool(item.relation))


def _runs(mention: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last index of each run of neighbouring words."""
    first = last = mention[0]
    for index in mention[1:]:
        if index != last + 1:
            yield first, last
            first = index
        last = index
    yield first, last


def _error(source: str, item: _Item, field: str, expected: str, received: str) -> RowError:
    place = ".".join(filter(None, (item.field, field)))
    return RowError([Problem("error", source, item.line, place, expected, received, item.unit)])


# === Files ===


def _unique(names: Mapping[str, str]) -> dict[str, str]:
    uses = Counter(names.values())
    return {relation: name for relation, name in names.items() if name and uses[name] == 1}


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
