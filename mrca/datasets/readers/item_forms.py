"""Which form an item of JSON has, by its fields, and the reader of it."""

from collections.abc import Callable
from typing import Any, NamedTuple

from mrca.datasets.readers.dialogre import read_dialogre_item
from mrca.datasets.readers.doccano import read_doccano_item
from mrca.datasets.readers.docred import read_docred_item
from mrca.datasets.readers.jsonl import row_from_value
from mrca.datasets.readers.label_studio import read_label_studio_item
from mrca.datasets.readers.left_out import Read
from mrca.datasets.readers.nyt_raw import read_nyt_raw_item
from mrca.datasets.readers.opennre import read_opennre_item
from mrca.datasets.readers.prodigy import read_prodigy_item
from mrca.datasets.readers.public_json import read_relation_list_item, read_triple_list_item
from mrca.datasets.readers.pubmed import read_pubmed_article
from mrca.datasets.readers.row import Row
from mrca.datasets.readers.spert import read_spert_item
from mrca.datasets.readers.tacred import read_tacred_item

ItemReader = Callable[[Any, str, int], Row | Read]


class ItemForm(NamedTuple):
    """A form that items of JSON may have, each in a line or all in an array.

    Attributes:
        name: what messages call it.
        fits: whether an item, an object or a list, is in it; it looks at fields and no deeper than
            it has to.
        read: its reader: the item, the file's name and the item's place to a row.
    """

    name: str
    fits: Callable[[Any], bool]
    read: ItemReader


def _objects(value: Any) -> bool:
    """Whether it is a list of objects, or empty."""
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def _is_doccano(item: Any) -> bool:
    entities, relations = item.get("entities"), item.get("relations")
    if not (isinstance(item.get("text"), str) and _objects(entities) and _objects(relations)):
        return False
    return all("start_offset" in entity for entity in entities)


def _is_prodigy(item: Any) -> bool:
    tokens, spans = item.get("tokens"), item.get("spans")
    of_tokens = _objects(tokens) and tokens and "start" in tokens[0]
    return "text" in item and bool(of_tokens or _objects(spans) or "_input_hash" in item)


def _is_spert(item: Any) -> bool:
    entities = item.get("entities")
    if "entities" not in item or "text" in item:
        return False
    first = entities[0] if isinstance(entities, list) and entities else None
    return "relations" in item or (isinstance(first, dict) and "start" in first)


def _is_tacred(item: Any) -> bool:
    # With "facts" or "entities" it is a row of our own with "tokens" misspelt.
    return "token" in item and not ({"h", "facts", "triples", "entities"} & item.keys())


def _with(*names: str) -> Callable[[Any], bool]:
    """Whether an object has all of these fields."""
    return lambda item: all(name in item for name in names)


_FORMS = (
    ItemForm('"triple_list"', _with("triple_list"), read_triple_list_item),
    ItemForm('"relation_list"', _with("relation_list"), read_relation_list_item),
    ItemForm(
        "DocRED's", lambda item: "vertexSet" in item or "vertex_word" in item, read_docred_item
    ),
    ItemForm("PubMed's", _with("abstractText"), read_pubmed_article),
    ItemForm("NYT's", _with("sentText"), read_nyt_raw_item),
    ItemForm("Label Studio's", _with("data", "annotations"), read_label_studio_item),
    ItemForm("OpenNRE's", lambda item: isinstance(item.get("h"), dict), read_opennre_item),
    ItemForm("TACRED's", _is_tacred, read_tacred_item),
    ItemForm("doccano's", _is_doccano, read_doccano_item),
    ItemForm("Prodigy's", _is_prodigy, read_prodigy_item),
    ItemForm("SpERT's", _is_spert, read_spert_item),
)
_DIALOGRE = ItemForm("DialogRE's", lambda item: isinstance(item, list), read_dialogre_item)
OWN = ItemForm("mrca's own", lambda item: "text" in item or "tokens" in item, row_from_value)


def forms_of(item: Any) -> list[ItemForm]:
    """The forms that an item may have; none, if it is in no published one."""
    if _DIALOGRE.fits(item):
        return [_DIALOGRE]
    return [form for form in _FORMS if form.fits(item)] if isinstance(item, dict) else []


def form_of_file(first: Any) -> ItemForm | None:
    """The form of a file whose first item this is: a published one, our own, or none.

    Args:
        first: the parsed item.
    """
    published = forms_of(first)
    if published:
        return published[0]
    return OWN if isinstance(first, dict) and OWN.fits(first) else None


KNOWN = ", ".join(form.name for form in (*_FORMS, _DIALOGRE, OWN))
