"""Models: encoder, pooling and head, assembled."""

from mrca.models.mrca import MRCA

__all__ = ["MRCA"]
