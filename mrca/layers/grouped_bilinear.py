"""Bilinear forms of a pair's two halves."""

from collections.abc import Iterator
from typing import Any

import keras
from keras import ops

from mrca.config import RunConfig
from mrca.errors import MrcaError, check_positive_integers


@keras.saving.register_keras_serializable(package="mrca")
class GroupedBilinear(keras.layers.Layer):
    """Bilinear forms of groups of numbers: the classifier of ATLOP (Zhou et al. 2021).

        z = [z_s; z_o]      z_s = [z_s^1; ...; z_s^k], and z_o alike, in groups of `block` numbers
        y_r = sum over j of z_s^j W_r^j z_o^j + b_r

    It has `block` / dim as many weights as the plain form, whose one group is all of z_s. KD-DocRE
    (Tan et al. 2022, eq 6) computes the features of a pair so, without a bias.

    Args:
        columns: outputs.
        block: numbers in a group; 64 in the papers. All of z_s where it is shorter.
        use_bias: whether there is b.

    Call arguments:
        inputs: `(pairs, 2 * dim)`, the subject's numbers and then the object's.

    Returns:
        `(pairs, columns)`.

    Raises:
        MrcaError: if `block` is less than 1, or groups of that size do not fill the halves.
    """

    def __init__(
        self, columns: int, block: int | None = 64, use_bias: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if block is not None:
            check_positive_integers(self, block=block)
        self.columns = columns
        self.block = block
        self.use_bias = use_bias

    @classmethod
    def problems(cls, config: RunConfig, depends_on_batch: bool) -> Iterator[str]:
        """Why a configuration cannot be trained with this classifier, a sentence each.

        Args:
            config: what is trained.
            depends_on_batch: whether its loss is one number for a whole batch.

        Raises:
            MrcaError: if its groups do not fill the features.
        """
        if config.model.pooling != "pairs" or config.model.pair_features != "extractors":
            yield (
                f"The classifier {config.classifier.name!r} multiplies the features of a subject "
                "with those of an object, which model.pooling=pairs with "
                "model.pair_features=extractors gives. Received: "
                f"model.pooling={config.model.pooling}, "
                f"model.pair_features={config.model.pair_features}. The recipe atlop has both."
            )
        elif config.model.hidden:
            cls(1, **config.classifier.options).num_weights(2 * config.model.hidden)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the weights."""
        groups, block = self._groups(input_shape[-1])
        # As wide as the dense layer that the authors put on the groups' products.
        self.kernel = self.add_weight(
            name="kernel",
            shape=(groups * block * block, self.columns),
            initializer="glorot_uniform",
        )
        if self.use_bias:
            self.bias = self.add_weight(name="bias", shape=(self.columns,), initializer="zeros")

    def call(self, inputs: Any) -> Any:
        """See the class."""
        groups, block = self._groups(inputs.shape[-1])
        halves = ops.reshape(inputs, (-1, 2, groups, block))
        kernel = ops.reshape(self.kernel, (groups, block * block, self.columns))
        outputs: Any = 0
        # One group at a time: the products of all of them are as wide as the kernel is long.
        for group in range(groups):
            subject, object_ = halves[:, 0, group], halves[:, 1, group]
            if block <= self.columns:  # what is smaller: all products, or all columns' W z_s
                products = ops.expand_dims(subject, 2) * ops.expand_dims(object_, 1)
                outputs += ops.matmul(ops.reshape(products, (-1, block * block)), kernel[group])
            else:
                forms = ops.reshape(kernel[group], (block, block * self.columns))
                forms = ops.reshape(ops.matmul(subject, forms), (-1, block, self.columns))
                outputs += ops.sum(forms * ops.expand_dims(object_, 2), axis=1)
        return outputs + self.bias if self.use_bias else outputs

    def num_weights(self, features: int) -> int:
        """How many weights it has for inputs of `features` numbers, without making them."""
        groups, block = self._groups(features)
        return (groups * block * block + self.use_bias) * self.columns

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """`(pairs, columns)`."""
        return (input_shape[0], self.columns)

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument."""
        return {
            **super().get_config(),
            "columns": self.columns,
            "block": self.block,
            "use_bias": self.use_bias,
        }

    def _groups(self, features: int | None) -> tuple[int, int]:
        """How many groups a half has, and how many numbers a group."""
        half = (features or 0) // 2
        block = min(self.block or half, half)
        if not half or features != 2 * half or half % block:
            raise MrcaError(
                f"{type(self).__name__} takes two halves, each in groups of {block} numbers. "
                f"Received: {features} features. Change model.hidden or the classifier's block."
            )
        return half // block, block


@keras.saving.register_keras_serializable(package="mrca")
class Bilinear(GroupedBilinear):
    """One bilinear form of a pair's two halves for each column (Wang et al. 2023, eq 2).

        s_r = z_s^T W_r z_o + b_r

    Args:
        columns: outputs.

    Call arguments:
        inputs: `(pairs, 2 * dim)`, z_s and then z_o.

    Returns:
        `(pairs, columns)`.

    Raises:
        MrcaError: if there are no two halves.
    """

    def __init__(self, columns: int, **kwargs: Any) -> None:
        super().__init__(columns, block=None, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument."""
        config = super().get_config()
        del config["block"]
        return config
