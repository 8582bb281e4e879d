"""Negative-tolerant regularisation of logits."""

from typing import Any

import numpy as np
from keras import ops

from mrca.losses import arguments
from mrca.losses.class_counts import ClassCounts


class NegativeTolerance:
    """Shifts each relation's logit by its prior, and sharpens negatives.

        nu_i = kappa log(M / n_i - 1)
        margin = z_i - nu_i where y_i = 1;   -lam (z_i - nu_i) where y_i = 0

    A rare relation's logit is lowered before the sigmoid, so that it must be larger for the same
    loss; `lam` makes the loss of a negative fall faster once its logit is low enough, and that
    loss is divided by `lam`.

    `n_i / M` is kept within `[1 / 2M, 1 - 1 / 2M]`, so that a relation which all training rows
    have does not give an infinite shift.

    Args:
        owner: the loss, for error messages.
        counts: how many training rows state each relation, and how many rows there are.
        kappa: scale of the shift, at least 0.
        lam: scale of negatives, above 0.
        inverse_scale: whether negatives are divided by `lam`.

    Source: Huang et al. 2021, equations 6 and 7; Wu et al. 2020.
    """

    def __init__(
        self, owner: object, counts: ClassCounts, kappa: float, lam: float, inverse_scale: bool
    ) -> None:
        self.kappa = arguments.number(owner, "kappa", kappa, at_least=0)
        self.lam = arguments.number(owner, "lam", lam, above=0)
        self.inverse_scale = arguments.boolean(owner, "inverse_scale", inverse_scale)
        self.negative_factor = 1 / self.lam if inverse_scale else 1.0
        rows = counts.rows(owner)
        share = np.clip(counts.counts / rows, 1 / (2 * rows), 1 - 1 / (2 * rows))
        self._shift = self.kappa * np.log(1 / share - 1)

    def margins(self, positive: Any, logits: Any) -> Any:
        """How far each logit is on its label's side, `(batch, relations)`."""
        shifted = logits - ops.convert_to_tensor(self._shift, dtype=logits.dtype)
        return ops.where(positive, shifted, -self.lam * shifted)
