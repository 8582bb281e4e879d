"""Which rows an epoch shows, against the long tail."""

from mrca.samplers.sampler import SAMPLERS, Sampler, check_sampler

__all__ = ["SAMPLERS", "Sampler", "check_sampler"]
