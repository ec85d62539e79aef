"""Boards, lines to them and the protocol they speak; and machines that run programs."""

from edgeprune.devices.fault import FaultReport, FirmwareFault
from edgeprune.devices.machine import Completed, Core, Machine, MachineFacts, machine_schemes, open_machine
from edgeprune.devices.protocol import BoardClient
from edgeprune.devices.transport import Transport, open_transport, schemes, starts_firmware
from edgeprune.devices.values import Identity, InferenceResult, LayerCycles, MemoryUse

__all__ = [
    "BoardClient",
    "Completed",
    "Core",
    "FaultReport",
    "FirmwareFault",
    "Identity",
    "InferenceResult",
    "LayerCycles",
    "Machine",
    "MachineFacts",
    "MemoryUse",
    "Transport",
    "machine_schemes",
    "open_machine",
    "open_transport",
    "schemes",
    "starts_firmware",
]
