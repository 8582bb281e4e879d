"""Pretrained encoders: word pieces to states."""

from mrca.encoders.hub_encoder import HubEncoder
from mrca.encoders.hub_handle import resolve_hub_handle
from mrca.encoders.keras_hub_encoder import KerasHubEncoder
from mrca.encoders.open_encoder import open_encoder

__all__ = ["HubEncoder", "KerasHubEncoder", "open_encoder", "resolve_hub_handle"]
