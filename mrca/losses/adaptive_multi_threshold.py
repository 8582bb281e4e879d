"""Adaptive multi-threshold loss."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from mrca.losses import arguments
from mrca.losses.class_counts import ClassCounts
from mrca.losses.decision_rule import DecisionRule, SegmentThresholds
from mrca.losses.logarithms import log_sum_exp_beside
from mrca.losses.multi_label_loss import MultiLabelLoss
from mrca.losses.threshold_column_loss import sum_where


@keras.saving.register_keras_serializable(package="mrca")
class AdaptiveMultiThreshold(MultiLabelLoss):
    """Adaptive multi-threshold loss (AMTL): relations in segments, each with a threshold column.

        t = (t_1 + ... + t_S) / lam
        ATL of a segment = sum over its positives r of [log(sum over its P and t of exp(s)) - s_r]
                           + log(sum over its N and t of exp(s)) - t
        loss = mean over the S segments of their ATL

    with P a segment's positive and N its negative relations, and t_1 ... t_S the columns 0 to
    S - 1; the relations follow in their own order. Relations are ranked by their training counts
    (of equal ones the first comes first) and cut into segments, the most frequent first, so that a
    rare positive does not compete with frequent ones.

    All threshold columns are learnt through their sum, and so by the same gradient; they differ by
    where they started. **At decision** the authors' code compares a relation with its own segment's
    column (`decision="own"`), and not with the mixed threshold t that was learnt: S columns have a
    mean of `lam / S` times t. With other than about `lam` segments take `decision="mixed"`.

    Args:
        class_counts: training rows of each relation, in column order.
        num_samples: training rows; not needed here.
        segments: sizes of the segments, most frequent relations first, each above 0; default 10,
            20, 46 and 20 (authors' scripts, of 96 relations). For another number of relations they
            are shares, rounded; a segment without a relation is left out.
        lam: lambda, above 0, default 3.5 (authors' scripts).
        decision: `"own"` (default, authors' code) or `"mixed"`.
        top_k: predict at most this many relations of a row; `None` (default) for no limit.
        reduction, name, dtype: see `MultiLabelLoss`.

    Raises:
        MrcaError: if an argument is out of its range, or outputs have another number of columns.

    Source: AMTL (Findings of ACL 2025) and its code, `losses.py` of xhm-code/AMTL, which made the
    published numbers. There a segment's threshold stands before its relations.
    """

    def __init__(
        self,
        class_counts: Sequence[float],
        num_samples: int | None = None,
        segments: Sequence[float] = (10, 20, 46, 20),
        lam: float = 3.5,
        decision: str = "own",
        top_k: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        name: str = "adaptive_multi_threshold",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        counts = ClassCounts(self, class_counts, num_samples)
        self.class_counts = counts.class_counts
        self.num_samples = counts.num_samples
        self.segments = arguments.numbers(self, "segments", segments, above=0)
        self.lam = arguments.number(self, "lam", lam, above=0)
        self.decision = arguments.choice(self, "decision", decision, ("own", "mixed"))
        self.top_k = None if top_k is None else arguments.positive_integer(self, "top_k", top_k)
        ranked = np.argsort(-np.asarray(self.class_counts, np.float64), kind="stable")
        ends = np.cumsum(self._sizes(len(ranked)))
        self._members = [np.sort(part) for part in np.split(ranked, ends[:-1])]

    def _sizes(self, num_relations: int) -> list[int]:
        """How many relations each segment has, most frequent first."""
        shares = np.cumsum(self.segments) / np.sum(self.segments)
        ends = np.floor(shares * num_relations + 0.5).astype(int)
        return [int(size) for size in np.diff(ends, prepend=0) if size]

    def columns(self, num_relations: int) -> int:
        """One more for each segment than there are relations."""
        return num_relations + len(self._sizes(num_relations))

    def label_columns(self, columns: int) -> tuple[int, ...]:
        """With the thresholds' columns, whose values do not matter, or without."""
        return (columns - len(self._members), columns)

    @property
    def decision_rule(self) -> DecisionRule:
        """A relation is predicted where its logit is strictly above its threshold."""
        segments = np.empty(len(self.class_counts or ()), int)
        for number, members in enumerate(self._members):
            segments[members] = number
        mixed = self.lam if self.decision == "mixed" else None
        return SegmentThresholds(segments.tolist(), mixed, self.top_k)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Labels and logits `(batch, segments + relations)` to losses `(batch,)`."""
        thresholds = len(self._members)
        scores = y_pred[:, thresholds:]
        positive = ops.greater(y_true[:, -scores.shape[-1] :], 0.5)
        threshold = ops.sum(y_pred[:, :thresholds], axis=-1, keepdims=True) / self.lam
        total = ops.zeros_like(threshold[:, 0])
        for members in self._members:
            own, gold = (ops.take(each, members, axis=1) for each in (scores, positive))
            above = log_sum_exp_beside(threshold, gold, own)
            below = log_sum_exp_beside(threshold, ops.logical_not(gold), own)
            total += sum_where(gold, above - own) + (below - threshold)[:, 0]
        return total / thresholds
