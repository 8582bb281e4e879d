"""Facts as `mrca predict` prints them."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from mrca.graph import FoundFact, read_facts


def side(text: str, start: int = 0, **more: Any) -> dict[str, Any]:
    return {"text": text, "char_start": start, "char_end": start + len(text), **more}


def fact(subject: Any, relation: str, object_: Any, score: float = 0.9) -> dict[str, Any]:
    ends = (each if isinstance(each, dict) else side(each) for each in (subject, object_))
    return dict(zip(("subject", "object"), ends, strict=True)) | {
        "relation": relation,
        "score": score,
    }


@pytest.fixture
def story() -> list[dict[str, Any]]:
    """Three rows: one fact in two of them, an entity by its id, one by several mentions."""
    ada, oslo = side("Ada Lane", 4, type="PER"), side("Oslo", 30, type="LOC")
    hunt = side("Hunt", 3, mentions=[side("Hunt", 3), side("Bryan Hunt", 20)], type="PER")
    return [
        {"line": 1, "id": "d1", "facts": [fact(ada, "born_in", oslo, 0.8)]},
        {
            "line": 2,
            "facts": [
                fact({**ada, "char_start": 9, "char_end": 17}, "born_in", oslo, 0.95),
                fact(ada, "knows", hunt, 0.6),
            ],
        },
        {"line": 3, "id": "d3", "facts": [fact(side("the firm", 0, id="Q7"), "in", oslo, 0.7)]},
        {"line": 4, "error": "rows, line 4: expected JSON"},
        {"line": 5, "id": "d5", "facts": []},
    ]


@pytest.fixture
def lines() -> Callable[[list[Any]], list[bytes]]:
    """Values as lines of a file."""
    return lambda values: [json.dumps(value).encode() + b"\n" for value in values]


@pytest.fixture
def found(story, lines) -> list[FoundFact]:
    """The story's facts."""
    return list(read_facts(lines(story), "facts.jsonl"))


@pytest.fixture
def written() -> Callable[..., bytes]:
    """`written(WriterClass, facts, …)`: what a writer writes."""

    def write(kind: Any, facts: list[FoundFact], *arguments: Any) -> bytes:
        stream = io.BytesIO()
        writer = kind(stream, *arguments)
        writer.add(facts)
        writer.close()
        return stream.getvalue()

    return write
