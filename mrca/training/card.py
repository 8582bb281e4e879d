"""The page that says what a trained model is."""

from collections.abc import Mapping
from typing import Any

from mrca.config import RunConfig, dump_config
from mrca.text import RelationSet, counted

SAMPLE_NOTE = (
    "**This model was trained on the sample corpus that mrca writes itself. Its scores say nothing "
    "about real text.**\n\n"
)


def write_card(
    name: str,
    config: RunConfig,
    relations: RelationSet,
    metrics: Mapping[str, Any],
    environment: Mapping[str, Any],
) -> str:
    """The run's `card.md`, as Markdown."""
    rows = "\n".join(
        f"| {split} | {report['rows']} | "
        + " | ".join(f"{report['micro'][key]:.4f}" for key in ("precision", "recall", "f1"))
        + f" | {report['macro']['f1']:.4f} |"
        for split, report in metrics["splits"].items()
    )
    corpus = environment["corpus"]
    if "vectors" in environment:
        reads = f"Word vectors: {environment['vectors']['name']}"
    else:
        reads = f"Encoder: {environment['encoder']['name']}"
    loss = config.loss.name if config.encoder.name != "tfidf" else "squared hinge"
    epochs = ""
    if metrics["epochs"]:
        epochs = f"- Best of {counted(metrics['epochs'], 'epoch')}: {metrics['best_epoch']}\n"
    return f"""# {name}

{SAMPLE_NOTE if corpus["name"] == "sample" else ""}Says which of {len(relations)} relations hold \
in a sentence whose subject and object entities are marked.

- Corpus: {corpus["name"]} (sha256 {corpus["fingerprint"][:16]}…)
- {reads}; classifier: {config.classifier.name}
- Loss: {loss}; padding: {config.features.padding}; seed: {environment["seed"]}
{epochs}- Made with mrca {environment["mrca"]}, Keras {environment["packages"]["keras"]} on \
{environment["backend"]}

| split | rows | micro precision | micro recall | micro F1 | macro F1 |
|---|---|---|---|---|---|
{rows}

Micro over all relations; macro F1 is the mean over all relations, those absent from the split
counting 0. `metrics.json` has the rest.

## Use

```python
import mrca

run = mrca.load("{name}")
run.predict([{{"text": "…", "subjects": ["…"], "objects": ["…"]}}])
```

## Relations

{", ".join(f"`{relation}`" for relation in relations)}

## Configuration

```toml
{dump_config(config).strip()}
```
"""
