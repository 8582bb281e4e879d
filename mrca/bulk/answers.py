"""What is said of rows: by a run, or by an exported model."""

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from mrca.datasets import Row
from mrca.errors import MrcaError
from mrca.text import Document
from mrca.text.prediction import PredictedFact, Prediction, mention_text

if TYPE_CHECKING:
    from mrca.datasets.readers.jsonl import Offsets
    from mrca.serving.served_answer import ServedAnswer
    from mrca.serving.serving_client import ServingClient
    from mrca.training import Run

# Rows of an exported model that are read at a time, and those of them, by length, that it is asked
# about at once: as many as it computes on.
_READ, _ASKED = 1024, 64


class Form(StrEnum):
    """How predictions are written."""

    JSONL = "jsonl"
    DOCRED = "docred"


class Answer(NamedTuple):
    """What is written of a row, beside its number and id in a line of its own, and what to note
    about it."""

    fields: dict[str, Any]
    problem: str = ""


class Answers(Protocol):
    """Says of documents what is to be written of them.

    Attributes:
        marks_needed: how many entities of a row should be marked.
        types: the entity types that the model reads; with none it reads no types.
        offsets: what becomes of character offsets inside a word.
        chunk: how many rows are best read at a time.
    """

    marks_needed: int
    types: Collection[str]
    offsets: "Offsets"
    chunk: int

    def __call__(self, documents: list[Document]) -> Iterator[Answer]:
        """The answer to each, in their order."""


class RunAnswers:
    """What a run says; see `Answers`.

    Args:
        run: which.
        form: how it is going to be written.
        threshold: give what scores at least this, in place of the run's own decision.
        top: at most so many facts of a row, the best.

    Raises:
        MrcaError: if the run has nothing to write in that form, or the threshold is no number.
    """

    def __init__(
        self,
        run: "Run",
        form: Form = Form.JSONL,
        threshold: float | None = None,
        top: int | None = None,
    ) -> None:
        from mrca.models import CHUNK

        check_asked(run.folder, run.config.candidates.kind, form, threshold)
        self._run, self._form, self._threshold, self._top = run, form, threshold, top
        self.marks_needed = run.classifier.marks_needed
        self.types: Collection[str] = run.classifier.types
        self.offsets = run.config.data.offsets
        self.chunk = CHUNK

    def __call__(self, documents: list[Document]) -> Iterator[Answer]:
        """The answer to each, in their order."""
        read = self._run.classifier.words_read(documents)
        found = self._run.predict_iter(documents, threshold=self._threshold, top=self._top)
        pairs = self._run.config.candidates.kind == "pairs"
        for document, words, prediction in zip(documents, read, found, strict=True):
            if self._form is Form.DOCRED:
                fields = {"facts": prediction.facts_to_docred()}
            elif pairs:
                fields = {"facts": prediction.facts_to_dicts()}
            else:
                fields = {"relations": prediction.relations_to_dicts()}
            yield Answer(fields, _cut(document, words))


class ExportAnswers:
    """What an exported model says; see `Answers`. It is loaded into this process.

    Args:
        folder: a version's.

    Raises:
        MrcaError: if it is damaged, or not of `mrca export`.
    """

    marks_needed = 1
    types: Collection[str] = ()
    offsets: "Offsets" = "exact"
    chunk = _READ

    def __init__(self, folder: Path) -> None:
        from mrca.serving.served_model import ServedModel

        self._model = ServedModel(folder, folder.name, 1)
        if "tokens" not in self._model.signatures:
            raise MrcaError(
                f"{folder} takes no words (it has no signature 'tokens'). Expected a model that "
                "`mrca export` wrote."
            )
        self._pairs = "start" in self._model.signatures["tokens"].inputs

    def __call__(self, documents: list[Document]) -> Iterator[Answer]:
        """The answer to each, in their order."""
        by_length = sorted(range(len(documents)), key=lambda each: len(documents[each].tokens))
        found: dict[int, Answer] = {}
        for first in range(0, len(by_length), _ASKED):
            asked = by_length[first : first + _ASKED]
            answers = self._ask([documents[each] for each in asked])
            for each, answer in zip(asked, answers, strict=True):
                found[each] = _answer(documents[each], answer, self._pairs)
        return (found[each] for each in range(len(documents)))

    def _ask(self, documents: Sequence[Document]) -> "list[ServedAnswer]":
        from mrca.serving.padded_tokens import padded_tokens
        from mrca.serving.served_answer import served_answers

        inputs = padded_tokens(documents, pairs=self._pairs)
        outputs = {
            name: _decoded(array.tolist()) if array.dtype == object else array
            for name, array in self._model.run("tokens", inputs).items()
        }
        return served_answers(outputs, len(documents), pairs=self._pairs)


class ServedAnswers:
    """What an exported model says that a server has loaded; see `Answers`.

    Args:
        client: what asks it.
    """

    marks_needed = 1
    types: Collection[str] = ()
    offsets: "Offsets" = "exact"

    def __init__(self, client: "ServingClient") -> None:
        self._client = client
        self.chunk = client.batch_size

    def __call__(self, documents: list[Document]) -> Iterator[Answer]:
        """The answer to each, in their order."""
        for document, answer in zip(documents, self._client.answers(documents), strict=True):
            yield _answer(document, answer, self._client.pairs)


def _answer(document: Document, answer: "ServedAnswer", pairs: bool) -> Answer:
    """What is written of a document, from what an exported model says of it."""
    if not pairs:
        named = [{"relation": name, "score": round(x, 4)} for name, x in answer.relations]
        return Answer({"relations": named}, answer.problem)
    facts = []
    for fact in answer.facts:
        pair = (int(fact.subject), int(fact.object))
        if document.pairs is None or pair in document.pairs:
            subject, object_ = (document.entities[number] for number in pair)
            names = [mention_text(document, each.mentions[0]) for each in (subject, object_)]
            facts.append(
                PredictedFact(names[0], fact.relation, names[1], fact.score, subject, object_)
            )
    found = Prediction.of_facts(document, facts).facts_to_dicts()
    return Answer({"facts": found}, answer.problem)


def check_asked(folder: Path, kind: str, form: Form, threshold: float | None) -> None:
    """Check that a run can be asked so; its weights need not be loaded.

    Args:
        folder: the run's.
        kind: of its candidates.
        form: how its answers are going to be written.
        threshold: in place of its decision.

    Raises:
        MrcaError: if it cannot.
    """
    if form is Form.DOCRED and kind != "pairs":
        raise MrcaError(
            f"{folder} is asked about whole texts, and finds no facts to write in DocRED's form. "
            "Expected a run of entity pairs (recipe pairs)."
        )
    if threshold is not None and math.isnan(threshold):
        raise MrcaError(
            "The threshold is no number, so no score can reach it. Expected one in the range "
            "of the run's scores, such as 0.9. Received: nan."
        )


def answered(
    rows: Sequence[Row], answer: Callable[[list[Document]], Iterator[Answer]]
) -> Iterator[tuple[Row, Answer]]:
    """Each row with its answer; one that cannot be used has its error for an answer.

    Args:
        rows: of a file, in their order.
        answer: gives documents their answers.
    """
    answers = answer([row.document for row in rows if row.document is not None])
    for row in rows:
        yield row, Answer({"error": str(row.error)}) if row.document is None else next(answers)


def _decoded(value: Any) -> Any:
    """Nested lists of strings, as text."""
    return value.decode() if isinstance(value, bytes) else [_decoded(each) for each in value]


def _cut(document: Document, words: int) -> str:
    """What a user should know of a row that was not read whole."""
    if words >= len(document.tokens):
        return ""
    lost = sum(all(span.start >= words for span in entity.mentions) for entity in document.entities)
    marks = f", and {lost} of its {len(document.entities)} entities with them" if lost else ""
    return f"cut after {words} of {len(document.tokens)} words{marks} (features.max_length)"
