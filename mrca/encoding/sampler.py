"""Rows drawn by how rare their relations are."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mrca.errors import MrcaError, did_you_mean

# q of P_j ~ n_j^q, the chance that an epoch's next row comes from class j. `progressively_balanced`
# goes from the first to the second over the epochs.
_EXPONENTS = {
    "instance_balanced": 1.0,
    "class_balanced": 0.0,
    "square_root": 0.5,
    "reversed": -1.0,
}
# Those whose draws depend on how many epochs there will be.
EPOCH_SAMPLERS = ("progressively_balanced",)
SAMPLERS = (*_EXPONENTS, *EPOCH_SAMPLERS)


def check_sampler(name: str) -> None:
    """Check that there is a sampler of this name.

    Raises:
        MrcaError: if not, with the names that there are.
    """
    if name not in SAMPLERS:
        raise MrcaError(
            f"Unknown sampler {name!r}.{did_you_mean(name, SAMPLERS)} "
            f"Expected one of: {', '.join(SAMPLERS)}."
        )


class Sampler:
    """Draws an epoch's rows, as many as there are, seeded by (seed, epoch).

    A class j with n_j rows is drawn with probability P_j ~ n_j^q, and then one of its rows, each
    alike:

    * `instance_balanced` (q = 1): every row once, shuffled;
    * `class_balanced` (q = 0): every class as often as any other;
    * `square_root` (q = 1/2): between the two;
    * `reversed` (q = -1): the rarer, the more often;
    * `progressively_balanced`: (1 - l) instance-balanced + l class-balanced with l = e / (E - 1),
      so that the first epoch has every row alike and the last every class.

    All but the first draw with replacement, so an epoch leaves rows out and shows others twice.
    The class-balanced sampler of Kang et al.'s code cycles through the classes instead of drawing
    them; the probabilities are the same.

    With several labels a row is drawn through each of its classes: its probability is the sum over
    them of P_j / n_j, the rate that distribution-balanced losses call P^I. Rows without relations
    are a class of their own, "none", so that they are never left out.

    Args:
        name: one of `SAMPLERS`.
        labels: 0/1, shape `(rows, relations)`, an array or a sparse matrix.
        seed: of the draws.
        epochs: E, how many epochs there will be at most; for `progressively_balanced`.

    Raises:
        MrcaError: if there is no such sampler, or no row.

    Source: Kang et al. 2020, as Yu et al. 2020 use it; `reversed` is BBN's (Zhou et al. 2020). The
    rule for several labels is ours: none of the papers has one.

    Example:
        >>> sampler = Sampler("class_balanced", [[1, 0], [1, 0], [1, 0], [0, 1]], seed=1, epochs=5)
        >>> sampler.probabilities(0).round(3).tolist()
        [0.167, 0.167, 0.167, 0.5]
    """

    def __init__(self, name: str, labels: ArrayLike, *, seed: int, epochs: int) -> None:
        check_sampler(name)
        from scipy.sparse import csr_array, hstack, issparse

        held: Any = labels if issparse(labels) else np.asarray(labels)
        if held.ndim != 2 or not held.shape[0]:
            raise MrcaError(
                "A sampler needs labels of shape (rows, relations) with at least one row. "
                f"Received shape {held.shape}."
            )
        self.name = name
        self._seed = seed
        self._epochs = epochs
        self._held = csr_array(held, dtype=bool)
        none = self._held.sum(axis=1) == 0
        self._classes = hstack([self._held, csr_array(none[:, np.newaxis])], "csr", np.float64)

    def probabilities(self, epoch: int) -> NDArray[np.float64]:
        """How likely each draw of an epoch (from 0) is each row: float64 `(rows,)`, sum 1."""
        if self.name != "progressively_balanced":
            return self._rates(self.name)
        last = max(self._epochs - 1, 1)
        share = min(max(epoch, 0), last) / last
        return (1 - share) * self._rates("instance_balanced") + share * self._rates(
            "class_balanced"
        )

    def draw(self, epoch: int) -> NDArray[np.intp]:
        """The row numbers of an epoch (from 0), as many as there are rows, in random order."""
        rows = self._classes.shape[0]
        # A third number, so that these draws are not those that shuffle the batches.
        generator = np.random.default_rng((self._seed, epoch, 1))
        if self.name == "instance_balanced":
            return generator.permutation(rows)
        return generator.choice(rows, size=rows, p=self.probabilities(epoch))

    def named(self, name: str) -> "Sampler":
        """Another sampler of the same rows, seed and epochs."""
        return Sampler(name, self._held, seed=self._seed, epochs=self._epochs)

    def _rates(self, name: str) -> NDArray[np.float64]:
        if name == "instance_balanced":
            rows = self._classes.shape[0]
            return np.full(rows, 1 / rows)
        counts = self._classes.sum(axis=0)
        seen = counts > 0
        # By logarithms of ratios, so that no power of a count overflows.
        weights = np.where(seen, np.exp(_EXPONENTS[name] * np.log(np.maximum(counts, 1))), 0.0)
        per_row = weights / weights.sum() / np.maximum(counts, 1)
        rates: NDArray[np.float64] = self._classes @ per_row
        return rates / rates.sum()  # 1 but for rounding
