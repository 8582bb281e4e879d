"""Each form that papers and annotators have goes from its file to an export, without glue.

The real corpora are those in MRCA_DATA_DIR, of which a part is trained on; the annotators' forms
are made of the sample, spaCy's by spaCy itself.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path

import pytest

from mrca.datasets import load_corpus
from mrca.text import Document

pytestmark = [pytest.mark.slow, pytest.mark.processes]

DATA = Path(os.environ.get("MRCA_DATA_DIR") or "unset").absolute()
SPLITS = ("train", "dev", "test")
SMALL = ("model.units=8", "model.hidden=16", "training.epochs=1", "training.batch_size=8")
# What is given to `mrca data convert`: the folder in MRCA_DATA_DIR, or the corpus's name.
PUBLISHED = {
    "conll04": "conll04",
    "chemprot": "chemprot",
    "scierc": "scierc",
    "ddi2013": "ddi",
    "biored": "biored",
}
Place = tuple[str, int, int, str]  # words, from a character to another, type


@pytest.fixture(scope="module")
def sample() -> dict[str, list[Document]]:
    """Documents with a pair; those to measure on state what those to train on do."""
    splits = [
        [each for each in rows[:60] if len(each.entities) > 1]
        for rows in load_corpus("sample").splits.values()
    ]
    known = {fact.relation for each in splits[0] for fact in each.facts}
    kept = (
        [each for each in rows if known.issuperset(fact.relation for fact in each.facts)]
        for rows in splits
    )
    return dict(zip(SPLITS, kept, strict=True))


def word_starts(document: Document) -> list[int]:
    """Where each word begins when they are joined with spaces, and where one more would."""
    return [0, *accumulate(len(word) + 1 for word in document.tokens)]


def places(document: Document) -> list[Place]:
    """The first mention of each entity in the words, joined with spaces."""
    starts = word_starts(document)
    found = []
    for entity in document.entities:
        span = entity.mentions[0]
        start, end = starts[span.start], starts[span.end] - 1
        found.append((" ".join(document.tokens)[start:end], start, end, entity.type))
    return found


def brat(folder: Path, name: str, documents: Sequence[Document]) -> None:
    part = folder / name
    part.mkdir()
    for number, document in enumerate(documents):
        lines = [
            f"T{n}\t{type} {start} {end}\t{words}"
            for n, (words, start, end, type) in enumerate(places(document), 1)
        ]
        lines += [
            f"R{n}\t{fact.relation} Arg1:T{fact.subject + 1} Arg2:T{fact.object + 1}"
            for n, fact in enumerate(document.facts, 1)
        ]
        (part / f"{number:03}.txt").write_text(" ".join(document.tokens), "utf-8")
        (part / f"{number:03}.ann").write_text("\n".join(lines) + "\n", "utf-8")


def write_lines(path: Path, rows: Iterator[object]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def doccano(folder: Path, name: str, documents: Sequence[Document]) -> None:
    def row(document: Document) -> object:
        return {
            "text": " ".join(document.tokens),
            "entities": [
                {"id": n, "label": type, "start_offset": start, "end_offset": end}
                for n, (_, start, end, type) in enumerate(places(document))
            ],
            "relations": [
                {"id": n, "from_id": fact.subject, "to_id": fact.object, "type": fact.relation}
                for n, fact in enumerate(document.facts)
            ],
        }

    write_lines(folder / f"{name}.jsonl", map(row, documents))


def label_studio(folder: Path, name: str, documents: Sequence[Document]) -> None:
    def task(document: Document) -> object:
        regions = [
            {
                "id": f"r{n}",
                "type": "labels",
                "from_name": "label",
                "to_name": "text",
                "value": {"start": start, "end": end, "text": words, "labels": [type]},
            }
            for n, (words, start, end, type) in enumerate(places(document))
        ]
        relations = [
            {
                "type": "relation",
                "from_id": f"r{fact.subject}",
                "to_id": f"r{fact.object}",
                "direction": "right",
                "labels": [fact.relation],
            }
            for fact in document.facts
        ]
        text = " ".join(document.tokens)
        return {"data": {"text": text}, "annotations": [{"result": regions + relations}]}

    (folder / f"{name}.json").write_text(json.dumps([task(each) for each in documents]), "utf-8")


def prodigy(folder: Path, name: str, documents: Sequence[Document]) -> None:
    def row(document: Document) -> object:
        starts = word_starts(document)
        tokens = [
            {"id": n, "text": word, "start": starts[n], "end": starts[n] + len(word), "ws": True}
            for n, word in enumerate(document.tokens)
        ]
        spans = [
            {
                "start": start,
                "end": end,
                "token_start": entity.mentions[0].start,
                "token_end": entity.mentions[0].end - 1,
                "label": type,
            }
            for entity, (_, start, end, type) in zip(
                document.entities, places(document), strict=True
            )
        ]
        relations = [
            {
                "head": spans[fact.subject]["token_end"],
                "child": spans[fact.object]["token_end"],
                "head_span": spans[fact.subject],
                "child_span": spans[fact.object],
                "label": fact.relation,
            }
            for fact in document.facts
        ]
        text = " ".join(document.tokens)
        fields = {"text": text, "tokens": tokens, "spans": spans, "relations": relations}
        return {**fields, "answer": "accept"}

    write_lines(folder / f"{name}.jsonl", map(row, documents))


def doc_bin(folder: Path, name: str, documents: Sequence[Document]) -> None:
    from spacy.tokens import Doc, DocBin, Span
    from spacy.vocab import Vocab

    Doc.set_extension("rel", default=None, force=True)
    vocab, packed = Vocab(), DocBin(store_user_data=True)
    for document in documents:
        doc = Doc(vocab, words=list(document.tokens))
        firsts = [entity.mentions[0].start for entity in document.entities]
        doc.ents = [
            Span(doc, entity.mentions[0].start, entity.mentions[0].end, label=entity.type)
            for entity in document.entities
        ]
        doc._.rel = {
            (firsts[fact.subject], firsts[fact.object]): {fact.relation: 1.0}
            for fact in document.facts
        }
        packed.add(doc)
    packed.to_disk(folder / f"{name}.spacy")


def semeval(folder: Path, name: str, documents: Sequence[Document], empty: str = "Other") -> None:
    """A sentence and its first fact, in the order of the words."""
    lines = []
    for number, document in enumerate(documents, 1):
        pair = (
            (0, 1) if not document.facts else (document.facts[0].subject, document.facts[0].object)
        )
        found = places(document)
        first, second = sorted(pair, key=lambda n: found[n][1])
        text = " ".join(document.tokens)
        for tag, n in ((2, second), (1, first)):
            words, start, end, _ = found[n]
            text = f"{text[:start]}<e{tag}>{words}</e{tag}>{text[end:]}"
        order = "e1,e2" if pair == (first, second) else "e2,e1"
        label = f"{document.facts[0].relation}({order})" if document.facts else empty
        lines.append(f'{number}\t"{text}"\n{label}\nComment:\n\n')
    called = {"train": "TRAIN_FILE.TXT", "dev": "dev.txt", "test": "TEST_FILE_FULL.TXT"}[name]
    (folder / called).write_text("".join(lines), "utf-8")


def kbp37(folder: Path, name: str, documents: Sequence[Document]) -> None:
    semeval(folder, name, documents, "no_relation")


WRITERS = (brat, doccano, label_studio, prodigy, doc_bin, semeval, kbp37)


def taken_through(mrca: Callable, corpus: Path) -> None:
    """validate → convert → train → evaluate → predict → export, which tests itself."""

    def done(*arguments: object) -> str:
        result = mrca(*arguments)
        assert result.code == 0, result.err
        return result.out

    done("data", "validate", corpus)
    done("data", "convert", corpus, "converted")
    settings = [part for each in SMALL for part in ("--set", each)]
    done("train", "--dataset", corpus, "--vectors", "sample", "--name", "run", *settings)
    assert "facts" in done("evaluate", "run")
    rows = Path("converted/test.jsonl").read_text("utf-8").splitlines()[:5]
    Path("rows.jsonl").write_text("\n".join(rows), "utf-8")
    answers = [json.loads(line) for line in done("predict", "run", "rows.jsonl").splitlines()]
    assert len(answers) == len(rows) and all("facts" in answer for answer in answers)
    assert "gives what `mrca predict` gives" in done("export", "run")


@pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)
def test_what_annotators_have(write, mrca, sample, tmp_path):
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for name, documents in sample.items():
        write(corpus, name, documents)
    taken_through(mrca, corpus)


@pytest.mark.parametrize("folder", PUBLISHED)
def test_what_papers_have(folder, mrca, tmp_path, monkeypatch):
    if not (DATA / folder).is_dir():
        pytest.skip(f"MRCA_DATA_DIR is not set to a folder that holds {folder}")
    monkeypatch.setenv("MRCA_DATA_DIR", str(DATA))
    name = PUBLISHED[folder]
    source = name if name == "ddi" else DATA / name
    assert mrca("data", "convert", source, "whole").code == 0
    corpus = tmp_path / "part"
    corpus.mkdir()
    for path in Path("whole").iterdir():
        if path.suffix == ".jsonl":
            lines = path.read_text("utf-8").splitlines(keepends=True)[:40]
            (corpus / path.name).write_text("".join(lines), "utf-8")
        else:
            shutil.copy(path, corpus)
    taken_through(mrca, corpus)
