"""What the spaCy component takes beside `predict`: the same sentences, entities and facts.

    python benchmarks/spacy_component.py saved_models/my_run --dataset webnlg

An `EntityRuler` marks the names of the corpus's test split in its texts; the run is asked about
what it finds, once by `nlp.pipe` through the component and once by `predict` on rows that were
made before. Rounds take both in turn; quote the ratio of the medians. Needs `mrca[spacy]`.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

import spacy
from rich.console import Console
from rich.table import Table
from spacy.tokens import Doc

import mrca
from mrca.datasets import load_corpus
from mrca.datasets.readers.jsonl import row_from_value
from mrca.text import Document

GOAL = 1.1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("run", help="a run folder of entity pairs")
    parser.add_argument("--dataset", default="webnlg")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()

    marked = _marked(options.dataset)
    run = mrca.load(options.run)
    rows = [_row(doc) for doc in marked]
    found = spacy.blank("en")
    found.add_pipe("mrca", config={"model": options.run})
    jobs = {
        "predict": lambda: [len(each.facts) for each in run.predict(rows)],
        "component": lambda: [
            len(doc._.relations) for doc in found.pipe(doc.copy() for doc in marked)
        ],
    }
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    facts: dict[str, list[int]] = {}
    for round_ in range(options.rounds + 1):
        for name, job in jobs.items():
            start = time.process_time()
            facts[name] = job()
            if round_:  # the first round compiles
                seconds[name].append(time.process_time() - start)
    if facts["predict"] != facts["component"]:
        raise SystemExit("The component and predict found different facts.")
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    ratio = medians["component"] / medians["predict"]
    table = Table("", "CPU seconds", "sentences a CPU second", title=f"{len(rows):,} sentences")
    for name, value in medians.items():
        table.add_row(name, f"{value:.2f}", f"{len(rows) / value:.0f}")
    table.add_row("component over predict", f"{ratio:.2f}", f"goal: ≤ {GOAL}")
    console = Console()
    console.print(table)
    console.print(f"{sum(facts['predict']):,} facts, the same by both.")
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        results = {"seconds": seconds, "ratio": ratio, "goal": GOAL}
        options.output.write_text(json.dumps(results, indent=2) + "\n")


def _marked(dataset: str) -> list[Doc]:
    """The test split's texts with their names marked, where there are two and more."""
    documents = load_corpus(dataset).splits["test"]
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler")
    named = {
        (entity.name, entity.type or "ENTITY")
        for document in documents
        for entity in document.entities
        if entity.name
    }
    ruler.add_patterns([{"pattern": name, "label": type} for name, type in sorted(named)])
    docs = nlp.pipe(document.text or " ".join(document.tokens) for document in documents)
    return [doc for doc in docs if len({(ent.text, ent.label_) for ent in doc.ents}) > 1]


def _row(doc: Doc) -> Document:
    entities: dict[tuple[str, str], list[dict[str, int]]] = {}
    for ent in doc.ents:
        mention = {"char_start": ent.start_char, "char_end": ent.end_char}
        entities.setdefault((ent.text, ent.label_), []).append(mention)
    value = {
        "text": doc.text,
        "entities": [{"type": key[1], "mentions": found} for key, found in entities.items()],
    }
    document = row_from_value(value, "rows", 1, offsets="widen").document
    assert document is not None
    return document


if __name__ == "__main__":
    main()
