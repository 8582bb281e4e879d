"""The page that goes with an exported model."""

from collections.abc import Iterable
from urllib.parse import quote

import tensorflow as tf

from mrca.runs.card import SAMPLE_NOTE
from mrca.training import Run


def write_card(run: Run, version: str, reads: str, features: Iterable[str]) -> str:
    """`card.md` of an exported model, as Markdown.

    Args:
        run: what was exported.
        version: its number.
        reads: what it knows, in words.
        features: names of the network's inputs.
    """
    sample = SAMPLE_NOTE if run.config.data.dataset == "sample" else ""
    precision = run.config.model.precision
    computes = "- Computes in float32"
    if precision != "float32":
        computes += f"; the run itself in {precision}, so that its scores differ a little"
    classifier = run.classifier
    decided = classifier.decision.rule.get_config()
    if classifier.decision.calibration is not None:
        decided.update(classifier.decision.calibration.get_config())
    decision = ", ".join(f"{key} {value}" for key, value in decided.items())
    return f"""# {run.name}, version {version}

{sample}Says which of {len(classifier.relations)} relations hold in a sentence whose subject and \
object entities are marked.

- A TensorFlow SavedModel, written with TensorFlow {tf.__version__}; it needs nothing else
- Reads: {reads}
{computes}
- At most {run.config.features.max_length} tokens of a sentence; the rest is not read
- Decision: {decision}
- Relations, in the order of `scores` and `labels`: `relations.json` beside this file

| signature | input | |
|---|---|---|
| `serving_default` | `text` string (batch) | `<s>Ada</s> was born in <o>London</o>.` |
| `tokens` | `tokens` string (batch, time), `role` int32 (batch, time) | words, ended by `""`; 1 \
subject, -1 object, 2 both, 0 neither |
| `features` | {", ".join(f"`{name}`" for name in features)} | the network's own inputs |

Each gives `relations` and `relation_scores`, best first; `scores` and `labels` of all relations; \
and `problem`, what is wrong with a row, or `""`. A literal `<s>` is written `&lt;s&gt;`.

    curl -d @sample_request.json http://localhost:8501/v1/models/{quote(run.name)}:predict
"""
