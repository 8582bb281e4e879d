"""How large a network will be, without making it."""

from mrca import heads
from mrca.config import RunConfig
from mrca.layers import STATE_POOLINGS, StatePooling


def network_weights(config: RunConfig, width: int, columns: int, pooled: bool = False) -> int:
    """How many weights the network of a configuration has, without its word table.

    Args:
        config: its `model`, `features` and `classifier` count.
        width: numbers of each token that the network's layers read, marks included.
        columns: output columns.
        pooled: whether what is read is pooled to one vector of each row already.

    Raises:
        MrcaError: if the configuration's classifier cannot be made.
    """
    model = config.model
    weights = 0
    if model.units:
        weights += 2 * (width + model.units + 1) * 4 * model.units
        width = 2 * model.units
    if pooled:
        pass
    elif model.pooling in STATE_POOLINGS:
        width = StatePooling(model.pooling).width(width)
    else:
        width *= -(-config.features.max_length // model.strides)
    if model.hidden:
        weights += (width + 1) * model.hidden
        width = model.hidden
    classifier = heads.get(config.classifier.name, columns, **config.classifier.options)
    count = getattr(classifier, "num_weights", None)
    return weights + (count(width) if count else (width + 1) * columns)
