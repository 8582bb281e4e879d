"""Probabilities that mean what they say: how far scores are from it, and how to make them so."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mrca.errors import MrcaError
from mrca.evaluation.precision_recall_curve import check_finite, labels_and_scores
from mrca.evaluation.row_blocks import row_blocks

if TYPE_CHECKING:
    from scipy.sparse import csc_array

BINS = 15
HISTOGRAM_BINS = 20
# Where every margin is on its right side, the log loss falls for ever as T goes to 0.
_LOWEST, _HIGHEST = 1e-3, 1e3


class Reliability(NamedTuple):
    """What share of cells is positive, among those with about the same score.

    Attributes:
        scores: mean score of each bin, ascending, shape `(bins,)`.
        positives: share of positive cells in each bin.
        counts: cells in each bin.
        histogram: cells in each of 20 intervals of [0, 1] of equal width, shape `(20,)`; bins of
            equal mass do not show where the scores lie.
    """

    scores: NDArray[np.float64]
    positives: NDArray[np.float64]
    counts: NDArray[np.int64]
    histogram: NDArray[np.int64]

    @property
    def error(self) -> float:
        """The expected calibration error: see `expected_calibration_error`."""
        gaps = np.abs(self.scores - self.positives)
        return float(np.average(gaps, weights=self.counts))

    def to_dict(self) -> dict[str, Any]:
        """The arrays as lists and `error`, under their own names, ready for JSON."""
        return {
            **{name: values.tolist() for name, values in self._asdict().items()},
            "error": self.error,
        }


def reliability(labels: ArrayLike, scores: ArrayLike, bins: int = BINS) -> Reliability:
    """Mean score and share of positives of cells with about the same score.

    The cells, sorted by score, are cut into `bins` bins of equally many (equal mass). Cells with
    equal scores always share a bin, so there may be fewer bins and of differing size, and the
    order of the cells says nothing.

    Most cells of relation classification are negatives with a score near 0, which leaves one or
    two bins for all others. To look at those, give the cells above some score only:

        chosen = scores > 0.01
        reliability(labels[chosen], scores[chosen])

    Choose by score, and for a comparison the same cells for all; never by label, which would change
    the shares that scores are compared with.

    Args:
        labels: gold, bool or 0/1 integers, of any shape.
        scores: probabilities, same shape, in [0, 1].
        bins: how many at most.

    Raises:
        MrcaError: without a cell, on differing shapes, labels that are not 0 or 1, or scores that
            are no probabilities.

    Source: equal-mass bins as in Nguyen and O'Connor 2015, section 3.2.

    Example:
        >>> found = reliability([0, 0, 0, 1], [0.1, 0.3, 0.6, 0.8], bins=2)
        >>> found.scores.round(3).tolist(), found.positives.tolist(), found.counts.tolist()
        ([0.2, 0.7], [0.0, 0.5], [2, 2])
    """
    gold, values = _cells(labels, scores)
    if bins < 1:
        raise MrcaError(f"Expected at least one bin. Received: {bins}.")
    order = np.argsort(values, kind="stable")
    ranked, hits = values[order], gold[order]
    starts = np.flatnonzero(np.append(True, ranked[1:] != ranked[:-1]))
    ends = np.append(starts[1:], len(ranked))
    # A run of equal scores belongs where its middle lies.
    places = (starts + ends - 1) * bins // (2 * len(ranked))
    firsts = starts[np.flatnonzero(np.append(True, np.diff(places)))]
    counts = np.diff(firsts, append=len(ranked))
    return Reliability(
        scores=np.add.reduceat(ranked, firsts, dtype=np.float64) / counts,
        positives=np.add.reduceat(hits, firsts, dtype=np.int64) / counts,
        counts=counts,
        histogram=np.histogram(ranked, HISTOGRAM_BINS, (0, 1))[0],
    )


def expected_calibration_error(labels: ArrayLike, scores: ArrayLike, bins: int = BINS) -> float:
    """How far scores are from the share of positives, on average over all cells.

        ECE = sum over bins b of n_b / n * |mean score of b - share of positives in b|

    with the bins of `reliability`. Of few cells it is above 0 even for perfect probabilities, as
    shares vary by chance; of very many with scores near 0 it is near 0 whatever the others are.

    Args:
        labels: gold, bool or 0/1 integers, of any shape.
        scores: probabilities, same shape, in [0, 1].
        bins: how many at most.

    Raises:
        MrcaError: as `reliability`.

    Source: Naeini et al. 2015, there with bins of equal width.

    Example:
        >>> round(expected_calibration_error([0, 0, 0, 1], [0.1, 0.3, 0.6, 0.8], bins=2), 3)
        0.2
    """
    return reliability(labels, scores, bins).error


class Calibration(ABC):
    """Turns margins into probabilities.

    A margin is what `DecisionRule.margins` gives: the logit of a score that is a probability, or
    another score's distance from its threshold. Decisions are made without the probabilities, so
    calibration does not change them.
    """

    name: ClassVar[str]

    @classmethod
    @abstractmethod
    def fit(cls, labels: ArrayLike, margins: ArrayLike) -> Self:
        """The calibration that fits best. Use a validation split.

        Args:
            labels: gold, shape `(rows, relations)`, bool or 0/1 integers.
            margins: same shape, finite.

        Raises:
            MrcaError: if there is no positive label, on differing shapes, or on margins that are
                not finite.
        """

    @abstractmethod
    def __call__(self, margins: ArrayLike) -> NDArray[np.float32]:
        """Margins `(rows, relations)` to probabilities of that shape."""

    @abstractmethod
    def get_config(self) -> dict[str, Any]:
        """JSON values that `calibration_from_config` turns back into this calibration."""


class Temperature(Calibration):
    """One number for all relations: `p = sigmoid(margin / T)`.

    It is fitted by the mean log loss over all cells, which is convex in 1 / T: the minimum is
    where `sum of margin (sigmoid(margin / T) - label)` is 0. T is kept within 0.001 and 1000:
    where all margins are on their right side, the best T would be 0.

    A margin of 0 remains a probability of 0.5, so it cannot mend a threshold that is too high or
    too low for all relations; `Isotonic` can.

    Args:
        value: T, above 0; above 1 where the model was too sure.

    Source: Guo et al. 2017, section 4.2.

    Example:
        >>> calibration = Temperature(2.0)
        >>> calibration([[0.0, 4.0]]).round(3).tolist()
        [[0.5, 0.8809999823570251]]
    """

    name = "temperature"

    def __init__(self, value: float):
        number = isinstance(value, (int, float, np.integer, np.floating))
        if not number or isinstance(value, bool) or not 0 < value < np.inf:
            raise MrcaError(
                "Argument `value` of Temperature must be a finite number above 0. "
                f"Received: {value!r}."
            )
        self.value = float(value)

    @classmethod
    def fit(cls, labels: ArrayLike, margins: ArrayLike) -> "Temperature":
        """The T with the lowest mean log loss: see `Calibration.fit`."""
        from scipy.optimize import brentq

        gold, values = _gold_and_margins(labels, margins)
        wanted = float(values[gold.nonzero()].sum(dtype=np.float64))

        def slope(log_inverse: float) -> float:
            """Of the log loss, by 1 / T; rises with it."""
            inverse = np.exp(log_inverse)
            blocks = (values[block].astype(np.float64) for block in row_blocks(values))
            return sum(float((each * _sigmoid(each * inverse)).sum()) for each in blocks) - wanted

        low, high = -np.log(_HIGHEST), -np.log(_LOWEST)
        if slope(low) >= 0:
            return cls(_HIGHEST)
        if slope(high) <= 0:
            return cls(_LOWEST)
        return cls(float(np.exp(-brentq(slope, low, high, rtol=1e-9))))

    def __call__(self, margins: ArrayLike) -> NDArray[np.float32]:
        """Margins `(rows, relations)` to probabilities of that shape."""
        return _sigmoid(_margins(margins) / self.value).astype(np.float32)

    def get_config(self) -> dict[str, Any]:
        """The constructor's argument and the calibration's name."""
        return {"calibration": self.name, "value": self.value}


class _Curve(NamedTuple):
    """A rising piecewise linear function, level beyond its ends."""

    x: list[float]
    y: list[float]


class Isotonic(Calibration):
    """The rising step-like curve from margin to share of positives that fits best.

    Each relation with enough positives has a curve of its own; the others share one, fitted on the
    cells of all relations. Within a relation a higher margin never gets a lower probability, but
    may get the same; the ranking between relations may change, and a margin of 0 may mean any
    probability. Beyond the margins of the validation split a curve is level, and its ends may be
    0 and 1 exactly.

    Args:
        points: for each relation in column order the breakpoints of its curve, `(x, y)`: margins
            that rise, and probabilities that do not fall; None for the shared curve.
        shared: the breakpoints of the shared curve.

    Source: Zadrozny and Elkan 2002, section 3; scikit-learn's `IsotonicRegression`.

    Example:
        >>> calibration = Isotonic([([-1, 1], [0.2, 0.6]), None], shared=([0], [0.1]))
        >>> calibration([[0, 0], [5, 5]]).round(3).tolist()
        [[0.4000000059604645, 0.10000000149011612], [0.6000000238418579, 0.10000000149011612]]
    """

    name = "isotonic"

    def __init__(
        self,
        points: Sequence[tuple[Sequence[float], Sequence[float]] | None],
        shared: tuple[Sequence[float], Sequence[float]],
    ):
        if isinstance(points, (str, Mapping)) or not isinstance(points, Sequence) or not points:
            raise MrcaError(
                "Argument `points` of Isotonic must be a list of breakpoints (x, y) or None, one "
                f"for each relation. Received: {points!r}."
            )
        self.points = [
            None if each is None else _checked_curve(f"points[{column}]", each)
            for column, each in enumerate(points)
        ]
        self.shared = _checked_curve("shared", shared)

    @classmethod
    def fit(cls, labels: ArrayLike, margins: ArrayLike, min_positives: int = 10) -> "Isotonic":
        """The curves with the least squared error: see `Calibration.fit`.

        Args:
            labels: gold, shape `(rows, relations)`, bool or 0/1 integers.
            margins: same shape, finite.
            min_positives: a relation with fewer positives than this in `labels` shares the common
                curve: so few say too little about its course.

        Raises:
            MrcaError: as `Calibration.fit`.
        """
        gold, values = _gold_and_margins(labels, margins)
        enough = gold.sum(axis=0) >= max(min_positives, 1)
        return cls(
            [
                _fitted_curve(gold[:, [column]].toarray(), values[:, column])
                if enough[column]
                else None
                for column in range(gold.shape[1])
            ],
            _fitted_curve(gold.toarray(), values),
        )

    def __call__(self, margins: ArrayLike) -> NDArray[np.float32]:
        """Margins `(rows, relations)` to probabilities of that shape."""
        values = _margins(margins)
        if values.shape[1] != len(self.points):
            raise MrcaError(
                f"This calibration was fitted on {len(self.points)} relations. Expected margins "
                f"of shape (rows, {len(self.points)}). Received shape {values.shape}. Use it with "
                "the model that it was saved with."
            )
        found = np.empty(values.shape, np.float32)
        for column, own in enumerate(self.points):
            curve = own or self.shared
            found[:, column] = np.interp(values[:, column], curve.x, curve.y)
        return found

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments and the calibration's name."""
        return {
            "calibration": self.name,
            "points": [None if each is None else list(each) for each in self.points],
            "shared": list(self.shared),
        }


CALIBRATIONS: dict[str, type[Calibration]] = {each.name: each for each in (Temperature, Isotonic)}


def calibration_from_config(config: Mapping[str, Any]) -> Calibration:
    """The calibration that `get_config` described.

    Raises:
        MrcaError: if the calibration is not known, which means that a newer version wrote it, or
            if its numbers are missing, not finite or of the wrong shape.

    Example:
        >>> calibration_from_config(Temperature(1.5).get_config()).value
        1.5
    """
    arguments = dict(config) if isinstance(config, Mapping) else {}
    name = arguments.pop("calibration", None)
    if name not in list(CALIBRATIONS):
        raise MrcaError(
            f"Unknown calibration {name!r}. Expected one of {sorted(CALIBRATIONS)}. The file may "
            "come from a newer version of mrca: upgrade with `pip install --upgrade mrca`."
        )
    try:
        return CALIBRATIONS[name](**arguments)
    except TypeError as error:
        raise MrcaError(f"Calibration {name!r} does not take {arguments}. {error}") from None


def _cells(labels: ArrayLike, scores: ArrayLike) -> tuple[NDArray[np.bool_], NDArray[np.floating]]:
    """Checked labels and probabilities, both `(cells,)`."""
    given, values = np.asarray(labels), np.asarray(scores)
    if given.shape != values.shape or not values.size:
        raise MrcaError(
            "Labels and scores must have one shape, with at least one cell. "
            f"Received: labels {given.shape}, scores {values.shape}."
        )
    if values.ndim != 2:  # then an error names the place in the flattened arrays
        given, values = given.reshape(-1, 1), values.reshape(-1, 1)
    gold, values = labels_and_scores(given, values)
    low, high = values.min(), values.max()
    if low < 0 or high > 1:
        raise MrcaError(
            f"Scores must be probabilities, from 0 to 1. Received some from {low} to {high}. Make "
            "probabilities of a model's outputs with its decision rule or with a calibration; "
            "clip those of a loss without bounds, such as RC-Dice."
        )
    return gold.toarray().ravel(), values.ravel()


def _gold_and_margins(
    labels: ArrayLike, margins: ArrayLike
) -> tuple["csc_array", NDArray[np.floating]]:
    gold, values = labels_and_scores(labels, margins, "margins")
    if not gold.nnz:
        raise MrcaError(
            "There is no positive label in these rows, so nothing says how likely a relation is. "
            "Expected at least one. Calibrate on a validation split that holds relations."
        )
    return gold.tocsc(), values


def _margins(margins: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(margins, np.float64)
    if values.ndim != 2:
        raise MrcaError(
            f"Expected margins of shape (rows, relations). Received shape {values.shape}."
        )
    check_finite(values, "margins")
    return values


def _sigmoid(values: NDArray[np.float64]) -> NDArray[np.float64]:
    small = np.exp(-np.abs(values))  # never overflows
    return np.where(values < 0, small, 1.0) / (1.0 + small)


def _fitted_curve(gold: NDArray[np.bool_], margins: NDArray[np.floating]) -> _Curve:
    from sklearn.isotonic import IsotonicRegression

    model = IsotonicRegression().fit(
        margins.ravel().astype(np.float64), gold.ravel().astype(np.float64)
    )
    return _Curve(model.X_thresholds_.tolist(), model.y_thresholds_.tolist())


def _checked_curve(name: str, curve: Any) -> _Curve:
    try:
        x, y = (np.asarray(each, np.float64) for each in curve)
        # Every comparison with NaN is false.
        sound = (
            x.shape == y.shape == (len(x),)
            and np.isfinite(x).all()
            and (np.diff(x) > 0).all()
            and (np.diff(y) >= 0).all()
            and 0 <= y[0] <= y[-1] <= 1
        )
    except (TypeError, ValueError, IndexError):
        sound = False
    if not sound:
        raise MrcaError(
            f"Argument `{name}` of Isotonic must be breakpoints (x, y), two lists of equally many "
            "numbers: finite margins that rise, and probabilities from 0 to 1 that do not fall. "
            f"Received: {curve!r:.200}"
        )
    return _Curve(x.tolist(), y.tolist())
