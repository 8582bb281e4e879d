"""Documents to JSON Lines that read back as the same documents, and any readable form to them."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mrca.datasets.readers.jsonl import Offsets
from mrca.datasets.readers.read_file import iter_rows
from mrca.datasets.readers.row import Problem
from mrca.datasets.readers.skipping import OnError, Skipping
from mrca.datasets.relations_json import write_descriptions, write_relations
from mrca.errors import MrcaError
from mrca.files import temporary_folder, whole_file
from mrca.text import Document, Entity, Fact, Span, find_mention

if TYPE_CHECKING:
    from mrca.datasets.corpus import Corpus


def write_jsonl(documents: Iterable[Document], path: Path) -> int:
    """Write a file that `iter_jsonl` reads as the same documents; how many there were.

    Rows hold `tokens`. The file is written atomically.

    Args:
        documents: what to write; they may come from a generator.
        path: the file; one of that name is replaced.

    Raises:
        MrcaError: if the file cannot be written.
    """
    return _write_rows(map(to_json_row, documents), path)


class Converted(NamedTuple):
    """What became of a file: how many rows were written, and what was left out of it."""

    rows: int
    notes: tuple[Problem, ...]


def convert_file(
    source: Path, target: Path, offsets: Offsets = "exact", on_error: OnError = "error"
) -> Converted:
    """Write one file as JSON Lines.

    A row that does not say which relations are stated stays one that does not.

    Args:
        source: a file in any form that the readers take.
        target: the file to write; it must not exist.
        offsets: see `iter_jsonl`.
        on_error: what becomes of a row that cannot be used: an `"error"`, or `"skip"` it.

    Raises:
        MrcaError: if a row cannot be used (nothing is written then), or the target exists.
    """
    _refuse_existing(target)
    notes: list[Problem] = []
    count = _write_rows(_json_rows(source, offsets, on_error, notes), target)
    return Converted(count, tuple(notes))


def convert_corpus(corpus: "Corpus", target: Path) -> None:
    """Write a corpus as a folder of JSON Lines, with `relations.json` to keep their order, and
    `rel_info.json` where it says what they are called.

    Args:
        corpus: what `load_corpus` gave.
        target: the folder to make; it must not exist.

    Raises:
        MrcaError: if the target exists or cannot be written.
    """
    _refuse_existing(target)
    try:
        with temporary_folder(target) as temporary:
            made = temporary / "corpus"
            for split, documents in corpus.splits.items():
                write_jsonl(documents, made / f"{split}.jsonl")
            write_relations(corpus.relations, made)
            if corpus.descriptions:
                write_descriptions(corpus.descriptions, made)
            made.replace(target)
    except OSError as error:
        raise MrcaError(f"Cannot write {target}: {error.strerror or error}.") from error


def to_json_row(document: Document, *, labelled: bool = True) -> dict[str, Any]:
    """The document as a row of the JSON Lines schema.

    An entity that nothing else tells from another one gets an id.

    Args:
        document: what to write.
        labelled: whether it is known which relations are stated; else they are left out.
    """
    row: dict[str, Any] = {"id": document.id} if document.id else {}
    row["tokens"] = list(document.tokens)
    if document.sentences != (0,):
        row["sentences"] = list(document.sentences)
    stated = tuple(dict.fromkeys(fact.relation for fact in document.facts))
    if document.oracle:  # a row with facts alone: their entities are the marks
        row["facts"] = [fact for each in document.facts for fact in _bare_facts(document, each)]
    else:
        document = _told_apart(document)
        references = _references(document)
        row.update(_entities(document, references))
        if document.pairs is not None:
            row["pairs"] = [[references[each] for each in pair] for pair in document.pairs]
        is_listed = document.roles == "unknown" and not document.labels
        if set(document.labels) == set(stated) and (stated or (labelled and is_listed)):
            row["facts"] = [_fact(fact, references) for fact in document.facts]
    if document.labels != stated or (labelled and "facts" not in row):
        row["labels"] = list(document.labels)
    return row


def _entities(document: Document, references: Sequence[Any]) -> dict[str, Any]:
    """The fields of a row that say which entities there are, and their roles where given."""
    fields: dict[str, Any] = {}
    if document.entities or document.roles == "unknown":
        fields["entities"] = [_entity(document, entity) for entity in document.entities]
    if document.entities and document.roles == "given":
        fields["subjects"] = [references[number] for number in document.subjects]
        fields["objects"] = [references[number] for number in document.objects]
    return fields


def _fact(fact: Fact, references: Sequence[Any]) -> Any:
    subject, object_ = references[fact.subject], references[fact.object]
    if not fact.evidence:
        return [subject, fact.relation, object_]
    return {
        "subject": subject,
        "relation": fact.relation,
        "object": object_,
        "evidence": list(fact.evidence),
    }


def _bare_facts(document: Document, fact: Any) -> Iterator[Any]:
    """A fact whose entities it marks itself; once for each mention that only offsets give."""
    subjects, objects = (
        _bare_mentions(document, document.entities[number])
        for number in (fact.subject, fact.object)
    )
    for subject, object_ in zip_longest(subjects, objects):
        stated = [subject or subjects[0], fact.relation, object_ or objects[0]]
        if not fact.evidence:
            yield stated
        else:
            named = dict(zip(("subject", "relation", "object"), stated, strict=True))
            yield {**named, "evidence": list(fact.evidence)}


def _bare_mentions(document: Document, entity: Entity) -> list[Any]:
    everywhere = tuple(find_mention(document.tokens, entity.name.split(" ")))
    if entity.mentions == everywhere:
        return [entity.name]
    # Read with other words (`Corp.` beside `Corp`), a mention would be another entity.
    named = [span for span in entity.mentions if document.words(span) == entity.name]
    return [_offsets(document, span) for span in named] or [entity.name]


def _entity(document: Document, entity: Entity) -> dict[str, Any]:
    # The first mention gives the name, so the one that has it is written first.
    spans = sorted(entity.mentions, key=lambda span: document.words(span) != entity.name)
    mentions: list[Any] = [_offsets(document, span) for span in spans]
    if entity.name and not find_mention(document.tokens, entity.name.split(" ")):
        mentions.insert(0, entity.name)
    row: dict[str, Any] = {"mentions": mentions}
    if len(mentions) == 1:
        row = mentions[0] if spans else {"text": entity.name}
    row.update({"type": entity.type} if entity.type else {})
    row.update({"id": entity.id} if entity.id else {})
    return row


def _told_apart(document: Document) -> Document:
    """The same with an id for each entity that neither words nor a place tell from the others."""
    entities = tuple(
        entity._replace(id=f"entities[{number}]") if reference is None else entity
        for number, (entity, reference) in enumerate(
            zip(document.entities, _references(document), strict=True)
        )
    )
    return replace(document, entities=entities)


def _references(document: Document) -> list[Any]:
    """What stands for each entity and for no other: its id, its name, or a mention; or `None`."""
    entities = document.entities
    spans = Counter(span for each in entities for span in each.mentions)
    names = Counter(
        name
        for each in entities
        for name in {each.id, each.name, *map(document.words, each.mentions)}
    )

    def reference(entity: Entity) -> Any:
        if entity.id:
            return entity.id
        if entity.name and names[entity.name] == 1:
            return entity.name
        own = (span for span in entity.mentions if spans[span] == 1)
        return next((_offsets(document, span) for span in own), None)

    return [reference(entity) for entity in entities]


def _offsets(document: Document, span: Span) -> dict[str, Any]:
    return {"token_start": span.start, "token_end": span.end, "text": document.words(span)}


def _json_rows(
    source: Path, offsets: Offsets, on_error: OnError, notes: list[Problem]
) -> Iterator[dict[str, Any]]:
    """The rows of a file; what is left out is added to the notes."""
    skipping = Skipping(str(source))
    for row in iter_rows(source, offsets=offsets):
        if row.document is not None:
            notes += [problem for problem in row.problems if problem.kind == "note"]
            yield to_json_row(row.document, labelled=row.labelled)
        elif on_error == "skip" and not row.ends_file:
            skipping.add(row)
        else:
            raise MrcaError(
                f"{row.error}\nNothing was written. See every such row with: "
                f"mrca data validate {source}; leave them out with: --on-error skip"
            )
    if (skipped := skipping.note()) is not None:
        notes.append(skipped)


def _write_rows(rows: Iterable[dict[str, Any]], path: Path) -> int:
    count = 0
    try:
        with (
            whole_file(path) as temporary,
            temporary.open("w", encoding="utf-8", newline="\n") as file,
        ):
            for row in rows:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
                count += 1
    except OSError as error:
        raise MrcaError(f"Cannot write {path}: {error.strerror or error}.") from error
    return count


def _refuse_existing(target: Path) -> None:
    if target.exists():
        raise MrcaError(f"{target} exists. Choose another name, or remove it first.")
