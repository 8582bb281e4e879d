"""The page that says what a trained model is."""

from collections.abc import Mapping
from typing import Any

from mrca.config import RunConfig, dump_config
from mrca.datasets.corpus import ORACLE
from mrca.errors import counted
from mrca.text import RelationSet

SAMPLE_NOTE = (
    "**This model was trained on the sample corpus of mrca. Its scores say nothing about real "
    "text.**\n\n"
)
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
    metrics: Mapping[str, Any],
    environment: Mapping[str, Any],
) -> str:
    """Describe a run as Markdown, its `card.md`.

    Args:
        name: the run's.
        config: its settings.
        relations: what it was trained on.
        metrics: its scores, as `metrics.json` holds them.
        environment: what `describe_environment` returned.
    """
    corpus = environment["corpus"]
    pairs = config.candidates.kind == "pairs"
    svm = config.is_svm
    oracle = any(report["oracle"] for report in metrics["splits"].values())
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
    return f"""# {name}

{SAMPLE_NOTE if corpus["name"] == "sample" else ""}{asked}

- Corpus: {corpus["name"]} (sha256 {corpus["fingerprint"][:16]}…)
{f"- {ORACLE}{chr(10)}" if oracle else ""}{_list(config, metrics, environment)}

{_scores(metrics["splits"], pairs)}

{_PAIRS if pairs else _WHOLE} `metrics.json` has the rest.

## Use

```python
import mrca

run = mrca.load("{name}")
run.predict([{row}])
```

## Relations

{", ".join(f"`{relation}`" for relation in relations)}

## Configuration

```toml
{dump_config(config, whole=not svm).strip()}
```
"""


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


def _list(config: RunConfig, metrics: Mapping[str, Any], environment: Mapping[str, Any]) -> str:
    """What it reads with and how it was trained."""
    packages = environment["packages"]
    made = f"Made with mrca {environment['mrca']}"
    if config.is_svm:
        lines = [
            "Reads word frequencies (TF-IDF); marks of entities make no difference",
            "Classifier: a linear SVM for each relation; loss: squared hinge; no seed",
            f"{made}, scikit-learn {packages['scikit-learn']}",
        ]
        return "\n".join(f"- {line}" for line in lines)
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
    if metrics["epochs"]:
        lines.append(f"Best of {counted(metrics['epochs'], 'epoch')}: {metrics['best_epoch']}")
    lines.append(f"{made}, Keras {packages['keras']} on {environment['backend']}")
    return "\n".join(f"- {line}" for line in lines)
