import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrca.errors import MrcaError
from mrca.graph import FoundEntity, Names

# What a URI is made of (RFC 3986), with every `%` an escape.
URI = re.compile(r"https?://([A-Za-z0-9._~:/?#@!$&'()*+,;=-]|%[0-9A-F]{2})+")
text = st.text(min_size=1)
whole = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def entity(name: str, kind: str = "", own: str = "") -> FoundEntity:
    return FoundEntity(name, kind, own, 0, 1)


@given(text, st.text(), st.text())
def test_every_name_gives_a_uri(name, kind, own):
    names = Names()
    for each in (names.entity(entity(name, kind, own)), names.relation(name), names.type(name)):
        assert URI.fullmatch(each) or own.startswith(("http://", "https://"))


@given(whole, whole, whole, whole)
def test_what_differs_has_different_names(one, other, kind, own):
    names = Names()
    found = [
        *(names.entity(entity(name)) for name in {one, other}),
        *(names.entity(entity(name, kind)) for name in {one, other}),
        *(names.relation(name) for name in {one, other}),
        *(names.type(name) for name in {one, other}),
    ]
    if not own.startswith("http"):
        found.append(names.entity(entity(one, kind, own)))
    assert len(set(found)) == len(found)


def test_an_id_wins_over_the_name_unless_it_is_ignored():
    by_id, by_name = Names("https://my.org/"), Names("https://my.org/", ids=False)
    hunt = entity("Hunt", "PER", "Q7")
    assert by_id.entity(hunt) == by_id.entity(entity("Bryan Hunt", "", "Q7"))
    assert by_name.entity(hunt) == by_name.entity(entity("Hunt", "PER"))
    assert by_name.entity(hunt) != by_name.entity(entity("hunt", "PER", "Q7"))
    assert by_name.entity(hunt) != by_name.entity(entity("Hunt", "LOC", "Q7"))


def test_a_web_address_for_an_id_stands_as_it_is():
    address = "http://www.wikidata.org/entity/Q90"
    assert Names().entity(entity("Paris", "", address)) == address
    assert Names().entity(entity("x", "", 'http://a.b/<c "d">')) == "http://a.b/%3Cc%20%22d%22%3E"


@pytest.mark.parametrize("base", ["http://a.b/", "https://a.b/c#", "urn:my:", "http://é.org/x="])
def test_bases(base):
    assert Names(base).relation("r") == f"{base}relation/r"


@pytest.mark.parametrize("base", ["", "a.b/", "http://a.b", "http://a b/", "http://a.b/<x>/"])
def test_a_base_to_which_nothing_can_be_added_is_an_error(base):
    with pytest.raises(MrcaError, match=r"Expected one such as http://example.org/\. Received"):
        Names(base)
