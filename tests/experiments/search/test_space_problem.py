import tomllib

from hypothesis import given
from hypothesis import strategies as st

from mrca.experiments.search.space_problem import line_of

DOCUMENT = '''# a comment

top = 1
long = [
    "[not.a.table]",
    ["x"],
    2,
]
text = """
[nor.this]
b = 3
"""
[search."model.units"]  # quoted
min = 1
[search . other]
when = { "a.b" = [1] }
[[many]]
x = 1
[many.inner]
y = 2
[[many]]
a.b = 1
'''


def test_tables_and_keys_have_the_line_that_they_start_in():
    for path, line in {
        ("top",): 3,
        ("long",): 4,
        ("text",): 9,
        ("search", "model.units"): 13,
        ("search", "model.units", "min"): 14,
        ("search", "other"): 15,
        ("search", "other", "when"): 16,
        ("many", 0): 17,
        ("many", 0, "x"): 18,
        ("many", 0, "inner"): 19,
        ("many", 0, "inner", "y"): 20,
        ("many", 1): 21,
        ("many", 1, "a", "b"): 22,
    }.items():
        assert line_of(path, DOCUMENT) == line, path
    for path in (("not",), ("nor",), ("b",), ("many", 2), ("top", "inner")):
        assert line_of(path, DOCUMENT) is None, path


def tables(path, value):
    """Every path into a document but those inside of arrays of values."""
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from tables((*path, key), inner)


KEYS = st.text("ab.\"'[]=# é", min_size=1, max_size=4)


VALUES = st.sampled_from([1, "[a]\n= b", [1, 2]])


# Small ones: each line of each is found by reading all before it.
@given(st.dictionaries(KEYS, st.dictionaries(KEYS, VALUES, max_size=3), max_size=3))
def test_every_table_of_any_document_is_found(document):
    import tomli_w

    text = tomli_w.dumps(document, multiline_strings=True)
    assert tomllib.loads(text) == document
    lines = [line_of(path, text) for path in tables((), document)][1:]
    assert None not in lines
    assert lines == sorted(set(lines))  # each has one of its own, in their order
