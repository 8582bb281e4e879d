"""The page that says what a trained model is."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from mrca.config import RunConfig, dump_config
from mrca.datasets.corpus import ORACLE
from mrca.errors import counted
from mrca.text import RelationSet

SAMPLE_NOTE = (
    "**This model was trained on the sample corpus of mrca. Its scores say nothing about real "
    "text.**\n\n"
)
_NO_LICENSE = "none stated; ask who made it before you use it"
# What the hub takes for the name of a data set.
_DATASET = re.compile(r"[A-Za-z0-9][\w.-]*", re.ASCII)
_WHOLE = """\
Micro over all relations; macro F1 is the mean over all relations, those absent from the split
counting 0."""
_PAIRS = """\
Micro over all facts (subject, relation, object); macro F1 is the mean over all relations, those
absent from the split counting 0. "Set F1" is micro over the set of relations of each document;
"false positives" the share of the entity pairs without a fact for which one is predicted."""


def write_card(
    name: str,
    config: RunConfig,
    relations: RelationSet,
    metrics: Mapping[str, Any] | None,
    environment: Mapping[str, Any],
    *,
    license: str | None = None,
    notes: Sequence[str] = (),
) -> str:
    """Describe a run as Markdown, its `card.md`.

    Args:
        name: the run's, or its address.
        config: its settings.
        relations: what it was trained on.
        metrics: its scores, as `metrics.json` holds them; `None` where nothing was measured.
        environment: what `describe_environment` returned.
        license: of a run that is shared; empty where its maker states none.
        notes: what else a user should know, a sentence each.
    """
    corpus = environment.get("corpus")
    splits = {} if metrics is None else metrics["splits"]
    pairs = config.candidates.kind == "pairs"
    svm = config.is_svm
    oracle = any(report.get("oracle") for report in splits.values())
    asked = (
        f"Says who is related to whom, by which of {counted(len(relations), 'relation')}, in a "
        "text whose entities are marked: every pair of entities is asked about."
        if pairs
        else f"Says which of {counted(len(relations), 'relation')} a text "
        + ("states." if svm else "whose subject and object entities are marked states.")
    )
    row = (
        '{"text": "Ada was born in London.", "entities": ["Ada", "London"]}'
        if pairs
        else '{"text": "Ada was born in London."}'
        if svm
        else '{"text": "Ada was born in London.", "subjects": ["Ada"], "objects": ["London"]}'
    )
    facts = [
        *([f"Corpus: {corpus['name']} (sha256 {corpus['fingerprint'][:16]}…)"] if corpus else []),
        *([ORACLE] if oracle else []),
        *_list(config, metrics, environment),
        *([] if license is None else [f"License: {license or _NO_LICENSE}"]),
    ]
    measured = (
        f"{_scores(splits, pairs)}\n\n{_PAIRS if pairs else _WHOLE} `metrics.json` has the rest."
        if splits
        else "Nothing was measured: `mrca evaluate` does."
    )
    return f"""# {name}

{SAMPLE_NOTE if corpus and corpus["name"] == "sample" else ""}{asked}

{_listed(facts)}

{measured}

## Use

```python
import mrca

run = mrca.load("{name}")
run.predict([{row}])
```

## Intended use

{_listed([*_intended(config, corpus, splits), *notes])}

## Relations

{", ".join(f"`{relation}`" for relation in relations)}

## Configuration

```toml
{dump_config(config, whole=not svm).strip()}
```
"""


def write_metadata(
    config: RunConfig,
    metrics: Mapping[str, Any] | None,
    environment: Mapping[str, Any],
    license: str | None = None,
) -> str:
    """What stands before a card on Hugging Face's hub, in YAML.

    Args:
        config: of the run.
        metrics: its scores, or `None`.
        environment: what `describe_environment` returned.
        license: its identifier there; `None` for none stated.
    """
    corpus = environment.get("corpus", {}).get("name", "")
    values = {
        "library_name": "mrca",
        "license": license,
        "tags": ["mrca", "relation-extraction", *([] if config.is_svm else ["keras"])],
        "datasets": [corpus] if _DATASET.fullmatch(corpus) else None,
        "metrics": ["precision", "recall", "f1"] if metrics else None,
    }
    # JSON is YAML.
    lines = [f"{key}: {json.dumps(value)}" for key, value in values.items() if value is not None]
    return "\n".join(["---", *lines, "---", "", ""])


def _intended(
    config: RunConfig, corpus: Mapping[str, Any] | None, splits: Mapping[str, Any]
) -> list[str]:
    """For which texts it is, and how often it finds what is not there."""
    pairs = config.candidates.kind == "pairs"
    of = f" of {corpus['name']}" if corpus else " that it was trained on"
    lines = [f"Finding its relations in texts like those{of}; it knows no others."]
    if not config.is_svm:
        lines.append("It finds no entities: they must be marked, as they were in training.")
    false = []
    for split, report in splits.items():
        for what, key in (("entity pairs", "empty_candidates"), ("texts", "empty_documents")):
            empty = report.get(key) or {}
            if empty.get("rate") is not None and (pairs or what == "texts"):
                rows = f"{empty['rows']:,} {what}"
                false.append(f"{empty['rate']:.1%} of the {rows} of {split} that state nothing")
    lines.append(
        f"It finds a relation where there is none: {', '.join(false)}."
        if false
        else "How often it finds a relation in a text that states none was not measured."
    )
    lines.append(
        "A found fact is a guess with a score: check it before anyone is judged or treated by it."
    )
    return lines


def _scores(splits: Mapping[str, Any], pairs: bool) -> str:
    head = ["split", "documents", "precision", "recall", "micro F1", "macro F1"]
    if pairs:
        head += ["set F1", "false positives"]
    lines = [head, ["---"] * len(head)]
    for split, report in splits.items():
        documents = report["documents"] if pairs else report
        cells = [split, str(documents["rows"])]
        cells += [f"{report['micro'][key]:.4f}" for key in ("precision", "recall", "f1")]
        cells.append(f"{report['macro']['f1']:.4f}")
        if pairs:
            rate = report["empty_candidates"]["rate"]
            cells += [f"{documents['micro']['f1']:.4f}", "–" if rate is None else f"{rate:.4f}"]
        lines.append(cells)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _list(
    config: RunConfig, metrics: Mapping[str, Any] | None, environment: Mapping[str, Any]
) -> list[str]:
    """What it reads with and how it was trained."""
    packages = environment["packages"]
    made = f"Made with mrca {environment['mrca']}"
    if config.is_svm:
        return [
            "Reads word frequencies (TF-IDF); marks of entities make no difference",
            "Classifier: a linear SVM for each relation; loss: squared hinge; no seed",
            f"{made}, scikit-learn {packages['scikit-learn']}",
        ]
    if "vectors" in environment:
        reads = f"Word vectors: {environment['vectors']['name']}"
    else:
        reads = f"Encoder: {environment['encoder']['name']}"
    lines = [
        f"{reads}; classifier: {config.classifier.name}",
        f"Loss: {config.loss.name}; padding: {config.features.padding}; seed: "
        f"{environment['seed']}",
    ]
    if config.training.init_from:
        lines.append(f"Continued from the weights of {config.training.init_from}")
    if metrics and metrics["epochs"]:
        lines.append(f"Best of {counted(metrics['epochs'], 'epoch')}: {metrics['best_epoch']}")
    lines.append(f"{made}, Keras {packages['keras']} on {environment['backend']}")
    return lines


def _listed(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
