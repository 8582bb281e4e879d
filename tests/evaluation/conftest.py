from collections.abc import Callable

import numpy as np
import pytest

from mrca.evaluation import Comparison, compare_methods
from mrca.text import RelationSet


@pytest.fixture
def three_methods() -> Callable[..., Comparison]:
    """A comparison of a good, a middling and a bad method with two runs each.

    Of four relations one is head, one medium, one tail; the last is tail and not in the test rows.
    """

    def make(**options) -> Comparison:
        generator = np.random.default_rng(7)
        gold = generator.random((300, 4)) < [0.6, 0.3, 0.1, 0.0]
        runs = {
            name: [gold & (generator.random(gold.shape) < kept) for _ in range(2)]
            for name, kept in (("middling [x|y]", 0.7), ("good", 0.95), ("bad", 0.4))
        }
        relations = RelationSet(["often", "sometimes", "rare", "absent"])
        settings = {"title": "Three methods", "metric": "macro", "resamples": 200, **options}
        return compare_methods(gold, runs, relations, [500, 50, 5, 1], **settings)

    return make
