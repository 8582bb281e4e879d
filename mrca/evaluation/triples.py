"""How good predicted (subject, relation, object) triples are."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from mrca.errors import MrcaError
from mrca.evaluation.scores import Score
from mrca.text import Triple


def triple_score(
    gold: Sequence[AbstractSet[Triple]], predicted: Sequence[AbstractSet[Triple]]
) -> Score:
    """Micro precision, recall and F1 over triples; all three parts of a triple must match exactly.

    Args:
        gold: for each row, the facts it states.
        predicted: for each row, the facts found in it, rows in the same order.

    Raises:
        MrcaError: if there is not one set of predicted triples per row of gold ones.
    """
    if len(gold) != len(predicted):
        raise MrcaError(
            "Expected one set of predicted triples for each row of gold triples. "
            f"Received {len(gold)} rows of gold and {len(predicted)} of predicted triples."
        )
    found = sum(len(facts & guesses) for facts, guesses in zip(gold, predicted, strict=True))
    return Score.from_counts(
        tp=found,
        fp=sum(len(guesses) for guesses in predicted) - found,
        fn=sum(len(facts) for facts in gold) - found,
    )
