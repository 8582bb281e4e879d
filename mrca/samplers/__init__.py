"""Which rows an epoch shows, against the long tail."""

from mrca.samplers.sampler import SAMPLERS, Sampler

__all__ = ["SAMPLERS", "Sampler"]
