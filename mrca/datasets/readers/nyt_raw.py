"""Reader of NYT as it is published with CoType: a sentence, names in it, and labelled pairs.

{"sentText": "…", "entityMentions": [{"text": "Ada Moss", "label": "PERSON"}, …],
"relationMentions": [{"em1Text": "Ada Moss", "em2Text": "Oslo", "label": "/people/…"}, …]}
"""

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from mrca.datasets.readers.marked_text import Place
from mrca.datasets.readers.one_pair import NO_RELATION
from mrca.datasets.readers.public_json import Text
from mrca.datasets.readers.pydantic_errors import row_error
from mrca.datasets.readers.row import Row, shorten
from mrca.text import Document, Entity, Fact, find_mention


class _Entity(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    text: Text
    label: str = ""


class _Relation(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    em1Text: Text  # noqa: N815
    em2Text: Text  # noqa: N815
    label: Text


class _Item(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    sentText: Text  # noqa: N815
    entityMentions: list[_Entity] = []  # noqa: N815
    relationMentions: list[_Relation] | None = None  # noqa: N815
    articleId: str | int = ""  # noqa: N815
    sentId: str | int = ""  # noqa: N815


def read_nyt_raw_item(item: Any, source: str, line: int) -> Row:
    """Turn `{"sentText", "entityMentions": […], "relationMentions": […]}` into a row.

    The text is cut at white space. The form has names and no places: each name is one entity,
    marked wherever its words stand. All names are listed, those of `relationMentions` with the
    label `None` too, and roles are unknown. Where a row has no names but those of its facts, the
    marks are an oracle.

    Args:
        item: the parsed JSON item; other fields are ignored.
        source: the file, for messages.
        line: the item's place in the file, from 1.

    Returns:
        The row; without `relationMentions` it is not labelled.
    """
    try:
        parsed = _Item.model_validate(item)
    except ValidationError as error:
        return Row(line, None, row_error(error, _Item, source, line))
    id = "/".join(str(each) for each in (parsed.articleId, parsed.sentId) if each != "")
    place = Place(source, line, document=id)
    tokens = tuple(map(sys.intern, parsed.sentText.split()))
    if not tokens:
        return Row(line, None, place.at("sentText").error("at least one word", parsed.sentText))
    types: dict[str, str] = {}
    fields: dict[str, str] = {}
    for number, entity in enumerate(parsed.entityMentions):
        types.setdefault(_name(entity.text), entity.label)
        fields.setdefault(_name(entity.text), f"entityMentions[{number}].text")
    relations = parsed.relationMentions or []
    for number, relation in enumerate(relations):
        for field, text in (("em1Text", relation.em1Text), ("em2Text", relation.em2Text)):
            types.setdefault(_name(text), "")
            fields.setdefault(_name(text), f"relationMentions[{number}].{field}")
    if "" in types:
        return Row(line, None, place.at(fields[""]).error("at least one word", " "))
    return _row(tokens, types, fields, parsed, place)


def _row(
    tokens: Sequence[str],
    types: dict[str, str],
    fields: dict[str, str],
    item: _Item,
    place: Place,
) -> Row:
    names = list(types)
    entities = tuple(
        Entity(tuple(find_mention(tokens, name.split(" "))), sys.intern(type), name=name)
        for name, type in types.items()
    )
    facts = tuple(
        dict.fromkeys(
            Fact(
                names.index(_name(relation.em1Text)),
                sys.intern(relation.label),
                names.index(_name(relation.em2Text)),
            )
            for relation in item.relationMentions or ()
            if relation.label not in NO_RELATION
        )
    )
    problems = tuple(
        place.at(fields[entity.name]).problem(
            "unmatched", "words of the text, in sequence", shorten(entity.name)
        )
        for entity in entities
        if not entity.mentions
    )
    document = Document(tuple(tokens), entities, facts, id=place.document).with_unknown_roles()
    told = {end for fact in facts for end in (fact.subject, fact.object)}
    if facts and not item.entityMentions and len(told) == len(entities):
        document = replace(
            document,
            oracle=True,
            roles="given",
            subjects=tuple(sorted({fact.subject for fact in facts})),
            objects=tuple(sorted({fact.object for fact in facts})),
        )
    labelled = item.relationMentions is not None
    return Row(place.line, document, problems=problems, labelled=labelled)


def _name(text: str) -> str:
    return sys.intern(" ".join(text.split()))
