"""Several methods on the same test rows, as numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mrca.config import Metric
from mrca.datasets.long_tail import DEFAULT_LIMITS, GroupLimits
from mrca.errors import MrcaError, counted
from mrca.evaluation.error_patterns import ErrorPatterns
from mrca.evaluation.fact_scores import (
    FACT_SCORES,
    GoldFacts,
    PairConfusion,
    fact_scores,
    predicted_facts,
)
from mrca.evaluation.false_positive_rate import false_positive_rate
from mrca.evaluation.measures import MEASURES, unknown_measure
from mrca.evaluation.paired_bootstrap import RESAMPLES, Difference, ResampledF1, resampled_f1
from mrca.evaluation.report import evaluate
from mrca.evaluation.scores import (
    binary_matrix,
    ign_precision_recall_f1,
    macro_score,
    micro_score,
)
from mrca.evaluation.seeds import mean_and_deviation, summarise_runs
from mrca.text import RelationSet
from mrca.text.html_table import html_table

ALL = "all"
# What a difference from chance is called significant below.
LEVEL = 0.05
_KEPT = ("rows", "micro", "macro", "macro_present", "exact_match", "groups", "by_relation_count")
# As in the report of a run: what is predicted for rows without a gold label.
_EMPTY = "empty_candidates"
_PATTERNS = "error_patterns"
_COLUMNS = (
    *MEASURES,
    *(f"{_PATTERNS}.{share}" for share in ("false_share", "fn_share", "fn_crk_share")),
    f"{_EMPTY}.rate",
    *(f"confusion.{name}_share" for name in PairConfusion.NAMES),
)


@dataclass(frozen=True, slots=True)
class GroupF1:
    """A method's F1 on a group of relations, by the comparison's metric.

    Attributes:
        mean: over its runs.
        low: lower end of the 95 % bootstrap interval of the mean, over the choice of test rows.
        high: upper end.
        runs: the F1 of each run.
    """

    mean: float
    low: float
    high: float
    runs: list[float]


@dataclass(frozen=True, slots=True)
class ComparedMethod:
    """One method of a comparison.

    Attributes:
        runs: how many.
        summary: mean and deviation of every measure over them (`summarise_runs`), among them the
            `rate` of false positives of `empty_candidates`, rows without a relation, and where rows
            are pairs those of their facts (`FactScores`).
        f1: by `"all"` and the groups of the limits, such as `"tail"`; None for a group none of
            whose relations has a positive in the test rows.
        from_best: how it differs from the best method; None for the best itself.
        from_first: how it differs from the first, the baseline; None for the first itself.
        seconds: that training took, mean over its runs; None where a run has no epochs.
    """

    runs: int
    summary: dict[str, Any]
    f1: dict[str, GroupF1 | None]
    from_best: Difference | None
    from_first: Difference | None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Several methods on the same test rows. Made by `compare_methods`.

    Attributes:
        title: what is compared.
        rows: number of test rows.
        documents: number of test documents, where rows are pairs of their entities; None where
            rows are documents themselves.
        metric: by what the best was chosen and differences were tested.
        resamples: of the bootstrap.
        best: the method with the highest F1.
        methods: by name, the first of them the baseline.
        limits: how relations were grouped.
        remarks: what else a reader is to know, one sentence each.
        made_from: JSON values that tell this comparison from others, such as its run folders.
        columns: names of measures that tables have beside the usual ones; see `check_columns`.
    """

    title: str
    rows: int
    documents: int | None
    metric: Metric
    resamples: int
    best: str
    methods: dict[str, ComparedMethod]
    limits: GroupLimits
    remarks: tuple[str, ...]
    made_from: Mapping[str, Any]
    columns: tuple[str, ...] = ()

    @property
    def first(self) -> str:
        """The baseline."""
        return next(iter(self.methods))

    @property
    def metric_name(self) -> str:
        """The metric as text, such as `"macro F1"`."""
        return f"{self.metric.replace('_', ' ')} F1"

    @property
    def tested_on(self) -> str:
        """What the bootstrap draws, as text, such as `"40 test rows"`."""
        if self.documents is None:
            return counted(self.rows, "test row")
        return counted(self.documents, "test document")

    @property
    def has_empty_rows(self) -> bool:
        """Whether there are test rows without a relation."""
        return any(method.summary[_EMPTY]["rate"] for method in self.methods.values())

    def marks(self, name: str) -> str:
        """`*` for a method that differs from the best, `†` for one that differs from the first.

        Where the first is the best, the one mark says both.
        """
        method = self.methods[name]
        tested = {"*": method.from_best}
        if self.best != self.first:
            tested["†"] = method.from_first
        return "".join(mark for mark, test in tested.items() if test and test.p_value < LEVEL)

    @property
    def notes(self) -> list[str]:
        """How to read the numbers, one sentence each."""
        notes = list(self.remarks)
        if any(method.runs > 1 for method in self.methods.values()):
            notes.append("±: standard deviation (n - 1) over runs with different seeds.")
        if self.has_empty_rows:
            empty = "rows" if self.documents is None else "pairs"
            notes.append(
                f"empty FP: of the {empty} without a relation, the share for which one is "
                "predicted; the lower, the better."
            )
        if len(self.methods) > 1:
            first = f", † from the first ({self.first})" if self.best != self.first else ""
            notes.append(
                f"* differs in {self.metric_name} from the best ({self.best}){first}, p < .05: "
                f"paired bootstrap over the {self.tested_on}"
                + ("" if self.documents is None else f" with their {self.rows:,} pairs")
                + f" ({counted(self.resamples, 'resample')}, two-sided, each pair by itself). It "
                f"covers the choice of test {'rows' if self.documents is None else 'documents'}, "
                "not of training seeds."
            )
        if any(method.seconds is not None for method in self.methods.values()):
            notes.append(
                "time: of a run's epochs, mean over runs; without what it builds on (a first "
                "stage, a teacher) and without reading and encoding the rows before."
            )
        return [
            *notes,
            f"{self.limits}. A group without a positive in the test rows has no score.",
        ]

    def _repr_html_(self) -> str:
        groups = list(next(iter(self.methods.values())).f1)
        cells = {
            name: [method.f1[group] for group in groups] for name, method in self.methods.items()
        }
        return html_table(
            ("method", *(f"{self.metric_name}, {group}" for group in groups)),
            (
                (name + self.marks(name), *(f"{f1.mean:.4f}" if f1 else "–" for f1 in scores))
                for name, scores in cells.items()
            ),
        )

    def to_dict(self) -> dict[str, Any]:
        """The comparison as JSON values: finite numbers, strings, None."""
        values = asdict(self)
        for name, method in values["methods"].items():
            method["marks"] = self.marks(name)
        values["limits"]["row_starts"] = list(self.limits.row_starts)
        lists = {"remarks": list(self.remarks), "columns": list(self.columns)}
        return {**values, **lists, "notes": self.notes}


def compare_methods(
    labels: ArrayLike,
    predictions: Mapping[str, Sequence[ArrayLike]],
    relations: RelationSet,
    train_counts: Sequence[int],
    title: str = "",
    metric: Metric = "micro",
    limits: GroupLimits = DEFAULT_LIMITS,
    resamples: int = RESAMPLES,
    seed: int = 0,
    remarks: Sequence[str] = (),
    seconds: Mapping[str, Sequence[float | None]] | None = None,
    made_from: Mapping[str, Any] | None = None,
    pairs: ArrayLike | None = None,
    gold_facts: GoldFacts | None = None,
    ranked: Mapping[str, Sequence[NDArray[np.bool_]]] | None = None,
    columns: Sequence[str] = (),
) -> Comparison:
    """Measure several methods on the same test rows, and test their differences.

    Args:
        labels: gold, shape `(rows, relations)`, bool or 0/1 integers.
        predictions: for each method, the decided labels of each of its runs, same shape and kind;
            the first method is the baseline.
        relations: the columns' names.
        train_counts: for each relation, the number of *training* rows that state it.
        title: what is compared.
        metric: what the best is chosen by and differences are tested in (`paired_bootstrap`).
        limits: how relations are cut into head, medium and tail (`mrca.datasets.long_tail`).
        resamples: of the bootstrap.
        seed: of the bootstrap.
        remarks: sentences for a reader.
        seconds: for each method, how long each of its runs trained; None for a run without epochs.
        made_from: JSON values to tell this comparison from others by.
        pairs: document, subject and object of each row, `(rows, 3)`, where rows are pairs of
            entities; the bootstrap then draws documents.
        gold_facts: the facts of these pairs, for the measures of facts.
        ranked: for each run whether rows are ranked correctly, `(rows,)`, for its error patterns;
            see `correctly_ranked`.
        columns: names of measures to show beside the usual ones.

    Raises:
        MrcaError: if there is no method, a method has no run, no row states a relation, there is no
            such measure, or shapes or values do not fit.

    Example:
        >>> gold = [[1, 0], [0, 1]] * 50
        >>> runs = {"never b": [[[1, 0], [0, 0]] * 50], "perfect": [gold]}
        >>> comparison = compare_methods(gold, runs, RelationSet("ab"), [120, 7])
        >>> comparison.best, comparison.marks("never b"), comparison.marks("perfect")
        ('perfect', '*', '†')
    """
    if not predictions or not all(len(runs) for runs in predictions.values()):
        received = ", ".join(
            f"{name!r} ({counted(len(runs), 'run')})" for name, runs in predictions.items()
        )
        raise MrcaError(
            "A comparison needs methods with at least one run each. "
            f"Received: {received or 'none'}."
        )
    gold = binary_matrix("labels", labels).toarray()
    if not gold.any():
        raise MrcaError(
            "There is no positive label in the test rows, so every method has an F1 of 0. Expected "
            "at least one: compare on a corpus whose test split holds relations."
        )
    check_columns(columns)
    numbers = None if pairs is None else np.asarray(pairs)
    documents = None if numbers is None else numbers[:, 0]
    known = None
    if numbers is not None and gold_facts is not None:
        known = gold_facts.known_cells(numbers)
    members = limits.groups(train_counts)
    groups = {ALL: list(range(gold.shape[1])), **members}
    reports: dict[str, list[dict[str, Any]]] = {}
    f1: dict[str, dict[str, ResampledF1]] = {}
    for name, runs in predictions.items():
        reports[name] = [
            {
                **evaluate(gold, run, relations, train_counts, limits=limits).to_dict(),
                _EMPTY: false_positive_rate(gold, run).to_dict(),
                _PATTERNS: None
                if ranked is None
                else ErrorPatterns.of(gold, run, ranked[name][number]).to_dict(),
                **_of_facts(numbers, gold_facts, run),
            }
            for number, run in enumerate(runs)
        ]
        resampled = resampled_f1(
            gold, np.stack(runs), metric, resamples, seed, list(groups.values()), documents, known
        )
        f1[name] = dict(zip(groups, resampled, strict=True))
    first = next(iter(f1))
    best = max(f1, key=lambda name: f1[name][ALL].observed)
    return Comparison(
        title=title,
        rows=len(gold),
        documents=None if documents is None else len(np.unique(documents)),
        metric=metric,
        resamples=resamples,
        best=best,
        methods={
            name: ComparedMethod(
                runs=len(runs),
                summary=summarise_runs(
                    [
                        {key: report[key] for key in (*_KEPT, _EMPTY, _PATTERNS, *FACT_SCORES)}
                        for report in reports[name]
                    ]
                ),
                f1={
                    group: _group_f1(gold, runs, members, metric, f1[name][group], known)
                    for group, members in groups.items()
                },
                from_best=None if name == best else f1[name][ALL].minus(f1[best][ALL]),
                from_first=None if name == first else f1[name][ALL].minus(f1[first][ALL]),
                seconds=_mean_seconds((seconds or {}).get(name, ())),
            )
            for name, runs in predictions.items()
        },
        limits=limits,
        remarks=tuple(remarks),
        made_from=dict(made_from or {}),
        columns=tuple(dict.fromkeys(columns)),
    )


def check_columns(names: Sequence[str]) -> None:
    """Check that a comparison has measures of these names.

    They are those of `mrca.evaluation.measures`, the same behind `by_relation_count.NUMBER`, the
    shares of `confusion` and of `error_patterns`, and `empty_candidates.rate`.

    Raises:
        MrcaError: if not.
    """
    for name in names:
        of_rows = name.startswith("by_relation_count.") and name.endswith((".f1", ".exact_match"))
        if name not in _COLUMNS and not of_rows:
            shares = "|".join(PairConfusion.NAMES)
            raise unknown_measure(
                name,
                _COLUMNS,
                f", empty_candidates.rate or confusion.{shares} with _share; "
                f"{_PATTERNS}.false_share|fn_share|fn_crk_share; or by_relation_count.NUMBER."
                "micro.f1",
            )


def _of_facts(
    pairs: np.ndarray | None, gold_facts: GoldFacts | None, run: ArrayLike
) -> dict[str, Any]:
    if pairs is None or gold_facts is None:
        return dict.fromkeys(FACT_SCORES)
    return fact_scores(gold_facts, predicted_facts(pairs, np.asarray(run))).to_dict()


def _mean_seconds(seconds: Sequence[float | None]) -> float | None:
    known = [each for each in seconds if each is not None]
    return mean_and_deviation(known)[0] if known and len(known) == len(seconds) else None


def _group_f1(
    gold: np.ndarray,
    runs: Sequence[ArrayLike],
    columns: list[int],
    metric: Metric,
    resampled: ResampledF1,
    known: np.ndarray | None,
) -> GroupF1 | None:
    if not gold[:, columns].any():
        return None
    scores = []
    for run in runs:
        parts = gold[:, columns], np.asarray(run)[:, columns]
        if metric == "micro":
            scores.append(micro_score(*parts).f1)
        elif metric == "ign":
            assert known is not None  # or the bootstrap would have refused
            truth, guess = parts
            cells = truth & guess, guess, truth, truth & guess & known[:, columns]
            scores.append(float(ign_precision_recall_f1(*(each.sum() for each in cells))[2]))
        else:
            macro = macro_score(*parts, present_only=metric == "macro_present")
            assert macro is not None  # there is a positive
            scores.append(macro.f1)
    return GroupF1(resampled.observed, *resampled.interval(), scores)
