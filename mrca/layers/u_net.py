"""A U-Net over a document's matrix of pairs."""

from typing import Any, ClassVar

import keras
from keras import ops

from mrca.errors import MrcaError, check_positive_integers
from mrca.layers.pair_matrix import PairMatrix


@keras.saving.register_keras_serializable(package="mrca")
class UNet(keras.layers.Layer):
    """The U-Net of DocuNet (Zhang et al. 2021), which reads a matrix of pairs as an image.

        x_0 = C(x)    x_1 = C(pool(x_0))    x_2 = C(pool(x_1))
        y_1 = C([x_1; up(x_2)])    y_0 = C([x_0; up(y_1)])    W y_0 + b

    C is twice a 3 x 3 convolution, batch normalisation and ReLU, pool the maximum of 2 x 2, and up
    bilinear interpolation to twice the size whose corners stay corners, with zeros where a size was
    odd. x_0 has `channels` channels, x_1 and x_2 twice as many, y_1 `channels` and y_0 half.

    Documents differ in size: each is computed as if it were alone. What lies beyond its own size is
    zero to every convolution, and is left out of the statistics of batch normalisation. The
    authors' code has every document padded to 42 entities, and the padding takes part.

    Args:
        units: numbers of an output; 256 in the code.
        channels: of the first level, an even number; 256 in the code. With 2, the last level has
            one, which Keras normalises in training on TensorFlow alone.

    Call arguments:
        matrix: `(documents, E, E, width)`, E at least 4; zeros beyond a document's size.
        sizes: int32 `(documents,)`, how many entities each has, from 4 to E; `None` for E.

    Returns:
        `(documents, E, E, units)`; beyond a document's size they mean nothing.

    Raises:
        MrcaError: if an argument is no integer of at least 1, or the channels are odd.
    """

    def __init__(self, units: int = 256, channels: int = 256, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_positive_integers(self, units=units, channels=channels)
        if channels % 2:
            raise MrcaError(
                f"Argument `channels` of UNet must be an even number. Received: {channels}."
            )
        self.units = units
        self.channels = channels

    def build(self, matrix_shape: Any, sizes_shape: Any = None) -> None:
        """Create the weights."""
        same: dict[str, Any] = {"data_format": "channels_last", "dtype": self.dtype_policy}
        self.convolutions: list[keras.layers.Layer] = []
        self.norms: list[keras.layers.Layer] = []
        for inputs, outputs in self._blocks(matrix_shape[-1]):
            for width in (inputs, outputs):
                number = len(self.norms)
                convolution = keras.layers.Conv2D(
                    outputs, 3, padding="same", name=f"convolution_{number}", **same
                )
                convolution.build((None, None, None, width))
                self.convolutions.append(convolution)
                norm = keras.layers.BatchNormalization(
                    # PyTorch's numbers; Keras's own are 0.99 and 1e-3.
                    momentum=0.9,
                    epsilon=1e-5,
                    name=f"norm_{number}",
                    dtype=self.dtype_policy,
                )
                norm.build((None, None, None, outputs))
                self.norms.append(norm)
        self.pool = keras.layers.MaxPooling2D(2, name="pool", **same)
        self.output_layer = keras.layers.Dense(self.units, name="output", dtype=self.dtype_policy)
        self.output_layer.build((None, None, None, self.channels // 2))

    def call(self, matrix: Any, sizes: Any = None, training: bool | None = None) -> Any:
        """See the class."""
        documents, most = ops.shape(matrix)[:2]
        if sizes is None:
            sizes = ops.full((documents,), most, dtype="int32")
        frames = [most, most // 2, most // 4]
        levels = [(sizes // 2**level, frame) for level, frame in enumerate(frames)]
        inside = [_inside(*level) for level in levels]
        first = self._block(0, matrix, inside[0], training)
        second = self._block(1, self.pool(first), inside[1], training)
        third = self._block(2, self.pool(second), inside[2], training)
        third = _twice(third, levels[2][0], frames[1])
        second = self._block(3, ops.concatenate([second, third], -1), inside[1], training)
        second = _twice(second, levels[1][0], frames[0])
        first = self._block(4, ops.concatenate([first, second], -1), inside[0], training)
        return self.output_layer(first)

    def _blocks(self, width: int) -> list[tuple[int, int]]:
        """Channels in and out of the five double convolutions."""
        channels = self.channels
        return [
            (width, channels),
            (channels, 2 * channels),
            (2 * channels, 2 * channels),
            (4 * channels, channels),
            (2 * channels, channels // 2),
        ]

    def _block(self, number: int, matrix: Any, inside: Any, training: bool | None) -> Any:
        """A double convolution; zeros where it is not inside the document."""
        for layer in (2 * number, 2 * number + 1):
            matrix = self.norms[layer](
                self.convolutions[layer](matrix), training=training, mask=inside
            )
            matrix = ops.where(ops.expand_dims(inside, -1), ops.relu(matrix), 0)
        return matrix

    def num_weights(self, width: int) -> int:
        """How many weights it has, without making them."""
        blocks = sum(
            (9 * (inputs + outputs) + 2 * 5) * outputs for inputs, outputs in self._blocks(width)
        )
        return blocks + (self.channels // 2 + 1) * self.units

    def compute_output_shape(self, matrix_shape: Any, sizes_shape: Any = None) -> Any:
        """`(documents, E, E, units)`."""
        return (*matrix_shape[:3], self.units)

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument."""
        return {**super().get_config(), "units": self.units, "channels": self.channels}


def _inside(sizes: Any, frame: Any) -> Any:
    """Which places of matrices lie inside their documents, bool `(documents, frame, frame)`."""
    inside = ops.arange(frame, dtype="int32") < ops.expand_dims(sizes, 1)
    return ops.logical_and(ops.expand_dims(inside, 1), ops.expand_dims(inside, 2))


def _twice(matrix: Any, sizes: Any, frame: Any) -> Any:
    """Matrices interpolated to twice their own sizes, in a frame that holds them.

    Keras's own ways to resize keep the centres of cells in place, not the corners.
    """
    before, width = ops.shape(matrix)[1], matrix.shape[-1]
    sizes = ops.expand_dims(sizes, 1)
    places = ops.expand_dims(ops.arange(frame, dtype="int32"), 0)
    # Place i of 2n lies at i (n - 1) / (2n - 1) of n; how near it is to j weighs j.
    dtype = keras.backend.result_type(matrix.dtype, "float32")
    steps = ops.cast(sizes - 1, dtype) / ops.cast(2 * sizes - 1, dtype)
    at = ops.expand_dims(ops.cast(places, dtype) * steps, 2)
    weights = ops.maximum(1 - ops.abs(at - ops.arange(before, dtype=dtype)), 0)
    weights = ops.where(ops.expand_dims(places < 2 * sizes, 2), weights, 0)
    weights = ops.cast(weights, matrix.dtype)
    documents = ops.shape(matrix)[0]
    rows = ops.matmul(weights, ops.reshape(matrix, (documents, before, before * width)))
    rows = ops.reshape(rows, (documents, frame, before, width))
    return ops.matmul(ops.expand_dims(weights, 1), rows)


@keras.saving.register_keras_serializable(package="mrca")
class UNetInteraction(keras.layers.Layer):
    """What a pair's context says next to those of the other pairs, as DocuNet reads it.

        u = UNet(W c + b)

    over the matrix of a document's entities; u takes the place of c. The authors put the localized
    context of ATLOP in. Where no pair is asked about, such as on the diagonal, the matrix is zero.

    Args:
        units, channels: see `UNet`.
        input_channels: numbers of W c + b; 3 in the code.

    Call arguments:
        context: `(pairs, width)`, of each pair.
        entities: int32 `(pairs, 2)`, the numbers of its subject and object in the batch.
        entity_rows: int32 `(entities,)`, the document of each entity.
        row_entities: int32 `(documents, E)`, the numbers of a document's entities, padded with -1;
            E at least 4.

    Returns:
        `(pairs, units)`.

    Raises:
        MrcaError: see `UNet`.
    """

    reads_context: ClassVar[bool] = True

    def __init__(
        self, units: int = 256, channels: int = 256, input_channels: int = 3, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        check_positive_integers(self, input_channels=input_channels)
        same = {"dtype": self.dtype_policy}
        self.narrow = keras.layers.Dense(input_channels, name="narrow", **same)
        self.u_net = UNet(units, channels, name="u_net", **same)

    def build(
        self,
        context_shape: Any,
        entities_shape: Any,
        entity_rows_shape: Any,
        row_entities_shape: Any,
    ) -> None:
        """Create the weights."""
        self.narrow.build(context_shape)
        self.u_net.build((None, None, None, self.narrow.units))

    def call(
        self,
        context: Any,
        entities: Any,
        entity_rows: Any,
        row_entities: Any,
        training: bool | None = None,
    ) -> Any:
        """See the class."""
        places = PairMatrix(entities, entity_rows, row_entities)
        matrix, _ = places.of(self.narrow(context))
        sizes = ops.sum(ops.cast(row_entities >= 0, "int32"), axis=1)
        # Pooling twice takes 4 entities; of fewer, the others are zeros as on the diagonal.
        return places.at(self.u_net(matrix, ops.maximum(sizes, 4), training=training))

    def compute_output_shape(
        self,
        context_shape: Any,
        entities_shape: Any,
        entity_rows_shape: Any,
        row_entities_shape: Any,
    ) -> Any:
        """`(pairs, units)`."""
        return (context_shape[0], self.u_net.units)

    def width(self, width: int) -> int:
        """How long what it makes of a context of length `width` is."""
        return self.u_net.units

    def num_weights(self, width: int) -> int:
        """How many weights it has for contexts of `width` numbers, without making them."""
        inputs: int = self.narrow.units
        return (width + 1) * inputs + self.u_net.num_weights(inputs)

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument."""
        return {
            **super().get_config(),
            "units": self.u_net.units,
            "channels": self.u_net.channels,
            "input_channels": self.narrow.units,
        }
