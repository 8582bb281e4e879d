"""The tau-normalisation that gives the best macro F1 on a validation split."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mrca.errors import MrcaError
from mrca.evaluation.scores import macro_score

# What Kang et al.'s code tries; their paper names only (0, 1).
TAUS = tuple(float(tau) for tau in np.linspace(0, 2, 21).round(1))


@dataclass(frozen=True, slots=True)
class TauSearch:
    """What a search for tau found.

    Attributes:
        tau: the one with the highest macro F1, the first of equals.
        kernel: the classifier normalised with it, `(features, columns)`; it goes without a bias.
        table: every tau that was tried, in order, with its macro F1.
    """

    tau: float
    kernel: NDArray[np.floating]
    table: tuple[tuple[float, float], ...]


def search_tau(
    features: ArrayLike, kernel: ArrayLike, labels: ArrayLike, taus: Sequence[float] = TAUS
) -> TauSearch:
    """Try each tau on validation rows, without training anything.

    A row is decided for the relation with its largest score, so this is for models that decide so
    and for one label per row. Normalising stretches each relation's scores by its own factor and
    drops the bias, so neither a fixed threshold nor a threshold column has a meaning afterwards.

    Args:
        features: what the linear classifier takes, for each validation row: `(rows, features)`.
        kernel: of the trained classifier, `(features, relations)`.
        labels: gold, `(rows, relations)`, bool or 0/1 integers.
        taus: what to try.

    Raises:
        MrcaError: if shapes do not fit each other, there is no row, or there is no tau to try.

    Source: Kang et al. 2020; selecting by macro F1 is ours (they report accuracy).

    Example:
        >>> features = [[1.0, 0.0], [0.6, 0.8]]
        >>> found = search_tau(features, [[3.0, 0.0], [0.0, 1.0]], [[1, 0], [0, 1]], [0, 0.5, 1])
        >>> found.tau, [f1 for _, f1 in found.table]
        (1, [0.3333333333333333, 0.3333333333333333, 1.0])
    """
    # Here, since they load Keras.
    from keras import ops

    from mrca.layers.tau_normalisation import tau_normalised
    from mrca.losses import LargestScore

    inputs, weights = np.asarray(features), np.asarray(kernel)
    shapes = (inputs.shape, weights.shape, np.shape(labels))
    match shapes:
        case ((rows, width), (height, columns), expected) if (
            rows and width == height and expected == (rows, columns)
        ):
            pass
        case _:
            raise MrcaError(
                "A search for tau needs features (rows, features) with at least one row, a kernel "
                "(features, relations) and labels (rows, relations). Received shapes: "
                f"{shapes[0]}, {shapes[1]} and {shapes[2]}."
            )
    if not len(taus):
        raise MrcaError("A search for tau needs at least one to try. Received none.")
    rule = LargestScore()
    table = []
    for tau in taus:
        outputs = inputs @ tau_normalised(weights, tau)
        decided = ops.convert_to_numpy(rule.labels(outputs))
        score = macro_score(labels, decided)
        table.append((tau, score.f1 if score else 0.0))
    best = table[int(np.argmax([f1 for _, f1 in table]))][0]
    return TauSearch(best, tau_normalised(weights, best), tuple(table))
