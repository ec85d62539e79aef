"""Boards: lines to them and the protocol they speak."""

from edgeprune.devices.protocol import BoardClient, Identity, InferenceResult, LayerCycles, MemoryUse
from edgeprune.devices.transport import Transport, open_transport, schemes

__all__ = [
    "BoardClient",
    "Identity",
    "InferenceResult",
    "LayerCycles",
    "MemoryUse",
    "Transport",
    "open_transport",
    "schemes",
]
