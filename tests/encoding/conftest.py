"""Made-up documents for the tests of encoding."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import strategies as st

from mrca.text import Document, Entity, Span


def document(
    tokens: Sequence[str],
    subjects: Sequence[tuple[int, int]] = (),
    objects: Sequence[tuple[int, int]] = (),
    **more: Any,
) -> Document:
    """A document whose entities are its subjects' and objects' spans, each once."""
    spans = sorted({*subjects, *objects})
    return Document(
        tuple(tokens),
        tuple(Entity((Span(*span),)) for span in spans),
        subjects=tuple(sorted({spans.index(span) for span in subjects})),
        objects=tuple(sorted({spans.index(span) for span in objects})),
        **more,
    )


@pytest.fixture(scope="session")
def make_document() -> Callable[..., Document]:
    """`make_document(tokens, subjects, objects)`, the latter as (start, end) of their spans."""
    return document


@st.composite
def _documents(draw: st.DrawFn) -> Document:
    size = draw(st.integers(1, 12))
    spans = st.tuples(st.integers(0, size - 1), st.integers(1, 4)).map(
        lambda each: Span(each[0], min(each[0] + each[1], size))
    )
    mentions = st.lists(spans, max_size=3, unique=True).map(lambda each: tuple(sorted(each)))
    entities = tuple(Entity(each) for each in draw(st.lists(mentions, max_size=4)))
    numbers = st.sets(st.integers(0, max(len(entities) - 1, 0))) if entities else st.just(set())
    subjects, objects = (tuple(sorted(draw(numbers))) for _ in range(2))
    tokens = draw(st.lists(st.sampled_from(["Ab", "c", "De", "f"]), min_size=size, max_size=size))
    return Document(tuple(tokens), entities, subjects=subjects, objects=objects)


@pytest.fixture(scope="session")
def some_documents() -> st.SearchStrategy[list[Document]]:
    """Draws documents with any number of entities, mentions and pairs, none among them."""
    return st.lists(_documents(), max_size=6)
