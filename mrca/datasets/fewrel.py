"""Reader of FewRel: sentences with one marked entity pair and the relation between the two."""

import gzip
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mrca.datasets.fewrel_sentence import FewRelSentence, fewrel_sentence
from mrca.datasets.row import shorten
from mrca.datasets.strict_json import JsonError, decode, parse
from mrca.errors import MrcaError

NAMES = "pid2name.json"
_GZIP = b"\x1f\x8b"


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
    labels = _unique(names)
    return [
        fewrel_sentence(item, relation, labels.get(relation, relation), source, number)
        for relation, source, number, item in items
    ]


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
