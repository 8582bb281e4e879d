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
    pairs = run.config.candidates.kind == "pairs"
    number = len(classifier.relations)
    says = (
        f"Says which of {number} relations hold between the marked entities of a text."
        if pairs
        else f"Says which of {number} relations hold in a sentence whose subject and object "
        "entities are marked."
    )
    longest = run.config.features.max_length
    limit = f"- At most {longest} tokens of a sentence; the rest is not read\n" if not pairs else ""
    names = ", ".join(f"`{name}`" for name in features)
    return f"""# {run.name}, version {version}

{sample}{says}

- A TensorFlow SavedModel, written with TensorFlow {tf.__version__}; it needs nothing else
- Reads: {reads}
{computes}
{limit}- Decision: {decision}
- Relations: `relations.json` beside this file

{(_PAIRS if pairs else _WHOLE).format(features=names)}
    curl -d @sample_request.json http://localhost:8501/v1/models/{quote(run.name)}:predict
"""


_WHOLE = """| signature | input | |
|---|---|---|
| `serving_default` | `text` string (batch) | `<s>Ada</s> was born in <o>London</o>.` |
| `tokens` | `tokens` string (batch, time), `role` int32 (batch, time) | words, ended by `""`; 1 \
subject, -1 object, 2 both, 0 neither |
| `features` | {features} | the network's own inputs |

Each gives `relations` and `relation_scores`, best first; `scores` and `labels` of all relations, \
in the order of `relations.json`; and `problem`, what is wrong with a row, or `""`. A literal \
`<s>` is written `&lt;s&gt;`.
"""
_PAIRS = """| signature | input | |
|---|---|---|
| `serving_default` | `text` string (batch) | `<e id=1 type=PERSON>Ada</e> met <e>Bob</e>.` |
| `tokens` | `tokens` string (batch, time); `start`, `end`, `role` int32, `id`, `type` string \
(batch, mentions) | words, ended by `""`; each mention's words from `start` to before `end`, 1 \
subject, -1 object, 2 both, 0 not known |
| `features` | {features}, `entities` int32 (batch, entities, tokens), `pairs` int32 (batch, \
pairs, 2) | the network's own inputs |

The first two give the facts of each row, best first, and then `""`: `subjects`, `relations`, \
`objects`, `relation_scores`, `subject_ids`, `object_ids`, and `subject_spans`, `object_spans`, \
where the first mention stands in the text without marks (characters; of `tokens`, words); and \
`problem`, what is wrong with a row, or `""`. `features` gives `scores` and `labels` of each pair. \
A literal `<e>` is written `&lt;e&gt;`.
"""
