"""A classifier with one branch for the head of the distribution and one for its tail."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from mrca.config import RunConfig
from mrca.errors import MrcaError, check_positive_integers


def mix(conventional: Any, rebalancing: Any, mixing: Any) -> Any:
    """Both branches' features side by side, as training weighs them.

        2 concat(l f_c, (1 - l) f_r)

    The authors' code has the factor 2, the paper has not: with it l = 1/2 gives what inference
    takes, the features as they are.

    Args:
        conventional: f_c, shape `(pairs, units)`.
        rebalancing: f_r, same shape.
        mixing: l, a scalar in [0, 1].

    Returns:
        Shape `(pairs, 2 units)`.
    """
    return 2 * ops.concatenate([mixing * conventional, (1 - mixing) * rebalancing], axis=-1)


def cumulative_weight(epoch: int, epochs: int, schedule_length: int | None = None) -> float:
    """The share l of the conventional branch in an epoch: 1 at first, then less and less.

        l = 1 - (epoch / schedule_length)^2

    Args:
        epoch: from 0.
        epochs: how many there will be at most.
        schedule_length: the epoch at which l is 0; `None` (default) for `epochs`, as in the paper.
            The authors' code differs for the two lengths that it trains: 100 for 90 epochs and 200
            for 180.

    Raises:
        MrcaError: if an argument is out of its range.

    Example:
        >>> [cumulative_weight(epoch, 4) for epoch in range(4)]
        [1.0, 0.9375, 0.75, 0.4375]
    """
    length = epochs if schedule_length is None else schedule_length
    if epoch < 0 or epochs < 1 or length < 1:
        raise MrcaError(
            "The cumulative schedule needs an epoch of at least 0, and epochs and schedule_length "
            f"of at least 1. Received: epoch {epoch}, epochs {epochs}, schedule_length "
            f"{schedule_length}."
        )
    return max(1 - (epoch / length) ** 2, 0.0)


def sample_weights(rows: int, mixing: float) -> NDArray[np.float32]:
    """Weights that make a batch's mean loss that of bilateral training.

        mean over pairs of l loss(y_c) + (1 - l) loss(y_r)

    Args:
        rows: of the batch, an even number 2B: the loss's mean is over all of them.
        mixing: l.

    Returns:
        float32 `(rows,)`: 2 l for the first half, 2 (1 - l) for the second.

    Raises:
        MrcaError: if the number of rows is odd.

    Example:
        >>> sample_weights(4, 0.75).tolist()
        [1.5, 1.5, 0.5, 0.5]
    """
    _check_pairs(rows)
    return np.repeat(np.array([2 * mixing, 2 * (1 - mixing)], np.float32), rows // 2)


@keras.saving.register_keras_serializable(package="mrca")
class BilateralBranch(keras.layers.Layer):
    """Bilateral-branch network (BBN): sentence features `x` to one logit per column.

        f_c = tanh(W_c x + b_c)           conventional branch
        f_r = tanh(W_r x + b_r)           re-balancing branch
        training:   z_i = W 2 concat(l f_c(x_i), (1 - l) f_r(x_{B+i})) + b
        otherwise:  z   = W concat(f_c(x), f_r(x)) + b

    A training batch holds 2B rows: x_1 to x_B from the uniform sampler, x_{B+1} to x_{2B} from the
    reversed one. Rows i and B+i share the logits z_i, so that any loss per row compares them with
    both labels, and `sample_weights` weighs the two. A callback sets `mixing`, l, at the start of
    each epoch to `cumulative_weight`.

    In the original each branch is the last residual block of an image network, and all blocks
    before are shared; here it is a dense layer on the pooled features. As in the authors' code one
    dense layer with a bias follows the concatenation; the paper has two without.

    Args:
        columns: output columns.
        units: length of each branch's features; default 256.

    Attributes:
        mixing: l, a scalar variable that is not trained; 0.5 until it is set, which weighs both
            branches as inference does.

    Call arguments:
        inputs: `(batch, features)`; an even number of rows in training.
        training: whether to mix rows i and B+i.

    Returns:
        Logits `(batch, columns)`; in training rows i and B+i are the same.

    Raises:
        MrcaError: if an argument is out of its range, or a training batch has an odd number of
            rows (in a TensorFlow graph, where the number is known later, TensorFlow's own error,
            which names `bilateral_branch_needs_pairs_of_rows`).

    Source: Zhou et al. 2020, and their code.
    """

    def __init__(self, columns: int, units: int = 256, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_positive_integers(self, units=units)
        self.columns = columns
        self.units = units
        same = {"dtype": self.dtype_policy}
        self.conventional = keras.layers.Dense(units, "tanh", name="conventional", **same)
        self.rebalancing = keras.layers.Dense(units, "tanh", name="rebalancing", **same)
        self.classifier = keras.layers.Dense(columns, name="classifier", **same)

    # Each epoch's mixing and batches follow from how many epochs there will be.
    follows_epochs = True

    @staticmethod
    def problems(config: RunConfig, depends_on_batch: bool) -> Iterator[str]:
        """Why a configuration cannot be trained with this classifier, a sentence each.

        Args:
            config: what is trained.
            depends_on_batch: whether its loss is one number for a whole batch.
        """
        if config.training.sampler != "instance_balanced":
            yield (
                "The classifier 'bilateral_branch' draws from two samplers of its own, each row "
                f"once and reversed. Received: training.sampler={config.training.sampler}. Leave "
                "it out."
            )
        if depends_on_batch:
            yield (
                "The classifier 'bilateral_branch' weighs the losses of two labels for each row, "
                f"but {config.loss.name!r} is one number for a whole batch. Take a loss of each "
                "row, such as binary_crossentropy, or for rc_dice and dice "
                "loss.options.mode=elementwise."
            )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Build the branches and what follows them."""
        self.mixing = self.add_weight(
            name="mixing", shape=(), initializer=keras.initializers.Constant(0.5), trainable=False
        )
        self.conventional.build(input_shape)
        self.rebalancing.build(input_shape)
        self.classifier.build((None, 2 * self.units))

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Mix pairs in training, or take both branches as they are; see the class."""
        if not training:
            both = [self.conventional(inputs), self.rebalancing(inputs)]
            return self.classifier(ops.concatenate(both, axis=-1))
        if inputs.shape[0] is not None:
            _check_pairs(inputs.shape[0])
        # Where the number is not known yet, this name is what the error shows.
        with keras.name_scope("bilateral_branch_needs_pairs_of_rows"):
            halves = ops.reshape(inputs, (2, -1, inputs.shape[-1]))
        conventional, rebalancing = self.conventional(halves[0]), self.rebalancing(halves[1])
        mixing = ops.cast(self.mixing, conventional.dtype)
        logits = self.classifier(mix(conventional, rebalancing, mixing))
        return ops.concatenate([logits, logits], axis=0)

    def num_weights(self, features: int) -> int:
        """How many weights it has for inputs of `features` numbers, without making them."""
        return 2 * (features + 1) * self.units + (2 * self.units + 1) * self.columns + 1

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """`(batch, columns)`."""
        return (input_shape[0], self.columns)

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument."""
        return {**super().get_config(), "columns": self.columns, "units": self.units}


def _check_pairs(rows: int) -> None:
    if rows % 2:
        raise MrcaError(
            "A bilateral-branch classifier trains on pairs of rows, i from the uniform sampler and "
            f"B + i from the reversed one, so a batch needs an even number. Received: {rows} rows."
        )
