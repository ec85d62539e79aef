"""Boards: lines to them and the protocol they speak."""

from edgeprune.devices.fault import FaultReport, FirmwareFault
from edgeprune.devices.protocol import BoardClient
from edgeprune.devices.transport import Transport, open_transport, schemes, starts_firmware
from edgeprune.devices.values import Identity, InferenceResult, LayerCycles, MemoryUse

__all__ = [
    "BoardClient",
    "FaultReport",
    "FirmwareFault",
    "Identity",
    "InferenceResult",
    "LayerCycles",
    "MemoryUse",
    "Transport",
    "open_transport",
    "schemes",
    "starts_firmware",
]
