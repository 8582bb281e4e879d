"""Classifiers: from the features of a candidate to a score for each output column."""

from collections.abc import Callable, Iterator
from typing import Any

import keras

from mrca.config import RunConfig
from mrca.errors import MrcaError, check_options, did_you_mean
from mrca.layers.attentive_relation_routing import AttentiveRelationRouting
from mrca.layers.bilateral_branch import BilateralBranch, cumulative_weight, sample_weights
from mrca.layers.grouped_bilinear import Bilinear, GroupedBilinear
from mrca.layers.tau_normalisation import tau_normalised

HEADS: dict[str, Callable[..., keras.layers.Layer]] = {
    "linear": keras.layers.Dense,
    "attentive_relation_routing": AttentiveRelationRouting,
    "bilateral_branch": BilateralBranch,
    "bilinear": Bilinear,
    "grouped_bilinear": GroupedBilinear,
}


def problems(config: RunConfig, depends_on_batch: bool) -> Iterator[str]:
    """Why a configuration cannot be trained with its classifier, a sentence each.

    Args:
        config: what is trained.
        depends_on_batch: whether its loss is one number for a whole batch.
    """
    declared = getattr(HEADS.get(config.classifier.name), "problems", None)
    if declared is not None:
        yield from declared(config, depends_on_batch)


def follows_epochs(name: str) -> bool:
    """Whether the number of all epochs decides how a classifier is trained in each of them."""
    return getattr(HEADS.get(name), "follows_epochs", False)


def get(name: str, columns: int, /, **options: Any) -> keras.layers.Layer:
    """The classifier registered under `name`, which computes in float32 and is called `scores`.

    Args:
        name: one of `HEADS`.
        columns: how many outputs it has; ask the loss.
        **options: its own arguments; a linear one has none.

    Raises:
        MrcaError: if there is no such classifier, or an argument is unknown or out of its range.
    """
    if name not in HEADS:
        raise MrcaError(
            f"Unknown classifier {name!r}.{did_you_mean(str(name), HEADS)} "
            f"Expected one of: {', '.join(HEADS)}."
        )
    if name == "linear" and options:
        raise MrcaError(f"A linear classifier takes no arguments. Received: {', '.join(options)}.")
    if name != "linear":
        check_options(f"Classifier {name!r}", HEADS[name], options, own=["columns"])
    try:
        return HEADS[name](columns, dtype="float32", name="scores", **options)
    except MrcaError:
        raise
    except (TypeError, ValueError) as error:
        raise MrcaError(
            f"Classifier {name!r} does not take these arguments: {options}. {error}"
        ) from None


__all__ = [
    "HEADS",
    "AttentiveRelationRouting",
    "BilateralBranch",
    "Bilinear",
    "GroupedBilinear",
    "cumulative_weight",
    "follows_epochs",
    "get",
    "problems",
    "sample_weights",
    "tau_normalised",
]
