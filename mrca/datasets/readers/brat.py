"""Reader of brat's folders: a `.txt` for each document, and an `.ann` of the same name.

T1	Person 0 8	Ada Moss
T2	City 20 24	Oslo
R1	Lives_In Arg1:T1 Arg2:T2
*	Equiv T1 T3
"""

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from mrca.datasets.readers.left_out import LeftOut, Read, tell_left_out
from mrca.datasets.readers.lines import text_lines
from mrca.datasets.readers.marked_text import Marked, Place, Stated, marked_row
from mrca.datasets.readers.row import Problem, Row, RowError
from mrca.datasets.readers.strict_json import JsonError, decode
from mrca.errors import MrcaError

ENDINGS = (".ann", ".txt")

_TEXT_BOUND = re.compile(
    r"(T\S+)\t(\S+) (\d{1,9} \d{1,9}(?:;\d{1,9} \d{1,9})*)(?:\t(.*))?", re.DOTALL
)
_RELATION = re.compile(r"R\S+\t(\S+) ([^\s:]+):(\S+) ([^\s:]+):(\S+)\s*")
_EVENT_LINE = re.compile(r"E\S+\t[^\s:]+:(\S+).*", re.DOTALL)
_EQUIVALENCE = re.compile(r"\*\tEquiv((?: \S+){2,})\s*")
_EXAMPLES = {
    "E": "`E1⇥Meet:T5 Who:T1`",
    "T": "`T1⇥Person 0 8⇥Ada Moss`",
    "R": "`R1⇥Lives_In Arg1:T1 Arg2:T2`",
    "*": "`*⇥Equiv T1 T3`",
}
_IGNORED = ("A", "M", "N", "#")  # attributes, their old name, links to data bases, notes
_BINARY = "relations of two entities (R)"
_EVENT = LeftOut("event", _BINARY)
_OF_EVENT = LeftOut("event's relation", _BINARY)
_WITHOUT_ANN = LeftOut("unannotated text", "an .ann beside each .txt")


def is_brat(folder: Path) -> bool:
    """Whether a folder holds brat's files."""
    return folder.is_dir() and next(folder.glob("*.ann"), None) is not None


def iter_brat(folder: Path) -> Iterator[Row]:
    """Read a folder of `.txt` and `.ann` files, in the order of their names.

    A `T` line is an entity with its type and its id; one in several parts has a mention for each.
    Those that a line `*⇥Equiv` names are one entity with all their mentions, and the id and type
    of the first. An `R` line is a fact from its first argument to its second one (`Arg1`, `Arg2`).
    Roles are unknown. `A`, `M`, `N` and `#` lines are ignored; events (`E`), which may have any
    number of arguments, with their triggers, and relations of them are left out and counted.

    Args:
        folder: with the files; folders in it are not looked into.

    Yields:
        A row for each `.ann`, with its place among them; the last one says what was left out.

    Raises:
        MrcaError: if a file cannot be read.
    """
    annotated = sorted(folder.glob("*.ann"))
    stems = {path.stem for path in annotated}
    alone = sorted(path for path in folder.glob("*.txt") if path.stem not in stems)
    read = (_read(path, number) for number, path in enumerate(annotated, 1))
    without = (Read(len(annotated) + n, None, (_WITHOUT_ANN,)) for n, _ in enumerate(alone, 1))
    return tell_left_out(chain(read, without), str(folder))


def _read(path: Path, number: int) -> Read:
    beside = path.with_suffix(".txt")
    if not beside.is_file():
        problem = Problem("error", str(path), 0, "", f"{beside.name} beside it", "none")
        return Read(number, Row(number, None, RowError([problem])))
    try:
        text, annotations = beside.read_bytes(), path.read_bytes()
    except OSError as error:
        raise MrcaError(f"Cannot read {path}: {error.strerror or error}.") from error
    try:
        # brat counts a byte order mark as a character.
        decoded = decode(text, first=False).replace("\ufeff", " ")
    except JsonError as error:
        problem = Problem("error", str(beside), 0, "", error.expected, error.received)
        return Read(number, Row(number, None, RowError([problem])))
    return read_brat(decoded, annotations, str(path), number)


def read_brat(text: str, annotations: bytes, source: str, number: int) -> Read:
    """One document.

    Args:
        text: of the `.txt`, with its line ends as they are.
        annotations: the `.ann`.
        source: the name of the latter, for messages; without its ending, it is the row's id.
        number: of the row.
    """
    left_out: list[LeftOut] = []
    try:
        entities, facts = _annotations(annotations, source, left_out)
    except RowError as error:
        return Read(number, Row(number, None, error))
    place = Place(source, 0, document=Path(source).stem)
    return Read(number, marked_row(text, entities, facts, place, number), tuple(left_out))


def _annotations(
    data: bytes, source: str, left_out: list[LeftOut]
) -> tuple[list[Marked], list[Stated]]:
    entities: dict[str, Marked] = {}
    relations: list[Stated] = []
    clusters: list[tuple[Place, list[str]]] = []
    triggers: set[str] = set()
    for number, line in text_lines(data.splitlines(keepends=True), source):
        if isinstance(line, Row):
            assert line.error is not None
            raise line.error
        if not line.strip() or line.startswith(_IGNORED):
            continue
        kind, place = line[0], Place(source, number, line.partition("\t")[0])
        if found := _EVENT_LINE.fullmatch(line):
            left_out.append(_EVENT)
            triggers.add(found[1])
        elif found := _TEXT_BOUND.fullmatch(line):
            if found[1] in entities:
                raise place.error("an id that no other entity has", line)
            entities[found[1]] = _entity(found, place)
        elif found := _RELATION.fullmatch(line):
            relation, *arguments = found.groups()
            (_, first), (_, second) = _in_order(arguments)
            if first.startswith("E") or second.startswith("E"):
                left_out.append(_OF_EVENT)
            else:
                relations.append(Stated(first, relation, second, place))
        elif found := _EQUIVALENCE.fullmatch(line):
            clusters.append((place, found[1].split()))
        else:
            forms = ", ".join(_EXAMPLES.values())
            expected = _EXAMPLES.get(kind, f"a line such as {forms}")
            raise place.at("").error(f"{expected} (⇥ is a tab)", line)
    for trigger in triggers - {id for fact in relations for id in (fact.subject, fact.object)}:
        entities.pop(trigger, None)
    firsts = _merge(entities, clusters)
    return list(entities.values()), [
        fact._replace(
            subject=firsts.get(fact.subject, fact.subject),
            object=firsts.get(fact.object, fact.object),
        )
        for fact in relations
    ]


def _entity(found: re.Match[str], place: Place) -> Marked:
    parts = (part.split(" ") for part in found[3].split(";"))
    spans = [(int(start), int(end)) for start, end in parts]
    return Marked(found[1], spans, place, found[2], found[4])


def _in_order(arguments: list[str]) -> list[tuple[str, str]]:
    """Names and values of both arguments; `Arg1` first, others as they stand."""
    named = [(arguments[0], arguments[1]), (arguments[2], arguments[3])]
    return named[::-1] if named[0][0] == "Arg2" and named[1][0] == "Arg1" else named


def _merge(entities: dict[str, Marked], clusters: list[tuple[Place, list[str]]]) -> dict[str, str]:
    """Make one entity of each cluster's; of each member that is gone, the id that it has now."""
    firsts: dict[str, str] = {}
    for place, members in clusters:
        for id in members:
            if id not in entities and id not in firsts:
                raise place.at("Equiv").error("ids of entities of the same text", id)
        ids = list(dict.fromkeys(firsts.get(id, id) for id in members))
        first = ids[0]
        for other in ids[1:]:
            gone = entities.pop(other)
            entities[first] = _joined(entities[first], gone)
            firsts |= {id: first for id, now in firsts.items() if now == other} | {other: first}
    return firsts


def _joined(first: Marked, other: Marked) -> Marked:
    both = first.text is not None and other.text is not None
    text = f"{first.text} {other.text}" if both else None
    return first._replace(spans=[*first.spans, *other.spans], text=text)
