"""How a trained model's outputs become scores and facts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from mrca.datasets import Candidates
from mrca.errors import MrcaError
from mrca.evaluation import Calibration, calibration_from_config
from mrca.evaluation.row_blocks import row_blocks
from mrca.losses import DecisionRule, decision_rule_from_config
from mrca.text import Document, RelationSet

# A fact's subject type, relation and object type.
TypedFact = tuple[str, str, str]


@dataclass(frozen=True)
class Decision:
    """The loss's decision rule, and what was added to it after training.

    Attributes:
        rule: how outputs become labels.
        allowed: the (subject type, relation, object type) between which a fact is ever predicted;
            `None` for any. Facts of an entity without a type are never refused.
        calibration: what makes of scores probabilities; `None` for the rule's own scores.
        calibrated_rule: whose margins the calibration was fitted on, if that is not `rule`: a
            threshold that is chosen later moves decisions, and no probability.
    """

    rule: DecisionRule
    allowed: frozenset[TypedFact] | None = None
    calibration: Calibration | None = None
    calibrated_rule: DecisionRule | None = None

    def scores(self, outputs: np.ndarray) -> NDArray[np.float32]:
        """Outputs `(candidates, columns)` to scores `(candidates, relations)`."""
        if self.calibration is not None:
            calibration = self.calibration
            return by_row_blocks(
                lambda rows: calibration(ops.convert_to_numpy(self.margins(rows))), outputs
            )
        return by_row_blocks(self.rule.scores, outputs)

    def margins(self, outputs: Any) -> Any:
        """Outputs `(candidates, columns)` to what the calibration turns into probabilities."""
        return (self.calibrated_rule or self.rule).margins(outputs)

    def labels(
        self, outputs: np.ndarray, candidates: Candidates, relations: RelationSet
    ) -> NDArray[np.bool_]:
        """Which relations of each candidate are predicted, `(candidates, relations)`."""
        labels = by_row_blocks(self.rule.labels, outputs)
        return self._where_allowed(labels, candidates, relations)

    def eligible(
        self, outputs: np.ndarray, candidates: Candidates, relations: RelationSet
    ) -> NDArray[np.bool_]:
        """Which relations are predicted if their score suffices, `(candidates, relations)`.

        Those that the types of a candidate allow, and that are among its `top_k`.
        """
        within = by_row_blocks(self.rule.within_top_k, outputs)
        return self._where_allowed(within, candidates, relations)

    def allows(self, candidates: Candidates, relations: RelationSet) -> NDArray[np.bool_]:
        """Which relations the types of each candidate allow, `(candidates, relations)`."""
        found = np.ones((len(candidates), len(relations)), bool)
        return self._where_allowed(found, candidates, relations)

    def _where_allowed(
        self, cells: NDArray[np.bool_], candidates: Candidates, relations: RelationSet
    ) -> NDArray[np.bool_]:
        """Cells `(candidates, relations)`, cleared in place where types do not allow them."""
        if self.allowed is None or candidates.kind == "whole":
            return cells
        rows: dict[tuple[str, str], NDArray[np.bool_]] = {}
        documents = candidates.documents
        asked = zip(
            candidates.rows.tolist(),
            candidates.subjects.tolist(),
            candidates.objects.tolist(),
            strict=True,
        )
        for place, (row, subject, object_) in enumerate(asked):
            entities = documents[row].entities
            types = (entities[subject].type, entities[object_].type)
            if not all(types):
                continue
            if types not in rows:
                first, second = types
                rows[types] = np.array(
                    [(first, name, second) in self.allowed for name in relations]
                )
            cells[place] &= rows[types]
        return cells

    def with_rule(self, rule: DecisionRule) -> "Decision":
        """The same with another rule; calibrated scores stay what they are."""
        fitted = None if self.calibration is None else self.calibrated_rule or self.rule
        return replace(self, rule=rule, calibrated_rule=fitted)

    def with_calibration(self, calibration: Calibration | None) -> "Decision":
        """The same with another calibration, fitted on the margins of its rule, or none."""
        return replace(self, calibration=calibration, calibrated_rule=None)

    def get_config(self) -> dict[str, Any]:
        """JSON values that `from_config` turns back into this decision."""
        config = self.rule.get_config()
        if self.allowed is not None:
            config["allowed"] = sorted(list(each) for each in self.allowed)
        if self.calibration is not None:
            config["calibration"] = self.calibration.get_config()
        if self.calibrated_rule is not None:
            config["calibrated_rule"] = self.calibrated_rule.get_config()
        return config

    @classmethod
    def from_config(cls, config: Any) -> "Decision":
        """The decision that `get_config` described.

        Raises:
            MrcaError: if it is no such description.
        """
        rest = dict(config) if isinstance(config, dict) else {}
        allowed, calibration = rest.pop("allowed", None), rest.pop("calibration", None)
        fitted = rest.pop("calibrated_rule", None)
        return cls(
            decision_rule_from_config(rest),
            None if allowed is None else _allowed(allowed),
            None if calibration is None else calibration_from_config(calibration),
            None if fitted is None else decision_rule_from_config(fitted),
        )


def by_row_blocks(function: Callable[[Any], Any], outputs: np.ndarray) -> np.ndarray:
    """A function of outputs, computed for a block of rows at a time.

    Args:
        function: outputs `(rows, columns)` to an array or tensor of as many rows, each of which
            depends on that row alone.
        outputs: `(candidates, columns)`.
    """

    def of(block: slice) -> np.ndarray:
        return np.asarray(ops.convert_to_numpy(function(outputs[block])))

    first, *others = list(row_blocks(outputs)) or [slice(0)]
    part = of(first)
    found = np.empty((len(outputs), *part.shape[1:]), part.dtype)
    found[first] = part
    for block in others:
        found[block] = of(block)
    return found


def typed_facts(documents: Iterable[Document]) -> frozenset[TypedFact]:
    """The (subject type, relation, object type) of all facts between entities with types."""
    found = set()
    for document in documents:
        for fact in document.facts:
            first, second = document.entities[fact.subject], document.entities[fact.object]
            if first.type and second.type:
                found.add((first.type, fact.relation, second.type))
    return frozenset(found)


def _allowed(values: Any) -> frozenset[TypedFact]:
    def fits(each: Any) -> bool:
        return isinstance(each, list) and len(each) == 3 and all(isinstance(n, str) for n in each)

    if not isinstance(values, list) or not all(map(fits, values)):
        raise MrcaError(
            '"allowed" should be a list of [subject type, relation, object type]. Received: '
            f"{str(values)[:80]}."
        )
    return frozenset((first, relation, second) for first, relation, second in values)
